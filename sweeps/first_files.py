"""`fairtrial init`: from a table to a sweep file that runs and a report file, on the disk."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.first_text import first_report, first_sweep, name_for
from sweeps.launch import prepare_data
from sweeps.spec import parse_spec
from sweeps.table_words import found_lines
from tracking.errors import SpecError
from tracking.files.node import printable
from trainer.data.commas import with_commas
from trainer.data.inspection import column_names, inspect
from trainer.data.raw import listed
from trainer.data.request import BUNDLED, DataRequest
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = "report.yaml"
TABLES = (".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class Written:
    """What `write_first_files` did.

    Attributes:
        found: lines about the table.
        files: those written.
        kept: a report file that was there already and was left as it is.
    """

    sweep: str
    found: list[str]
    files: list[Path]
    kept: Path | None


def write_first_files(
    source: str,
    target: str | None,
    *,
    folder: Path,
    name: str | None = None,
    mail_from: str = "",
    force: bool = False,
) -> Written:
    """Look at a table and write a sweep file, and a report file if there is none.

    Args:
        source: a bundled set, or a path from the current folder.
        folder: where the files are to lie.
        name: the sweep's; by default the table's.
        mail_from: an environment variable with an address.
        force: write over files that are there.
    Raises: SpecError, DataError: one sentence; then nothing was written.
    """
    path = None if source in BUNDLED and not Path(source).is_file() else Path(source)
    name = name_for(name or (source if path is None else path.stem))
    file, report = folder / f"{name}.yaml", folder / REPORT
    _free(file, force=force)
    if target is None and path is not None and path.suffix.lower() in TABLES:
        raise DataError(_no_target(path))
    with _readable(path, folder / f"{name}-commas.csv", force=force) as (path, copies):
        facts = inspect(_request(source, path, target))
        written = source if path is None else _written(path, folder)
        text = first_sweep(name, written, target, facts)
        spec = parse_spec(text, file)
        prepare_data(spec)  # a table that can't be split says so before anything is written
        file.write_text(text, encoding="utf-8")
    kept = report.exists() and not force
    if not kept:
        metric = f"test/{spec.objective.metric.partition('/')[2]}"
        report.write_text(first_report(name, metric, mail_from=mail_from), encoding="utf-8")
    return Written(
        sweep=name,
        found=found_lines(source, facts),
        files=[*copies, file, *([] if kept else [report])],
        kept=report if kept else None,
    )


def _free(file: Path, *, force: bool) -> None:
    if file.exists() and not force:
        raise SpecError(
            f"{file.name} is there already; take another --name, or replace it with --force"
        )


def _no_target(path: Path) -> str:
    names = [f"'{printable(name)}'" for name in column_names(path)]
    columns = f"; its columns are {listed(names, 30)}" if names else ""
    return f"name the column of {printable(path.name)} to predict with --target{columns}"


@contextmanager
def _readable(
    path: Path | None, copy: Path, *, force: bool
) -> Iterator[tuple[Path | None, list[Path]]]:
    """The table, or a copy with commas where it has other separators; undone if this fails."""
    if path is None or not path.is_file():
        yield path, []
        return
    text = with_commas(path)
    if text is None:
        yield path, []
        return
    _free(copy, force=force)
    copy.write_text(text, encoding="utf-8", newline="")
    try:
        yield copy, [copy]
    except BaseException:
        copy.unlink()
        raise


def _request(source: str, path: Path | None, target: str | None) -> DataRequest:
    if path is None:
        return DataRequest(source, target=target)
    where = path.absolute().parent
    return DataRequest(_written(path, where), where, target=target)


def _written(path: Path, folder: Path) -> str:
    """How a path stands in a file of that folder: from there if it lies below, else in full."""
    full = path.absolute()
    inside = full.is_relative_to(folder.absolute())
    short = os.fspath(full.relative_to(folder.absolute())) if inside else os.fspath(full)
    # What would be read as a bundled set, a home folder or a function is written in full.
    is_path = short not in BUNDLED and not short.startswith("~") and ":" not in short
    return short if is_path else os.fspath(full)
