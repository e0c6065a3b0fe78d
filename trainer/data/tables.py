"""Data frames and Parquet files: the columns have names, one of them is the target."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from trainer.data.raw import RawTable, listed
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from trainer.data.request import DataRequest


def load_parquet(path: Path, request: DataRequest) -> RawTable:
    """The table in a Parquet file; an index that was stored with it is left out.

    Raises: DataError, if it is no Parquet file, or as `table_from_frame` does.
    """
    import pandas as pd
    import pyarrow as pa

    try:
        frame = pd.read_parquet(path)
    except (pa.ArrowException, ValueError, KeyError, TypeError) as error:
        reason = (str(error).splitlines() or ["it is damaged"])[0].rstrip(".")
        raise DataError(
            f"{request.source} cannot be read as Parquet: {reason}; write it again, "
            "for example with pandas' to_parquet"
        ) from error
    return table_from_frame(frame, request)


def table_from_frame(
    frame: pd.DataFrame, request: DataRequest, *, lines: Sequence[int] | None = None
) -> RawTable:
    """A frame taken apart into inputs and target.

    Args:
        frame: [N, columns]; its index is not used.
        lines: the line of the file on which each row begins, if it is a text file.
    Raises: DataError, if names are missing or equal, if the target is not named or not
        there (with the nearest name), or if nothing is left beside it and what is ignored.
    """
    names = [str(name) for name in frame.columns]
    _check_names(names, request.source)
    if request.target is None:
        raise DataError(
            f"{request.source} is a table, so data.target must name the column to predict; "
            f"its columns are {listed(names, 20)}"
        )
    if request.target not in names:
        raise DataError(_no_such_column(request.source, request.target, names))
    ignored = _ignored(request, names)
    if len(names) == 1 + len(ignored):
        but = " and those of data.ignore" if ignored else ""
        raise DataError(
            f"{request.source} has no column besides the target '{request.target}'{but}; "
            "add columns to predict it from"
        )
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    return RawTable(
        name=request.source,
        inputs=frame.drop(columns=[request.target, *ignored]),
        target=frame[request.target],
        lines=lines,
    )


def _check_names(names: list[str], source: str) -> None:
    for position, name in enumerate(names):
        if not name.strip():
            raise DataError(
                f"{source}: column {position + 1} has no name; name it, or delete it if it is "
                "an index (pandas: to_csv(..., index=False))"
            )
        if name in names[:position]:
            raise DataError(
                f"{source}: columns {names.index(name) + 1} and {position + 1} are both named "
                f"'{name}'; rename one"
            )


def _ignored(request: DataRequest, names: list[str]) -> list[str]:
    for name in request.ignore or ():
        if name == request.target:
            raise DataError(
                f"{request.source}: column '{name}' is the target and stands in data.ignore; "
                "remove it from one of the two"
            )
        if name not in names:
            raise DataError(f"data.ignore: {_no_such_column(request.source, name, names)}")
    return list(dict.fromkeys(request.ignore or ()))


def _no_such_column(source: str, target: str, names: list[str]) -> str:
    near = difflib.get_close_matches(target, names, n=1)
    advice = f"did you mean '{near[0]}'?" if near else f"its columns are {listed(names, 20)}"
    return f"{source} has no column '{target}'; {advice}"
