"""A folder of images by class: each sub-folder is a class, named by it, and holds its images."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from trainer.data.folders import visible
from trainer.data.images import Header, pixels_of, read_header
from trainer.data.pixels import check_room, table_from_pixels
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trainer.data.raw import RawTable
    from trainer.data.request import DataRequest


def load_image_folder(path: Path, request: DataRequest) -> RawTable:
    """The images in the sub-folders, in the order of their names, and the sub-folders as classes.

    Hidden files are passed over, and so are links that lead back to a folder they lie in.
    Pixels are taken as stored (no turning by EXIF), transparency is dropped.

    Returns: images as bytes, (C, H, W): greyscale if all of them are, else RGB; resized to
        `request.image_size`, if that is given.
    Raises: DataError, naming the file, for what is no image or is damaged, for a class without
        images, and, if no size is given, for images of several sizes or modes.
    """
    import numpy as np

    files: list[Path] = []
    labels: list[str] = []
    for folder in visible(path):
        if _leads_back(folder):
            continue
        inside = _images_in(folder, path, request.source)
        files += inside
        labels += [folder.name] * len(inside)
    if not files:
        raise DataError(f"{request.source} holds no folder of images; put one there for each class")
    names = [f"{request.source}/{file.relative_to(path).as_posix()}" for file in files]
    headers = [read_header(file, name) for file, name in zip(files, names, strict=True)]
    size = request.image_size
    if size is None:
        _check_alike(headers, names)
        size = headers[0].size
    channels = 1 if all(header.is_grey for header in headers) else 3
    check_room(
        request.source, len(files), (channels, *size), "take fewer, or a smaller data.image_size"
    )
    pixels = np.empty((len(files), channels, *size), dtype=np.uint8)
    for index, (file, name) in enumerate(zip(files, names, strict=True)):
        pixels[index] = pixels_of(file, name, size, channels)
    return table_from_pixels(pixels, np.array(labels, dtype=object), request)


def _leads_back(entry: Path) -> bool:
    """Whether this is a link to a folder in which it lies, or to itself."""
    if not entry.is_symlink():
        return False
    try:
        return entry.parent.resolve().is_relative_to(entry.resolve(strict=True))
    except RuntimeError:  # a loop of links, up to Python 3.12
        return True
    except OSError as error:  # another link to nothing is told of by name
        return error.errno == errno.ELOOP


def _images_in(folder: Path, root: Path, source: str) -> list[Path]:
    name = f"{source}/{folder.name}"
    if not folder.is_dir():
        raise DataError(
            f"{name} lies beside the classes' folders; put it into the one of its class, or "
            "remove it"
        )
    if not folder.name.isprintable():
        raise DataError(
            f"{source}: the folder {folder.name!a} is a class and cannot be printed; rename it"
        )
    inside = [entry for entry in visible(folder) if not _leads_back(entry)]
    for entry in inside:
        if entry.is_dir():
            raise DataError(
                f"{source}/{entry.relative_to(root).as_posix()} is a folder inside the class "
                f"'{folder.name}', which holds images only; if the classes are in {name}, write "
                f"data.source: {name}"
            )
        if not entry.is_file():
            raise DataError(
                f"{source}/{entry.relative_to(root).as_posix()} is no file (a link to nothing, or "
                "a device); remove it"
            )
    if not inside:
        raise DataError(f"{name} is a class without images; put some there, or remove the folder")
    return inside


def _check_alike(headers: Sequence[Header], names: Sequence[str]) -> None:
    for header, name in zip(headers, names, strict=True):
        first = headers[0]
        if header.size != first.size:
            one, other = ("{1} x {0}".format(*h.size) for h in (first, header))
            raise DataError(
                f"{names[0]} is {one} (width x height), {name} is {other}; make them one size, or "
                "give data.image_size: [height, width], to which all are resized"
            )
        if header.mode != first.mode:
            raise DataError(
                f"{names[0]} has the mode {first.mode}, {name} {header.mode}; save them alike, "
                f"or give data.image_size: [{first.size[0]}, {first.size[1]}], with which all "
                "become greyscale or RGB"
            )
