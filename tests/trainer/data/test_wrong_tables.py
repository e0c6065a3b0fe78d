from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from trainer.data.cleaning import clean
from trainer.data.loading import load_raw
from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.data.splitting import split_rows
from trainer.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = [f"{i},{i % 7},{'ab'[i % 2]}" for i in range(12)]


def csv(*changed: tuple[int, str], header: str = "x,z,y") -> bytes:
    """Twelve good rows on lines 2 to 13, some of them changed (by line)."""
    rows = dict(enumerate(GOOD, start=2)) | dict(changed)
    return "\n".join([header, *rows.values(), ""]).encode()


COLUMN_X_MISSING = [(line, f",{line},{'ab'[line % 2]}") for line in range(2, 14)]
EVERY_ROW_LACKS_ONE = [
    (line, (f"{line},," if line % 2 else f",{line},") + "ab"[line % 2]) for line in range(2, 14)
]
DATES = b"d,y\n" + b"".join(b"2024-01-%02d,%d\n" % (i + 1, i % 2) for i in range(20))
NAMES = b"d,y\n" + b"".join(b"name%d,%d\n" % (i, i % 2) for i in range(60))

WRONG_TEXT: list[tuple[bytes, dict[str, Any], str]] = [
    (csv(), {"target": "w"}, "t.csv has no column 'w'; its columns are x, z and y"),
    (
        csv(header="x,z,species"),
        {"target": "specie"},
        "t.csv has no column 'specie'; did you mean 'species'?",
    ),
    (
        csv(),
        {"target": None},
        (
            "t.csv is a table, so data.target must name the column to predict; "
            "its columns are x, z and y"
        ),
    ),
    (
        csv((4, "abc,1,a"), (7, "abc,1,b"), (9, "?,1,b")),
        {},
        (
            "t.csv: column 'x' holds numbers except for 'abc' in lines 4 and 7 and 1 more such; "
            "correct it, or leave it empty if the value is missing"
        ),
    ),
    (
        csv((4, "abc,1,a")),
        {"target": "x"},
        (
            "t.csv: target 'x' holds numbers except for 'abc' in line 4; "
            "correct it, or leave it empty if the value is missing"
        ),
    ),
    (
        csv((4, "inf,1,a"), (6, "-inf,1,a"), (7, "inf,1,b"), (8, "inf,1,b"), (9, "inf,1,b")),
        {},
        (
            "t.csv: column 'x' is infinite in lines 4, 6, 7 and 2 more; "
            "correct it, or leave it empty if the value is missing"
        ),
    ),
    (
        csv((4, "1e308,1,a")),
        {},
        (
            "t.csv: column 'x' holds 1e+308 in line 4, more than a 32-bit number can be "
            "(3.4e+38); correct it or rescale the column"
        ),
    ),
    (
        b"\xef\xbb\xbf" + csv((4, "-1e308,1,a")),
        {"target": "x", "task": "regression"},
        (
            "t.csv: target 'x' holds -1e+308 in line 4, more than a 32-bit number can be "
            "(3.4e+38); correct it or rescale the column"
        ),
    ),
    (
        csv((5, "\n3,3,b"), (8, "1e400,1,a")),
        {},
        (
            "t.csv: column 'x' is infinite in line 9; "
            "correct it, or leave it empty if the value is missing"
        ),
    ),
    (
        csv((4, "1,2")),
        {},
        (
            "t.csv: line 4 has 2 fields, the header has 3; "
            "quote fields that contain the separator, and close each quote"
        ),
    ),
    (
        csv((4, "1,2,a,")),
        {},
        (
            "t.csv: line 4 has 4 fields, the header has 3; "
            "quote fields that contain the separator, and close each quote"
        ),
    ),
    (b"", {}, "t.csv is empty; it needs a header line and rows"),
    (b"\xef\xbb\xbf\n \n", {}, "t.csv is empty; it needs a header line and rows"),
    (b"x,z,y\n", {}, "t.csv has no rows; add some"),
    (csv(header="x,x,y"), {}, "t.csv: columns 1 and 2 are both named 'x'; rename one"),
    (
        csv(header=",z,y"),
        {},
        (
            "t.csv: column 1 has no name; name it, or delete it if it is an index "
            "(pandas: to_csv(..., index=False))"
        ),
    ),
    (
        csv().replace(b",", b";"),
        {},
        "t.csv is separated by ';', not by ','; save it as .csv with commas or as .tsv with tabs",
    ),
    (
        csv().replace(b"3,3,b", b"3,3,\xe9"),
        {},
        "t.csv is not UTF-8 text (byte 0xe9 in line 5); save it as UTF-8",
    ),
    (
        csv().replace(b",b", b",a"),
        {},
        "t.csv: target 'y' has one class only ('a', 12 rows); two are needed to tell apart",
    ),
    (
        csv(),
        {"classes": ("b",)},
        "t.csv: target 'y' has one class only ('b', 6 rows); two are needed to tell apart",
    ),
    (
        csv(),
        {"classes": ("a", 7)},
        "t.csv: target 'y' has no class '7'; its classes are a and b",
    ),
    (
        csv((4, "0.5,1,a")),
        {"target": "x", "classes": (1,)},
        (
            "data.classes names classes, but target 'x' of t.csv is a number to predict; "
            "leave data.classes out"
        ),
    ),
    (
        csv((4, "1,2,c"), (5, "1,3,c")),
        {},
        (
            "t.csv: class 'c' has 2 rows, too few for train, validation and test; "
            "add rows of it, or leave it out with data.classes"
        ),
    ),
    (csv(*COLUMN_X_MISSING), {}, "t.csv: column 'x' has no value in any row; delete it"),
    (
        csv(*COLUMN_X_MISSING),
        {"target": "x"},
        "t.csv: target 'x' has no value in any row; fill it in",
    ),
    (
        csv(*EVERY_ROW_LACKS_ONE),
        {},
        (
            "t.csv has no rows left of 12: 0 without target 'y', 0 of other classes, "
            "12 with missing values (missing: drop); "
            "column 'x' lacks 6 values: delete it, or impute with data.missing"
        ),
    ),
    (
        csv(),
        {"task": "regression"},
        (
            "t.csv: target 'y' holds classes (such as 'a' in line 2), so rmse, mae and r2 cannot "
            "be measured on it; take an objective for classes, such as validation/accuracy, "
            "or another target"
        ),
    ),
    (
        csv((4, "0.5,1,a")),
        {"target": "x", "task": "classification"},
        (
            "t.csv: target 'x' holds continuous numbers (such as 0.5 in line 4), so accuracy "
            "cannot be measured on it; take an objective for numbers, such as validation/rmse, "
            "or another target"
        ),
    ),
    (
        DATES,
        {},
        (
            "t.csv: column 'd' holds dates or times; turn it into numbers that mean something "
            "(days since the first, hour, month), or delete it"
        ),
    ),
    (
        NAMES,
        {},
        (
            "t.csv: column 'd' is text with 60 different values in 60 rows (such as 'name0' and "
            "'name1'), no categories; delete it, or write it as numbers"
        ),
    ),
    (
        b"y\n1\n2\n",
        {},
        "t.csv has no column besides the target 'y'; add columns to predict it from",
    ),
    (
        b"x,y\n1,2.5\n2,2.5\n3,2.5\n",
        {},
        "t.csv: target 'y' is 2.5 in every row; there is nothing to predict",
    ),
    (
        b"x,y\n1,0.5\n2,1.5\n",
        {},
        (
            "t.csv: 2 rows leave 0 for train, and it needs one; "
            "add rows or change data.validation and data.test"
        ),
    ),
    (
        csv(),
        {"validation": 0.05},
        (
            "t.csv: 12 rows leave 1 for validation, and 2 classes need one each; "
            "add rows or change data.validation and data.test"
        ),
    ),
    (
        csv(),
        {"train_rows": 1},
        (
            "t.csv: none of the 1 training rows is of class 'b'; "
            "raise data.train_rows, add rows of it, or leave it out with data.classes"
        ),
    ),
]


