"""A user's factory in a sweep file: its own hyperparameters, and what a sweep is known by then."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from sweeps.errors import SpecError
from sweeps.runs import RunFactory
from sweeps.spec import load_spec

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
name: own
data: {{source: iris}}
train: {{model: {model}, depth: 2, fancy: true, note: "1"}}
search: {{{search}}}
budget: {{trials: 3}}
"""
SEARCH = (
    "width: {low: 8, high: 64, step: 8}, slope: {low: 0.1, high: 1, log: true}, kind: [a, null]"
)


def written(folder: Path, search: str = SEARCH, model: str = "nets:make") -> Path:
    path = folder / "sweep.yaml"
    path.write_text(FILE.format(model=model, search=search))
    return path


def test_a_factorys_own_hyperparameters_may_be_fixed_and_searched(tmp_path: Path) -> None:
    """Ranges of whole numbers and of others, and choices, come to the configuration as written."""
    spec = load_spec(written(tmp_path))
    width, slope, kind = (spec.search[name] for name in ("width", "slope", "kind"))
    assert (width.integer, width.step, width.n_levels) == (True, 8, 8)
    assert (slope.integer, slope.log, slope.high) == (False, True, 1.0)
    assert kind.choices == ("a", None)
    params = {"width": 16, "slope": 0.5, "kind": None}
    extra = {"depth": 2, "fancy": True, "note": "1", "width": 16, "slope": 0.5, "kind": None}
    flat = spec.resolve(params, "classification").flat()
    assert {name: flat[name] for name in extra} == extra
    assert list(flat)[-len(extra) :] == sorted(extra)
    assert spec.definition()["train.depth"] == 2


@pytest.mark.parametrize(
    ("search", "model", "sentence"),
    [
        (SEARCH, "mlp", "4: search.width: 'width' is no hyperparameter; it may be model, hidden"),
        (
            "model: ['nets:make', mlp], width: [1, 2]",
            "nets:make",
            "4: search.width: 'width' is no hyperparameter",
        ),
        (
            "learning_rat: [1]",
            "nets:make",
            "4: search.learning_rat: 'learning_rat' is no hyperparameter; did you mean 'learning_r",
        ),
        (
            "seed: [1]",
            "nets:make",
            "4: search.seed: can't name a factory's own hyperparameter; take another name",
        ),
        (
            "width: [[1, 2]]",
            "nets:make",
            "4: search.width: [1, 2] is no number, text, true, false or null",
        ),
        (
            "width: {low: a, high: b}",
            "nets:make",
            "4: search.width.low: 'a' is no bound; give a number",
        ),
        ("width: {low: 2, high: 1}", "nets:make", "4: search.width: low 2 is above high 1; swap"),
        ("width: [.inf]", "nets:make", "4: search.width: inf is not finite"),
        (
            "width: [1]",
            "a b:c",
            "3: train.model: 'a b:c' is no model; write mlp, cnn, pretrained, or pac",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    tmp_path: Path, search: str, model: str, sentence: str
) -> None:
    """A name of nobody's, a slip of one of ours, and values of no use are refused at their line."""
    path = written(tmp_path, search, model)
    with pytest.raises(SpecError) as raised:
        load_spec(path)
    assert str(raised.value).startswith(f"{path}:{sentence}")


def test_a_run_is_known_by_its_modules_file(tmp_path: Path) -> None:
    """Two files of one name in two folders give two fingerprints; ours has no part in it."""
    prints = []
    for name, body in (("one", "def make(): pass"), ("two", "def make(): return 1")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"nets_{name}.py").write_text(body)
        spec = load_spec(written(folder, "width: [1]", f"nets_{name}:make"))
        runs = RunFactory(spec, "classification", ["digest"])
        prints.append(runs.fingerprint(runs.trial(0, {"width": 1}).runs[0]))
        assert math.isclose(len(prints[-1]), 64)
    assert prints[0] != prints[1]


def test_a_pretrained_model_stands_alone_and_says_where_from(tmp_path: Path) -> None:
    """Its tokenizer is that of `pretrained_from`; without one, or beside other models, it is
    refused where it stands."""
    path = tmp_path / "sweep.yaml"
    text = (
        "name: own\ndata: {source: digits}\ntrain: {TRAIN}\nsearch: {SEARCH}\nbudget: {trials: 3}\n"
    )

    def spec(train: str, search: str = "learning_rate: [0.1, 0.2]") -> object:
        path.write_text(text.replace("TRAIN", train).replace("SEARCH", search))
        return load_spec(path).data.tokenizers

    assert spec("model: pretrained, pretrained_from: vit") == ("vit",)
    assert spec("model: pretrained", "pretrained_from: [a, b]") == ("a", "b")
    assert spec("model: mlp, pretrained_from: vit") == ()
    for given, sentence in (
        (("model: pretrained",), "3: train.model: pretrained needs pretrained_from: a folder"),
        (
            ("pretrained_from: vit", "model: [cnn, pretrained]"),
            "4: search.model: pretrained stands alone: for other models, pretrained_from means",
        ),
    ):
        with pytest.raises(SpecError) as raised:
            spec(*given)
        assert str(raised.value).startswith(f"{path}:{sentence}")
