"""The Optuna pruner of a sweep; without state of its own, so a resumed sweep prunes the same."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sweeps.pruner_options import DEFAULTS, PRUNERS

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from sweeps.spec import SweepSpec


def build_pruner(spec: SweepSpec) -> BasePruner:
    """The pruner, fed with epochs as steps, counted from 1.

    Returns: one whose decisions depend on the study and the sweep file only.
    """
    import optuna

    name, options = spec.pruner.name, dict(spec.pruner.options)
    if name == "hyperband":
        return _hyperband(spec, options)
    if name == "wilcoxon":
        return _quiet_wilcoxon(options)
    if name == "halving":
        # Optuna's 'auto' is guessed from the trials at hand and kept in the object: a resumed
        # sweep would guess again.
        options.setdefault("min_resource", 1)
    if name == "percentile":
        options.setdefault("percentile", DEFAULTS[name]["percentile"])
    pruner: BasePruner = getattr(optuna.pruners, PRUNERS[name].optuna_class)(**options)
    return pruner


def _hyperband(spec: SweepSpec, options: dict[str, Any]) -> BasePruner:
    """Hyperband with its brackets laid out at once.

    Optuna lays them out at the first call of `prune` and counts every trial to bracket 0 until
    then, so what a sampler sees would depend on whether this process has pruned before.
    """
    import optuna

    pruner = optuna.pruners.HyperbandPruner(**{"max_resource": spec.max_epochs, **options})
    pruner._try_initialization(None)  # type: ignore[arg-type]  # noqa: SLF001 - see above
    return pruner


def _quiet_wilcoxon(options: dict[str, Any]) -> BasePruner:
    """Wilcoxon, without its warning for each epoch that the best trial does not have.

    Epochs differ where they are searched or patience ends a run; it compares those both have.
    """
    import optuna

    class EpochsInCommonWilcoxonPruner(optuna.pruners.WilcoxonPruner):
        def prune(self, study: Study, trial: FrozenTrial) -> bool:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="WilcoxonPruner finds steps")
                warnings.filterwarnings("ignore", message="The intermediate values of")
                return super().prune(study, trial)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return EpochsInCommonWilcoxonPruner(**options)
