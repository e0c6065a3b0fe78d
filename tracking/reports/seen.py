"""What a report saw of its sweeps, so that it can be made again from just that, or says what is
gone; nothing is kept from here, see `kept`.

A run counts once it is over: its settings and numbers stay as they are then. What may change in a
sweep though these runs don't is taken from the first report when it is made again:
    state       of the sweep: running, done, interrupted, failed
    in_flight   runs that were not over
    importance  of each factor, summing to 1
    versions    what it was trained under: a list of {trainer, device, torch}
    source      of its data, as in the sweep file
    rows        in all, and of each part
Beside these a report adds what the next one is set against: `best` (metric -> mean of the best
trial's runs), `trial` (its number), `findings` (factor -> verdict).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tracking import tags
from tracking.errors import ReportError
from tracking.levels import canonical
from tracking.params import join_tag
from tracking.reading import find_parents, read_runs
from tracking.reports.model import Link, SeenSweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracking.reading import RunRecord, SweepRecord
    from tracking.store import Store

_MAX_NAMED = 5


def what_is_over(record: SweepRecord) -> tuple[SweepRecord, SeenSweep]:
    """A sweep with just the runs that are over, and what there is to be seen of it."""
    over = tuple(run for run in record.runs if _is_over(run))
    rest = replace(record, runs=over)
    found = record.tags
    facts = {
        "state": found.get(tags.STATE, ""),
        "in_flight": len(record.runs) - len(over),
        "importance": _json(tags.IMPORTANCE, found, {}),
        "versions": [one for one in _json(tags.VERSIONS, found, []) if isinstance(one, dict)],
        "source": found.get(tags.DATA_SOURCE, ""),
        "rows": _json(tags.DATA_ROWS, found, {}),
    }
    return rest, SeenSweep(
        name=record.name,
        digest=digest_of(rest),
        data_digest=record.data_digest,
        link=Link(record.experiment_id, record.parent_id),
        run_ids=tuple(sorted(run.mlflow_id for run in over)),
        facts=facts,
    )


def read_again(
    store: Store, frozen: Sequence[SeenSweep]
) -> dict[str, tuple[SweepRecord, SeenSweep]]:
    """The sweeps as an earlier report saw them, by name, with just the runs it saw.

    Raises: ReportError naming every sweep that is gone, or has lost or changed any of these runs;
        TrackingUnavailable.
    """
    parents = find_parents(store)
    found: dict[str, tuple[SweepRecord, SeenSweep]] = {}
    problems = []
    for seen in frozen:
        parent = parents.get(seen.name)
        if parent is None:
            problems.append(f"sweep '{seen.name}' is gone")
            continue
        record, now = what_is_over(_restricted(read_runs(store, parent), seen))
        problem = _problem(seen, now)
        if problem:
            problems.append(problem)
        found[seen.name] = record, replace(now, facts={**now.facts, **seen.facts})
    if problems:
        raise ReportError(
            f"the report can't be made again as it was: {'; '.join(problems)}; "
            "a new one, of what is there now, comes from: fairtrial report FILE"
        )
    return found


def digest_of(record: SweepRecord) -> str:
    """SHA-256 (hex) of all that a report reads of a sweep's runs, and of what defines the sweep."""
    runs = [
        [
            run.mlflow_id, run.trial, run.repeat, run.seed, run.state, run.status,
            run.fingerprint, run.params, run.metrics, run.started_ms, run.ended_ms, run.message,
        ]
        for run in record.runs
    ]  # fmt: skip
    defined = [
        record.name, list(record.search.items()), record.objective, record.sampler, record.pruner,
        record.data_digest,
    ]  # fmt: skip
    return hashlib.sha256(canonical([defined, runs]).encode()).hexdigest()


def seen_to_json(seen: SeenSweep) -> dict[str, Any]:
    """For keeping."""
    return {
        "name": seen.name,
        "digest": seen.digest,
        "data_digest": seen.data_digest,
        "experiment": seen.link.experiment_id,
        "run": seen.link.run_id,
        "runs": list(seen.run_ids),
        "facts": dict(seen.facts),
    }


def seen_from_json(held: Mapping[str, Any]) -> SeenSweep:
    """What `seen_to_json` wrote, or one of the sweeps in a report.json."""
    return SeenSweep(
        name=held["name"],
        digest=held["digest"],
        data_digest=held["data_digest"],
        link=Link(held["experiment"], held["run"]),
        run_ids=tuple(held["runs"]),
        facts=held.get("facts", {}),
    )


def _is_over(run: RunRecord) -> bool:
    return run.state in tags.STATUS_OF and run.status in tags.STATUS_OF.values()


def _restricted(record: SweepRecord, seen: SeenSweep) -> SweepRecord:
    ids = set(seen.run_ids)
    return replace(record, runs=tuple(run for run in record.runs if run.mlflow_id in ids))


def _problem(seen: SeenSweep, now: SeenSweep) -> str:
    gone = sorted(set(seen.run_ids) - set(now.run_ids))
    if gone:
        named = ", ".join(gone[:_MAX_NAMED]) + (", ..." if len(gone) > _MAX_NAMED else "")
        return f"sweep '{seen.name}' lacks {len(gone)} of {len(seen.run_ids)} runs ({named})"
    if seen.digest != now.digest:
        return f"the runs of sweep '{seen.name}' are there but changed since"
    return ""


def _json(name: str, found: Mapping[str, str], default: Any) -> Any:  # noqa: ANN401 - any JSON
    """A tag of ours, which anyone may have overwritten: then it says nothing."""
    try:
        value = json.loads(join_tag(name, found) or "null")
    except ValueError:
        return default
    return value if isinstance(value, type(default)) else default
