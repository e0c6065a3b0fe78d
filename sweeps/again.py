"""A run on record, made ready to be trained again: its file, data, weights and configuration."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.errors import SweepError
from sweeps.launch import prepare_data
from sweeps.pretrained import find_pretrained
from sweeps.runs import RunFactory
from sweeps.spec import load_spec
from trainer.data.loading import FACTORY
from trainer.data.request import BUNDLED
from trainer.hyperparameters import resolve
from trainer.runs import RunConfig, run_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeps.spec import SweepSpec
    from tracking.definitions import Definition
    from tracking.reading import RunRecord, SweepRecord
    from tracking.store import Store
    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Task
    from trainer.pretrained import Pretrained


@dataclass(frozen=True)
class Again:
    """What it takes to train a recorded run again."""

    config: RunConfig
    splits: Sequence[PreparedData]
    pretrained: Mapping[str, Pretrained]

    @property
    def data(self) -> PreparedData:
        """The split the run trains on."""
        return self.splits[self.config.split]


def recorded_config(definition: Definition, run: RunRecord) -> RunConfig:
    """The configuration of a run as MLflow has it."""
    task: Task = "classification" if definition.summary["classes"] else "regression"
    return RunConfig(run_id(run.trial, run.repeat), resolve(run.params, task), run.seed)


def again(store: Store, definition: Definition, record: SweepRecord, run: RunRecord) -> Again:
    """Prepare everything a run was trained from, and make sure it is the same.

    Raises: SweepError, TrainerError, TrackingError: what is gone or has changed since.
    """
    spec = _spec(definition)
    splits = prepare_data(spec)
    if splits[0].digest != record.data_digest:
        raise SweepError(
            f"the data has changed since: {definition.source} had the digest "
            f"{record.data_digest[:12]}, and has {splits[0].digest[:12]} now"
        )
    config = replace(
        recorded_config(definition, run),
        split=run.repeat if spec.data.resplit else 0,
        folder=spec.data.folder,
    )
    pretrained = find_pretrained(spec, lambda: store)
    if RunFactory.of(spec, splits, pretrained).fingerprint(config) != run.fingerprint:
        raise SweepError(
            "this version of Fairtrial, the model's own code, or the weights it begins with are "
            "others than the run's"
        )
    return Again(config, splits, pretrained)


def _spec(definition: Definition) -> SweepSpec:
    """The sweep file as it was run, its paths found from the folder it lay in."""
    folder = Path(definition.folder)
    overrides = list(definition.overrides)
    if definition.source not in BUNDLED and not FACTORY.fullmatch(definition.source):
        source = folder / Path(definition.source).expanduser()
        if not source.exists():
            raise SweepError(f"the data is gone: {source} is not there")
        overrides.append(f"data.source={json.dumps(str(source))}")  # the file read lies elsewhere
    with tempfile.TemporaryDirectory() as fetched:
        file = Path(fetched, "sweep.yaml")
        file.write_text(definition.text, encoding="utf-8")
        spec = load_spec(file, overrides)
    data = replace(spec.data, source=definition.source, folder=folder)
    return replace(spec, path=folder / file.name, data=data)
