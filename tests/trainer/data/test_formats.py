from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from trainer.data.preparation import prepare
from trainer.data.request import DataRequest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def numbers() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(50, 3)), columns=["x0", "x1", "x2"])
    return frame.assign(target=np.resize([0, 1], 50))


def test_the_same_content_gives_the_same_bytes_in_every_format(
    tmp_path: Path, numbers: pd.DataFrame
) -> None:
    """CSV, TSV, Parquet, NPZ and both kinds of factory give one digest for one content."""
    numbers.to_csv(tmp_path / "t.csv", index=False)
    numbers.to_csv(tmp_path / "bom.CSV", index=False, encoding="utf-8-sig")
    numbers.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    numbers.to_parquet(tmp_path / "t.parquet")
    inputs = numbers[["x0", "x1", "x2"]].to_numpy()
    np.savez(tmp_path / "t.npz", X=inputs, y=numbers["target"])
    (tmp_path / "made_for_formats.py").write_text(
        "from pathlib import Path\n"
        "import pandas as pd\n"
        "def frame():\n"
        "    return pd.read_parquet(Path(__file__).parent / 't.parquet')\n"
        "def arrays():\n"
        "    return frame()[['x0', 'x1', 'x2']], frame()['target']\n"
    )
    tables = ["t.csv", "bom.CSV", "t.tsv", "t.parquet", "made_for_formats:frame"]
    requests = [DataRequest(source, folder=tmp_path, target="target") for source in tables]
    requests += [DataRequest(s, folder=tmp_path) for s in ("t.npz", "made_for_formats:arrays")]
    digests = {request.source: prepare(request, 5).digest for request in requests}
    assert len(set(digests.values())) == 1, digests


def test_text_and_missing_entries_are_the_same_in_csv_and_parquet(
    tmp_path: Path, measured: pd.DataFrame
) -> None:
    """Categories, booleans, whole numbers and gaps come out alike from CSV and Parquet."""
    frame = measured.assign(flag=np.resize([True, False, None], 60))
    frame.loc[[3, 9], "count"] = np.nan
    frame.loc[[4], "city"] = None
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.convert_dtypes().to_parquet(tmp_path / "t.parquet")
    csv, parquet = (
        prepare(DataRequest(f"t.{suffix}", folder=tmp_path, target="kind", missing="mean"), 0)
        for suffix in ("csv", "parquet")
    )
    assert csv.digest == parquet.digest
    assert csv.summary["missing"] == {"count": 2, "city": 1, "flag": 20}


@pytest.mark.parametrize(
    "pair", [("X", "y"), ("x", "y"), ("inputs", "targets"), ("data", "target")]
)
@pytest.mark.parametrize(
    ("axes", "shape"), [((5, 4), (1, 5, 4)), ((3, 5, 4), (3, 5, 4)), ((6,), (6,))]
)
def test_npz_images_keep_their_shape(
    tmp_path: Path, pair: tuple[str, str], axes: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    """[N, H, W] is one channel, [N, C, H, W] is taken as it is, [N, F] is no image."""
    inputs = np.random.default_rng(0).integers(0, 255, (30, *axes), dtype=np.uint8)
    targets = np.resize([0, 1], (30, 1))
    np.savez(tmp_path / "t.npz", **{pair[0]: inputs, pair[1]: targets})
    data = prepare(DataRequest("t.npz", folder=tmp_path, scale="none"), 0)
    assert data.shape == shape
    rows = np.concatenate([data.train.inputs, data.validation.inputs, data.test.inputs])
    assert {row.tobytes() for row in rows} == {
        row.tobytes() for row in inputs.reshape(30, -1).astype(np.float32)
    }


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint64", "longdouble", "<U4"])
def test_every_type_of_number_is_read_alike(tmp_path: Path, dtype: str) -> None:
    """The same small whole numbers give one digest, stored in any type, even as text."""
    inputs = np.arange(120).reshape(40, 3) % 100
    digests = set()
    for kind in ("float64", dtype):
        np.savez(tmp_path / "t.npz", X=inputs.astype(kind), y=np.resize([0, 1], 40))
        digests.add(prepare(DataRequest("t.npz", folder=tmp_path, missing="mean"), 0).digest)
    assert len(digests) == 1
