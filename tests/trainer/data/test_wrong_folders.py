from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from picture_files import picture, write_cifar, write_idx, write_pictures
from PIL import Image

from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KNOWN = (
    "a data folder is known by: IDX files (train-images-idx3-ubyte, gzip or not), CIFAR-10's "
    "binary files (data_batch_1.bin), or a folder of images for each class; put one of these there"
)


def animated(folder: Path) -> None:
    picture(1).save(folder / "cat" / "4.gif", save_all=True, append_images=[picture(2)])


def cut(path: Path, size_bytes: int) -> None:
    path.write_bytes(path.read_bytes()[:size_bytes])


def jpeg_cut_off(folder: Path) -> None:
    picture(3).save(folder / "dog" / "9.jpg")
    cut(folder / "dog" / "9.jpg", 650)


def class_without_images(folder: Path) -> None:
    (folder / "emu").mkdir()
    (folder / "emu" / ".keep").touch()


def nested(folder: Path) -> None:
    (folder / "cat" / "small").mkdir()


def deep(folder: Path) -> None:
    Image.new("I;16", (5, 6)).save(folder / "cat" / "7.png")


def not_printable(folder: Path) -> None:
    (folder / "cat").rename(os.fsdecode(os.fsencode(folder) + b"/caf\xe9"))


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "other size": (
        lambda folder: picture(9, (7, 5)).save(folder / "dog" / "3.png"),
        (
            "pets/cat/0.png is 5 x 6 (width x height), pets/dog/3.png is 5 x 7; make them one "
            "size, or give data.image_size: [height, width], to which all are resized"
        ),
    ),
    "other mode": (
        lambda folder: picture(9, mode="L").save(folder / "dog" / "3.png"),
        (
            "pets/cat/0.png has the mode RGB, pets/dog/3.png L; save them alike, or give "
            "data.image_size: [6, 5], with which all become greyscale or RGB"
        ),
    ),
    "no image": (
        lambda folder: (folder / "cat" / "notes.txt").write_text("a cat"),
        (
            "pets/cat/notes.txt is no image that can be read (PNG, JPEG, BMP, GIF or WebP); "
            "remove it, or save it again"
        ),
    ),
    "image of another kind": (
        lambda folder: picture(1).save(folder / "cat" / "4.tiff"),
        (
            "pets/cat/4.tiff is no image that can be read (PNG, JPEG, BMP, GIF or WebP); "
            "remove it, or save it again"
        ),
    ),
    "empty": (
        lambda folder: cut(folder / "cat" / "4.png", 0),
        (
            "pets/cat/4.png is no image that can be read (PNG, JPEG, BMP, GIF or WebP); "
            "remove it, or save it again"
        ),
    ),
    "PNG cut off": (
        lambda folder: cut(folder / "cat" / "4.png", 70),
        (
            "pets/cat/4.png is damaged or cut off (image file is truncated); "
            "save it again, or remove it"
        ),
    ),
    "JPEG cut off": (
        jpeg_cut_off,
        (
            "pets/dog/9.jpg is damaged or cut off (image file is truncated (N bytes not "
            "processed)); save it again, or remove it"
        ),
    ),
    "animated": (animated, "pets/cat/4.gif has 2 frames; save the one that counts"),
    "sixteen bits": (
        deep,
        "pets/cat/7.png has more than 8 bits a channel (mode I;16); save it with 8",
    ),
    "class without images": (
        class_without_images,
        "pets/emu is a class without images; put some there, or remove the folder",
    ),
    "beside the classes": (
        lambda folder: picture(1).save(folder / "1.png"),
        (
            "pets/1.png lies beside the classes' folders; put it into the one of its class, or "
            "remove it"
        ),
    ),
    "folder in a class": (
        nested,
        (
            "pets/cat/small is a folder inside the class 'cat', which holds images only; if the "
            "classes are in pets/cat, write data.source: pets/cat"
        ),
    ),
    "link to nothing": (
        lambda folder: (folder / "cat" / "x.png").symlink_to("gone.png"),
        "pets/cat/x.png is no file (a link to nothing, or a device); remove it",
    ),
    "pipe": (
        lambda folder: os.mkfifo(folder / "cat" / "pipe.png"),
        "pets/cat/pipe.png is no file (a link to nothing, or a device); remove it",
    ),
    "a class of another encoding": (
        not_printable,
        r"pets: the folder 'caf\udce9' is a class and cannot be printed; rename it",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_image_folder_ends_with_one_sentence(tmp_path: Path, case: str) -> None:
    """The file that is no image, damaged, misplaced or unlike the others is named."""
    change, sentence = WRONG[case]
    write_pictures(tmp_path / "pets")
    change(tmp_path / "pets")
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("pets", folder=tmp_path), 0)
    # How many bytes a JPEG decoder leaves is its own affair.
    assert re.sub(r"\d+ bytes", "N bytes", str(caught.value)) == sentence


