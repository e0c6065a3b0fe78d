"""Weights in safetensors files: written whole or not at all, and read without pickle."""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING

from trainer.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor


def save_weights(path: Path, weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write weights so that `path` holds either all of them or what it held before.

    Args:
        path: its folder is made if it is not there.
        weights: by name, of any shape and dtype.
        metadata: kept in the file's header.
    Raises: OSError, if the folder cannot be written to.
    """
    from safetensors.torch import save

    content = save({name: tensor.contiguous() for name, tensor in weights.items()}, dict(metadata))
    write_whole(path, content)


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What `save_weights` wrote: the weights as CPU tensors, and the metadata.

    Raises: CheckpointError, if there is no such file or it is not whole.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        # read at once: safe_open opens the file again for its tensors, by then another one
        content = path.read_bytes()
        weights: dict[str, Tensor] = load(content)
    except FileNotFoundError as error:
        raise CheckpointError(f"there are no weights at {path}; train the run again") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} cannot be read as safetensors ({error}); delete it and train the run again"
        ) from error
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return weights, header.get("__metadata__", {})


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a name of its own, then rename: a crash leaves the old file or the new.

    Args:
        path: its folder is made if it is not there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last (POSIX: a folder's entries are synced with the folder)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
