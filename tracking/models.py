"""Logging the best run's model: loadable by `mlflow.pytorch.load_model`, without any pickle."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tracking import tags
from tracking.figures_writer import write_answers
from tracking.notes import best_note, former_best_note
from tracking.params import shorten
from tracking.reading import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Run

    from tracking.events import BestModel
    from tracking.store import Store


EXPLAINED = "explain.md"
MAX_PROBLEM = 500
MAX_EXAMPLES = 16


def log_best_model(store: Store, parent_id: str, best: BestModel, run_id: str) -> None:
    """Log the model, its files and its pages on its run, once, and name the run on the parent.

    A model that torch.export can't take is left out, and a tag on its run says why: the files
    are enough to build it again.

    Raises: TrackingUnavailable.
    """
    from mlflow.exceptions import MlflowException

    with store.reach():
        client = store.client
        run = client.get_run(run_id)
        if tags.MODEL not in run.data.tags:
            for name, path in best.files.items():
                _log_file(store, run_id, name, path)
            if best.answers is not None:
                write_answers(store, run, best.answers)
            if best.explain is not None:
                client.log_text(run_id, best.explain(run.data.metrics), EXPLAINED)
            with _tracking_uri(store.uri), _quiet():
                try:
                    tag = (tags.MODEL, _log(store, best, run))
                except Exception as error:  # noqa: BLE001 - of a user's model
                    # If it was MLflow that failed, setting the tag fails too: all is tried again.
                    tag = (tags.MODEL_PROBLEM, shorten(str(error), MAX_PROBLEM))
            client.set_tag(run_id, *tag)
        sweep = run.data.tags[tags.SWEEP]
        before = client.get_run(parent_id).data.tags.get(tags.BEST_RUN)
        if before and before != run_id:
            with suppress(
                MlflowException
            ):  # deleted since; were MLflow away, the next call says so
                client.set_tag(before, tags.NOTE, former_best_note(sweep))
        files = {file.path for file in client.list_artifacts(run_id)}
        client.set_tag(run_id, tags.NOTE, best_note(sweep, files))
        client.set_tag(parent_id, tags.BEST_RUN, run_id)


def _log(store: Store, best: BestModel, run: Run) -> str:
    """Log the model; returns MLflow's id of it."""
    import mlflow.pytorch
    from mlflow.models import Model, infer_signature

    example = _two_or_more(best)
    output = best.module(example).detach().numpy()
    inputs = example.numpy()
    # Model.log would put it into MLflow's default experiment, where `runs:/` can't see it.
    logged = store.client.create_logged_model(
        run.info.experiment_id, "model", run.info.run_id, params=run.data.params
    )
    Model.log(
        artifact_path=None,
        name="model",
        model_id=logged.model_id,
        flavor=mlflow.pytorch,
        run_id=run.info.run_id,
        # Its metrics of this step become the model's own.
        step=int(run.data.metrics.get("epochs_run", 0)),
        pytorch_model=best.module,
        signature=infer_signature(inputs, output),
        input_example=inputs,
        serialization_format="pt2",  # a traced graph: reading it runs no pickle
        # Given, or MLflow imports the model in another process to guess them.
        pip_requirements=[f"torch=={version('torch').partition('+')[0]}"],
        validate_serving_input=False,
    )
    return str(logged.model_id)


def _two_or_more(best: BestModel) -> Any:  # noqa: ANN401 - a torch.Tensor; torch is not ours to import
    """A few examples as a tensor: with only one, torch.export would fix the batch at one."""
    example = best.example[:MAX_EXAMPLES]
    if not hasattr(example, "detach"):
        example = next(best.module.parameters()).detach().new_tensor(example)
    return example if len(example) > 1 else example.repeat(2, *([1] * (example.ndim - 1)))


def _log_file(store: Store, run_id: str, name: str, path: str) -> None:
    if Path(path).name == name:
        store.client.log_artifact(run_id, path, CHECKPOINT)
        return
    with TemporaryDirectory() as folder:
        link = Path(folder, name)
        link.symlink_to(Path(path).absolute())
        store.client.log_artifact(run_id, str(link), CHECKPOINT)


@contextmanager
def _tracking_uri(uri: str) -> Iterator[None]:
    """Model.log takes the tracking URI from the process; give it ours for that long."""
    from mlflow.tracking._tracking_service.utils import _use_tracking_uri

    before = os.environ.get("MLFLOW_TRACKING_URI")
    try:
        with _use_tracking_uri(uri):
            yield
    finally:  # MLflow forgets what the variable was
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before


@contextmanager
def _quiet() -> Iterator[None]:
    """No words from torch.export and MLflow about how they work inside."""
    logging.getLogger("torch.export").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # MLflow's own import of its own types says so.
        warnings.filterwarnings("ignore", ".*Any type hint is inferred as AnyType", UserWarning)
        yield
