"""A table in words, printable and short: what `fairtrial init` found, and what its file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracking.files.node import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainer.data.inspection import TableFacts

_SHORT_LIST = 8
_SHORT_NAME = 40


def found_lines(source: str, facts: TableFacts) -> list[str]:
    """What was found in a table, for a terminal."""
    n_texts = sum(kind != "number" for kind in facts.inputs.values())
    texts = f", {n_texts} of them text" if n_texts else ""
    lines = [f"{printable(source)}: {facts.n_in} rows, {len(facts.inputs)} inputs{texts}"]
    if facts.classes:
        lines.append(
            f"target {short(facts.target)}: {len(facts.classes)} classes ({counted(facts.classes)})"
        )
    else:
        lines.append(
            f"target {short(facts.target)}: a number, mean {facts.mean:.4g}, "
            f"spread {facts.spread:.4g}"
        )
    if facts.rare:
        lines.append(f"left out, too few rows: {counted(facts.rare)}")
    if facts.missing:
        done = {"drop": "dropped"}.get(facts.strategy, f"kept, the {facts.strategy} imputed")
        lines.append(
            f"missing: {counted(facts.missing)}; rows that lack "
            f"something, {facts.incomplete}, are {done}"
        )
    if facts.missing_target:
        lines.append(f"dropped: {facts.missing_target} rows without a target")
    if facts.duplicates:
        lines.append(f"dropped: {n_rows(facts.duplicates)} there a second time")
    lines += [f"ignored: {short(name)}: {printable(why)}" for name, why in facts.ignored.items()]
    lines += [
        f"beware: {short(name)} tells the target exactly; is it known before the target is?"
        for name in facts.suspects
    ]
    return lines


def n_rows(n: int) -> str:
    """Such as '3 rows stand' and 'no row stands'."""
    return f"{n} rows stand" if n > 1 else f"{n or 'no'} row stands"


def counted(counts: Mapping[Any, int]) -> str:
    """Such as 'a 50, b 12 and 3 more'."""
    items = [f"{short(str(name))} {n}" for name, n in counts.items()]
    more = len(items) - _SHORT_LIST
    return ", ".join(items[:_SHORT_LIST]) + (f" and {more} more" if more > 0 else "")


def short(text: str) -> str:
    """Of one line, and not too long a one."""
    text = printable(text)
    return text if len(text) <= _SHORT_NAME else f"{text[: _SHORT_NAME - 3]}..."
