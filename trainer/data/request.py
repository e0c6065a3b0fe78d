"""What a sweep file's `data` section asks for, checked in type and range, nothing loaded yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from trainer.hyperparameters import Task

Scale = Literal["standard", "minmax", "none"]
Missing = Literal["drop", "mean", "median", "most_frequent"]
Duplicates = Literal["drop", "keep"]

BUNDLED = ("digits", "breast_cancer", "wine", "iris", "diabetes")


@dataclass(frozen=True)
class DataRequest:
    """The `data` section of a sweep file.

    Attributes:
        source: a bundled name, a path, or 'package.module:function'.
        folder: what a relative path and a user module are found from: the sweep file's folder.
        target: the column to predict, for tables; `ignore`: columns that are no inputs.
        validation, test: shares of the rows, each in (0, 1), together below 1.
        classes: only the rows with these labels.
        train_rows: at most this many training rows, stratified for classes.
        resplit: repeat i draws its own split.
        image_size: height and width to which the images of a folder are resized.
        tokenizers: the pretrained models that are to read texts: each `pretrained_from`.
        task: what the objective implies, or None: then the target's type decides.
    """

    source: str
    folder: Path = Path()
    target: str | None = None
    validation: float = 0.15
    test: float = 0.15
    scale: Scale = "standard"
    duplicates: Duplicates = "drop"
    missing: Missing = "drop"
    classes: tuple[int | str, ...] | None = None
    train_rows: int | None = None
    resplit: bool = False
    image_size: tuple[int, int] | None = None
    tokenizers: tuple[str, ...] = ()
    task: Task | None = None
    ignore: tuple[str, ...] | None = None
