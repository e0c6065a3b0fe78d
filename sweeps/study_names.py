"""The names of the sweeps of this folder, and what each varies, read in a moment.

For a shell that completes words: no SQLAlchemy, no Optuna, and no fault is ever told.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from sweeps.stores import DATABASE_VARIABLE, Stores

if TYPE_CHECKING:
    from collections.abc import Iterable

_WAIT_S = 0.1
_NAMES = """SELECT study_name, value_json FROM studies JOIN study_user_attributes USING (study_id)
WHERE key = 'fairtrial.definition' ORDER BY study_name"""


def searched_names() -> dict[str, list[str]]:
    """What varies in each sweep of this folder's own database; nothing where that can't be read."""
    path = Stores.here().folder / "fairtrial.db"
    if os.environ.get(DATABASE_VARIABLE) or not path.exists():
        return {}  # a database elsewhere may take longer than a person waits for a word
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_WAIT_S)) as db:
            return {name: _searched(text) for name, text in db.execute(_NAMES)}
    except (sqlite3.Error, ValueError, TypeError):
        return {}


def factors(sweeps: Iterable[str]) -> list[str]:
    """What varies in any of these sweeps."""
    found = searched_names()
    return list(dict.fromkeys(name for sweep in sweeps for name in found.get(sweep, ())))


def _searched(text: str) -> list[str]:
    definition = json.loads(json.loads(text))  # Optuna keeps JSON, and ours is one text in it
    return [str(name) for name in definition.get("search", ())]
