"""Importance: how much each searched factor mattered, as each sweep stored it when it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.reports import cells, charts
from tracking.reports.material import Content
from tracking.reports.model import Cell, Chart, ReportTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracking.reports.material import Material, Subject
    from tracking.reports.spec import SectionSpec

MAX_DRAWN = 6  # sweeps in the chart
_MEANING = (
    "PED-ANOVA: how far the values of a factor among the best tenth of the trials differ from "
    "those of all trials, as a share. It is what each search saw, no cause: a grid with repeats "
    "shows causes."
)


def write(material: Material, asked: SectionSpec) -> Content | str:  # noqa: ARG001 - as all sections
    """The section, or why there is none."""
    found = [(s, shares) for s in material.subjects if (shares := _shares(s))]
    if not found:
        return (
            "No sweep has importances: they need 30 complete trials of a search over two or more "
            "factors, and no grid."
        )
    return Content(
        sentences=[_told(subject, shares) for subject, shares in found[:MAX_DRAWN]],
        tables=[_table(found)],
        charts=[_chart(found[:MAX_DRAWN])],
    )


def _shares(subject: Subject) -> dict[str, float]:
    """By factor, the most important first."""
    stored = subject.seen.facts["importance"]
    found = {n: float(v) for n, v in stored.items() if isinstance(v, int | float)}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _told(subject: Subject, shares: Mapping[str, float]) -> str:
    first, *others = shares.items()
    rest = f", then {others[0][0]} ({others[0][1]:.0%})" if others else ""
    return f"{subject.name}: {first[0]} mattered most ({first[1]:.0%}){rest}."


def _table(found: Sequence[tuple[Subject, Mapping[str, float]]]) -> ReportTable:
    factors = list(dict.fromkeys(name for _, shares in found for name in shares))
    return ReportTable(
        id="importance-shares",
        caption="The share of each factor in reaching the best values",
        columns=cells.columns("sweep", *factors, numbers=factors),
        rows=[
            [cells.words(subject.name, subject.link), *(_cell(shares.get(f)) for f in factors)]
            for subject, shares in found
        ],
        notes=[_MEANING],
    )


def _cell(share: float | None) -> Cell:
    return Cell("") if share is None else Cell(f"{share:.0%}", share)


def _chart(found: Sequence[tuple[Subject, Mapping[str, float]]]) -> Chart:
    factors = list(dict.fromkeys(name for _, shares in found for name in shares))
    keys = charts.labels(factors)
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": charts.labels([subject.name])[0],
            "x": [shares.get(factor, 0.0) for factor in factors],
            "y": keys,
            "hovertemplate": "%{y}: %{x:.1%}",
        }
        for subject, shares in found
    ]
    highest = max(max(shares.values()) for _, shares in found)
    height = charts.height_of(len(factors) * max(1, len(found) // 2))
    return Chart(
        id="chart-importance-shares",
        title="Which factors the best tenth of the trials depended on",
        plot=charts.plot(
            data,
            x=charts.numbers("share", tickformat=".0%", range=[0, 1.05 * highest]),
            y=charts.categories(factors),
            height=height,
        ),
        alt=" ".join(_told(subject, shares) for subject, shares in found),
    )
