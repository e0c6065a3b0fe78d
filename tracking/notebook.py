"""Sweeps as data frames and figures, for a notebook or a script: what `import tracking` offers.

Everything heavy is imported when it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from tracking.tables import Table

    Frame: TypeAlias = pd.DataFrame

_FRAME_MARGIN_PX = 190  # of a page's own heading and sentences, beside its plot


@dataclass(frozen=True)
class InlineFigure:
    """A chart that a notebook shows in its place; it asks nothing of any network.

    Attributes:
        page: HTML that stands alone, the library that draws it included.
        plot: Plotly's {'data': ..., 'layout': ...}, for plotly.graph_objects.Figure(**plot).
    """

    title: str
    page: str = field(repr=False)
    plot: Mapping[str, Any] = field(repr=False)

    def save(self, path: str | Path) -> None:
        """Write the page to a file."""
        from pathlib import Path

        Path(path).write_text(self.page, encoding="utf-8")

    def _repr_html_(self) -> str:
        height = int(self.plot["layout"]["height"]) + _FRAME_MARGIN_PX
        return (
            f'<iframe title="{escape(self.title)}" style="width:100%;border:0" '
            f'height="{height}" srcdoc="{escape(self.page)}"></iframe>'
        )


def compare(*sweeps: str, by: str | Sequence[str], metric: str | None = None) -> pd.DataFrame:
    """The table of `fairtrial compare`, as a data frame.

    Args:
        sweeps: their names.
        by: a hyperparameter, or several.
        metric: by default that of the first sweep's objective, on the test set.
    Returns: a row a level: the factors by name, mean, ci_low, ci_high, n, best, p_value; in
        `.attrs`: sweeps, metric, by, controlled, notes, verdict (a sentence, or None), digest.
    Raises: UnknownSweep, TableError, each naming the nearest; TrackingUnavailable.
    """
    import pandas as pd

    table = _table(sweeps, by, metric)
    frame = pd.DataFrame(table.row_dicts())
    frame.attrs = {
        "sweeps": list(table.sweeps),
        "metric": table.metric,
        "by": list(table.by),
        "controlled": table.controlled,
        "notes": list(table.notes),
        "verdict": table.verdict.sentence if table.verdict else None,
        "digest": table.digest,
    }
    return frame


def runs(sweep: str) -> pd.DataFrame:
    """Every run of a sweep: trial, repeat, seed, state, hyperparameters, metrics, run_id.

    Raises: UnknownSweep, naming the nearest; TrackingUnavailable.
    """
    import pandas as pd

    from tracking.reading import read_sweep
    from tracking.store import open_store

    record = read_sweep(open_store(), sweep)
    frame = pd.DataFrame(
        [
            {"trial": run.trial, "repeat": run.repeat, "seed": run.seed, "state": run.state}
            | dict(run.params)
            | dict(sorted(run.metrics.items()))
            | {"run_id": run.mlflow_id}
            for run in record.runs
        ]
    )
    frame.attrs = {"sweep": record.name, "data_digest": record.data_digest}
    return frame


def figure(*sweeps: str, by: str, metric: str | None = None) -> InlineFigure:
    """The table by one factor as a chart: each level with the interval of its mean.

    Raises: as `compare`.
    """
    from tracking.figures import render_page
    from tracking.figures_comparison import comparison

    drawn = comparison(_table(sweeps, by, metric))
    return InlineFigure(drawn.title, render_page(", ".join(sweeps), [drawn]), drawn.plot)


def table_markdown(sweep: str, *, by: str) -> str:
    """The table as `fairtrial compare --format markdown` writes it."""
    from tracking.formats import render

    return render(_table([sweep], by, None), "markdown")


def table_html(sweep: str, *, by: str) -> str:
    """The table and what it shows, as a fragment of HTML."""
    frame = compare(sweep, by=by)
    said = [frame.attrs["verdict"], *frame.attrs["notes"]]
    kind = "controlled" if frame.attrs["controlled"] else "observed"
    caption = f"{frame.attrs['metric']} by {by} ({kind})"
    words = "".join(f"<p>{escape(text)}</p>" for text in said if text)
    return f"<p><b>{escape(caption)}</b></p>{frame.to_html(index=False, escape=True)}{words}"


def _table(sweeps: Sequence[str], by: str | Sequence[str], metric: str | None) -> Table:
    from tracking.errors import TableError
    from tracking.reading import read_sweep
    from tracking.store import open_store
    from tracking.tables import compare as table_of

    if not sweeps:
        raise TableError("name a sweep: tracking.compare('digits-lr', by='learning_rate')")
    store = open_store()
    records = [read_sweep(store, name) for name in dict.fromkeys(sweeps)]
    return table_of(records, [by] if isinstance(by, str) else list(by), metric)
