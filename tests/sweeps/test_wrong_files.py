"""Sweep files that are wrong, each with the exact sentence it must give."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps.errors import SpecError
from sweeps.spec import load_spec

VALID = """\
name: digits-search
data:
  source: digits
  validation: 0.15
  test: 0.15
train:
  hidden: [64]
  optimizer: adam
search:
  learning_rate: {low: 1.0e-4, high: 1.0e-1, log: true}
  batch_size: [16, 32, 64]
  epochs: {low: 5, high: 30, step: 5}
sampler: tpe
pruner: none
objective: {metric: validation/accuracy, direction: maximize}
budget: {trials: 100, time: 30m}
"""

GALLERY = sorted(Path(__file__).with_name("wrong").glob("*.yaml"))


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_a_wrong_file_gives_its_sentence(path: Path) -> None:
    """Each file in wrong/ is refused with the sentence that its last line says."""
    expected = path.read_text().rstrip("\n").rpartition("\n# gives ")[2]
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert str(caught.value) == _filled(expected, path)


def test_the_gallery_of_wrong_files_is_there() -> None:
    """The test above is made from files; it must not pass because there are none."""
    assert len(GALLERY) >= 60


OVERRIDES = {
    "epochs": (
        "train.epochs=5",
        ("--set train.epochs: stands in search too (FILE:12); a name stands in one of the two, "
        "so remove one"),
    ),
    "search": (
        "search.hidden=[[8]]",
        ("--set search.hidden: stands in train too (FILE:7); a name stands in one of the two, "
        "so remove one"),
    ),
    "range": (
        "search.learning_rate={low: 0.1, high: 0.01}",
        "--set search.learning_rate: low 0.1 is above high 0.01; swap them",
    ),
    "type": ("budget.trials=ten", ("--set budget.trials: 'ten' is not a whole number; give one "
             "from 1 up")),
    "name": ("pruner=meadian", "--set pruner: 'meadian' is not known here; did you mean 'median'?"),
    "unknown": ("budget.trails=3", ("--set budget.trails: unknown key 'trails'; "
                "did you mean 'trials'?")),
    "no value": ("train.epochs", ("--set 'train.epochs': is not key=value; write it like "
                 "--set train.epochs=5")),
    "no key": ("=5", "--set '=5': is not key=value; write it like --set train.epochs=5"),
    "below a value": ("train.hidden.x=1", ("--set train.hidden.x: train.hidden is a list, with "
                      "nothing below it; set it whole")),
    "broken": ("train.hidden=[64", ("--set train.hidden: is not valid YAML: expected ',' or ']', "
               "but got '<stream end>'; check indent, quotes and colons")),
}  # fmt: skip


@pytest.mark.parametrize("case", OVERRIDES)
def test_a_wrong_override_gives_its_sentence(case: str, tmp_path: Path) -> None:
    """A wrong --set is refused by the file's rules and names itself in place of a line."""
    text, sentence = OVERRIDES[case]
    path = tmp_path / "sweep.yaml"
    path.write_text(VALID)
    with pytest.raises(SpecError) as caught:
        load_spec(path, [text])
    assert str(caught.value) == _filled(sentence, path)


FILES: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, ": no such file in FOLDER"),
    "empty": (b"# nothing\n", ": is empty; begin with name, data, train, search and budget"),
    "list": (b"- a\n", (":1: the file holds a list, not keys and values; "
             "begin with name, data, train, search and budget")),
    "not UTF-8": (b"name: a\nseed: \xff\n", ":2: byte 0xff is not UTF-8; save it as UTF-8"),
    "too large": (b"#" * 1_000_001, (": is over 1 MB; such a file is a page, so "
                  "this is another one")),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_sweep_file_gives_its_sentence(case: str, tmp_path: Path) -> None:
    """What can't be read as a mapping is refused with the reason, before its keys are looked at."""
    content, sentence = FILES[case]
    path = tmp_path / "sweep.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert str(caught.value) == _filled(f"FILE{sentence}", path)


def test_a_folder_is_no_sweep_file(tmp_path: Path) -> None:
    """A folder is refused by name."""
    with pytest.raises(SpecError, match="is a folder; name a file in it"):
        load_spec(tmp_path)


def test_an_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    """A few lines that would unfold to billions of values are refused at the first anchor."""
    lines = ["a: &a [x, x]"] + [
        f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    path = tmp_path / "sweep.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(SpecError, match="1: a: the anchor &a is refused"):
        load_spec(path)


def _filled(sentence: str, path: Path) -> str:
    return sentence.replace("FILE", str(path)).replace("FOLDER", str(path.parent))
