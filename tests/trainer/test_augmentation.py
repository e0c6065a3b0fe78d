"""Augmentation: each kind of change against torch and SciPy, and what it must leave alone."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from image_cases import images
from lane_cases import config, prepared, same_run, train_all
from scipy import ndimage, stats

from trainer import augmentation
from trainer.augmentation import Augmenter
from trainer.datasets import Datasets
from trainer.errors import HyperparameterError
from trainer.lane import Lane
from trainer.lanes import LaneArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from trainer.runs import RunConfig

FOLDER = Path(__file__).parent
ROWS = (40, 5, 5)
ALL = ["rotation", "crop", "flip"]


def augmented(
    data: Datasets, *runs: RunConfig, n_rows: int = ROWS[0], epoch: int = 1
) -> list[Tensor]:
    """By run, the images [n_rows, C, H, W] of the first rows, in the order of the data."""
    lanes = [replace(Lane.of(run), epoch=epoch - 1) for run in runs]
    size = data.parts["train"].size
    rows = torch.stack([torch.arange(n_rows) + run.split * size for run in runs])
    table, places = Augmenter(data, lanes).draw(data.parts["train"].inputs, rows)
    return [table[places[k]].view(-1, *data.shape) for k in range(len(runs))]


def raw(shape: tuple[int, int, int], rows: tuple[int, int, int] = ROWS) -> tuple[Datasets, Tensor]:
    """Images that are not scaled, and the training part of them [N, C, H, W]."""
    data = Datasets([images(shape, rows=rows, scaled=False)])
    return data, data.parts["train"].inputs.view(-1, *shape)


def numbers(monkeypatch: pytest.MonkeyPatch, *four: float) -> None:
    """Every example takes these from its stream: angle, shift right, shift down, flip."""

    class Stream:
        def random(self, size: tuple[int, ...]) -> NDArray[np.float64]:
            return np.broadcast_to(np.array(four), size)

    monkeypatch.setattr(augmentation, "generator_for", lambda *_: Stream())


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 7), (2, 1, 4)])
def test_a_flip_mirrors_left_and_right(shape: tuple[int, int, int]) -> None:
    """With probability 1 every image is torch's flip, with 0 none."""
    data, before = raw(shape)
    always, never = augmented(
        data,
        config(0, augmentation=["flip"], flip_probability=1),
        config(1, augmentation=["flip"], flip_probability=0),
    )
    torch.testing.assert_close(always, before.flip(3), rtol=0, atol=1e-4)
    torch.testing.assert_close(never, before, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("number", "turns"), [(0.0, -1), (0.5, 0), (1.0, 1)])
def test_a_right_angle_is_torchs(
    number: float, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the ends of +-90 degrees square images are those of torch.rot90."""
    data, before = raw((3, 7, 7))
    numbers(monkeypatch, number, 0.5, 0.5, 0.0)
    (found,) = augmented(data, config(augmentation=["rotation"], rotation_degrees=90))
    torch.testing.assert_close(found, torch.rot90(before, turns, (2, 3)), rtol=0, atol=1e-4)


@pytest.mark.parametrize("degrees", [10.0, 33.0, 145.0])
@pytest.mark.parametrize("shape", [(1, 8, 8), (2, 5, 9)])
def test_any_angle_is_scipys(
    shape: tuple[int, int, int], degrees: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotation agrees with SciPy's, linear in between and black outside."""
    data, before = raw(shape)
    numbers(monkeypatch, 1.0, 0.5, 0.5, 0.0)
    (found,) = augmented(data, config(augmentation=["rotation"], rotation_degrees=degrees))
    expected = ndimage.rotate(
        before.numpy(), degrees, (3, 2), reshape=False, order=1, mode="grid-constant"
    )
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-3)


