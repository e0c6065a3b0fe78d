"""A kept report as a run in MLflow's experiment 'reports': its files, and its findings in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking import tags
from tracking.errors import TrackingUnavailable
from tracking.formats import markdown_text
from tracking.pages import level_text
from tracking.params import MAX_TAG
from tracking.sweep_writer import set_tags

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow.entities import Run

    from tracking.catalog.records import KeptReport
    from tracking.reports.model import Report
    from tracking.store import Store

EXPERIMENT = "reports"
_MAX_NAME = 250  # of MLflow's column
_TOLD = ("verdict", "changes")  # sections


def record_report(
    store: Store, kept: KeptReport, report: Report, folder: Path, *, digest: str
) -> str:
    """Record the report, once for its key: one that is there is brought up to date.

    Args:
        folder: holds the files.
        digest: of the report.
    Returns: MLflow's id of the run.
    Raises: TrackingUnavailable.
    """
    made_ms = int(kept.made.timestamp() * 1000)
    described = {tags.REPORT_DIGEST: digest, tags.NOTE: _note(kept, report)}
    with store.reach():
        experiment_id = _experiment(store)
        run = _found(store, experiment_id, kept.key) or store.client.create_run(
            experiment_id,
            start_time=made_ms,
            tags={tags.KIND: "report", tags.REPORT_KEY: kept.key, **tags.origin()},
            run_name=level_text(report.title)[:_MAX_NAME],
        )
        run_id = str(run.info.run_id)
        store.client.log_artifacts(run_id, str(folder))
        set_tags(store, run_id, described)
        store.client.set_terminated(run_id, status="FINISHED", end_time=made_ms)
    return run_id


def _experiment(store: Store) -> str:
    from mlflow.exceptions import MlflowException

    found = store.client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        try:
            return str(store.client.create_experiment(EXPERIMENT, tags=tags.EXPERIMENT))
        except MlflowException as error:
            found = store.client.get_experiment_by_name(EXPERIMENT)  # another's, this moment
            if found is None:
                raise TrackingUnavailable(
                    f"MLflow's experiment '{EXPERIMENT}' can't be made: {error}"
                ) from error
    if found.lifecycle_stage == "deleted":
        raise TrackingUnavailable(
            f"MLflow's experiment '{EXPERIMENT}' was deleted; restore it with: mlflow experiments "
            f"restore --experiment-id {found.experiment_id}"
        )
    return str(found.experiment_id)


def _found(store: Store, experiment_id: str, key: str) -> Run | None:
    """The oldest, should a create that timed out have left several."""
    runs = store.search_runs([experiment_id], f"tags.`{tags.KIND}` = 'report'")
    return next((run for run in runs if run.data.tags.get(tags.REPORT_KEY) == key), None)


def _note(kept: KeptReport, report: Report) -> str:
    """Markdown: what fired, what was found, where the page is; as many lines as MLflow takes."""
    tail = f"The whole page is among the artifacts: report.html. It is report {kept.id} of the "
    tail += f"catalog; made again, it comes from: `fairtrial report --again {kept.id}`"
    lines = list(_lines(kept, report))
    while sum(len(line) + 2 for line in (*lines, tail)) > MAX_TAG:
        lines.pop()
    return "\n\n".join([*lines, tail])


def _lines(kept: KeptReport, report: Report) -> Iterator[str]:
    if kept.late:
        yield "Made late: it was missed while no service ran."
    yield from (f"**Alert:** {markdown_text(alert.text)}" for alert in report.alerts)
    yield from (f"**Warning:** {markdown_text(warning)}" for warning in report.warnings)
    for section in report.sections:
        if section.name in _TOLD:
            yield from (markdown_text(sentence) for sentence in section.sentences)
