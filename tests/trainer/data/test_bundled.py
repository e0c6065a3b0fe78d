from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from trainer.data.preparation import prepare
from trainer.data.request import BUNDLED, DataRequest


@pytest.mark.parametrize(
    ("source", "rows", "shape", "outputs"),
    [
        ("digits", 1797, (1, 8, 8), 10),
        ("breast_cancer", 569, (30,), 2),
        ("wine", 178, (13,), 3),
        ("iris", 149, (4,), 3),  # 150 less one equal row
        ("diabetes", 442, (10,), 1),
    ],
)
def test_each_bundled_set_is_ready_to_train_on(
    source: str, rows: int, shape: tuple[int, ...], outputs: int
) -> None:
    """Every bundled set comes out whole, finite, in float32, and with its known size."""
    data = prepare(DataRequest(source), split_seed=0)
    parts = (data.train, data.validation, data.test)
    assert sum(len(part.inputs) for part in parts) == rows
    assert data.shape == shape
    assert data.outputs == outputs
    assert data.task == ("regression" if source == "diabetes" else "classification")
    for part in parts:
        assert part.inputs.dtype == np.float32
        assert part.inputs.flags.c_contiguous
        assert part.inputs.shape[1] == np.prod(shape)
        assert np.isfinite(part.inputs).all()
        if outputs == 1:
            assert part.targets.dtype == np.float32
            assert part.targets.shape == (len(part.inputs), 1)
        else:
            assert part.targets.dtype == np.int64
            assert set(part.targets.tolist()) == set(range(outputs))


def test_all_bundled_names_are_tested() -> None:
    """The five sets above are those that a sweep file may name."""
    assert set(BUNDLED) == {"digits", "breast_cancer", "wine", "iris", "diabetes"}


def test_digits_keep_their_pixels_in_order() -> None:
    """Unscaled digits are scikit-learn's own images, row by row of pixels, with their labels."""
    data = prepare(DataRequest("digits", scale="none"), split_seed=3)
    images, labels = datasets.load_digits(return_X_y=True)
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for part in (data.train, data.validation, data.test):
        for row, target in zip(part.inputs, part.targets, strict=True):
            assert known[row.astype(np.float64).tobytes()] == target


def test_only_the_named_classes_are_kept() -> None:
    """With classes [2, 7] the labels 2 and 7 become 0 and 1, and no other row is left."""
    data = prepare(DataRequest("digits", classes=(7, 2)), split_seed=0)
    assert data.outputs == 2
    assert data.preprocessing["classes"] == [2, 7]
    assert data.summary["classes"] == {"2": 177, "7": 179}
    assert data.summary["other_classes"] == 1797 - 177 - 179
