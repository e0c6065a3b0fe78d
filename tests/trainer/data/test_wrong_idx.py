from __future__ import annotations

import gzip
import re
import struct
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from picture_files import IDX_IMAGES, IDX_LABELS, idx, write_idx

from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
T10K = "t10k-images-idx3-ubyte"
PICTURES = np.zeros((60, 5, 4), dtype=np.uint8)


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """What makes another content of a file of the set."""

    def do(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return do


def swapped(folder: Path) -> None:
    images, labels = ((folder / name).read_bytes() for name in (IMAGES, LABELS))
    (folder / IMAGES).write_bytes(labels)
    (folder / LABELS).write_bytes(images)


WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (
        changed(IMAGES, lambda content: content[:-7]),
        f"set/{IMAGES} ends at byte 1209, after 59 of 60 images; download it again",
    ),
    "cut off in the header": (
        changed(IMAGES, lambda content: content[:10]),
        f"set/{IMAGES} ends at byte 10, inside its header; download it again",
    ),
    "empty": (
        changed(LABELS, lambda _: b""),
        f"set/{LABELS} ends at byte 0, inside its header; download it again",
    ),
    "labels cut off": (
        changed(LABELS, lambda content: content[:-1]),
        f"set/{LABELS} ends at byte 67, after 59 of 60 labels; download it again",
    ),
    "too long": (
        changed(IMAGES, lambda content: content + b"\0"),
        f"set/{IMAGES} goes on after byte 1216, where its 60 images end; download it again",
    ),
    "other magic": (
        changed(IMAGES, lambda content: b"\x89PNG" + content),
        (
            f"set/{IMAGES} begins with 0x89504e47, but images in IDX with 0x00000803 (bytes, "
            "3 axes); download it again"
        ),
    ),
    "numbers of four bytes": (
        changed(LABELS, lambda content: b"\0\0\x0c\x01" + content[4:]),
        (
            f"set/{LABELS} begins with 0x00000c01, but labels in IDX with 0x00000801 (bytes, "
            "1 axis); download it again"
        ),
    ),
    "swapped": (
        swapped,
        f"set/{IMAGES} holds labels, not images (it begins with 0x00000801); rename it",
    ),
    "no pictures": (
        changed(IMAGES, lambda _: idx(IDX_IMAGES, PICTURES[:0])),
        f"set/{IMAGES} holds no images (its header says 0 x 5 x 4); download it again",
    ),
    "one label less": (
        changed(LABELS, lambda content: idx(IDX_LABELS, np.frombuffer(content[9:], np.uint8))),
        (
            f"set: {IMAGES} holds 60 images and {LABELS} 59 labels; they do not belong together, "
            "download both again"
        ),
    ),
    "other size": (
        changed(T10K, lambda _: idx(IDX_IMAGES, np.zeros((30, 4, 5), dtype=np.uint8))),
        (
            "set: the images of train are 5 x 4, those of t10k 4 x 5; they are not of one set, "
            "download both again"
        ),
    ),
    "no labels": (
        lambda folder: (folder / "t10k-labels-idx1-ubyte").unlink(),
        (
            f"set holds {T10K}, but not the labels of t10k; put t10k-labels-idx1-ubyte beside it, "
            "gzip or not"
        ),
    ),
    "no images": (
        lambda folder: (folder / IMAGES).unlink(),
        (
            f"set holds {LABELS}, but not the images of train; put {IMAGES} beside it, gzip or "
            "not"
        ),
    ),
    "several sets": (
        lambda folder: write_idx(folder, name="emnist-letters-") and None,
        (
            "set holds several sets: emnist-letters and one without a name before train- and "
            "t10k-; put each into a folder of its own and name one"
        ),
    ),
    "gzip cut off": (
        changed(IMAGES, lambda content: gzip.compress(content)[:-400]),
        (
            f"set/{IMAGES} cannot be decompressed (Compressed file ended before the "
            "end-of-stream marker was reached); download it again"
        ),
    ),
    "gzip damaged": (
        changed(LABELS, lambda content: gzip.compress(content)[:-8] + bytes(8)),
        (
            f"set/{LABELS} cannot be decompressed (CRC check failed 0x0 != 0x559271b9); "
            "download it again"
        ),
    ),
    "a label of its own": (
        changed(LABELS, lambda content: content[:-1] + b"\x4d"),
        (
            "set: class '77' has 1 row, too few for train, validation and test; add rows of it, "
            "or leave it out with data.classes"
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_idx_file_ends_with_one_sentence(tmp_path: Path, case: str) -> None:
    """A file that is damaged or of another set is named, with the byte and the way out."""
    change, sentence = WRONG[case]
    write_idx(tmp_path / "set")
    change(tmp_path / "set")
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("set", folder=tmp_path), 0)
    assert str(caught.value) == sentence


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """Of 64 MB of zeros behind a header of 60 pictures, no more than the 60 pictures are read."""
    write_idx(tmp_path / "set")
    bomb = gzip.compress(idx(IDX_IMAGES, PICTURES) + bytes(64 << 20), 1)
    (tmp_path / "set" / IMAGES).write_bytes(bomb)
    tracemalloc.start()
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("set", folder=tmp_path), 0)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(caught.value) == (
        f"set/{IMAGES} goes on after byte 1216, where its 60 images end; download it again"
    )
    assert peak_bytes < 8 << 20


def test_a_header_of_more_than_memory_takes_none(tmp_path: Path) -> None:
    """A header that speaks of 4 billion pictures of 65535 x 65535 is refused for its size."""
    write_idx(tmp_path / "set")
    header = struct.pack(">4I", IDX_IMAGES, 2**32 - 1, 65535, 65535)
    (tmp_path / "set" / IMAGES).write_bytes(header + bytes(100))
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("set", folder=tmp_path), 0)
    assert re.fullmatch(
        rf"set/{IMAGES}: 4294967295 images of 65535 x 65535 take 129123267866\.3 GB to prepare, "
        r"and this machine has \d+\.\d GB; if that is not what it should hold, download it again",
        str(caught.value),
    )