@pytest.mark.parametrize("limit", [100, 40])
def test_a_decompression_bomb_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """A picture over Pillow's limit, or over twice the limit, is named before it is unpacked."""
    write_pictures(tmp_path / "pets")
    picture(1, (11, 10)).save(tmp_path / "pets" / "cat" / "4.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("pets", folder=tmp_path, image_size=(6, 5)), 0)
    assert str(caught.value) == (
        f"pets/cat/4.png has more than {limit} pixels, which Pillow takes for a decompression "
        "bomb; scale it down, or remove it"
    )


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder.mkdir(), f"data is empty; what {KNOWN}"),
        (
            lambda folder: (folder.mkdir(), (folder / "notes.txt").touch()),
            f"data holds none of what {KNOWN}",
        ),
        (
            lambda folder: (folder.mkdir(), (folder / "round").symlink_to(".")),
            "data holds no folder of images; put one there for each class",
        ),
        (
            lambda folder: (folder.mkdir(), write_idx(folder / "raw")),
            "data is no data set itself, but data/raw is; write data.source: data/raw",
        ),
        (
            lambda folder: (folder.mkdir(), (folder / "data_batch_1").touch()),
            (
                "data holds the Python version of CIFAR-10, which is pickled and not loaded; "
                "download the binary version"
            ),
        ),
    ],
)
def test_a_folder_that_is_no_data_is_told_what_one_is(
    tmp_path: Path, make: Callable[[Path], object], sentence: str
) -> None:
    """A folder that is none of the three kinds is told what was looked for."""
    make(tmp_path / "data")
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("data", folder=tmp_path), 0)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("make", "options", "sentence"),
    [
        (
            write_idx,
            {"image_size": (4, 4)},
            (
                "data.image_size is for a folder of images by class, but data holds IDX files, "
                "which have one size; leave it out"
            ),
        ),
        (
            write_cifar,
            {"image_size": (4, 4)},
            (
                "data.image_size is for a folder of images by class, but data holds CIFAR-10's "
                "files, which have one size; leave it out"
            ),
        ),
        (
            write_idx,
            {"target": "label"},
            (
                "data.target is 'label', but data holds arrays without column names; "
                "leave data.target out"
            ),
        ),
        (
            write_idx,
            {"task": "regression"},
            (
                "data: target 'label' holds classes (such as '0' at index 0), so rmse, mae and r2 "
                "cannot be measured on it; take an objective for classes, such as "
                "validation/accuracy, or another target"
            ),
        ),
        (
            write_pictures,
            {"classes": ("cat", "emu")},
            "data: target 'label' has no class 'emu'; its classes are cat and dog",
        ),
    ],
)
def test_a_request_that_pictures_cannot_meet_is_refused(
    tmp_path: Path, make: Callable[[Path], object], options: dict[str, object], sentence: str
) -> None:
    """A size for what has one, a target column, a regression, a class that is not there."""
    make(tmp_path / "data")
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("data", folder=tmp_path, **options), 0)  # type: ignore[arg-type]
    assert str(caught.value) == sentence


def test_an_image_size_for_a_table_is_refused() -> None:
    """data.image_size beside a bundled set is an error, not something passed over."""
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("digits", image_size=(8, 8)), 0)
    assert str(caught.value) == (
        "data.image_size is for a folder of images, and digits is none; leave it out"
    )
