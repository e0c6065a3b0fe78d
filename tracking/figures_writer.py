"""Putting figures among the artifacts of a sweep: a page on the sweep, a page on its best run."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tracking import tags
from tracking.errors import TableError
from tracking.events import Answers
from tracking.figures import PAGE, render_page
from tracking.figures_answers import answers_figure, per_class_csv
from tracking.figures_comparison import comparison
from tracking.figures_curves import learning_curves
from tracking.figures_importance import importance_figure
from tracking.tables import compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.entities import Run

    from tracking.events import SweepEnded
    from tracking.figures import Figure
    from tracking.reading import SweepRecord
    from tracking.store import Store

ANSWERS = "test_set.json"
_PER_CLASS = "per_class.csv"


def write_answers(store: Store, run: Run, answers: Answers) -> None:
    """On the best run: what it answered on the test set, as numbers and as a page.

    To be called within `store.reach()`.
    """
    run_id, client = run.info.run_id, store.client
    client.log_text(run_id, json.dumps(asdict(answers)), ANSWERS)
    if answers.confusion:
        client.log_text(run_id, per_class_csv(answers), _PER_CLASS)
    name = run.info.run_name
    client.log_text(run_id, render_page(name, [answers_figure(answers, name)]), PAGE)


def write_figures(store: Store, record: SweepRecord, event: SweepEnded) -> None:
    """On the sweep's own run: a page of all that can be drawn of a sweep that is done.

    Raises: TrackingUnavailable.
    """
    figures = list(_figures(store, record, event))
    if figures:
        with store.reach():
            store.client.log_text(record.parent_id, render_page(record.name, figures), PAGE)


def read_answers(store: Store, run_id: str) -> Answers | None:
    """What `write_answers` wrote.

    Raises: TrackingUnavailable.
    """
    with store.reach(), tempfile.TemporaryDirectory() as folder:
        if ANSWERS not in {file.path for file in store.client.list_artifacts(run_id)}:
            return None
        text = Path(store.client.download_artifacts(run_id, ANSWERS, folder)).read_text("utf-8")
    return _answers(json.loads(text))


def _figures(store: Store, record: SweepRecord, event: SweepEnded) -> Iterator[Figure]:
    for factor in event.factors:
        try:
            table = compare([record], [factor], None)
        except TableError:
            continue  # nothing has finished; the description says so
        yield comparison(table)
    if event.importance:
        n_trials = len({run.trial for run in record.runs if run.finished})
        yield importance_figure(event.importance, n_trials)
    curves = learning_curves(store, record)
    if curves is not None:
        yield curves
    with store.reach():
        best_id = store.client.get_run(record.parent_id).data.tags.get(tags.BEST_RUN)
        name = store.client.get_run(best_id).info.run_name if best_id else ""
    answers = read_answers(store, best_id) if best_id else None
    if answers is not None:
        yield answers_figure(answers, name)


def _answers(found: Mapping[str, list[list[float]] | list[str]]) -> Answers:
    return Answers(
        classes=tuple(str(label) for label in found["classes"]),
        confusion=tuple(tuple(int(n) for n in row) for row in found["confusion"]),
        predictions=tuple((float(p[0]), float(p[1])) for p in found["predictions"]),
    )
