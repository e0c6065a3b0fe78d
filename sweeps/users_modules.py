"""The user's own modules that a sweep trains: which there are, and what they are known by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainer.hyperparameters import DEFAULTS, PRETRAINED, is_reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sweeps.space import Dimension
    from sweeps.spec import SweepSpec
    from tracking.files.node import Node


def read_pretrained(
    root: Node, train: Mapping[str, Any], search: Mapping[str, Dimension]
) -> tuple[str, ...]:
    """What each `model: pretrained` begins from; () where there is none.

    Raises: SpecError, where other models stand beside it, or nothing to begin from is named.
    """
    searched = search["model"].choices if "model" in search else None
    models = searched or (train.get("model"),)
    if PRETRAINED not in models:
        return ()
    section = root.value["search" if searched else "train"]
    if len(models) > 1:
        raise section.value["model"].wrong(
            "pretrained stands alone: for other models, pretrained_from means something else; "
            "give it a sweep of its own"
        )
    begin = search["pretrained_from"].choices if "pretrained_from" in search else None
    begin = begin or (train.get("pretrained_from"),)
    if None in begin:
        raise section.value["model"].wrong(
            "pretrained needs pretrained_from: a folder that save_pretrained wrote, or a name on "
            "the Hugging Face hub"
        )
    return tuple(begin)


def module_digests(spec: SweepSpec) -> dict[str, str]:
    """What each model that is not ours is known by, by its name.

    Raises: UserModuleError, HyperparameterError for one that can't be found or imported.
    """
    found = {}
    for model in choices(spec, "model"):
        begins = choices(spec, "pretrained_from") if model == PRETRAINED else [None]
        for begin in begins:
            if digest := module_digest(model, begin, spec.data.folder):
                found[begin or model] = digest
    return found


def module_digest(model: str, pretrained_from: str | None, folder: Path | None) -> str:
    """SHA-256 (hex) of a user's file, or of a pretrained model's weights; '' for a model of ours.

    Raises: UserModuleError, HyperparameterError, if it can't be found or imported.
    """
    if model == PRETRAINED and pretrained_from is not None:
        from trainer.models.transformer import find_transformer

        return find_transformer(pretrained_from, folder).digest
    if is_reference(model):
        from trainer.models.factory import find_factory

        return find_factory(model, folder).digest
    return ""


def choices(spec: SweepSpec, name: str) -> list[Any]:
    """Every value of a hyperparameter that a trial may have, where it is not a range."""
    if name in spec.search:
        return list(spec.search[name].choices or ())
    return [spec.train.get(name, DEFAULTS[name])]
