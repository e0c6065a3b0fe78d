"""The page as text: what stands where is said in templates/, how it looks in report.css.

Everything that it needs is in the file, and its policy forbids the browser to fetch anything more.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tracking.pages import level_text
from tracking.plotly_library import library_hash, packed_library
from tracking.reports.addresses import run_address, web_address
from tracking.reports.json_format import report_digest
from tracking.reports.page.plots import MOST_POINTS, n_left_out, plots_json
from tracking.reports.page.tables import MARKS, marks_of, table_html

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

    from tracking.reports.model import Chart, Report, Section

_FEW_SWEEPS = 8  # named at the top; more are folded away


def write_page(report: Report, made: datetime) -> str:
    """The whole page of a report, which says the date on one line.

    Args:
        made: UTC.
    """
    dashboard = web_address(report.dashboard)
    charts = [chart for section in report.sections for chart in section.charts]
    script = _file("charts.js")
    environment = _environment()
    environment.globals.update(
        table_html=lambda table: table_html(table, dashboard),
        run_address=lambda link: run_address(link, dashboard),
        marks_in=_marks_in,
        charts_below=_charts_below,
        charts_after=_charts_after,
        n_left_out=n_left_out,
    )
    return environment.get_template("page.html.j2").render(
        report=report,
        made=f"{made:%Y-%m-%d %H:%M}",
        digest=report_digest(report),
        policy=_policy(script),
        few_sweeps=_FEW_SWEEPS,
        most_points=MOST_POINTS,
        style=Markup(_file("report.css")),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        plots=plots_json(charts),
        library=Markup(packed_library()) if charts else "",  # noqa: S704 - base64
    )


def _environment() -> Environment:
    """Templates that escape every value, and refuse to write one they don't have."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("tracking.reports.page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever stands in a template
    """Text without control characters or ones that turn the direction of writing."""
    return level_text(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _policy(script: str) -> str:
    """Nothing is fetched; of scripts the two of ours run; Plotly sets styles as it draws."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}' 'sha256-{library_hash()}'; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _charts_below(section: Section) -> dict[str, Chart | None]:
    """By table: the chart that shows the same."""
    charts = {chart.id: chart for chart in section.charts}
    return {table.id: charts.get(f"chart-{table.id}") for table in section.tables if table.shown}


def _charts_after(section: Section) -> list[Chart]:
    """Those that show the numbers of no one table."""
    below = _charts_below(section).values()
    return [chart for chart in section.charts if chart not in below]


def _marks_in(section: Section) -> list[tuple[str, str, str]]:
    """The signs that stand in its tables, and what each means."""
    found = {mark for table in section.tables if table.shown for mark in marks_of(table)}
    return [(mark, sign, told) for mark, (sign, _, told) in MARKS.items() if mark in found]


def _file(name: str) -> str:
    return resources.files("tracking.reports.page").joinpath(name).read_text("utf-8")
