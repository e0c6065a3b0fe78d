"""Saved views of MLflow's table of runs: its columns, order and filter, under its button 'Views'.

MLflow's page reads them from tags of the experiment and offers them to everyone; a version without
such a button shows its own columns. No run is written in here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tracking import tags
from tracking.metrics import rises

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tracking.store import Store

BEST_FIRST = "fairtrial-best-first"
NOT_FINISHED = "fairtrial-not-finished"

_TAG = "mlflow.sharedViewState."
_MAX_TAG = 20_000  # MLflow's bound on a tag of an experiment
_MAX_PARAMS = 12  # columns that fit on a screen


def link_of(experiment_id: str, view: str) -> str:
    """The address of a view, within whatever MLflow shows it."""
    return f"#/experiments/{experiment_id}/runs?viewStateShareKey={view}"


def views_of(
    search: Iterable[str], objective: Mapping[str, str], time_ms: int
) -> dict[str, dict[str, Any]]:
    """The views of a sweep, by their keys.

    Args:
        search: the names of what varies, which become columns.
    """
    metric = objective["metric"]
    on_test = "test/" + metric.removeprefix("validation/")
    params = [f"params.`{name}`" for name in list(search)[:_MAX_PARAMS]]
    metrics = [f"metrics.`{name}`" for name in dict.fromkeys([metric, on_test, "epochs_run"])]
    only_runs = f"tags.`{tags.KIND}` = 'run'"
    return {
        BEST_FIRST: _view(
            "Best runs first",
            [*params, *metrics, "attributes.`Duration`"],
            time_ms,
            searchFilter=f"{only_runs} AND attributes.status = 'FINISHED'",
            orderByKey=f"metrics.`{metric}`",
            orderByAsc=not rises(metric, objective),
        ),
        NOT_FINISHED: _view(
            "Pruned and failed runs",
            [*params, f"tags.`{tags.OPTUNA_STATE}`", f"tags.`{tags.MESSAGE}`"],
            time_ms,
            searchFilter=f"{only_runs} AND attributes.status != 'FINISHED'",
            orderByKey=f"metrics.`{metric}`",  # by time they would be folded below the sweep
            orderByAsc=not rises(metric, objective),
        ),
    }


def write_views(
    store: Store, experiment_id: str, there: Mapping[str, str], views: Mapping[str, dict[str, Any]]
) -> None:
    """Keep those that are new or differ; one that somebody changed in MLflow is made again.

    To be called within `store.reach()`.

    Args:
        there: the tags of the experiment.
    """
    for key, view in views.items():
        before = json.loads(there.get(f"{_TAG}{key}", "{}"))
        text = json.dumps(view)
        if before.get("state") != view["state"] and len(text) <= _MAX_TAG:
            store.client.set_experiment_tag(experiment_id, f"{_TAG}{key}", text)


def _view(name: str, columns: list[str], time_ms: int, **facets: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    state = {"selectedColumns": columns, **facets}
    return {"name": name, "createdAt": time_ms, "updatedAt": time_ms, "state": json.dumps(state)}
