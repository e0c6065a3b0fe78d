"""Trials per second of a whole sweep, beside the loop that people write by hand today.

The work: a random sweep on scikit-learn's digits, MLP 64-64-10, batch 32, Adam, 10 epochs, with
learning rate, dropout and activation searched. Everything is on: the study in SQLite, every run's
params and curves in MLflow's SQLite. The rival is Optuna + MLflow + torch in one process, as their
tutorials have it. Both are given the machine in turn, in slices, so that its moods hit both alike.

    python benchmarks/sweep_throughput.py [--trials 256] [--rival-trials 48] [--lanes 32]
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
import warnings
from pathlib import Path

from by_hand import sweep_by_hand

SLICES = 3
SWEEP = """
name: {name}
data: {{source: digits}}
train: {{hidden: [64], batch_size: 32, epochs: 10, optimizer: adam}}
search:
  learning_rate: {{low: 1.0e-4, high: 1.0e-1, log: true}}
  dropout: {{low: 0.0, high: 0.5}}
  activation: [relu, tanh, sigmoid]
sampler: random
budget: {{trials: {trials}}}
"""


def fairtrial(folder: Path, name: str, trials: int, lanes: int) -> float:
    """Seconds of a sweep: from the file to its table's runs in MLflow and its best model."""
    from sweeps.launch import prepare_data, run_sweep
    from sweeps.spec import load_spec
    from sweeps.stores import Stores
    from tracking.recorder import MlflowRecorder
    from tracking.store import open_store

    file = folder / f"{name}.yaml"
    file.write_text(SWEEP.format(name=name, trials=trials), encoding="utf-8")
    store = open_store(f"sqlite:///{folder}/mlflow.db")
    started = time.perf_counter()
    spec = load_spec(file)
    outcome = run_sweep(
        spec,
        prepare_data(spec),
        stores=Stores(folder / ".fairtrial"),
        recorder=MlflowRecorder(store),
        lanes=lanes,
    )
    assert outcome.counts["COMPLETE"] == trials
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=256)
    parser.add_argument("--rival-trials", type=int, default=48)
    parser.add_argument("--lanes", type=int, default=32)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    rates = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fairtrial(folder, "warm-up", 4, asked.lanes)  # databases made, libraries loaded: both
        sweep_by_hand(folder, "warm-up", 2)
        rival_s = ours_s = 0.0
        for part in range(SLICES):
            rival_s += sweep_by_hand(folder, f"by-hand-{part}", asked.rival_trials // SLICES)
            seconds = fairtrial(folder, f"fairtrial-{part}", asked.trials, asked.lanes)
            ours_s += seconds
            rates.append(asked.trials / seconds)
    ours = asked.trials * SLICES / ours_s
    rival = asked.rival_trials // SLICES * SLICES / rival_s
    each = ", ".join(f"{rate:.1f}" for rate in rates)
    print(f"fairtrial                    {ours:6.2f} trials/s   ({asked.trials} trials: {each})")
    print(f"Optuna + MLflow + torch loop {rival:6.2f} trials/s   ({asked.rival_trials} trials)")
    print(f"ratio                        {ours / rival:6.1f}")


if __name__ == "__main__":
    main()
