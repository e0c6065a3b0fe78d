"""Writing a sweep's own run to MLflow, the parent of all others: begun, and tagged.

How it ends stands in sweep_ending.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tracking import tags
from tracking.errors import TrackingUnavailable
from tracking.pages import level_text
from tracking.params import MAX_TAG, encode_all, join_tag, shorten, split_tag
from tracking.reading import find_parent
from tracking.run_writer import Family
from tracking.views import views_of, write_views

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import DatasetInput, Experiment

    from tracking.events import SweepStarted, SweepTagged
    from tracking.store import Store

_DIGEST_LENGTH = 32  # MLflow's column holds 36 of a digest's 64; the whole is in the profile
_MAX_DATASET_NAME = 500
_SHOWN_DIGEST = 12
_MAX_PARAMS = 100  # of a batch


def begin_sweep(store: Store, event: SweepStarted) -> tuple[Family, bool]:
    """Create the sweep's experiment and parent run, or take up those that are there.

    Returns: what its runs share, and whether the parent was there before.
    Raises: TrackingUnavailable.
    """
    dataset = _dataset(event)
    with store.reach():
        experiment = _experiment(store, event.sweep)
        experiment_id = str(experiment.experiment_id)
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
            set_tags(store, run.info.run_id, _parent_tags(event, parent.data.tags))
        _write_fixed(store, run.info.run_id, event.fixed, run.data.params)
        _tag_experiment(store, experiment_id, event.tags, experiment.tags)
        views = views_of(event.search, event.objective, event.time_ms)
        write_views(store, experiment_id, experiment.tags, views)
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
        pruner=event.pruner,
        tags=event.tags,
    )
    return family, parent is not None


def tag_sweep(store: Store, event: SweepTagged) -> None:
    """Put a user's tags on a sweep that is over, and on its experiment.

    Raises: TrackingUnavailable.
    """
    if not event.tags:
        return
    with store.reach():
        experiment = store.client.get_experiment_by_name(event.sweep)
        parent = experiment and find_parent(store, experiment.experiment_id, event.sweep)
        if not experiment or not parent:
            return  # nothing of it is left in MLflow, and nothing is lost
        new = _new(event.tags, parent.data.tags)
        if new:
            set_tags(store, parent.info.run_id, new)
        _tag_experiment(store, experiment.experiment_id, event.tags, experiment.tags)


def data_line(event: SweepStarted) -> str:
    """Such as 'digits, 1797 rows (train 1257, validation 270, test 270), digest 713584872b37'."""
    rows = _rows(event.data_summary)
    n_all = f", {rows['all']} rows" if rows else ""
    parts = ", ".join(f"{name} {n}" for name, n in rows.items() if name != "all")
    digest = event.data_digest[:_SHOWN_DIGEST]
    return f"{event.data_source}{n_all}{f' ({parts})' if parts else ''}, digest {digest}"


def set_tags(store: Store, run_id: str, values: Mapping[str, str]) -> None:
    """Set a run's tags at once. To be called within `store.reach()`."""
    from mlflow.entities import RunTag

    store.client.log_batch(run_id, tags=[RunTag(name, text) for name, text in values.items()])


def _experiment(store: Store, name: str) -> Experiment:
    found = store.client.get_experiment_by_name(name)
    if found is None:
        return store.client.get_experiment(
            store.client.create_experiment(name, tags=tags.EXPERIMENT)
        )
    if found.lifecycle_stage == "deleted":
        raise TrackingUnavailable(
            f"MLflow's experiment '{name}' was deleted; restore it with: mlflow experiments "
            f"restore --experiment-id {found.experiment_id}, or give the sweep another name"
        )
    return found


def _write_fixed(
    store: Store, run_id: str, fixed: Mapping[str, Any], there: Mapping[str, str]
) -> None:
    """The fixed hyperparameters as params; those that are there stay: MLflow changes none."""
    from mlflow.entities import Param

    texts, _ = encode_all(fixed)
    new = [Param(name, text) for name, text in texts.items() if name not in there]
    if new:
        store.client.log_batch(run_id, params=new[:_MAX_PARAMS])


def _tag_experiment(
    store: Store, experiment_id: str, wanted: Mapping[str, str], there: Mapping[str, str]
) -> None:
    for name, text in _new(wanted, there).items():
        store.client.set_experiment_tag(experiment_id, name, text)


def _new(wanted: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in wanted.items() if there.get(name) != text}


def _parent_tags(event: SweepStarted, before: Mapping[str, str] | None = None) -> dict[str, str]:
    """Args: before: the tags of a parent that was there already."""
    versions = json.loads(join_tag(tags.VERSIONS, before or {}) or "[]")
    if event.versions and event.versions not in versions:
        versions.append(dict(event.versions))
    return {
        **event.tags,  # first, as MLflow shows them
        tags.STATE: "running",
        tags.SAMPLER: event.sampler,
        tags.PRUNER: event.pruner,
        tags.DATA_DIGEST: event.data_digest,
        tags.DATA_SOURCE: shorten(event.data_source, MAX_TAG),
        tags.DATA_ROWS: json.dumps(_rows(event.data_summary)),
        tags.FOLDER: event.folder,
        **tags.origin(),
        **split_tag(tags.VERSIONS, json.dumps(versions)),
        **split_tag(tags.OVERRIDES, json.dumps(event.overrides, ensure_ascii=False)),
        # Not sorted: the order of the choices is the order of a table's rows.
        **split_tag(tags.SEARCH, json.dumps(dict(event.search), ensure_ascii=False)),
        **split_tag(tags.OBJECTIVE, json.dumps(dict(event.objective), ensure_ascii=False)),
    }


def _rows(summary: Mapping[str, Any]) -> dict[str, int]:
    """Such as {'all': 1797, 'train': 1257, 'validation': 270, 'test': 270}, as far as told."""
    parts = {name: part["shape"][0] for name, part in summary.get("splits", {}).items()}
    return {"all": summary["rows"], **parts} if "rows" in summary else {}


def _dataset(event: SweepStarted) -> DatasetInput:
    """The data set as an MLflow input, with the digest over all of its bytes."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(
        name=level_text(event.data_source)[:_MAX_DATASET_NAME],
        digest=event.data_digest[:_DIGEST_LENGTH],
        source_type="local",
        source=json.dumps({"uri": event.data_source}),
        profile=json.dumps({"sha256": event.data_digest, **_rows(event.data_summary)}),
    )
    return DatasetInput(dataset, [InputTag(tags.DATASET_CONTEXT, "training")])
