"""From what a sweep file names as its source to a table; nothing is cleaned here."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.data.request import BUNDLED
from trainer.errors import DataError

if TYPE_CHECKING:
    from trainer.data.raw import RawTable
    from trainer.data.request import DataRequest

FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
SUFFIXES = (".csv", ".tsv", ".parquet", ".npz")


def load_raw(request: DataRequest) -> RawTable:
    """The table of a bundled data set, of a file or folder, or of a user's function.

    Raises: DataError, if there is no such source or it cannot be read.
    """
    raw = _load(request)
    if not request.tokenizers:
        return raw
    from trainer.data.texts import tokenized

    return tokenized(raw, request)


def _load(request: DataRequest) -> RawTable:
    if request.image_size is not None and not _path(request).is_dir():
        raise DataError(
            f"data.image_size is for a folder of images, and {request.source} is none; leave it out"
        )
    if request.source in BUNDLED:
        from trainer.data.bundled import load_bundled

        return load_bundled(request)
    if FACTORY.fullmatch(request.source):
        from trainer.data.factory import load_factory

        return load_factory(request)
    return _load_file(request)


def _load_file(request: DataRequest) -> RawTable:
    path = _path(request)
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            from trainer.data.folders import load_folder

            return load_folder(path, request)
        if suffix not in SUFFIXES:
            raise DataError(_unknown(request.source))
        if suffix == ".npz":
            from trainer.data.arrays import load_npz

            return load_npz(path, request)
        if suffix == ".parquet":
            from trainer.data.tables import load_parquet

            return load_parquet(path, request)
        from trainer.data.delimited import load_delimited

        return load_delimited(path, request, "," if suffix == ".csv" else "\t")
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.exists():
            raise DataError(
                f"{request.source} is not there (looked for {path.absolute()}); a path is taken "
                "from the sweep file's folder"
            ) from error
        place = error.filename if path.is_dir() and error.filename else request.source
        raise DataError(f"{place} cannot be read: {error.strerror or error}") from error


def _path(request: DataRequest) -> Path:
    return request.folder / Path(request.source).expanduser()


def _unknown(source: str) -> str:
    near = difflib.get_close_matches(source, BUNDLED, n=1)
    if near and not Path(source).suffix:
        return f"no data source '{source}'; did you mean '{near[0]}'?"
    return (
        f"no data source '{source}'; take a file ending in {', '.join(SUFFIXES)}, a folder of "
        f"images, a bundled set ({', '.join(BUNDLED)}) or package.module:function"
    )
