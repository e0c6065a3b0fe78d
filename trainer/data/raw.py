"""A table as it was found, before anything is dropped or changed, and where its rows stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

SHOWN = 3
"""So many places are named in an error; the rest are counted."""


@dataclass(frozen=True)
class RawTable:
    """Inputs and target of every row of a source.

    Attributes:
        name: the source as the user wrote it.
        inputs: [N, columns], names unique; indexed 0 .. N-1, as is `target`.
        target: [N].
        shape: (channels, height, width) if the columns are the pixels of an image.
        lines: the line of the file on which each row begins, for text files.
        labelled: the target is a class, whatever its type and however many there are.
        tokens: the columns are the tokens of a text, which are not scaled.
        pooled: rows of each published part, if there were several.
    """

    name: str
    inputs: pd.DataFrame
    target: pd.Series[Any]
    shape: tuple[int, ...] | None = None
    lines: Sequence[int] | None = None
    labelled: bool = False
    tokens: bool = False
    pooled: Mapping[str, int] = field(default_factory=dict)

    def where(self, rows: Iterable[int]) -> str:
        """The place of some rows in words: 'in line 4', 'at indices 0, 7 and 9'."""
        places = [int(row) if self.lines is None else self.lines[int(row)] for row in rows]
        one, many = ("at index", "at indices") if self.lines is None else ("in line", "in lines")
        return f"{one if len(places) == 1 else many} {listed(places, SHOWN)}"


def listed(items: Sequence[object], shown: int) -> str:
    """Some things in words: 'a, b and c', or 'a, b, c and 12 more'."""
    texts = [str(item) for item in items[:shown]]
    if len(items) > shown:
        texts.append(f"{len(items) - shown} more")
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + f" and {texts[-1]}"
