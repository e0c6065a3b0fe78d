"""`model: pretrained`: classifiers of the transformers library, on tiny ones saved by the tests."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from lane_cases import config, prepared, same_run, train_all

from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.datasets import Datasets
from trainer.errors import DataError, HyperparameterError
from trainer.export import export_module, write_export
from trainer.lanes import LaneArray

if TYPE_CHECKING:
    from pathlib import Path

    from trainer.runs import RunConfig

transformers: Any = pytest.importorskip("transformers")

WORDS = ("good", "fine", "great", "bad", "awful", "poor", "the", "film", "was", "plot", "and")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny models 'vit', 'resnet' and 'bert', random, for other classes than ours."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    transformers.utils.logging.disable_progress_bar()
    folder = tmp_path_factory.mktemp("saved")
    small = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "num_labels": 5,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vit = transformers.ViTConfig(**small, image_size=16, patch_size=8)
        transformers.ViTForImageClassification(vit).save_pretrained(folder / "vit")
        resnet = transformers.ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], num_labels=3
        )
        transformers.ResNetForImageClassification(resnet).save_pretrained(folder / "resnet")
        bert = transformers.BertConfig(**small, vocab_size=32, max_position_embeddings=32)
        transformers.BertForSequenceClassification(bert).save_pretrained(folder / "bert")
    vocabulary = {word: i for i, word in enumerate(("[PAD]", "[UNK]", *WORDS))}
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]"}
    tokens = Tokenizer(models.WordLevel(vocabulary, special["unk_token"]))
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=tokens, **special)
    tokenizer.save_pretrained(folder / "bert")
    return folder


def images(channels: int = 1) -> Datasets:
    split = prepared(rows=(70, 17, 19), inputs=64 * channels, outputs=3)
    return Datasets([dataclasses.replace(split, shape=(channels, 8, 8))])


def run_of(saved: Path, name: str, index: int = 0, seed: int = 0, **values: object) -> RunConfig:
    made = config(index, seed, model="pretrained", pretrained_from=name, **values)
    return dataclasses.replace(made, folder=saved)


def weights_of(folder: Path, name: str) -> dict[str, torch.Tensor]:
    kind = "SequenceClassification" if name == "bert" else "ImageClassification"
    model = getattr(transformers, f"AutoModelFor{kind}").from_pretrained(folder / name)
    return dict(model.state_dict())


@pytest.mark.parametrize("name", ["vit", "resnet"])
def test_a_lane_equals_its_solo_run(saved: Path, name: str) -> None:
    """Images of one channel and another size train, three runs side by side as each alone."""
    data = images()
    runs = [run_of(saved, name, k, k, epochs=2, learning_rate=0.01 * (k + 1)) for k in range(3)]
    results, ends = train_all(data, runs)
    for run in runs:
        alone = train_all(data, [run])
        same_run((results[run.id], ends[run.id]), (alone[0][run.id], alone[1][run.id]))


@pytest.mark.parametrize("name", ["vit", "resnet", "bert"])
def test_it_begins_with_the_weights_that_were_saved_and_a_head_of_its_own(
    saved: Path, name: str
) -> None:
    """The base is the saved one, bit for bit; the head is new, drawn from the run's seed, even
    where there are as many classes as the saved head had."""
    data = Datasets([prepared(inputs=12)]) if name == "bert" else images()
    if name == "bert":
        data.parts["train"].inputs.abs_()
    runs = [run_of(saved, name, k, k) for k in range(2)]
    array = LaneArray(data, runs)
    one, other = (array.model.layout.named(row) for row in array.tensors["weights"])
    there = weights_of(saved, name)
    heads = [n for n in one if "classifier" in n]
    assert array.model.head() == tuple(heads)
    for key, tensor in there.items():
        if f"model.{key}" not in heads:
            assert torch.equal(one[f"model.{key}"], tensor), key
    weight = next(n for n in heads if n.endswith("weight"))
    assert one[weight].shape == (3, 16)
    assert not torch.equal(one[weight], other[weight])
    assert not torch.equal(one[weight], there[weight.removeprefix("model.")][:3])


@pytest.mark.parametrize(("name", "n_base"), [("vit", 4), ("resnet", 3)])
def test_freezing_every_layer_of_the_base_trains_the_head_alone(
    saved: Path, name: str, n_base: int
) -> None:
    """Embeddings, each block and what follows count one layer each; running means stay too."""
    data = images(3)
    for n_frozen in (1, n_base):
        run = run_of(saved, name, 0, 1, epochs=1, freeze=n_frozen, learning_rate=0.01)
        start = LaneArray(data, [run])
        begin = start.model.layout.named(start.tensors["weights"][0])
        end = train_all(data, [run])[1][run.id].weights
        moved = {key for key in begin if not torch.equal(begin[key], end[key])}
        if n_frozen == n_base:
            assert moved == set(start.model.head())
        else:
            assert not any("embed" in key for key in moved)
            assert any("layers.0" in key or "stages.0" in key for key in moved)
    with pytest.raises(HyperparameterError, match=f"freeze: {n_base + 1} would leave nothing"):
        LaneArray(data, [run_of(saved, name, freeze=n_base + 1)])


def test_it_learns_as_a_loop_of_transformers_own(saved: Path) -> None:
    """A first step under torch.optim on the library's own loss gives the lane's weights."""
    split = prepared(rows=(32, 17, 19), inputs=3 * 16 * 16, outputs=3)
    split = dataclasses.replace(split, shape=(3, 16, 16))
    run = run_of(saved, "vit", epochs=1, optimizer="sgd", learning_rate=0.1)
    array = LaneArray(Datasets([split]), [run])
    start = array.model.layout.named(array.tensors["weights"][0])
    model = transformers.ViTForImageClassification.from_pretrained(
        saved / "vit", num_labels=3, ignore_mismatched_sizes=True
    )
    model.load_state_dict({key.removeprefix("model."): value for key, value in start.items()})
    optimizer = torch.optim.SGD(model.train().parameters(), lr=0.1)
    x = torch.from_numpy(split.train.inputs).view(-1, 3, 16, 16)
    model(pixel_values=x, labels=torch.from_numpy(split.train.targets)).loss.backward()
    optimizer.step()
    (result,) = array.advance()
    assert result.end is not None
    for key, tensor in model.state_dict().items():
        torch.testing.assert_close(result.end.weights[f"model.{key}"], tensor, rtol=1e-4, atol=1e-6)


def reviews(folder: Path, *, gap: bool = False) -> DataRequest:
    """A table with a text that says which class it is of, and a class."""
    draw = np.random.default_rng(0)
    lines = ["text,kind"]
    for k in range(160):
        good = k % 2 == 0
        word = WORDS[draw.integers(3) + (0 if good else 3)]
        filler = " ".join(draw.choice(WORDS[6:], draw.integers(2, 9)))
        lines.append(f"{filler} {word},{'good' if good else 'bad'}")
    lines += [",good"] if gap else []
    (folder / "reviews.csv").write_text("\n".join(lines))
    return DataRequest("reviews.csv", folder, "kind", tokenizers=("bert",), duplicates="keep")


def test_a_text_column_is_read_by_the_models_own_tokenizer(saved: Path) -> None:
    """Token ids and a mask, unscaled, padded to the longest; a row without text is left out."""
    data = prepare(reviews(saved, gap=True), 0)
    assert data.summary["rows_in"] == 161
    assert data.shape == (18,)
    ids, mask = np.hsplit(np.vstack([data.train.inputs, data.test.inputs]), 2)
    assert set(np.unique(mask)) == {0, 1}
    assert ((ids > 1) == (mask == 1)).all()
    assert ids.max() <= len(WORDS) + 1
    assert set(mask.sum(1)) >= {3, 9}


def test_a_text_classifier_learns(saved: Path) -> None:
    """What only a word tells is learned from scratch almost surely; two lanes as each alone."""
    data = prepare(reviews(saved), 0)
    runs = [
        run_of(saved, "bert", k, k, epochs=30, learning_rate=0.005, batch_size=16) for k in range(2)
    ]
    results, ends = train_all(Datasets([data]), runs)
    alone = train_all(Datasets([data]), [runs[1]])
    name = runs[1].id
    same_run((results[name], ends[name]), (alone[0][name], alone[1][name]))
    assert max(end.metrics["test/accuracy"] for end in ends.values()) > 0.8
    module = export_module(runs[0].hyperparameters, ends[runs[0].id].weights, data.shape, 2, saved)
    with torch.no_grad():
        found = module(torch.from_numpy(data.test.inputs)).argmax(1).numpy()
    assert np.mean(found == data.test.targets) == ends[runs[0].id].metrics["test/accuracy"]


def test_an_exported_folder_predicts_or_says_why_not(saved: Path, tmp_path: Path) -> None:
    """A vit is written as a graph that needs no transformers; a text's tokenizer can't go along."""
    digits = prepare(DataRequest("digits"), 0)
    run = run_of(saved, "vit", epochs=1, learning_rate=0.005)
    end = train_all(Datasets([digits]), [run])[1][run.id]
    folder = tmp_path / "images"
    write_export(folder, run.hyperparameters, end.weights, digits, {}, users_folder=saved)
    assert "no predict.py" not in (folder / "config.yaml").read_text()
    offset, scale = (np.array(digits.preprocessing[key]) for key in ("offset", "scale"))
    np.save(tmp_path / "new.npy", digits.test.inputs * scale + offset)
    program = f"""
