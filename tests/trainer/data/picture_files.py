"""Writers of picture data sets in the true formats, for tests."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

IDX_IMAGES, IDX_LABELS = 0x0803, 0x0801
CIFAR = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
CIFAR_NAMES = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
]  # fmt: skip


def idx(magic: int, array: np.ndarray) -> bytes:
    """An IDX file's content: magic number, axes, bytes."""
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


def write_idx(
    folder: Path, n: int = 60, *, size: tuple[int, int] = (5, 4), name: str = "", classes: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """A set of n + n / 2 pictures as MNIST is published; the pictures and labels in it."""
    rng = np.random.default_rng(4)
    images = rng.integers(0, 256, (n + n // 2, *size), dtype=np.uint8)
    labels = np.resize(np.arange(classes, dtype=np.uint8), len(images))
    folder.mkdir(exist_ok=True)
    for part, rows in (("train", slice(n)), ("t10k", slice(n, None))):
        content = idx(IDX_IMAGES, images[rows])
        (folder / f"{name}{part}-images-idx3-ubyte").write_bytes(content)
        content = idx(IDX_LABELS, labels[rows])
        (folder / f"{name}{part}-labels-idx1-ubyte").write_bytes(content)
    return images, labels


def zip_all(folder: Path) -> None:
    """Every file of a folder gzipped, as it is published."""
    for path in list(folder.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
        path.unlink()


def write_cifar(folder: Path, n: int = 10) -> np.ndarray:
    """Six batches of n records each; the records [6 * n, 3073]."""
    rng = np.random.default_rng(5)
    records = rng.integers(0, 256, (6 * n, 3073), dtype=np.uint8)
    records[:, 0] = np.resize(np.arange(10), len(records))
    folder.mkdir()
    for name, batch in zip(CIFAR, np.split(records, 6), strict=True):
        batch.tofile(folder / name)
    return records


def picture(seed: int, size: tuple[int, int] = (6, 5), mode: str = "RGB") -> Image.Image:
    """A picture of random pixels, of a height and width."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, bands), dtype=np.uint8)
    return Image.fromarray(pixels.squeeze(2) if bands == 1 else pixels, None).convert(mode)


def write_pictures(folder: Path, n: int = 8, mode: str = "RGB") -> None:
    """Two classes, cat and dog, of n PNG pictures each, 6 high and 5 wide."""
    for label, kind in enumerate(("cat", "dog")):
        (folder / kind).mkdir(parents=True)
        for i in range(n):
            picture(100 * label + i, mode=mode).save(folder / kind / f"{i}.png")
