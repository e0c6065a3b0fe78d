"""Which of three things a folder is: IDX files, CIFAR-10's binary files, or images by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from trainer.data.raw import RawTable
    from trainer.data.request import DataRequest

IGNORED = ("thumbs.db", "desktop.ini")
"""What Windows leaves in folders without being asked; other systems' begin with a dot."""


def load_folder(path: Path, request: DataRequest) -> RawTable:
    """The pictures in a folder.

    Raises: DataError, saying what was looked for if it is none of the three, else as
        `load_idx`, `load_cifar` and `load_image_folder` do.
    """
    from trainer.data.cifar import PYTHON_NAMES, is_cifar_name, load_cifar
    from trainer.data.idx import is_idx_name, load_idx

    there = visible(path)
    names = [entry.name for entry in there]
    for is_name, load, words in (
        (is_idx_name, load_idx, "IDX files"),
        (is_cifar_name, load_cifar, "CIFAR-10's files"),
    ):
        if any(map(is_name, names)):
            if request.image_size is not None:
                raise DataError(
                    f"data.image_size is for a folder of images by class, but {request.source} "
                    f"holds {words}, which have one size; leave it out"
                )
            return load(path, names, request)
    if set(names) & PYTHON_NAMES:
        raise DataError(
            f"{request.source} holds the Python version of CIFAR-10, which is pickled and not "
            "loaded; download the binary version"
        )
    if any(entry.is_dir() for entry in there):
        for entry in there:
            inside = [e.name for e in visible(entry)] if entry.is_dir() else []
            if any(is_idx_name(name) or is_cifar_name(name) for name in inside):
                raise DataError(
                    f"{request.source} is no data set itself, but {request.source}/{entry.name} "
                    f"is; write data.source: {request.source}/{entry.name}"
                )
        from trainer.data.image_folder import load_image_folder

        return load_image_folder(path, request)
    raise DataError(
        f"{request.source} {'holds none of what' if names else 'is empty; what'} a data folder "
        "is known by: IDX files (train-images-idx3-ubyte, gzip or not), CIFAR-10's binary files "
        "(data_batch_1.bin), or a folder of images for each class; put one of these there"
    )


def visible(path: Path) -> list[Path]:
    """What a folder holds besides hidden files, sorted by name."""
    return sorted(
        (e for e in path.iterdir() if not e.name.startswith(".") and e.name.lower() not in IGNORED),
        key=lambda entry: entry.name,
    )
