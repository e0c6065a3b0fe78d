"""One image file by Pillow: its header, its pixels, or a sentence for what is wrong with it."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
GREY = ("1", "L", "LA", "La")
DEEP = ("I", "F")
"""Modes, or beginnings of modes, of more than eight bits a channel."""


class Header(NamedTuple):
    """What an image says of itself.

    Attributes:
        size: height, width.
        mode: Pillow's, such as 'L' or 'RGB'.
    """

    size: tuple[int, int]
    mode: str

    @property
    def is_grey(self) -> bool:
        """Whether it has no colours."""
        return self.mode in GREY


def read_header(path: Path, name: str) -> Header:
    """Size and mode; no pixel is decoded.

    Raises: DataError, for a file that is no image, has more pixels than Pillow takes for
        harmless, is animated, or has more than eight bits a channel.
    """
    with _opened(path, name) as image:
        n_frames = getattr(image, "n_frames", 1)
        if n_frames > 1 and image.format != "MPO":  # a camera's JPEG with a preview
            raise DataError(f"{name} has {n_frames} frames; save the one that counts")
        if image.mode.startswith(DEEP):
            raise DataError(
                f"{name} has more than 8 bits a channel (mode {image.mode}); save it with 8"
            )
        return Header((image.height, image.width), image.mode)


def pixels_of(path: Path, name: str, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    """The pixels as [C, H, W], resized (bilinear) if the image has another size.

    Args:
        size: height, width.
        channels: 1 for greyscale, 3 for RGB.
    Raises: DataError, if the file is damaged or cut off.
    """
    import numpy as np
    from PIL import Image

    with _opened(path, name) as image:
        plain = image.convert("RGBA") if image.mode in ("P", "PA") else image
        plain = plain.convert("L" if channels == 1 else "RGB")
        if (plain.height, plain.width) != size:
            plain = plain.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        pixels = np.asarray(plain, dtype=np.uint8)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Image.Image]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # oddities that Pillow reads all the same
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                yield image
    except (DataError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(
            f"{name} has more than {Image.MAX_IMAGE_PIXELS} pixels, which Pillow takes for a "
            "decompression bomb; scale it down, or remove it"
        ) from error
    except UnidentifiedImageError as error:
        raise DataError(
            f"{name} is no image that can be read (PNG, JPEG, BMP, GIF or WebP); remove it, or "
            "save it again"
        ) from error
    except Exception as error:  # Pillow's readers raise many kinds for damaged files
        if isinstance(error, OSError) and error.strerror:
            raise DataError(
                f"{name} cannot be read: {error.strerror}; mend or remove it"
            ) from error
        raise DataError(
            f"{name} is damaged or cut off ({error}); save it again, or remove it"
        ) from error