def test_a_crop_is_one_of_the_shifts() -> None:
    """Each image is shifted by whole pixels, black coming in; all shifts are equally frequent."""
    data, before = raw((2, 6, 5), (2000, 3, 3))
    (found,) = augmented(data, config(augmentation=["crop"], crop_padding=2), n_rows=len(before))
    padded = torch.nn.functional.pad(before, (2, 2, 2, 2))
    counts = np.zeros((5, 5))
    for row, column in np.ndindex(5, 5):
        shifted = padded[:, :, row : row + 6, column : column + 5]
        counts[row, column] = ((found - shifted).abs().amax((1, 2, 3)) < 1e-3).sum()
    counts[2, 2] -= 1  # the black one is every shift of itself
    assert counts.sum() == pytest.approx(len(before), abs=25)
    assert stats.chisquare(counts.ravel()).pvalue > 1e-4


@pytest.mark.parametrize(("shape", "padding"), [((1, 8, 8), 1), ((1, 17, 40), 2), ((1, 4, 9), 1)])
def test_a_crop_is_an_eighth_of_the_shorter_side(shape: tuple[int, int, int], padding: int) -> None:
    """Where no padding is given; at least a pixel."""
    data, _ = raw(shape)
    found = augmented(
        data,
        config(0, augmentation=["crop"]),
        config(1, augmentation=["crop"], crop_padding=padding),
    )
    assert torch.equal(*found)
    assert not torch.equal(found[0], augmented(data, config(augmentation=["flip"]))[0])


def test_angles_and_flips_are_uniform_within_their_range() -> None:
    """Angles pass a test of uniformity on +-30 degrees; flips are as frequent as asked."""
    drawn = np.random.default_rng(0).random((4000, 4))
    lane = Lane.of(config(augmentation=ALL, rotation_degrees=30, flip_probability=0.2))
    moves = augmentation._moves(augmentation._variant_of(lane, (1, 9, 9)), drawn, (1, 9, 9))
    angles = np.degrees(np.arctan2(moves[:, 0, 1], moves[:, 1, 1]))
    assert stats.kstest(angles, stats.uniform(-30, 60).cdf).pvalue > 1e-3
    flips = int((moves[:, 0, 0] < 0).sum())
    assert stats.binomtest(flips, len(moves), 0.2).pvalue > 1e-3
    np.testing.assert_allclose(np.abs(np.linalg.det(moves[:, :, :2])), 1)


def test_images_are_changed_as_they_were_read() -> None:
    """Pixels are unscaled before and scaled after, each split by its own numbers, and none
    leaves the range it has in its training part.
    """
    splits = [images((1, 6, 6), seed=seed) for seed in range(2)]
    data = Datasets(splits)
    runs = [replace(config(0, augmentation=ALL, rotation_degrees=40), split=s) for s in range(2)]
    found = augmented(data, *runs, n_rows=20)
    for split, after in zip(splits, found, strict=True):
        offset, scale = (torch.tensor(split.preprocessing[k]) for k in ("offset", "scale"))
        pixels = torch.from_numpy(split.train.inputs) * scale + offset
        bare = replace(
            split,
            train=replace(split.train, inputs=pixels.numpy()),
            preprocessing={"offset": [0.0] * 36, "scale": [1.0] * 36},
        )
        (expected,) = augmented(Datasets([bare]), replace(runs[0], split=0), n_rows=20)
        unscaled = after.flatten(1) * scale + offset
        torch.testing.assert_close(unscaled, expected.flatten(1), rtol=0, atol=1e-3)
    half = replace(splits[0], train=replace(splits[0].train, inputs=splits[0].train.inputs / 2))
    (kept,) = augmented(Datasets([half]), runs[0], n_rows=20)
    low, high = half.train.inputs.min(0), half.train.inputs.max(0)
    assert (kept.flatten(1).numpy() >= low).all()
    assert (kept.flatten(1).numpy() <= high).all()


