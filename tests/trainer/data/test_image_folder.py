from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from picture_files import picture, write_pictures
from PIL import Image

from trainer.data.loading import load_raw
from trainer.data.preparation import prepare
from trainer.data.request import DataRequest

if TYPE_CHECKING:
    from pathlib import Path


def test_pictures_are_read_in_order_with_their_folders_as_classes(tmp_path: Path) -> None:
    """Sorted by class and name, every pixel as written, in planes of red, green and blue."""
    write_pictures(tmp_path / "pets")
    table = load_raw(DataRequest("pets", folder=tmp_path))
    assert table.shape == (3, 6, 5)
    assert table.target.tolist() == ["cat"] * 8 + ["dog"] * 8
    expected = [np.asarray(picture(seed)).transpose(2, 0, 1) for seed in (0, 1, 100)]
    pixels = table.inputs.to_numpy().reshape(16, 3, 6, 5)
    assert pixels.dtype == np.uint8
    assert (pixels[[0, 1, 8]] == expected).all()
    data = prepare(DataRequest("pets", folder=tmp_path), 0)
    assert (data.shape, data.task, data.outputs) == ((3, 6, 5), "classification", 2)
    assert data.preprocessing["classes"] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("suffix", "options"),
    [("png", {}), ("bmp", {}), ("webp", {"lossless": True}), ("gif", {}), ("jpg", {"quality": 90})],
)
def test_every_format_is_read(tmp_path: Path, suffix: str, options: dict[str, Any]) -> None:
    """PNG, BMP, lossless WebP and grey GIF give the pixels written; JPEG what Pillow decodes."""
    write_pictures(tmp_path / "pets", mode="L")
    for path in list((tmp_path / "pets").glob("*/*.png")):
        with Image.open(path) as image:
            image.save(path.with_suffix(f".{suffix}"), **options)
        if suffix != "png":
            path.unlink()
    table = load_raw(DataRequest("pets", folder=tmp_path))
    pixels = table.inputs.to_numpy()
    path = tmp_path / "pets" / "cat" / f"0.{suffix}"
    with Image.open(path) as image:
        decoded = np.asarray(image.convert("L" if table.shape == (1, 6, 5) else "RGB"))
    planes = decoded[None] if decoded.ndim == 2 else decoded.transpose(2, 0, 1)
    assert (pixels[0].reshape(planes.shape) == planes).all()
    if suffix != "jpg":
        assert (planes == np.asarray(picture(0, mode="L"))).all()


def test_grey_pictures_have_one_channel(tmp_path: Path) -> None:
    """All grey (or black and white, or with transparency) is one channel; one RGB makes three."""
    write_pictures(tmp_path / "pets", mode="LA")
    picture(1, mode="1").save(tmp_path / "pets" / "dog" / "8.png")
    grey = load_raw(DataRequest("pets", folder=tmp_path, image_size=(6, 5)))
    assert grey.shape == (1, 6, 5)
    picture(1).save(tmp_path / "pets" / "dog" / "9.png")
    mixed = load_raw(DataRequest("pets", folder=tmp_path, image_size=(6, 5)))
    assert mixed.shape == (3, 6, 5)
    planes = mixed.inputs.to_numpy()[0].reshape(3, 6, 5)
    assert (planes == grey.inputs.to_numpy()[0].reshape(6, 5)).all()


def test_a_size_in_the_file_makes_all_pictures_one_size(tmp_path: Path) -> None:
    """With image_size every picture is resized as Pillow's bilinear filter does it."""
    write_pictures(tmp_path / "pets")
    picture(7, (9, 13)).save(tmp_path / "pets" / "cat" / "large.png")
    table = load_raw(DataRequest("pets", folder=tmp_path, image_size=(4, 3)))
    assert table.shape == (3, 4, 3)
    expected = picture(7, (9, 13)).resize((3, 4), Image.Resampling.BILINEAR)
    planes = table.inputs.to_numpy()[8].reshape(3, 4, 3)
    assert (planes == np.asarray(expected).transpose(2, 0, 1)).all()


def test_palettes_are_colours(tmp_path: Path) -> None:
    """Pictures with a palette, transparent or not, come out in the palette's colours."""
    write_pictures(tmp_path / "pets")
    for path in (tmp_path / "pets").glob("*/*.png"):
        with Image.open(path) as image:
            palette = image.quantize(16)
        palette.save(path, transparency=bytes([0, 128, 255]))
    table = load_raw(DataRequest("pets", folder=tmp_path))
    with Image.open(tmp_path / "pets" / "cat" / "0.png") as image:
        colours = np.asarray(image.convert("RGBA"))[..., :3]
    assert (table.inputs.to_numpy()[0].reshape(3, 6, 5) == colours.transpose(2, 0, 1)).all()


def test_hidden_files_and_links_in_circles_are_passed_over(tmp_path: Path) -> None:
    """.DS_Store, Thumbs.db and links to a folder around them change nothing."""
    write_pictures(tmp_path / "pets")
    before = prepare(DataRequest("pets", folder=tmp_path), 0).digest
    pets = tmp_path / "pets"
    (pets / ".cache").mkdir()
    (pets / "cat" / ".DS_Store").write_bytes(b"\0")
    (pets / "cat" / "Thumbs.db").write_bytes(b"\0")
    (pets / "cat" / "up").symlink_to(pets)
    (pets / "cat" / "here").symlink_to(".")
    (pets / "round").symlink_to("..")
    (pets / "self").symlink_to("self")
    (pets / "there").symlink_to("back")
    (pets / "back").symlink_to("there")
    assert prepare(DataRequest("pets", folder=tmp_path), 0).digest == before


def test_folders_called_by_numbers_are_classes(tmp_path: Path) -> None:
    """Folders 0 and 01 are two classes, named as the folders are, whatever the objective."""
    for index, kind in enumerate(("0", "01")):
        (tmp_path / "digits" / kind).mkdir(parents=True)
        for i in range(6):
            picture(10 * index + i).save(tmp_path / "digits" / kind / f"{i}.png")
    data = prepare(DataRequest("./digits", folder=tmp_path, validation=0.2, test=0.2), 0)
    assert data.preprocessing["classes"] == ["0", "01"]


def test_equal_pictures_are_duplicates(tmp_path: Path) -> None:
    """A picture saved twice in a class is one row; in two classes it is two."""
    write_pictures(tmp_path / "pets")
    picture(0).save(tmp_path / "pets" / "cat" / "again.png")
    picture(0).save(tmp_path / "pets" / "dog" / "again.png")
    summary = prepare(DataRequest("pets", folder=tmp_path), 0).summary
    assert (summary["rows_in"], summary["duplicates"]) == (18, 1)
