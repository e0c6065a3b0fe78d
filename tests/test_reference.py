"""docs/reference/ says what the code does: it is made from it, and made again when it changes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def maker() -> Any:
    place = importlib.util.spec_from_file_location("make_reference", FOLDER / "make_reference.py")
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def test_the_reference_is_current(maker: Any) -> None:
    """Each page is what the code gives now; if not, `make docs` and commit."""
    stale = [
        name
        for name, text in maker.pages().items()
        if not (page := FOLDER / "reference" / name).exists() or page.read_text("utf-8") != text
    ]
    assert stale == [], "run: make docs"
    assert len(list((FOLDER / "reference").iterdir())) == 6


def test_every_key_is_described(maker: Any) -> None:
    """No key of a file is without words, and no words are of a key there is not."""
    assert set(maker.TOP_LEVEL) == set(maker.KEYS)
    assert set(maker.DATA) == set(maker.DATA_KEYS)
    assert set(maker.REPORT) == set(maker.REPORT_KEYS)
