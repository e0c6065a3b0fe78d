"""predict.py beside an exported model: what it takes, and what it says to rows that do not fit."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from lane_cases import config, train_all

from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.datasets import Datasets
from trainer.export import write_export

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = {"length": [1.0, 2.0, 30.0], "colour": ["red", "blue", "never seen"]}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("exported")
    rows = [f"{i},{('red', 'blue')[i // 2 % 2]},{i % 5 > 2}" for i in range(60)]
    (folder / "data.csv").write_text("\n".join(["length,colour,kind", *rows]))
    data = prepare(DataRequest("data.csv", folder, target="kind"), 0)
    run = config(0, epochs=2, hidden=[])
    end = train_all(Datasets([data]), [run])[1][run.id]
    write_export(folder, run.hyperparameters, end.weights, data, {})
    spec = importlib.util.spec_from_file_location("exported_predict", folder / "predict.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_rows_may_come_in_several_forms(script: Any) -> None:
    """A dict of columns, a data frame with others in another order, and an array of text agree."""
    model = script.load()
    expected = script.predict(COLUMNS)
    assert [type(label) for label in expected["prediction"]] == [bool] * 3
    frame = pd.DataFrame({"other": 0, **dict(reversed(COLUMNS.items()))}, index=[5, 5, 9])
    assert script.predict(frame, model) == expected
    assert script.predict(frame.astype({"colour": "category", "length": "Int64"})) == expected
    texts = np.array(list(zip(*COLUMNS.values(), strict=True)))
    assert script.predict(texts, model) == expected


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            {"lenght": [1], "colour": ["red"]},
            "there is no column 'length', which the model needs; did 'lenght' mean it?",
        ),
        (
            {"a": [1], "b": [2]},
            "there is no column 'length', which the model needs; there are: a, b",
        ),
        (
            {"length": ["1", "two"], "colour": ["red", "red"]},
            "column 'length' holds 'two' in row 2, but the model needs numbers",
        ),
        (
            {"length": [1.0, None], "colour": ["red", "red"]},
            "column 'length' has a missing entry and no value to impute",
        ),
        (
            {"length": [1.0], "colour": [None]},
            "column 'colour' has a missing entry and no value to impute",
        ),
        (
            {"length": [1.0, float("inf")], "colour": ["red", "red"]},
            "row 2 holds a number that is infinite or too large",
        ),
        (
            np.zeros((4, 3)),
            "the array has the shape (4, 3), but the model takes rows of 2 columns",
        ),
        (
            np.zeros((4, 2)),
            "column 'colour' is text, but the array holds numbers; give a table",
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused(script: Any, rows: Any, sentence: str) -> None:
    """Every refusal is a sentence that names the column, the row or the shape."""
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        script.predict(rows)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"length\n1\n", "there is no column 'colour'"),
        ("b.csv", b"length,colour\n1,red,2\n", "has rows with more fields than its header"),
        ("c.csv", b"", "No columns to parse"),
        ("d.txt", b"length,colour\n1,red\n", "must end in .csv, .tsv, .npy or .npz"),
        ("e.npy", b"hello", "allow_pickle"),
        ("f.csv", None, "No such file"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(
    script: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    name: str,
    content: bytes | None,
    sentence: str,
) -> None:
    """The command says why in one line on stderr, nothing on stdout, and exits with 2."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert script.main([str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


def test_the_command_line(script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Predictions of a TSV file go to stdout as CSV; without a file the usage is shown."""
    (tmp_path / "new.tsv").write_text("colour\tlength\nred\t1\nblue\t2\nnever seen\t30\n")
    assert script.main([str(tmp_path / "new.tsv")]) == 0
    found = pd.read_csv(tmp_path / "new.tsv", sep="\t")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "prediction,probability"
    expected = script.predict(found)
    assert lines[1] == f"{expected['prediction'][0]},{expected['probability'][0]}"
    assert len(lines) == 4
    assert script.main(["--help"]) == 0
    assert script.main([]) == 2
    assert "python predict.py data.csv > predictions.csv" in capsys.readouterr().err
