"""Two sets of runs against each other, paired by the seeds they share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tracking.levels import canonical
from tracking.pairs import differences, seed_means
from tracking.reports.cells import amount
from tracking.reports.sameness import differences_of_ground
from tracking.statistics import ALPHA, holm, mean_interval, paired_p
from tracking.verdict import p_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracking.metrics import Sense
    from tracking.reading import RunRecord
    from tracking.reports.material import Subject


@dataclass(frozen=True)
class Against:
    """One side minus the other, in units of the metric.

    Attributes:
        difference: over the shared seeds, or of the means where there are none; None where they
            must not be compared.
        half: of the 95% interval; None without spread.
        p: of the paired t-test, corrected by Holm once `corrected` has seen it; None without one.
        why_not: in words, when it is not judged.
    """

    difference: float | None
    half: float | None = None
    p: float | None = None
    n_pairs: int = 0
    why_not: str = ""

    @property
    def is_real(self) -> bool:
        """Whether the difference is significant."""
        return self.p is not None and self.p <= ALPHA


def best_against(one: Subject, other: Subject, metric: str) -> Against:
    """The best trial of one sweep minus that of another."""
    ground = differences_of_ground(one, other)
    if ground:
        return Against(None, why_not=f"not judged: {', '.join(ground)}")
    return runs_against(one.best, other.best, metric)


def runs_against(one: Sequence[RunRecord], other: Sequence[RunRecord], metric: str) -> Against:
    """Some runs minus some others; on the same ground."""
    mine = seed_means([(canonical(r.seed), r.metrics[metric]) for r in one if metric in r.metrics])
    its = seed_means([(canonical(r.seed), r.metrics[metric]) for r in other if metric in r.metrics])
    if not mine or not its:
        return Against(None, why_not=f"not judged: no {metric}")
    found = differences(mine, its)
    if not found:
        mean = mean_interval(list(mine.values()))[0] - mean_interval(list(its.values()))[0]
        return Against(mean, why_not="not judged: no shared seeds")
    mean, _, high = mean_interval(found)
    p = paired_p(found)
    if p is not None and high is not None:
        return Against(mean, high - mean, p, len(found))
    if not any(found):
        return Against(0.0, None, None, len(found), "equal in every pair")
    few = "one shared seed" if len(found) == 1 else "the same difference in every pair, no spread"
    return Against(mean, None, None, len(found), f"not judged: {few}")


def corrected(found: Mapping[str, Against]) -> dict[str, Against]:
    """The same with p-values corrected for how many they are."""
    p_values = holm([one.p for one in found.values()])
    return {name: replace(one, p=p) for (name, one), p in zip(found.items(), p_values, strict=True)}


def judged(one: Against, sense: Sense) -> str:
    """In words: 'better by 1.2 points (p = 0.012)', 'not distinguishable (…)', or why not."""
    if one.p is None or one.difference is None:
        return one.why_not
    if not one.is_real:
        return f"not distinguishable ({evidence(one)})"
    word = "better" if (one.difference > 0) == sense.rises else "worse"
    if not sense.judged:
        word = "higher" if one.difference > 0 else "lower"
    return f"{word} by {amount(one.difference, sense)} ({evidence(one)})"


def evidence(one: Against) -> str:
    """Such as 'p = 0.012, 5 pairs'."""
    p = "" if one.p is None else p_text(one.p)
    told = f"p < {p[1:]}" if p.startswith("<") else f"p = {p}"
    return f"{told}, {one.n_pairs} pairs"
