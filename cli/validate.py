"""`fairtrial validate`: is this sweep file right?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.arguments import Set, SweepFile
from cli.output import data

if TYPE_CHECKING:
    from sweeps.spec import SweepSpec


def command(file: SweepFile, set_: Set = None) -> None:
    """Check a sweep file; nothing is loaded, trained or written.

    Every key, name, type and range is checked, and what contradicts itself; what is wrong is one
    sentence with file, line, key, rule and the way out. Only what the data itself would show is
    left to the run.

    Exit codes: 0 the file is right; 2 it is not.

    Examples: fairtrial validate examples/search.yaml
    fairtrial validate examples/search.yaml --set budget.trials=5
    """
    from sweeps.spec import load_spec

    spec = load_spec(file, set_ or ())
    data(f"{file} is a valid sweep file")
    for line in describe(spec):
        data(f"  {line}")


def describe(spec: SweepSpec) -> list[str]:
    """A sweep in a few lines."""
    searched = ", ".join(spec.search)
    bounds = []
    if spec.sampler.name == "grid":
        bounds.append(f"a grid of {spec.grid_size}")
    if spec.budget.trials is not None:
        bounds.append(f"at most {spec.budget.trials} trials")
    if spec.budget.time_s is not None:
        bounds.append(f"at most {spec.budget.time_s:g} s")
    repeats = f", {spec.repeats} runs each" if spec.repeats > 1 else ""
    return [
        f"sweep      {spec.name}",
        f"data       {spec.data.source}",
        f"search     {searched}",
        f"sampler    {spec.sampler.name}, pruner {spec.pruner.name}",
        f"objective  {spec.objective.direction} {spec.objective.metric}",
        f"budget     {', '.join(bounds)}{repeats}",
    ]
