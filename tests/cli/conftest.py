"""Commands typed in a folder, and a folder with a finished sweep to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from cli.app import app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typer.testing import Result

FILE = """\
name: rates
data: {source: iris}
train: {hidden: [4], epochs: 3}
search:
  learning_rate: [0.1, 0.01]
  batch_size: [32, 16]
sampler: grid
repeats: 2
"""


def type_in(*words: Any) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def fairtrial() -> Callable[..., Result]:
    """Type a command in the current folder; whatever happens, no traceback comes out."""
    return type_in


@pytest.fixture
def sweep_file() -> str:
    """A controlled comparison that trains in a moment."""
    return FILE


@pytest.fixture(scope="module")
def finished_once(
    fill: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Result]:
    folder = fill(tmp_path_factory.mktemp("finished") / "project")
    (folder / "sweep.yaml").write_text(FILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("FAIRTRIAL_DATABASE_URL", raising=False)
        return folder, type_in("run", "sweep.yaml")


@pytest.fixture
def finished(
    finished_once: tuple[Path, Result],
    folder: Path,  # noqa: ARG001 - clears the environment
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """A folder with the finished sweep 'rates', the current one; to be read, not changed."""
    monkeypatch.chdir(finished_once[0])
    yield finished_once[0]
    assert {path.name for path in Path.cwd().iterdir()} <= {
        "sweep.yaml", "mlflow.db", "mlruns", ".fairtrial", ".mlflow.db.lock",
        "mlflow.db-shm", "mlflow.db-wal",
    }  # fmt: skip