import runpy, sys
sys.modules["transformers"] = sys.modules["trainer"] = None
sys.argv = ["predict.py", {str(tmp_path / "new.npy")!r}]
runpy.run_path({str(folder / "predict.py")!r}, run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = np.genfromtxt(io.StringIO(done.stdout), delimiter=",", skip_header=1)[:, 0]
    assert np.mean(found == digits.test.targets) == end.metrics["test/accuracy"]
    texts = prepare(reviews(saved), 0)
    other = run_of(saved, "bert", epochs=1)
    end = train_all(Datasets([texts]), [other])[1][other.id]
    write_export(tmp_path / "t", other.hyperparameters, end.weights, texts, {}, users_folder=saved)
    head = (tmp_path / "t" / "config.yaml").read_text()
    assert head.startswith("# no predict.py: texts are read by the model's own tokenizer")
    assert not (tmp_path / "t" / "predict.py").exists()


def test_what_does_not_fit_is_said(saved: Path, tmp_path: Path) -> None:
    """No model there, one of the other kind, other channels, and tables that are no texts."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt-of-nobody"}))
    for name, data, sentence in (
        ("./gone", images(), "'./gone' is no classifier of images or texts that transformers can"),
        (str(tmp_path), images(), "is no classifier of images or texts that transformers can load"),
        ("bert", images(), "pretrained_from: 'bert' takes texts, and this data is images"),
        (
            "vit",
            Datasets([prepared()]),
            "pretrained_from: 'vit' takes images, and this data is tex",
        ),
        ("vit", images(2), "takes images of 3 channels, and this data has 2; take another"),
    ):
        with pytest.raises(HyperparameterError, match=sentence):
            LaneArray(data, [run_of(saved, name)])
    request = reviews(saved)
    for changed, sentence in (
        (
            {"source": "iris"},
            "iris has 4 input columns, 0 of them text; model: pretrained takes im",
        ),
        ({"tokenizers": ("bert", "vit")}, "so pretrained_from can't vary; give each a sweep"),
        ({"tokenizers": ("vit",)}, "pretrained_from: 'vit' has no tokenizer that can be loaded: "),
    ):
        with pytest.raises(DataError, match=sentence):
            prepare(
                dataclasses.replace(
                    request, **changed, target=None if "source" in changed else "kind"
                ),
                0,
            )
    reviews(saved, gap=True)
    with pytest.raises(
        DataError, match="column 'text' has no text in line 162, and there is no mean"
    ):
        prepare(dataclasses.replace(request, missing="mean"), 0)


def test_without_the_library_a_sentence_names_the_extra(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to install is said, for images and for texts."""
    from trainer.models.transformer import find_transformer

    monkeypatch.setitem(sys.modules, "transformers", None)
    find_transformer.cache_clear()
    with pytest.raises(HyperparameterError, match=r"pip install 'fairtrial\[transformers\]'"):
        LaneArray(images(), [run_of(saved, "vit")])
    with pytest.raises(HyperparameterError, match=r"pip install 'fairtrial\[transformers\]'"):
        prepare(reviews(saved), 0)
