"""Which samplers there are, what each takes, and what it can't do; Optuna is not imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.options import Offer, Option, read_choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeps.options import Choice
    from sweeps.space import Dimension
    from tracking.files.node import Node

_FLAG = Option("flag")
_COUNT = Option("int", 0, 1_000_000)
_SHARE = Option("float", 0, 1)


def _refused(deprecated: str = "", objects: str = "", warnings: str = "") -> dict[str, str]:
    return {
        "seed": "the sampler's seed follows from the sweep's own 'seed'",
        **dict.fromkeys(deprecated.split(), "Optuna has deprecated this option"),
        **dict.fromkeys(objects.split(), "this option takes a Python object, which no file holds"),
        **dict.fromkeys(warnings.split(), "Fairtrial sets this option itself"),
    }


SAMPLERS: Mapping[str, Offer] = {
    "tpe": Offer(
        "TPESampler",
        {
            "n_startup_trials": _COUNT,
            "n_ei_candidates": Option("int", 1, 1_000_000),
            "multivariate": Option("flag", optional=True),
            "group": _FLAG,
            "constant_liar": _FLAG,
        },
        _refused(
            "consider_prior prior_weight consider_magic_clip consider_endpoints gamma weights "
            "warn_independent_sampling constraints_func"
        ),
    ),
    "random": Offer("RandomSampler", {}, _refused()),
    "grid": Offer("RandomSampler", {}, _refused()),
    "qmc": Offer(
        "QMCSampler",
        {"qmc_type": Option("word", words=("sobol", "halton")), "scramble": _FLAG},
        _refused(
            objects="independent_sampler",
            warnings="warn_asynchronous_seeding warn_independent_sampling",
        ),
    ),
    "gp": Offer(
        "GPSampler",
        {"n_startup_trials": _COUNT, "deterministic_objective": _FLAG},
        _refused("constraints_func", "independent_sampler", "warn_independent_sampling"),
    ),
    "cmaes": Offer(
        "CmaEsSampler",
        {
            "n_startup_trials": _COUNT,
            # Below 4 the update divides by zero: cmaes' rank-mu rate is 0 for a single parent.
            "popsize": Option("int", 4, 1_000_000, optional=True),
            "consider_pruned_trials": _FLAG,
            "use_separable_cma": _FLAG,
            "with_margin": _FLAG,
            "lr_adapt": _FLAG,
        },
        _refused(
            "x0 sigma0 restart_strategy inc_popsize",
            "independent_sampler source_trials",
            "warn_independent_sampling",
        ),
    ),
    "nsga2": Offer(
        "NSGAIISampler",
        {
            "population_size": Option("int", 2, 1_000_000),
            "mutation_prob": Option("float", 0, 1, optional=True),
            "crossover_prob": _SHARE,
            "swapping_prob": _SHARE,
        },
        _refused(
            "constraints_func",
            "mutation crossover elite_population_selection_strategy child_generation_strategy "
            "after_trial_strategy",
        ),
    ),
}


def read_sampler(root: Node, search: Mapping[str, Dimension]) -> Choice:
    """The sampler, tpe unless another is named.

    Raises: SpecError, also where options exclude each other or the search gives it nothing to do.
    """
    node = root.value.get("sampler")
    choice = read_choice(node, SAMPLERS, "tpe")
    if node is None:
        return choice
    given = {name for name, value in choice.options.items() if value is True}
    if "group" in given and choice.options.get("multivariate") is False:
        raise node.wrong("group: true needs multivariate; remove multivariate: false")
    if choice.name == "cmaes":
        _check_cmaes(node, given, sum(dimension.is_range for dimension in search.values()))
    return choice


def _check_cmaes(node: Node, given: set[str], n_ranges: int) -> None:
    if not n_ranges:
        raise node.wrong("cmaes moves numbers, and no range {low, high} is searched; take tpe")
    exclusive = sorted(given & {"use_separable_cma", "with_margin", "lr_adapt"})
    if len(exclusive) > 1:
        raise node.wrong(f"{' and '.join(exclusive)} exclude each other; keep one")
    if "use_separable_cma" in given and n_ranges == 1:
        raise node.wrong("use_separable_cma has no meaning with one range; remove it")
