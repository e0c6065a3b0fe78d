"""Writing a sweep's own run to MLflow, the parent of all others: begun, described, ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tracking import tags
from tracking.errors import TableError, TrackingUnavailable
from tracking.figures_writer import write_figures
from tracking.formats import render
from tracking.params import MAX_TAG, split_tag
from tracking.reading import find_parent, read_sweep
from tracking.run_writer import Family
from tracking.tables import compare

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

    from tracking.events import SweepEnded, SweepStarted
    from tracking.store import Store
    from tracking.tables import Table

_STATUS: dict[str, tags.Status] = {"done": "FINISHED", "interrupted": "KILLED", "failed": "FAILED"}
_DIGEST_LENGTH = 32  # MLflow's column holds 36 of a digest's 64; the whole is in the profile
_REPEAT = "Repeat it: `fairtrial run sweep.yaml` (the file is among the artifacts)."


def begin_sweep(store: Store, event: SweepStarted) -> tuple[Family, bool]:
    """Create the sweep's experiment and parent run, or take up those that are there.

    Returns: what its runs share, and whether the parent was there before.
    Raises: TrackingUnavailable.
    """
    dataset = _dataset(event)
    with store.reach():
        experiment_id = _experiment(store, event.sweep)
        client = store.client
        parent = find_parent(store, experiment_id, event.sweep)
        if parent is None:
            run = client.create_run(
                experiment_id,
                start_time=event.time_ms,
                tags={**_parent_tags(event), tags.KIND: "sweep", tags.SWEEP: event.sweep},
                run_name=event.sweep[:250],
            )
        else:
            run = parent
            client.update_run(run.info.run_id, status="RUNNING")
            _set_tags(store, run.info.run_id, _parent_tags(event))
        client.log_inputs(run.info.run_id, datasets=[dataset])
        client.log_text(run.info.run_id, event.definition, "sweep.yaml")
        data = {
            "source": event.data_source,
            "digest": event.data_digest,
            "summary": dict(event.data_summary),
            "preprocessing": dict(event.data_preprocessing),
        }
        client.log_text(run.info.run_id, json.dumps(data, indent=2, sort_keys=True), "data.json")
    family = Family(
        experiment_id=experiment_id,
        parent_id=run.info.run_id,
        sweep=event.sweep,
        searched=tuple(event.search),
        dataset=dataset,
    )
    return family, parent is not None


def end_sweep(store: Store, family: Family, event: SweepEnded) -> None:
    """Write the table, the figures of a sweep that is done, and the description; then the status.

    Raises: TrackingUnavailable.
    """
    table: Table | None = None
    note = event.summary
    if event.factors:
        record = read_sweep(store, family.sweep)
        try:
            table = compare([record], event.factors[:1], None)
        except TableError as error:
            note = f"{note}\n\nNo table: {error}."
        if event.state == "done":
            write_figures(store, record, event)
    with store.reach():
        client = store.client
        if table is not None:
            markdown = render(table, "markdown")
            client.log_text(family.parent_id, markdown, "table.md")
            client.log_text(family.parent_id, render(table, "csv"), "table.csv")
            client.log_text(family.parent_id, render(table, "json"), "table.json")
            room = MAX_TAG - len(note) - len(_REPEAT) - 100
            note = f"{note}\n\n{_first_lines(markdown, room)}"
        _set_tags(
            store,
            family.parent_id,
            {tags.NOTE: f"{note}\n\n{_REPEAT}"[-MAX_TAG:], tags.STATE: event.state},
        )
        client.set_terminated(family.parent_id, status=_STATUS[event.state], end_time=event.time_ms)


def _experiment(store: Store, name: str) -> str:
    found = store.client.get_experiment_by_name(name)
    if found is None:
        return str(store.client.create_experiment(name, tags=tags.EXPERIMENT))
    if found.lifecycle_stage == "deleted":
        raise TrackingUnavailable(
            f"MLflow's experiment '{name}' was deleted; restore it with: mlflow experiments "
            f"restore --experiment-id {found.experiment_id}, or give the sweep another name"
        )
    return str(found.experiment_id)


def _parent_tags(event: SweepStarted) -> dict[str, str]:
    return {
        tags.STATE: "running",
        tags.SAMPLER: event.sampler,
        tags.PRUNER: event.pruner,
        tags.DATA_DIGEST: event.data_digest,
        tags.FOLDER: event.folder,
        **tags.origin(),
        **split_tag(tags.OVERRIDES, json.dumps(event.overrides, ensure_ascii=False)),
        # Not sorted: the order of the choices is the order of a table's rows.
        **split_tag(tags.SEARCH, json.dumps(dict(event.search), ensure_ascii=False)),
        **split_tag(tags.OBJECTIVE, json.dumps(dict(event.objective), ensure_ascii=False)),
    }


def _set_tags(store: Store, run_id: str, values: dict[str, str]) -> None:
    from mlflow.entities import RunTag

    store.client.log_batch(run_id, tags=[RunTag(name, text) for name, text in values.items()])


def _dataset(event: SweepStarted) -> DatasetInput:
    """The data set as an MLflow input, with the digest over all of its bytes."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(
        name=event.data_source[:500],
        digest=event.data_digest[:_DIGEST_LENGTH],
        source_type="local",
        source=json.dumps({"uri": event.data_source}),
        profile=json.dumps({"sha256": event.data_digest}),
    )
    return DatasetInput(dataset, [InputTag(tags.DATASET_CONTEXT, "training")])


def _first_lines(text: str, limit: int) -> str:
    """The text, or as many of its lines as fit, and where the rest is."""
    if len(text) <= limit:
        return text
    kept = text[: max(limit, 0)].rpartition("\n")[0]
    return f"{kept}\n\n(cut here; the whole table is in table.md)"
