"""Who may import whom: the rooms, the one home of each vendor, and what a start may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "cli": {"cli", "sweeps", "trainer", "tracking"},
    "sweeps": {"sweeps", "trainer", "tracking"},
    "trainer": {"trainer"},
    "tracking": {"tracking"},
}
HOMES = {
    "typer": ("cli/",),
    "rich": ("cli/",),
    "optuna": ("sweeps/",),
    "optuna_dashboard": ("sweeps/",),
    "cmaes": ("sweeps/",),
    "ray": ("sweeps/",),
    "torch": ("trainer/",),
    "safetensors": ("trainer/",),
    "transformers": ("trainer/",),
    "sklearn": ("trainer/data/",),
    "pyarrow": ("trainer/data/",),
    "pandas": ("trainer/data/", "tracking/"),
    "mlflow": ("tracking/",),
    "sqlalchemy": ("sweeps/study.py", "sweeps/record.py", "tracking/catalog/"),
    "alembic": ("tracking/catalog/",),
    "cronsim": ("tracking/cron.py",),
    "apprise": ("tracking/reports/",),
    "jinja2": ("tracking/reports/",),
    "great_tables": ("tracking/reports/",),
    "prometheus_client": ("sweeps/service/",),
    "psutil": ("sweeps/service/", "sweeps/doctor/"),
}
NO_ROOM = "trainer/predict_template.py"  # a program of its own, copied beside a model
HEAVY = ("torch", "mlflow", "optuna", "sklearn", "pandas")


def imports() -> Iterator[tuple[str, int, str]]:
    """Every import statement of the four rooms, wherever it stands: file, line, module."""
    for room in MAY_IMPORT:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom):
                    assert node.level == 0, f"{path}:{node.lineno} is a relative import"
                    names = [node.module or ""]
                elif isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                else:
                    continue
                for name in names:
                    yield path.relative_to(ROOT).as_posix(), node.lineno, name


def test_rooms_import_only_downwards() -> None:
    """cli -> sweeps -> trainer and tracking, which know neither each other nor those above."""
    wrong = []
    for file, line, name in imports():
        room, top = file.partition("/")[0], name.partition(".")[0]
        if top in MAY_IMPORT and top not in MAY_IMPORT[room]:
            wrong.append(f"{file}:{line} imports {name}")
    assert wrong == []


def test_each_vendor_has_one_home() -> None:
    """A vendor is imported only where its home is, be it in a function or for its types."""
    wrong, seen = [], set()
    for file, line, name in imports():
        top = name.partition(".")[0]
        seen.add(top)
        if file != NO_ROOM and not file.startswith(HOMES.get(top, "")):
            wrong.append(f"{file}:{line} imports {name}")
    assert wrong == []
    assert seen > {"typer", "optuna", "torch", "mlflow", "sqlalchemy", "sklearn", "pandas"}


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["compare"]], ids=" ".join)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    """Help and a wrong use answer at once: no vendor that takes seconds to import is loaded."""
    script = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print(sorted({set(HEAVY)!r} & set(sys.modules))))\n"
        "from cli.app import app\n"
        f"app({words!r})"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == (0 if "--help" in words else 2)
    assert run.stdout.splitlines()[-1] == "[]"
