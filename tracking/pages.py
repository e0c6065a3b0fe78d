"""What a table looks like to a reader, whatever it is written in: sheets of cells, and sentences.

The formats write a page; nothing here knows a terminal, Markdown or LaTeX, or escapes anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.layout import TWO
from tracking.levels import canonical
from tracking.verdict import p_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracking.tables import Row, Table

_DIGITS = 4
_CELL = "mean ± half of its 95% interval"


@dataclass(frozen=True)
class Sheet:
    """Cells under a header.

    Attributes:
        n_left: how many columns from the left are words, the others being numbers.
        caption: a line above it.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    n_left: int
    caption: str = ""


@dataclass(frozen=True)
class Page:
    """One or more tables of the same sweeps and factors.

    Attributes:
        sheets: what was measured.
        verdicts: sentences below them.
        evidence: what the verdicts rest on.
    """

    title: str
    sheets: Sequence[Sheet]
    verdicts: Sequence[str]
    evidence: Sequence[Sheet]
    notes: Sequence[str]


def page_of(tables: Sequence[Table]) -> Page:
    """The page of one table, or of several that differ in their metric.

    Args:
        tables: at least one.
    """
    if len(tables[0].by) == TWO:
        sheets = [_grid(table) for table in tables]
    elif len(tables) > 1:
        sheets = [_groups(tables)]
    else:
        sheets = [_sheet(tables[0])]
    return Page(
        _title(tables),
        sheets,
        _verdicts(tables),
        [] if len(tables) > 1 else [s for s in (_evidence(t) for t in _parts(tables[0])) if s],
        _distinct(_notes(tables)),
    )


def number(value: float) -> str:
    """A measured number for people: four decimals, or four digits where those say nothing."""
    if value == 0 or 10**-3 <= abs(value) < 10**_DIGITS:
        return f"{value:.{_DIGITS}f}"
    return f"{value:.{_DIGITS}g}"


def level_text(value: object) -> str:
    """A level on one line, without control characters: no escape sequence reaches a terminal."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _parts(table: Table) -> Sequence[Table]:
    """The tables whose verdicts are told in full: of two factors, those of each alone."""
    return table.marginals or (table,)


def _title(tables: Sequence[Table]) -> str:
    kinds = ["controlled" if table.controlled else "observed" for table in tables]
    metrics = [table.metric for table in tables]
    if len(set(kinds)) > 1:
        metrics = [f"{metric} ({kind})" for metric, kind in zip(metrics, kinds, strict=True)]
    end = f" ({kinds[0]})" if len(set(kinds)) == 1 else ""
    first = tables[0]
    return f"{', '.join(metrics)} by {', '.join(first.by)} in {', '.join(first.sweeps)}{end}"


def _sheet(table: Table) -> Sheet:
    header = [*table.columns, "mean", "95% interval", "runs", "best"]
    rows = [
        [
            *map(level_text, row.level),
            *(number(row.mean), _interval(row.ci_low, row.ci_high), str(row.n), number(row.best)),
        ]
        for row in table.rows
    ]
    return Sheet(header, rows, len(table.columns))


def _grid(table: Table) -> Sheet:
    """Rows of the first factor, columns of the second; an empty cell had no run."""
    *left, second = table.columns
    rows: dict[str, dict[str, Row]] = {}
    for row in table.rows:
        rows.setdefault(canonical(row.level[:-1]), {})[canonical(row.level[-1])] = row
    cells = [
        [
            *map(level_text, next(iter(found.values())).level[:-1]),
            *(_cell(found.get(canonical(level))) for level in table.across),
        ]
        for found in rows.values()
    ]
    counts = sorted({row.n for row in table.rows})
    n = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    header = [*left, *(f"{second}={level_text(level)}" for level in table.across)]
    return Sheet(header, cells, len(left), f"{table.metric}: {_CELL}, {n} runs a cell")


def _groups(tables: Sequence[Table]) -> Sheet:
    """A group of columns per metric."""
    levels = {canonical(row.level): row.level for table in tables for row in table.rows}
    found = [{canonical(row.level): row for row in table.rows} for table in tables]
    columns = tables[0].columns
    header = [*columns, "runs", *(part for table in tables for part in (table.metric, "± 95%"))]
    rows = []
    for key, level in levels.items():
        cells = [of_metric.get(key) for of_metric in found]
        n = _distinct(str(row.n) if row else "0" for row in cells)
        pairs = [(number(row.mean), _half(row)) if row else ("", "") for row in cells]
        rows.append(
            [*map(level_text, level), " or ".join(n), *(part for pair in pairs for part in pair)]
        )
    return Sheet(header, rows, len(columns))


def _evidence(table: Table) -> Sheet | None:
    """Each level against the best; None where that says nothing."""
    rows = [(row, row.against_best) for row in table.rows if row.against_best is not None]
    if not rows or all(other.n_pairs == 1 for _, other in rows):
        return None
    sense = table.sense
    flips = any(other.permutation_p_holm is not None for _, other in rows)
    chance = "chance to beat it" if sense.judged else f"chance to be {_nearer(table)}"
    tests = ["p", "sign-flip p"] if flips else ["p"]
    header = [*table.columns, "difference", "95% interval", *tests, chance]
    cells = []
    for row, other in rows:
        p_values = [other.p_holm, other.permutation_p_holm] if flips else [other.p_holm]
        chance = f"{other.chance:.0%}"
        if other.chance_low is not None and other.chance_high is not None:
            chance += f" ({other.chance_low:.0%} to {other.chance_high:.0%})"
        cells.append(
            [
                *map(level_text, row.level),
                f"{'+' if other.difference > 0 else ''}{number(other.difference)}",
                _interval(other.low, other.high),
                *("" if p is None else p_text(p) for p in p_values),
                chance,
            ]
        )
    caption = f"{table.metric} against {table.best}, pair by pair:"
    return Sheet(header, cells, len(table.columns), caption)


def _nearer(table: Table) -> str:
    return "higher" if table.sense.rises else "lower"


def _verdicts(tables: Sequence[Table]) -> list[str]:
    """One sentence a verdict, then how they were found, each way once."""
    told: list[str] = []
    methods: list[str] = []
    for table in tables:
        metric = f"{table.metric}: " if len(tables) > 1 else ""
        for part in (table, *table.marginals):
            if part.verdict is None:
                continue
            factor = f"by {part.by[0]}: " if table.marginals and part is not table else ""
            told.append(f"{metric}{factor}{part.verdict.sentence}.")
            methods += part.verdict.method
    return [*told, " ".join(_distinct(methods))] if methods else told


def _notes(tables: Sequence[Table]) -> Iterable[str]:
    for table in tables:
        yield from table.notes
        for part in table.marginals:
            if table.controlled and not part.controlled:
                yield f"by {part.by[0]} alone: {part.notes[0]}"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def _half(row: Row) -> str:
    return "" if row.ci_high is None else number(row.ci_high - row.mean)


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    half = _half(row)
    return f"{number(row.mean)} ± {half}" if half else number(row.mean)


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
