"""The sweep file as one frozen, validated object. Nothing is loaded, trained or started in here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any

from sweeps import definition as _definition
from sweeps.budget import Budget, read_budget
from sweeps.data_section import known_task, read_data
from sweeps.objective import Objective, check_objective, read_objective
from sweeps.options import Choice
from sweeps.overrides import override
from sweeps.pruner_options import read_pruner
from sweeps.sampler_options import read_sampler
from sweeps.search_section import check_grid, read_search
from sweeps.space import Dimension
from sweeps.tags_section import read_tags
from sweeps.top_level import check_keys, check_once, places, read_name, read_train, read_whole
from sweeps.users_modules import read_pretrained
from tracking.files.yaml_source import parse_mapping, read
from trainer.hyperparameters import DEFAULTS, LOSSES, resolve
from trainer.user_modules import forget_changed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tracking.files.node import Node, Place
    from trainer.data.request import DataRequest
    from trainer.hyperparameters import Hyperparameters, Task

__all__ = [
    "Budget", "Choice", "Dimension", "Objective", "SweepSpec", "differences", "load_spec",
    "parse_spec",
]  # fmt: skip

BEGIN_WITH = "name, data, train, search and budget"

differences = _definition.differences


@dataclass(frozen=True)
class SweepSpec:
    """One sweep file, checked.

    Attributes:
        train: values that every trial has, each in its hyperparameter's own type.
        search: what varies, in file order.
        repeats: runs of each trial.
        generation: trials in flight on the logical clock.
        text: the file as written; `overrides` are the `--set` texts on top of it.
        tags: the user's own, to find sweeps by; no part of the definition.
        places: where the keys stand that are checked again once the data is loaded.
    """

    name: str
    data: DataRequest
    train: Mapping[str, Any]
    search: Mapping[str, Dimension]
    sampler: Choice
    pruner: Choice
    objective: Objective
    repeats: int
    generation: int
    seed: int
    budget: Budget
    text: str
    path: Path
    overrides: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, repr=False, compare=False)

    @property
    def grid_size(self) -> int | None:
        """How many configurations the search has, or None when a range has no step."""
        levels = [dimension.n_levels for dimension in self.search.values()]
        return None if None in levels else prod(n for n in levels if n is not None)

    @property
    def max_epochs(self) -> int:
        """The most epochs that any trial could have."""
        return _max_epochs(self.train, self.search)

    def search_json(self) -> dict[str, Any]:
        """What varies, as in the file: lists of choices, or low, high, log and step."""
        return {name: dimension.to_json() for name, dimension in self.search.items()}

    def definition(self) -> dict[str, Any]:
        """Dotted keys to JSON values: everything that defines results."""
        return _definition.definition(self)

    def values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """A trial's Optuna parameters as values of hyperparameters, in file order.

        Raises: ValueError for a parameter that this search cannot have given.
        """
        return {name: d.from_optuna(params[name]) for name, d in self.search.items()}

    def resolve(self, params: Mapping[str, Any], task: Task) -> Hyperparameters:
        """The full configuration of a trial.

        Args:
            params: as in Optuna's `trial.params`.
            task: what the data turned out to be for.
        Raises: HyperparameterError where a combination has no meaning.
        """
        return resolve({**self.train, **self.values(params)}, task)

    def check_task(self, task: Task) -> None:
        """That the objective, the losses and the classes have a meaning for the data's task.

        Raises: SpecError at the line of the key that has none.
        """
        check_objective(self.objective, task, self.places["objective"])
        losses = [self.train["loss"]] if "loss" in self.train else []
        if "loss" in self.search:
            losses = list(self.search["loss"].choices or ())
        for loss in losses:
            if loss not in LOSSES[task]:
                raise self.places["loss"].wrong(
                    f"{loss} has no meaning for {task}, which is what the data is for; "
                    f"take {' or '.join(LOSSES[task])}"
                )
        if self.data.classes is not None and task == "regression":
            raise self.places["classes"].wrong("a regression has no classes; remove the key")


def load_spec(path: Path, overrides: Sequence[str] = ()) -> SweepSpec:
    """The sweep that a file describes.

    Args:
        overrides: `--set` texts such as 'train.epochs=5', put in before anything is checked.
    Raises: SpecError: file, line, key, what was given, the rule, and the way out.
    """
    file_text, root = read(path, BEGIN_WITH)
    return _spec(file_text, root, path, overrides)


def parse_spec(text: str, file: Path, overrides: Sequence[str] = ()) -> SweepSpec:
    """The same from a text that was kept.

    Args:
        file: where it once stood: named in errors, and what its paths are found from.
    Raises: SpecError, as in `load_spec`.
    """
    return _spec(text, parse_mapping(text, file, BEGIN_WITH), file, overrides)


def _spec(file_text: str, root: Node, path: Path, overrides: Sequence[str]) -> SweepSpec:
    forget_changed(path.absolute().parent)
    root = override(root, overrides)
    check_keys(root)
    search = read_search(root)
    train = read_train(root)
    check_once(root)
    data = read_data(root, path.absolute().parent)
    data = replace(data, tokenizers=read_pretrained(root, train, search))
    known = known_task(data)
    written = root.value.get("objective")
    objective = read_objective(written, known)
    implied = objective.task if written and written.value is not None else known
    sampler = read_sampler(root, search)
    grid = check_grid(root.value["search"], search) if sampler.name == "grid" else None
    budget = read_budget(root, is_grid=grid is not None)
    n_trials = min((n for n in (grid, budget.trials) if n is not None), default=None)
    spec = SweepSpec(
        name=read_name(root),
        data=replace(data, task=implied),
        train=train,
        search=search,
        sampler=sampler,
        pruner=read_pruner(root, _max_epochs(train, search), n_trials),
        objective=objective,
        repeats=read_whole(root, "repeats", 1, 1),
        generation=read_whole(root, "generation", 16, 1),
        seed=read_whole(root, "seed", 0, 0, 2**63),
        budget=budget,
        text=file_text,
        path=path,
        overrides=tuple(overrides),
        tags=read_tags(root),
        places=places(root),
    )
    task = known or objective.task
    if task is not None:
        spec.check_task(task)
    return spec


def _max_epochs(train: Mapping[str, Any], search: Mapping[str, Dimension]) -> int:
    if "epochs" in search:
        return int(search["epochs"].largest)
    return int(train.get("epochs", DEFAULTS["epochs"]))
