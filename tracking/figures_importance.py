"""Figure: which factors mattered in an observed sweep, by PED-ANOVA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.figures import COLOURS, Figure, axis, categories, height_of, layout, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEANING = (
    "A share: how far the values of a factor among the best tenth differ from those of all trials. "
    "It is what this search saw, each factor by itself; a grid with repeats shows causes."
)


def importance_figure(importance: Mapping[str, float], n_trials: int) -> Figure:
    """One bar a factor, the most important on top.

    Args:
        importance: share by factor, summing to 1.
        n_trials: complete ones, from which it was found.
    """
    ranked = sorted(importance, key=lambda name: -importance[name])
    names = [plain(name) for name in ranked]
    shares = [importance[name] for name in ranked]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": shares,
        "y": names,
        "marker": {"color": COLOURS[0]},
        "texttemplate": "%{x:.0%}",
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }
    return Figure(
        title="Which factors the best tenth of the trials depended on",
        captions=[f"PED-ANOVA over {n_trials} complete trials.", _MEANING],
        plot={
            "data": [bars],
            "layout": layout(
                height_of(len(names)),
                xaxis=axis("share", tickformat=".0%", range=[0, 1.1 * max(shares)]),
                yaxis=categories("", names),
            ),
        },
    )
