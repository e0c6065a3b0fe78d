"""The key `tags`: a user's own names for a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sweeps.errors import SpecError
from sweeps.spec import SweepSpec, load_spec

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = (
    "name: small\ndata: {source: digits}\nsearch:\n  learning_rate: [0.1]\nbudget: {trials: 4}\n"
)


def tagged(folder: Path, tags: str, *overrides: str) -> SweepSpec:
    path = folder / "sweep.yaml"
    path.write_text(f"{PLAIN}tags: {tags}\n")
    return load_spec(path, overrides)


def test_tags_are_texts_and_define_nothing(tmp_path: Path) -> None:
    """Tags are taken as written, a --set adds to them, and the sweep is the same sweep without."""
    spec = tagged(tmp_path, "{team: vision, a/b.c-d e: '2026'}", "tags.owner=Ann")
    assert spec.tags == {"team": "vision", "a/b.c-d e": "2026", "owner": "Ann"}
    assert spec.definition() == tagged(tmp_path, "null").definition()
    assert tagged(tmp_path, "null").tags == {}


WRONG = {
    "[team]": "tags: a list is no mapping; write names and texts: {team: vision}",
    "{team: 3}": "tags.team: 3 is not text; if it is meant as text, put it in quotes",
    "{team: ''}": "tags.team: is an empty text; give it a value or remove the key",
    "{mlflow.user: me}": (
        "tags.mlflow.user: names that begin with 'mlflow.' are taken; give this tag another"
    ),
    "{Fairtrial.kind: run}": (
        "tags.Fairtrial.kind: names that begin with 'fairtrial.' are taken; give this tag another"
    ),
    **{
        f"{{'{name}': x}}": (
            f"tags.{name}: '{name}' can't name a tag; take at most 250 letters, digits and "
            ". _ - /, beginning with a letter or digit"
        )
        for name in ("../x", "a//b", "a/", "<b>", "a  b", "é")
    },
    '{team: "a\\u202eb"}': "tags.team: holds U+202E, which can't be seen; remove it",
    f"{{team: {'x' * 5001}}}": "tags.team: a text of 5001 characters; the longest has 5000",
    f"{{{', '.join(f't{n}: x' for n in range(21))}}}": "tags: 21 tags; give at most 20",
}


@pytest.mark.parametrize("tags", WRONG, ids=lambda tags: tags[:30])
def test_a_wrong_tag_gives_its_sentence(tags: str, tmp_path: Path) -> None:
    """What MLflow would refuse, hide or take for its own is refused at its line."""
    with pytest.raises(SpecError) as caught:
        tagged(tmp_path, tags)
    assert str(caught.value) == f"{tmp_path / 'sweep.yaml'}:6: {WRONG[tags]}"
