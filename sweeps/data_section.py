"""The `data` section: which data, checked as far as can be without loading it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, get_args

from tracking.files.node import Node, nearest, shown
from tracking.files.sections import entries, flag, one_of, share, text, whole
from trainer.data.request import BUNDLED, DataRequest, Duplicates, Missing, Scale

if TYPE_CHECKING:
    from pathlib import Path

    from trainer.hyperparameters import Task

KEYS = (
    "source", "target", "validation", "test", "scale", "duplicates", "missing", "classes",
    "train_rows", "resplit", "image_size", "ignore",
)  # fmt: skip
REGRESSION_SOURCES = ("diabetes",)
TABLES = (".csv", ".tsv", ".parquet")
ARRAYS = (".npz",)
LARGEST_SIDE = 4096

_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*", re.ASCII)
_IDX = re.compile(r".*(-ubyte|\.idx\d?)(\.gz)?", re.IGNORECASE)


def read_data(root: Node, folder: Path) -> DataRequest:
    """The request; its task is left to the objective.

    Args:
        folder: the sweep file's folder, from which a relative path is looked for.
    Raises: SpecError, at the line of the entry that breaks a rule.
    """
    if (node := root.value.get("data")) is None or node.value is None:
        raise root.place.child("data").wrong("is missing; write 'data: {source: digits}' or a path")
    given = entries(node, KEYS)
    if "source" not in given:
        raise node.place.child("source").wrong(
            f"is missing; it is a path or one of {', '.join(BUNDLED)}"
        )
    source = _source(given["source"], folder)
    is_folder = _is_folder(source, folder)
    defaults = DataRequest(source)
    validation = share(given["validation"]) if "validation" in given else defaults.validation
    test = share(given["test"]) if "test" in given else defaults.test
    if validation + test >= 1:
        last = given["test"] if "test" in given else given["validation"]
        raise last.wrong(
            f"validation {validation} and test {test} leave nothing to train on; "
            "together they stay below 1"
        )
    return DataRequest(
        source,
        folder,
        target=_target(source, given.get("target"), node, is_folder=is_folder),
        validation=validation,
        test=test,
        scale=_word(given, "scale", get_args(Scale), defaults.scale),
        duplicates=_word(given, "duplicates", get_args(Duplicates), defaults.duplicates),
        missing=_word(given, "missing", get_args(Missing), defaults.missing),
        classes=_classes(given["classes"], source) if "classes" in given else None,
        train_rows=whole(given["train_rows"], 1) if "train_rows" in given else None,
        resplit=flag(given["resplit"]) if "resplit" in given else False,
        image_size=_image_size(given.get("image_size"), source, is_folder=is_folder),
        ignore=_ignore(given.get("ignore"), source, is_folder=is_folder),
    )


def known_task(data: DataRequest) -> Task | None:
    """What the data is for, where that is known without loading it."""
    if data.source in BUNDLED:
        return "regression" if data.source in REGRESSION_SOURCES else "classification"
    is_folder = _is_folder(data.source, data.folder)
    return "classification" if data.classes or is_folder else None


def _word(given: dict[str, Node], key: str, words: tuple[str, ...], default: str) -> Any:  # noqa: ANN401
    return one_of(given[key], words) if key in given else default


def _source(node: Node, folder: Path) -> str:
    source = text(node)
    if source in BUNDLED or _FUNCTION.fullmatch(source):
        return source
    path = _path(source, folder)
    if _is_folder(source, folder):
        return source
    if _IDX.fullmatch(source):
        raise node.wrong(f"{shown(source)}: give the folder that holds all of the IDX files")
    if _suffix(source) not in (*TABLES, *ARRAYS):
        raise node.wrong(
            f"{shown(source)} is neither bundled ({', '.join(BUNDLED)}), nor a folder that is "
            f"there, nor a file that ends in {' '.join((*TABLES, *ARRAYS))}, "
            f"nor package.module:function{_hint(source)}"
        )
    if not os.path.isfile(path):  # noqa: PTH113 - as in _path
        raise node.wrong(f"no file {path}; a path is looked for from the sweep file's folder")
    return source


def _path(source: str, folder: Path) -> str:
    # os.path answers False where Path would raise, for names that no disk can have.
    return os.path.join(folder, os.path.expanduser(source))  # noqa: PTH111, PTH118


def _is_folder(source: str, folder: Path) -> bool:
    is_name = source in BUNDLED or _FUNCTION.fullmatch(source)
    return not is_name and os.path.isdir(_path(source, folder))  # noqa: PTH112 - as in _path


def _hint(source: str) -> str:
    near = nearest(source, BUNDLED)
    return f"; {near}" if near.startswith("did") else "; give one of these"


def _target(source: str, target: Node | None, data: Node, *, is_folder: bool) -> str | None:
    if target is None:
        if not is_folder and _suffix(source) in TABLES:
            raise data.place.child("target").wrong(
                f"is missing; name the column of {source} to predict"
            )
        return None
    if source in BUNDLED:
        return None  # the format's own example has both; the bundled sets name their target
    if is_folder or _suffix(source) in ARRAYS:
        raise target.wrong(
            f"{target.shown} has no meaning for {source}, which has no named columns; remove it"
        )
    return text(target)


def _suffix(source: str) -> str:
    return "" if _FUNCTION.fullmatch(source) else os.path.splitext(source)[1].lower()  # noqa: PTH122


def _classes(node: Node, source: str) -> tuple[int | str, ...]:
    if source in REGRESSION_SOURCES:
        raise node.wrong(f"{source} is a regression and has no classes; remove the key")
    if not isinstance(node.value, list):
        raise node.wrong(f"{node.shown} is no list; write at least two labels, such as [0, 1]")
    labels: dict[int | str, None] = {}
    for item in node.value:
        if isinstance(item.value, bool) or not isinstance(item.value, int | str):
            raise item.wrong(f"{item.shown} is no label; labels are whole numbers or text")
        if item.value in labels:
            raise item.wrong(f"{item.shown} is among the classes twice; keep one")
        labels[item.value] = None
    if len(labels) < 2:  # noqa: PLR2004 - telling apart takes two
        raise node.wrong(f"{shown(node.plain)} leaves nothing to tell apart; name at least two")
    return tuple(labels)


def _ignore(node: Node | None, source: str, *, is_folder: bool) -> tuple[str, ...] | None:
    """Columns of a table that are no inputs."""
    if node is None:
        return None
    if is_folder or source in BUNDLED or _suffix(source) in ARRAYS:
        raise node.wrong(f"has no meaning for {source}, which has no columns of yours; remove it")
    if not isinstance(node.value, list):
        raise node.wrong(f"{node.shown} is no list; write names of columns, such as [id, date]")
    return tuple(dict.fromkeys(text(item) for item in node.value)) or None


def _image_size(node: Node | None, source: str, *, is_folder: bool) -> tuple[int, int] | None:
    """Height and width in pixels."""
    if node is None:
        return None
    if not is_folder:
        raise node.wrong(f"has no meaning for {source}, which is no folder of images; remove it")
    if not isinstance(node.value, list):
        side = whole(node, 1, LARGEST_SIDE + 1)
        return side, side
    if len(node.value) != 2:  # noqa: PLR2004 - height and width
        raise node.wrong(
            f"{shown(node.plain)} is not two numbers; write [height, width], or one number for both"
        )
    height, width = (whole(item, 1, LARGEST_SIDE + 1) for item in node.value)
    return height, width
