"""`fairtrial init` on real tables: what it writes trains, and to a good result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from typer.testing import Result


def table(name: str) -> pd.DataFrame:
    """A real data set with classes in words, gaps, dates, a number for each row, and text."""
    import numpy as np
    import pandas as pd
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = found.frame
    if name != "diabetes":
        frame["target"] = [str(found.target_names[i]) for i in frame["target"]]
    rng = np.random.default_rng(0)
    frame.insert(0, "Id", range(1, len(frame) + 1))
    frame["when"] = pd.date_range("2026-01-01", periods=len(frame)).strftime("%d-%m-%Y")
    frame["region"] = rng.choice(["north", "south, west", "=cmd()"], len(frame))
    frame.loc[rng.random(len(frame)) < 0.1, frame.columns[2]] = np.nan
    return frame


@pytest.mark.parametrize(
    ("name", "separator", "good"),
    [("iris", ",", 0.9), ("wine", ";", 0.93), ("breast_cancer", "\t", 0.93), ("diabetes", ",", 62)],
)
@pytest.mark.usefixtures("project")
def test_what_init_writes_trains(
    fairtrial: Callable[..., Result], name: str, separator: str, good: float
) -> None:
    """Two commands from a table nobody prepared to a table of means that is no worse than it is."""
    table(name).to_csv(f"{name}.csv", index=False, sep=separator)
    begun = fairtrial("init", "--data", f"{name}.csv", "--target", "target")
    assert begun.exit_code == 0, begun.stderr
    assert "ignored: Id" in begun.stdout
    assert "ignored: when" in begun.stdout
    assert f"train it with: fairtrial run {name}.yaml" in begun.stderr
    ran = fairtrial("run", f"{name}.yaml", "--set", "repeats=3", "--json")
    assert ran.exit_code == 0, ran.stderr
    value = json.loads(ran.stdout)["best"]["value"]
    assert value <= good if name == "diabetes" else value >= good


@pytest.mark.usefixtures("folder")
def test_init_alone_is_for_the_digits(fairtrial: Callable[..., Result]) -> None:
    """Without options: a sweep file and a report file for a bundled set, valid as they are."""
    begun = fairtrial("init")
    assert begun.exit_code == 0
    assert begun.stdout.splitlines()[-2:] == ["wrote digits.yaml", "wrote report.yaml"]
    assert fairtrial("validate", "digits.yaml").exit_code == 0
    again = fairtrial("init")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "digits.yaml is there already" in again.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--data", "none.csv", "--target", "x"], "none.csv"),
        (["--data", "t.csv"], "its columns are 'a' and 'b'"),
        (["--data", "t.csv", "--target", "c"], "no column 'c'"),
        (["--data", "t.csv", "--target", "b", "--mail-from", "mailtos://u:p@x"], "--mail-from"),
        (["--data", "t.xlsx", "--target", "b"], "t.xlsx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.usefixtures("folder")
def test_init_says_what_is_wrong(
    fairtrial: Callable[..., Result], words: list[str], sentence: str
) -> None:
    """One sentence, exit 2, and no file; an address is never repeated."""
    Path("t.csv").write_text("a,b\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    run = fairtrial("init", *words)
    assert (run.exit_code, run.stdout) == (2, "")
    assert sentence in run.stderr
    assert "u:p" not in run.stderr
    assert [path.name for path in Path.cwd().iterdir()] == ["t.csv"]


@pytest.mark.usefixtures("folder")
def test_hostile_names_do_nothing_to_a_terminal(fairtrial: Callable[..., Result]) -> None:
    """Escape sequences and marks that turn text around come out as text, in errors too."""
    name = "\u202eevil\x1b[2J"
    Path("t.csv").write_text(f"{name},b\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    for words in (["--target", "b"], ["--target", name], []):
        run = fairtrial("init", "--data", "t.csv", "--force", *words)
        told = run.stdout + run.stderr
        assert "evil" in told or words == ["--target", "b"]
        assert all(line.isprintable() for line in told.splitlines())