@pytest.mark.parametrize(("content", "options", "sentence"), WRONG_TEXT)
def test_a_wrong_text_file_ends_with_one_sentence(
    tmp_path: Path, content: bytes, options: dict[str, Any], sentence: str
) -> None:
    """What is wrong with the file, where, and the next move: exactly this sentence."""
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("t.csv", folder=tmp_path, **({"target": "y"} | options)), 0)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_value_too_large_once_scaled_is_named(tmp_path: Path, task: Any) -> None:
    """A test row 1e38 beside training rows of 1e-10 gives a sentence, not an infinite input."""
    table = pd.DataFrame({"x": np.arange(40) * 1e-10, "y": np.resize([0, 1], 40)})
    label, target = ("column", "y") if task == "classification" else ("target", "x")
    request = DataRequest("t.csv", folder=tmp_path, target=target, task=task)
    table.to_csv(tmp_path / "t.csv", index=False)
    row = split_rows(clean(load_raw(request), request), request, 0).test[0]
    table.loc[row, "x"] = 1e38
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError) as caught:
        prepare(request, 0)
    assert str(caught.value) == (
        f"t.csv: {label} 'x' holds 1e+38 in line {row + 2}, which is too large once it is "
        "scaled to the training rows; correct it or rescale the column"
    )


def test_a_column_empty_in_training_cannot_be_imputed(tmp_path: Path) -> None:
    """If all values of a column stand outside the training part, the column is named."""
    table = pd.DataFrame({"x": np.arange(40.0), "z": np.nan, "y": np.resize([0, 1], 40)})
    table.loc[0, "z"] = 1.0
    table.to_csv(tmp_path / "t.csv", index=False)
    request = DataRequest("t.csv", folder=tmp_path, target="y", missing="mean")
    row = split_rows(clean(load_raw(request), request), request, 0).test[0]
    table["z"] = table["z"].iloc[0] * np.where(table.index == row, 1.0, np.nan)
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError) as caught:
        prepare(request, 0)
    assert str(caught.value) == (
        "t.csv: column 'z' has no value in the 28 training rows, so there is no mean to impute; "
        "delete it, or add values"
    )
