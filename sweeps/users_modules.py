"""The user's own modules that a sweep trains: which there are, and what they are known by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainer.hyperparameters import is_reference

if TYPE_CHECKING:
    from pathlib import Path

    from sweeps.spec import SweepSpec


def module_digests(spec: SweepSpec) -> dict[str, str]:
    """For each 'package.module:factory' of the sweep: the digest of the file it stands in.

    Raises: UserModuleError for one that can't be found or imported.
    """
    models: list[Any] = [spec.train.get("model")]
    if "model" in spec.search:
        models += spec.search["model"].choices or ()
    return {m: module_digest(m, spec.data.folder) for m in models if is_reference(m)}


def module_digest(model: str, folder: Path | None) -> str:
    """SHA-256 (hex) of the file that a user's module stands in; '' for a model of ours.

    Raises: UserModuleError, if it can't be found or imported.
    """
    if not is_reference(model):
        return ""
    from trainer.models.factory import find_factory

    return find_factory(model, folder).digest
