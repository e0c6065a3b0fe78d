"""What preparation found and did: as JSON types, and in a few plain lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainer.data.raw import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trainer.data.cleaning import CleanTable
    from trainer.data.prepared import PreparedData
    from trainer.data.request import DataRequest
    from trainer.data.splitting import Split

SHOWN = 10


def summary_of(
    table: CleanTable, request: DataRequest, split: Split, *, inputs: int
) -> dict[str, Any]:
    """The summary of `PreparedData`.

    Args:
        inputs: of one example, once it is encoded.
    Returns: source, task, pooled (rows of each published part), rows_in; missing (entries per
        column that lacks any), missing_target, other_classes, incomplete, duplicates (rows
        each); rows that were left; classes (rows per label); splits (shape and classes of each
        part).
    """
    return {
        "source": request.source,
        "task": table.task,
        "pooled": dict(table.raw.pooled),
        **table.counts,
        "missing_strategy": request.missing,
        "duplicates_strategy": request.duplicates,
        "rows": len(table.target),
        "classes": _class_counts(table, table.target),
        "splits": {
            name: {
                "shape": [len(rows), inputs],
                "classes": _class_counts(table, table.target[rows]),
            }
            for name, rows in vars(split).items()
        },
    }


def _class_counts(table: CleanTable, target: NDArray[Any]) -> dict[str, int]:
    return {str(label): int((target == i).sum()) for i, label in enumerate(table.labels)}


def summary_lines(data: PreparedData) -> list[str]:
    """At most five lines: the table, what was dropped or imputed, classes, split, digest."""
    summary = data.summary
    shape = f" ({' x '.join(map(str, data.shape))})" if len(data.shape) > 1 else ""
    n_inputs = data.train.inputs.shape[1]
    kind = f"{data.outputs} classes" if data.outputs > 1 else "a number to predict"
    pooled = [f"{name} {rows}" for name, rows in summary["pooled"].items()]
    rows = f"{summary['rows_in']} rows{f' (pooled: {listed(pooled, 3)})' if pooled else ''}"
    lines = [
        f"data: {summary['source']}, {rows}, {n_inputs} inputs{shape}, {kind}",
        f"cleaned: {'; '.join(_cleaned(summary))}",
    ]
    if summary["classes"]:
        counts = [f"{label}: {count}" for label, count in summary["classes"].items()]
        lines.append(f"classes: {listed(counts, SHOWN)}{_absent(summary)}")
    parts = {name: part["shape"][0] for name, part in summary["splits"].items()}
    sizes = ", ".join(f"{name} {rows}" for name, rows in parts.items())
    left_out = summary["rows"] - sum(parts.values())
    kept = f" ({left_out} training rows left out)" if left_out else ""
    scaling = data.preprocessing["scaling"]
    fitted = "not scaled" if scaling == "none" else f"{scaling} scale fitted on train"
    return [*lines, f"split: {sizes}{kept}; {fitted}", f"digest: {data.digest}"]


def _cleaned(summary: Mapping[str, Any]) -> list[str]:
    found = []
    for key, words in (("missing_target", "without target"), ("other_classes", "of other classes")):
        if summary[key]:
            found.append(f"{_count(summary[key], 'row')} {words} dropped")
    done = "dropped" if summary["duplicates_strategy"] == "drop" else "kept"
    found.append(f"{_count(summary['duplicates'], 'duplicate')} {done}")
    if not summary["missing"]:
        return [*found, "nothing missing"]
    columns = listed([f"{name} {n}" for name, n in summary["missing"].items()], SHOWN)
    strategy = summary["missing_strategy"]
    done = f"{_count(summary['incomplete'], 'row')} dropped"
    return [*found, f"missing: {columns}; {done if strategy == 'drop' else f'{strategy} imputed'}"]


def _absent(summary: Mapping[str, Any]) -> str:
    """The classes that a part has no row of: its metrics say nothing about them."""
    found = [
        f"{label} has no row in {name}"
        for name, part in summary["splits"].items()
        for label, count in part["classes"].items()
        if count == 0
    ]
    return f" ({listed(found, 2)})" if found else ""


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
