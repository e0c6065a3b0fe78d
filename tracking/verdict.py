"""What a controlled table says, in one plain sentence, and how that was found out in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.statistics import ALPHA, MAX_PAIRS, POWER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracking.metrics import Sense
    from tracking.pairs import PairedComparison

MAX_NAMED = 6  # levels told one by one
_LEAST_P = 0.001  # smaller ones are not told apart
_MANY = 3  # levels; with more, that the best was picked from the same runs tells
_TWO_DIGITS_BELOW = 10
_WHOLE_FROM = 1000
_ONE_SEED = "but one seed shows no spread, so there is no verdict: set repeats to 5 or more"
SEED_ITSELF = "no verdict: the seed is chance itself, so its levels can't be told apart"


@dataclass(frozen=True)
class Verdict:
    """What a reader may conclude, and sentences on how that was found, if anything was tested."""

    sentence: str
    method: tuple[str, ...] = ()


def verdict(
    best: str, others: Mapping[str, PairedComparison], sense: Sense, *, cells: bool = False
) -> Verdict:
    """The verdict on the levels of a controlled table.

    Args:
        best: the name of the best level.
        others: name -> comparison with the best; at least one.
        cells: levels of two factors, which are counted, not named.
    """
    mean = f"{best} has the {'highest' if sense.rises else 'lowest'} mean"
    n_pairs = next(iter(others.values())).n_pairs
    if n_pairs == 1:
        return Verdict(f"{mean}, {_ONE_SEED}")
    if all(_equal(other) for other in others.values()):
        return Verdict(f"the levels are equal in each of {n_pairs} pairs")
    shown = any(_behind(other) for other in others.values())
    head = f"{best} is {sense.first}" if shown else f"no level is shown to be {sense.first}: {mean}"
    near_first = sorted(others, key=lambda name: abs(others[name].difference))
    n_named = 0 if cells else MAX_NAMED
    named = [_clause(name, others[name], sense) for name in near_first[:n_named]]
    rest = [others[name] for name in near_first[n_named:]]
    clauses = [head, *named, *_counted(rest, sense, more=bool(named))]
    return Verdict("; ".join(clauses), _method(n_pairs, others, told_needs=not cells))


def p_text(p: float) -> str:
    """Such as '0.21', or '<0.001'; never rounded across the significance level."""
    if p < _LEAST_P:
        return f"<{_LEAST_P}"
    digits = 2
    while (float(f"{p:.{digits}g}") <= ALPHA) != (p <= ALPHA):
        digits += 1
    return f"{p:.{digits}g}"


def _clause(name: str, other: PairedComparison, sense: Sense) -> str:
    behind = f"{name} is {sense.behind} by {_amount(other.difference, sense)}"
    if _equal(other):
        return f"{name} is equal to it in every pair"
    if other.p_holm is None:
        flipped = other.permutation_p_holm
        sure = "too few pairs" if flipped is None else f"sign-flip test: {_p_is(flipped)}"
        return f"{behind} in each of {other.n_pairs} pairs (no spread for a t-test; {sure})"
    if _behind(other):
        return f"{behind} ({_p_is(other.p_holm)})"
    needed = other.pairs_needed
    enough = f"not even {MAX_PAIRS}" if needed is None else f"about {needed}"
    seen = f"{_p_is(other.p_holm)}, {other.n_pairs} pairs; {enough} would do"
    return f"{name} is not distinguishable from it ({seen})"


def _counted(others: Sequence[PairedComparison], sense: Sense, *, more: bool) -> list[str]:
    """How many of the levels that are not named are worse, and how many are not told apart.

    Args:
        more: others were named before.
    """
    n = len(others)
    n_behind = sum(_behind(other) for other in others)
    of = "more" if more else f"of the {n} others" if n > 1 else "other"
    told = []
    if n_behind:
        told.append(f"{n_behind} {of} {'is' if n_behind == 1 else 'are'} {sense.behind}")
        of = "more" if more else "other"
    if n > n_behind:
        are = "is" if n - n_behind == 1 else "are"
        told.append(f"{n - n_behind} {of} {are} not distinguishable from it")
    return told


def _equal(other: PairedComparison) -> bool:
    return other.p is None and other.difference == 0


def _behind(other: PairedComparison) -> bool:
    """Shown to be behind the best; by the sign-flip test where there is no spread for the other."""
    p = other.permutation_p_holm if other.p_holm is None else other.p_holm
    return p is not None and p <= ALPHA


def _p_is(p: float) -> str:
    text = p_text(p)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def _method(
    n_pairs: int, others: Mapping[str, PairedComparison], *, told_needs: bool
) -> tuple[str, ...]:
    tested = [other for other in others.values() if other.p is not None]
    if not tested:
        return ()
    test = f"Paired t-test over {n_pairs} shared seeds, Holm's correction over the levels"
    told = [f"{test}, significance level {ALPHA}."]
    if told_needs and not all(_behind(other) for other in tested):
        told.append(f"'Would do': {POWER:.0%} power at the difference and spread seen.")
    if len(others) + 1 > _MANY:
        told.append(
            "Of many levels the best is partly picked by luck: "
            f"p just below {ALPHA} is weak evidence."
        )
    return tuple(told)


def _amount(difference: float, sense: Sense) -> str:
    """Such as '3.2 points', '1 epoch' or '0.031'."""
    value = abs(difference) * sense.scale
    text = f"{value:.2g}" if value < _TWO_DIGITS_BELOW else f"{value:.3g}"
    if value >= _WHOLE_FROM:
        text = f"{value:.0f}"
    if not sense.unit:
        return text
    return f"{text} {sense.unit}" if text == "1" else f"{text} {sense.unit}s"
