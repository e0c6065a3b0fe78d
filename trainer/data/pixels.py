"""Pictures of one size as a table, whatever they came from, and whether memory holds them."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trainer.data.arrays import table_from_arrays
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from trainer.data.raw import RawTable
    from trainer.data.request import DataRequest

BYTES_PER_PIXEL = 7
"""While data is prepared: the bytes that were read, the rows that are left, 32-bit inputs."""


def table_from_pixels(
    pixels: NDArray[np.uint8],
    labels: NDArray[Any],
    request: DataRequest,
    pooled: Mapping[str, int] | None = None,
) -> RawTable:
    """Pictures and their classes as a table; they stay bytes until they are scaled.

    Args:
        pixels: [N, C, H, W].
        labels: [N], whole numbers or text.
        pooled: how many rows come from each published part, if there are several.
    Raises: DataError, if a target column was named.
    """
    table = table_from_arrays(pixels, labels, request)
    target = table.target.rename("label")
    if labels.dtype.kind not in "iu":
        target = target.astype("category")  # names, even those that look like numbers
    return replace(table, target=target, labelled=True, pooled=dict(pooled or {}))


def check_room(name: str, n_images: int, shape: tuple[int, ...], way_out: str) -> None:
    """That so many pictures of a shape can be prepared here, before any memory is taken.

    Raises: DataError, with the bytes needed and there, if not.
    """
    there = _memory_bytes()
    needed = n_images * BYTES_PER_PIXEL
    for side in shape:
        needed *= side
    if there is not None and needed > there:
        size = " x ".join(map(str, shape))
        raise DataError(
            f"{name}: {n_images} images of {size} take {needed / 1e9:.1f} GB to prepare, and this "
            f"machine has {there / 1e9:.1f} GB; {way_out}"
        )


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # a system that does not say
        return None
