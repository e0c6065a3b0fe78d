"""The report file as one frozen, validated object; no store is opened and nothing is looked up.

What a name or a tag in it selects is found in `selection`, what its sections say in `sections`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

from tracking.files.node import nearest, shown
from tracking.files.sections import entries, one_of, text
from tracking.files.yaml_source import parse_mapping, read
from tracking.pages import level_text
from tracking.reports.destinations import Destination, read_destination

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tracking.files.node import Node, Place
    from tracking.reports.model import SectionName

__all__ = ["AlertRule", "Destination", "ReportSpec", "SectionSpec", "Selector"]

KEYS = ("title", "sweeps", "baseline", "metric", "sections", "alerts", "against", "deliver")
BEGIN_WITH = "title, sweeps and sections"
SECTIONS: tuple[SectionName, ...] = (
    "verdict", "leaderboard", "comparison", "versus", "trend", "importance", "curves", "failures",
    "cost", "provenance",
)  # fmt: skip
Limit = Literal["drops_by", "below", "above"]
T = TypeVar("T")

_BY_FACTOR = ("comparison", "versus")
_LIMITS: tuple[Limit, ...] = get_args(Limit)
_MAX_TITLE = 200  # a heading, a folder's name and an e-mail's subject
_MAX_FACTORS = 2
_TAG = re.compile(r"[^=]+(=.*)?", re.DOTALL)


@dataclass(frozen=True)
class Selector:
    """Some of the sweeps.

    Attributes:
        kind: 'name': those that the shell pattern `text` fits; 'tag': those whose own run has the
            MLflow tag `text`, such as 'team=vision' or, with any value, 'nightly'; 'since': those
            with a run that ended since the last report.
    """

    kind: Literal["name", "tag", "since"]
    text: str
    place: Place = field(repr=False, compare=False)


@dataclass(frozen=True)
class SectionSpec:
    """A section that was asked for; `by` and `metric`: of comparison and versus, else empty."""

    name: SectionName
    by: tuple[str, ...] = ()
    metric: str = ""


@dataclass(frozen=True)
class AlertRule:
    """When to be alarmed.

    Attributes:
        limit: 'drops_by': the metric got worse by more than `value` since the last report;
            'below', 'above': it is.
        sweep: a shell pattern; empty: every sweep of the report.
    """

    metric: str
    limit: Limit
    value: float
    sweep: str = ""


@dataclass(frozen=True)
class ReportSpec:
    """One report file, checked.

    Attributes:
        title: printable, on one line.
        text: the file as written; `path`: the file; `folder`: what its paths are found from.
        sweeps: at least one selector.
        baseline: a sweep's name, or ''.
        metrics: in the file's order; empty: that of the objective, on the test set.
        sections: in the file's order; empty: all that the sweeps can fill.
        against_last: each report says what changed since the one before.
    """

    title: str
    text: str
    path: Path
    sweeps: tuple[Selector, ...]
    baseline: str = ""
    metrics: tuple[str, ...] = ()
    sections: tuple[SectionSpec, ...] = ()
    alerts: tuple[AlertRule, ...] = ()
    against_last: bool = False
    deliver: tuple[Destination, ...] = ()

    @property
    def folder(self) -> Path:
        """Absolute; where the file lies."""
        return self.path.absolute().parent


def load_report(path: Path) -> ReportSpec:
    """The report that a file describes.

    Raises: SpecError: file, line, key, what was given, the rule, and the way out.
    """
    file_text, root = read(path, BEGIN_WITH)
    return _spec(file_text, root, path)


def parse_report(text: str, file: Path) -> ReportSpec:
    """The same from a text that was kept.

    Args:
        file: where it once stood: named in errors, and what its paths are found from.
    Raises: SpecError, as in `load_report`.
    """
    return _spec(text, parse_mapping(text, file, BEGIN_WITH), file)


def _spec(file_text: str, root: Node, path: Path) -> ReportSpec:
    found = entries(root, KEYS)
    folder = path.absolute().parent
    return ReportSpec(
        title=_title(_required(root, found, "title", "Digits, week by week")),
        text=file_text,
        path=path,
        sweeps=_selectors(_required(root, found, "sweeps", "[digits-search]")),
        baseline=text(found["baseline"]) if "baseline" in found else "",
        metrics=tuple(_texts(found["metric"])) if "metric" in found else (),
        sections=_each(found.get("sections"), _section),
        alerts=_each(found.get("alerts"), _alert),
        against_last="against" in found and bool(one_of(found["against"], ("last",))),
        deliver=_each(found.get("deliver"), lambda item: read_destination(item, folder)),
    )


def _required(root: Node, found: dict[str, Node], key: str, example: str) -> Node:
    if key not in found:
        place = root.place.child(key)
        raise place.wrong(f"is missing; write it, such as '{key}: {example}'")
    return found[key]


def _title(node: Node) -> str:
    title = " ".join(text(node).split())
    if not title or len(title) > _MAX_TITLE:
        raise node.wrong(f"a title has 1 to {_MAX_TITLE} characters, this one has {len(title)}")
    return level_text(title)


def _items(node: Node, what: str) -> list[Node]:
    """The entries of a list that is not empty."""
    if not isinstance(node.value, list):
        raise node.wrong(f"{node.shown} is no list; write {what} in a list")
    if not node.value:
        raise node.wrong(f"is an empty list; name at least one of {what} or remove the key")
    return node.value


def _each(node: Node | None, one: Callable[[Node], T]) -> tuple[T, ...]:
    """Every entry of a list, read; none when the key is left out.

    Raises: SpecError for an entry that stands there twice.
    """
    if node is None:
        return ()
    found: list[T] = []
    for item in _items(node, "its entries"):
        read_item = one(item)
        if read_item in found:
            raise item.wrong("stands here a second time; keep one")
        found.append(read_item)
    return tuple(found)


def _texts(node: Node) -> list[str]:
    """One text, or a list of texts of which none stands there twice."""
    if not isinstance(node.value, list):
        return [text(node)]
    return list(_each(node, text))


def _selectors(node: Node) -> tuple[Selector, ...]:
    if isinstance(node.value, list):
        return _each(node, _selector)
    return (_selector(node),)


def _selector(node: Node) -> Selector:
    if not isinstance(node.value, dict):
        return Selector("name", text(node), node.place)
    found = entries(node, ("since", "tag"))
    if len(found) != 1:
        raise node.wrong("takes one key; write {since: last} or {tag: team=vision}")
    if "since" in found:
        return Selector("since", one_of(found["since"], ("last",)), node.place)
    tag = text(found["tag"])
    if not _TAG.fullmatch(tag):
        raise found["tag"].wrong(f"{shown(tag)} names no tag; write one such as team=vision")
    return Selector("tag", tag, node.place)


def _section(node: Node) -> SectionSpec:
    if not isinstance(node.value, dict):
        return SectionSpec(one_of(node, SECTIONS))
    if len(node.value) != 1:
        raise node.wrong("a section is one name; begin each with a dash of its own")
    ((name, options),) = node.value.items()
    if name not in SECTIONS:
        raise options.wrong(f"{shown(name)} is not known here; {nearest(name, SECTIONS)}")
    if options.value is None:
        return SectionSpec(name)
    if name not in _BY_FACTOR:
        raise options.wrong(f"takes nothing below it; write '- {name}'")
    found = entries(options, ("by", "metric"))
    by = _texts(found["by"]) if "by" in found else []
    if len(by) > _MAX_FACTORS:
        raise found["by"].wrong(f"names {len(by)} factors; take at most {_MAX_FACTORS}")
    return SectionSpec(name, tuple(by), text(found["metric"]) if "metric" in found else "")


def _alert(node: Node) -> AlertRule:
    found = entries(node, ("metric", *_LIMITS, "sweep"))
    limits = [limit for limit in _LIMITS if limit in found]
    if "metric" not in found:
        raise node.place.child("metric").wrong("is missing; write one, such as test/accuracy")
    if len(limits) != 1:
        raise node.wrong(f"an alert has one of {', '.join(_LIMITS)}, this one has {len(limits)}")
    (limit,) = limits
    return AlertRule(
        metric=text(found["metric"]),
        limit=limit,
        value=_number(found[limit], positive=limit == "drops_by"),
        sweep=text(found["sweep"]) if "sweep" in found else "",
    )


def _number(node: Node, *, positive: bool) -> float:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise node.wrong(f"{node.shown} is not a number; give one, such as 0.01")
    if positive and value <= 0:
        raise node.wrong(f"{node.shown} is not above 0; give how far it may drop, such as 0.01")
    return float(value)
