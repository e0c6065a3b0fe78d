"""`fairtrial init`: look at a table and write a sweep file that runs, and a report file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from cli.output import data, talk

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def command(
    source: Annotated[
        str,
        typer.Option(
            "--data",
            metavar="FILE",
            help="A table (.csv .tsv .parquet .npz), a folder of images, or a bundled set: "
            "digits, breast_cancer, wine, iris, diabetes.",
        ),
    ] = "digits",
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="The column to predict.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Of the sweep and its file; by default FILE's.")
    ] = None,
    mail_from: Annotated[
        str | None,
        typer.Option(
            "--mail-from",
            metavar="VARIABLE",
            help="An environment variable with an address that the report is sent to.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over files that are there already.")
    ] = False,
) -> None:
    """Look at a table and write a commented sweep file that runs, and a report file.

    The table is read as a sweep would read it. What was found is told: types, gaps, columns that
    are no inputs (ids, dates, constants), rare classes, duplicates; and each choice in the file
    says what it follows from. Nothing is trained. Without --data the file is for the bundled
    handwritten digits.

    Files: NAME.yaml and report.yaml in the current folder. No file is overwritten without
    --force; a report.yaml that is there is left as it is. A table whose separator is not what
    its ending says is copied to NAME-commas.csv.

    Exit codes: 0 written; 1 the disk refuses; 2 the table, the column or a name is wrong.

    Example: fairtrial init --data flowers.csv --target species
    """
    from sweeps.first_files import write_first_files
    from tracking.errors import SpecError

    if mail_from is not None and not _VARIABLE.fullmatch(mail_from):
        raise SpecError(
            "--mail-from takes the name of an environment variable, such as FAIRTRIAL_MAIL_URL; "
            "put the address itself into that variable"
        )
    written = write_first_files(
        source, target, folder=Path.cwd(), name=name, mail_from=mail_from or "", force=force
    )
    for line in written.found:
        data(line)
    for file in written.files:
        data(f"wrote {file.name}")
    if written.kept is not None:
        mail = f" and {{url_from: {mail_from}}} to its deliver" if mail_from else ""
        talk(
            f"{written.kept.name} was there and is as it was; "
            f"add {written.sweep} to its sweeps{mail}"
        )
    talk(f"train it with: fairtrial run {written.sweep}.yaml")
