"""`fairtrial compare` with several metrics, and with a verdict."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typer.testing import Result

COMPARE = ("compare", "rates", "--by", "learning_rate")
SEVERAL = ("test/accuracy", "gap", "epochs_run", "train_seconds", "validation/loss")


def test_a_verdict_under_the_table(finished: Path, fairtrial: Callable[..., Result]) -> None:
    """Two rates, two seeds each with two batch sizes: two pairs, and a sentence on them."""
    assert finished
    out = fairtrial(*COMPARE, "--metric", "validation/loss").stdout
    assert "Paired t-test over 2 shared seeds" in out
    assert "validation/loss against 0.1, pair by pair:" in out


def test_several_metrics(finished: Path, fairtrial: Callable[..., Result]) -> None:
    """Each metric has its columns, its verdict and its JSON object; one given twice counts once."""
    assert finished
    words = [word for metric in (*SEVERAL, "gap") for word in ("--metric", metric)]
    out = fairtrial(*COMPARE, *words).stdout
    assert f"{', '.join(SEVERAL)} by learning_rate in rates (controlled)" in out
    assert "trust neither its intervals nor its p-values" in out
    tables = json.loads(fairtrial(*COMPARE, *words, "--format", "json").stdout)["tables"]
    assert [table["metric"] for table in tables] == [*SEVERAL]
    one = fairtrial(*COMPARE, "--metric", "gap", "--format", "json").stdout
    assert json.loads(one) == tables[1]
    header, *_ = csv.reader(io.StringIO(fairtrial(*COMPARE, *words, "--format", "csv").stdout))
    assert {f"{metric}:p_value" for metric in SEVERAL} < set(header)


def test_a_wrong_metric_among_several(finished: Path, fairtrial: Callable[..., Result]) -> None:
    """One metric that there is not is wrong usage, whatever stands beside it."""
    assert finished
    run = fairtrial(*COMPARE, "--metric", "gap", "--metric", "gaps")
    assert (run.exit_code, run.stdout) == (2, "")
    assert "did you mean 'gap'?" in run.stderr
