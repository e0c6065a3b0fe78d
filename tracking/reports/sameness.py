"""Whether two sweeps stand on the same ground: data, split, trainer's revision and device."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from tracking.reports.cells import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracking.reports.material import Subject

_DIGEST = 8  # characters of a digest that are shown


def differences_of_ground(one: Subject, other: Subject) -> list[str]:
    """What keeps the numbers of two sweeps from being set against each other; mostly nothing."""
    found = []
    if one.record.data_digest != other.record.data_digest:
        found.append("another split" if _same_rows(one, other) else "other data")
    for name, word in (("trainer", "another trainer revision"), ("device", "another device")):
        if _versions(one, name) != _versions(other, name):
            found.append(word)
    return found


def ground_warnings(subjects: Sequence[Subject]) -> list[str]:
    """Plain warnings where sweeps set side by side don't stand on the same ground."""
    found = []
    by_data = _groups(subjects, lambda s: s.record.data_digest)
    if len(by_data) > 1:
        rows = _groups(subjects, lambda s: f"{s.seen.facts['source']} {_all_rows(s)}")
        what = "different data" if len(rows) > 1 else "different splits of the same data"
        told = "; ".join(f"{listed(n)} ({d[:_DIGEST] or '?'})" for d, n in by_data.items())
        found.append(f"Trained on {what}: {told}. Their numbers are not set against each other.")
    for name, word in (("trainer", "revisions of the trainer"), ("device", "kinds of device")):
        groups = _groups(subjects, partial(_version_text, name=name))
        if len(groups) > 1:
            told = "; ".join(f"{listed(n)} ({v or 'not on record'})" for v, n in groups.items())
            found.append(f"Trained by different {word}: {told}.")
    found += [
        f"{s.name} was carried on under other versions than it was begun under "
        f"({'; '.join(_told(versions) for versions in s.seen.facts['versions'])})."
        for s in subjects
        if len(s.seen.facts["versions"]) > 1
    ]
    return found


def _same_rows(one: Subject, other: Subject) -> bool:
    """The same source with as many rows: split or scaled otherwise."""
    same = one.seen.facts["source"] == other.seen.facts["source"]
    return bool(one.seen.facts["source"]) and same and _all_rows(one) == _all_rows(other)


def _all_rows(subject: Subject) -> object:
    return subject.seen.facts["rows"].get("all")


def _versions(subject: Subject, name: str) -> list[str]:
    """Such as ['1'], or both if the sweep was carried on under another; none if not on record."""
    found = [str(versions.get(name, "")) for versions in subject.seen.facts["versions"]]
    return list(dict.fromkeys(found))


def _told(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


def _version_text(subject: Subject, name: str) -> str:
    return ", then ".join(_versions(subject, name))


def _groups(subjects: Sequence[Subject], key: Callable[[Subject], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for subject in subjects:
        found[key(subject)].append(subject.name)
    return found
