"""What MLflow keeps of a sweep beside its runs: enough to prepare its data again."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking import tags
from tracking.params import join_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracking.reading import RunRecord, SweepRecord
    from tracking.store import Store


@dataclass(frozen=True)
class Definition:
    """The sweep file as it was run.

    Attributes:
        text: of the file.
        folder: where it lay, absolute; empty when that is not on record.
        overrides: the `--set` texts on top of it.
        source: of the data, as in the file.
        summary: what preparation did, as JSON types.
    """

    text: str
    folder: str
    overrides: tuple[str, ...]
    source: str
    summary: Mapping[str, Any]


def read_definition(store: Store, record: SweepRecord) -> Definition:
    """The definition of a sweep.

    Raises: TrackingUnavailable.
    """
    with store.reach(), tempfile.TemporaryDirectory() as folder:
        found = store.client.get_run(record.parent_id).data.tags
        text, data = (
            Path(store.client.download_artifacts(record.parent_id, name, folder)).read_text("utf-8")
            for name in ("sweep.yaml", "data.json")
        )
    about = json.loads(data)
    return Definition(
        text=text,
        folder=found.get(tags.FOLDER, ""),
        overrides=tuple(json.loads(join_tag(tags.OVERRIDES, found) or "[]")),
        source=about["source"],
        summary=about["summary"],
    )


def read_end(store: Store, run: RunRecord) -> tuple[int, str]:
    """How many epochs MLflow has of a run, and its message if it failed.

    Raises: TrackingUnavailable.
    """
    with store.reach():
        history = store.client.get_metric_history(run.mlflow_id, "train/loss")
        found = store.client.get_run(run.mlflow_id).data.tags
    return max((point.step for point in history), default=0), found.get(tags.MESSAGE, "")
