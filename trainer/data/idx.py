"""IDX files: MNIST and the sets that are published like it (Fashion-MNIST, KMNIST, EMNIST).

Format (yann.lecun.com/exdb/mnist): two zero bytes, the type, the number of axes, the axes as
big-endian 32-bit numbers, the data.
"""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from contextlib import ExitStack
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from trainer.data.pixels import check_room, table_from_pixels
from trainer.data.raw import listed
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

    import numpy as np
    from numpy.typing import NDArray

    from trainer.data.raw import RawTable
    from trainer.data.request import DataRequest

NAME = re.compile(
    r"(?:(?P<set>.+)-)?(?P<part>train|t10k|test)-(?P<kind>images|labels)[-.]idx\d-ubyte(?:\.gz)?",
    re.IGNORECASE,
)
AXES = {"images": 3, "labels": 1}
UNSIGNED_BYTES = 0x08
GZIP = b"\x1f\x8b"
CHUNK_BYTES = 1 << 20


class _Pair(NamedTuple):
    """The file names of one part, `None` where one is missing."""

    images: str | None = None
    labels: str | None = None


def is_idx_name(name: str) -> bool:
    """Whether a file is called as IDX sets are published, such as t10k-labels-idx1-ubyte.gz."""
    return NAME.fullmatch(name) is not None


def load_idx(path: Path, names: Sequence[str], request: DataRequest) -> RawTable:
    """The one IDX set in a folder, its published train and test parts pooled.

    They are pooled because splits and resplits are drawn here, by the file's shares, as for all
    data. A file may be gzipped or not, whatever its name says; where both lie side by side the
    one without .gz is read. EMNIST's pictures stay lying on their side, as they are published.

    Args:
        names: of what lies in the folder.
    Returns: images as bytes, (1, H, W); labels as the numbers in the file.
    Raises: DataError, naming the file and the byte, for several sets, a part without its other
        half, another magic number, a file that ends early or late, sizes or counts that differ.
    """
    import numpy as np

    images, labels, counts = [], [], {}
    for part, pair in _parts(names, request.source).items():
        assert pair.images is not None
        assert pair.labels is not None
        images.append(_read(path, pair.images, "images", request.source))
        labels.append(_read(path, pair.labels, "labels", request.source))
        counts[part] = len(images[-1])
        if len(images[-1]) != len(labels[-1]):
            raise DataError(
                f"{request.source}: {pair.images} holds {len(images[-1])} images and "
                f"{pair.labels} {len(labels[-1])} labels; they do not belong together, download "
                "both again"
            )
        if images[-1].shape[1:] != images[0].shape[1:]:
            sizes = [" x ".join(map(str, array.shape[1:])) for array in (images[0], images[-1])]
            raise DataError(
                f"{request.source}: the images of {next(iter(counts))} are {sizes[0]}, those of "
                f"{part} {sizes[1]}; they are not of one set, download both again"
            )
    pixels = np.concatenate(images)[:, None]
    return table_from_pixels(pixels, np.concatenate(labels), request, counts)


def _parts(names: Sequence[str], source: str) -> dict[str, _Pair]:
    """The pair of files of each part, train first."""
    sets: dict[str, dict[str, _Pair]] = {}
    for name in sorted(names):  # the name without .gz comes first, and stays
        if match := NAME.fullmatch(name):
            parts = sets.setdefault(match["set"] or "", {})
            part, kind = match["part"].lower(), match["kind"].lower()
            pair = parts.get(part, _Pair())
            if getattr(pair, kind) is None:
                parts[part] = pair._replace(**{kind: name})
    if len(sets) > 1:
        called = [name or "one without a name before train- and t10k-" for name in sets]
        raise DataError(
            f"{source} holds several sets: {listed(called, 20)}; put each into a folder of its "
            "own and name one"
        )
    [parts] = sets.values()
    for part, pair in parts.items():
        for kind, other in (("images", "labels"), ("labels", "images")):
            there: str | None = getattr(pair, kind)
            if there is not None and getattr(pair, other) is None:
                lacking = there.removesuffix(".gz").replace(
                    f"{kind}-idx{AXES[kind]}", f"{other}-idx{AXES[other]}"
                )
                raise DataError(
                    f"{source} holds {there}, but not the {other} of {part}; put {lacking} "
                    "beside it, gzip or not"
                )
    return dict(sorted(parts.items(), key=lambda item: item[0] != "train"))


def _read(path: Path, name: str, kind: str, source: str) -> NDArray[np.uint8]:
    """Images [N, H, W] or labels [N]; no more is read than the header says there is."""
    import numpy as np

    file = f"{source}/{name}"
    with ExitStack() as stack:
        stream: Any = stack.enter_context((path / name).open("rb"))
        if stream.peek(2)[:2] == GZIP:
            stream = stack.enter_context(gzip.GzipFile(fileobj=stream))
        header = _taken(stream, 4 + 4 * AXES[kind], file)
        shape = _shape(header, kind, file)
        size = prod(shape)
        content = _taken(stream, size + 1, file)
    counted = f"{shape[0]} {kind}"
    if len(content) < size:
        whole = len(content) // prod(shape[1:])
        raise DataError(
            f"{file} ends at byte {len(header) + len(content)}, after {whole} of {counted}; "
            "download it again"
        )
    if len(content) > size:
        raise DataError(
            f"{file} goes on after byte {len(header) + size}, where its {counted} end; "
            "download it again"
        )
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def _shape(header: bytes, kind: str, file: str) -> tuple[int, ...]:
    n_axes = AXES[kind]
    if header[:4] and len(header) >= 4:  # noqa: PLR2004 - the magic number
        [magic] = struct.unpack(">I", header[:4])
        expected = UNSIGNED_BYTES << 8 | n_axes
        if magic != expected:
            raise DataError(_other_magic(magic, expected, kind, file))
    if len(header) < 4 + 4 * n_axes:
        raise DataError(f"{file} ends at byte {len(header)}, inside its header; download it again")
    shape = struct.unpack(f">{n_axes}I", header[4:])
    if 0 in shape:
        sizes = " x ".join(map(str, shape))
        raise DataError(f"{file} holds no {kind} (its header says {sizes}); download it again")
    check_room(file, shape[0], shape[1:], "if that is not what it should hold, download it again")
    return shape


def _other_magic(magic: int, expected: int, kind: str, file: str) -> str:
    for other, n_axes in AXES.items():
        if magic == UNSIGNED_BYTES << 8 | n_axes:
            return f"{file} holds {other}, not {kind} (it begins with 0x{magic:08x}); rename it"
    return (
        f"{file} begins with 0x{magic:08x}, but {kind} in IDX with 0x{expected:08x} (bytes, "
        f"{'1 axis' if AXES[kind] == 1 else '3 axes'}); download it again"
    )


def _taken(stream: BinaryIO, limit: int, file: str) -> bytes:
    """At most `limit` bytes, fewer only at the end of the stream."""
    taken = bytearray()
    try:
        while len(taken) < limit:
            chunk = stream.read(min(CHUNK_BYTES, limit - len(taken)))
            if not chunk:
                break
            taken += chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{file} cannot be decompressed ({error}); download it again") from error
    return bytes(taken)