def test_one_kind_of_change_does_not_alter_another() -> None:
    """The same seed and epoch turn by the same angles, with and without flips; other seeds and
    epochs by others.
    """
    data, _ = raw((1, 7, 7))
    run = config(0, augmentation=["rotation"])
    with_flip = config(1, augmentation=["rotation", "flip"], flip_probability=0)
    (both,) = augmented(data, with_flip)
    (alone,) = augmented(data, run)
    assert torch.equal(both, alone)
    assert not torch.equal(alone, augmented(data, replace(run, seed=1))[0])
    assert not torch.equal(alone, augmented(data, run, epoch=2)[0])


def test_only_what_is_trained_on_is_changed() -> None:
    """With a rate too small to move a weight, all that is measured is as without augmentation."""
    data = Datasets([images()])
    plain, changed = (
        train_all(data, [config(0, epochs=2, learning_rate=1e-30, augmentation=kinds)])
        for kinds in ([], ALL)
    )
    (run,) = plain[1]
    assert plain[1][run].metrics["train/loss"] != changed[1][run].metrics["train/loss"]
    for name in ("validation/loss", "validation/accuracy", "test/loss", "test/accuracy", "gap"):
        assert plain[1][run].metrics[name] == changed[1][run].metrics[name]


def test_lanes_at_other_epochs_are_as_if_alone() -> None:
    """A lane that joins later draws the numbers of its own epoch."""
    data = Datasets([images()])
    runs = [config(k, 5, model="cnn", channels=[3], epochs=3, augmentation=ALL) for k in range(2)]
    array = LaneArray(data, runs[:1])
    results = array.advance()
    array.join(LaneArray(data, runs[1:]))
    while len(array):
        results += array.advance()
    for run in runs:
        mine = [result for result in results if result.id == run.id]
        alone = train_all(data, [run])
        assert mine[-1].end is not None
        same_run((mine, mine[-1].end), (alone[0][run.id], alone[1][run.id]))


def weights_digest() -> str:
    run = config(0, 3, model="cnn", channels=[4], epochs=2, batch_size=16, augmentation=ALL)
    end = train_all(Datasets([images()]), [run])[1][run.id]
    sha = hashlib.sha256()
    for tensor in end.weights.values():
        sha.update(tensor.numpy().tobytes())
    return sha.hexdigest()


def test_another_process_draws_the_same() -> None:
    """Weights after two epochs are the same bits in a process of its own."""
    script = "from test_augmentation import weights_digest; print(weights_digest())"
    places = os.pathsep.join([str(FOLDER), str(FOLDER.parent.parent)])
    environment = {**os.environ, "PYTHONPATH": places, "PYTHONHASHSEED": "7"}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == [weights_digest()]


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_a_lone_run_learns_with_augmentation(model: str) -> None:
    """A change of the same images each epoch still lets the loss fall."""
    run = config(0, 1, model=model, channels=[6], epochs=12, augmentation=["crop"])
    losses = [r.metrics["train/loss"] for r in train_all(Datasets([images()]), [run])[0][run.id]]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("kinds", [["flip"], ["rotation", "crop"]])
def test_data_without_images_is_refused(kinds: Sequence[str]) -> None:
    """A table cannot be turned: one sentence says so."""
    sentence = (
        rf"^augmentation: '{', '.join(kinds)}' needs images, and this data has none; write none$"
    )
    with pytest.raises(HyperparameterError, match=sentence):
        train_all(Datasets([prepared()]), [config(augmentation=kinds)])


def test_a_sweep_of_a_table_ends_with_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[Any]
) -> None:
    """`fairtrial run` prints it, without a traceback, and exits with 2."""
    from typer.testing import CliRunner

    from cli.app import app

    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "FAIRTRIAL_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    Path("sweep.yaml").write_text(
        "name: flips\n"
        "data: {source: iris}\n"
        "train: {augmentation: flip, epochs: 1}\n"
        "search: {learning_rate: [0.1, 0.01]}\n"
        "sampler: grid\n"
    )
    run = CliRunner().invoke(app, ["run", "sweep.yaml"])
    assert run.exit_code == 2
    assert (
        (run.stderr + capfd.readouterr().err)
        .splitlines()[-1]
        .endswith("augmentation: 'flip' needs images, and this data has none; write none")
    )
