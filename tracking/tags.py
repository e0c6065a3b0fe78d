"""The names of the tags by which Fairtrial's runs are known in MLflow, and what they mean."""

from __future__ import annotations

import getpass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlflow.entities import Run

KIND = "fairtrial.kind"  # 'sweep' on a parent run, 'run' on its children, 'report' on a report
SWEEP = "fairtrial.sweep"
TRIAL = "fairtrial.trial"
REPEAT = "fairtrial.repeat"
RUN = "fairtrial.run"  # the run's id within its sweep, such as 17.2
FINGERPRINT = "fairtrial.fingerprint"
OPTUNA_STATE = "optuna.state"  # RUNNING, COMPLETE, PRUNED or FAIL
MESSAGE = "fairtrial.message"  # why a run failed
NONFINITE = "fairtrial.nonfinite"  # metrics left out because they were NaN or infinite
SHORTENED = "fairtrial.shortened"  # params too long for MLflow
SUPERSEDED_BY = "fairtrial.superseded_by"  # fingerprint of the configuration that took its place
MODEL = "fairtrial.model"  # the logged model's id, on the run it came from
MODEL_PROBLEM = "fairtrial.model_problem"  # why there is no logged model

STATE = "fairtrial.state"  # of a parent: running, done, interrupted, failed
SEARCH = "fairtrial.search"
OBJECTIVE = "fairtrial.objective"
SAMPLER = "fairtrial.sampler"
PRUNER = "fairtrial.pruner"
DATA_DIGEST = "fairtrial.data_digest"
BEST_RUN = "fairtrial.best_run"
FOLDER = "fairtrial.folder"  # of the sweep file, absolute
VERSIONS = "fairtrial.versions"  # all it was trained under, a JSON list of {trainer, device, torch}
DATA_SOURCE = "fairtrial.data_source"  # as in the sweep file
DATA_ROWS = "fairtrial.data_rows"  # a JSON mapping: rows in all, and of each part
IMPORTANCE = "fairtrial.importance"  # of each factor: a JSON mapping, summing to 1
OVERRIDES = "fairtrial.overrides"  # the --set texts on top of the sweep file, a JSON list

REPORT_KEY = "fairtrial.report_key"  # of a run of kind 'report': our own id of the kept report
REPORT_DIGEST = "fairtrial.report_digest"

# Opens the experiment in MLflow's view of model training, not of GenAI.
EXPERIMENT = {"mlflow.experimentKind": "custom_model_development"}

PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"
DATASET_CONTEXT = "mlflow.data.context"

Status = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
STATUS_OF: dict[str, Status] = {"COMPLETE": "FINISHED", "PRUNED": "KILLED", "FAIL": "FAILED"}


@cache
def origin() -> dict[str, str]:
    """Who made a run and with what, for MLflow's columns."""
    source = {"mlflow.source.name": "fairtrial"}
    try:
        return {**source, "mlflow.user": getpass.getuser()}
    except (OSError, KeyError, ImportError):  # a container without a name for its user
        return source


def is_over(run: Run) -> bool:
    """Whether a run is recorded as a whole: terminated, with a final state."""
    return run.info.status in STATUS_OF.values() and run.data.tags.get(OPTUNA_STATE) in STATUS_OF
