"""Seconds to make a report of 50 sweeps with 10,000 runs and to show it; and the size of its page.

The rival, and the limit below which nothing can come, is `MlflowClient.search_runs` over the same
experiments, a page of 1,000 at a time, with nothing done to what it answers.

    python benchmarks/report.py [--sweeps 50] [--runs 10000] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from page_in_chromium import seconds_to_draw
from synthetic_sweeps import fill

REPORT = """
title: Everything there is
sweeps: ["*"]
baseline: grid-00
alerts:
  - {metric: test/accuracy, below: 0.9}
"""


def main() -> None:
    """Fill a store, read it bare, make the report, print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sweeps", type=int, default=50)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--keep", type=Path, help="write report.html and the rest to this folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), asked)


def measure(folder: Path, asked: argparse.Namespace) -> None:
    """One report, timed in its parts."""
    from tracking.reports.build import build_report
    from tracking.reports.render import render_files
    from tracking.reports.spec import parse_report
    from tracking.store import open_store

    database = folder / "mlflow.db"
    open_store(f"sqlite:///{database}")
    fill(database, asked.sweeps, asked.runs)
    store = open_store(f"sqlite:///{database}")
    experiments = [found.experiment_id for found in store.client.search_experiments()]
    began = time.perf_counter()
    n_runs = sum(len(store.search_runs([experiment])) for experiment in experiments)
    bare = time.perf_counter() - began

    spec = parse_report(REPORT, folder / "report.yaml")
    profile = cProfile.Profile()
    began = time.perf_counter()
    if asked.profile:
        report = profile.runcall(build_report, store, spec, last=None)
    else:
        report = build_report(store, spec, last=None)
    built = time.perf_counter() - began
    began = time.perf_counter()
    files = render_files(report, made=datetime.now(UTC))
    rendered = time.perf_counter() - began

    print(f"{n_runs} runs of {asked.sweeps} sweeps")
    print(f"search_runs alone       {bare:6.2f} s")
    print(f"read and build          {built:6.2f} s   {built / bare:.2f} of search_runs")
    print(f"render                  {rendered:6.2f} s")
    print(f"report.html             {len(files['report.html']) / 1e6:6.2f} MB")
    print(f"all files               {sum(map(len, files.values())) / 1e6:6.2f} MB")
    if shutil.which("chromium"):
        page = folder / "report.html"
        page.write_bytes(files[page.name])
        loaded, first, last = seconds_to_draw(page)
        print(f"in Chromium: loaded     {loaded:6.2f} s")
        print(f"  first chart drawn     {first:6.2f} s   the limit is 3 s")
        print(f"  all charts drawn      {last:6.2f} s")
    if asked.keep:
        for name, data in files.items():
            path = asked.keep / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    if asked.profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(40)


if __name__ == "__main__":
    main()
