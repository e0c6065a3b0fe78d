"""Data that a function of the user's own makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainer import user_modules
from trainer.data.arrays import table_from_arrays
from trainer.data.tables import table_from_frame
from trainer.errors import DataError

if TYPE_CHECKING:
    from trainer.data.raw import RawTable
    from trainer.data.request import DataRequest


def load_factory(request: DataRequest) -> RawTable:
    """What 'package.module:function' returns when called without arguments.

    That is a pair (inputs, targets) of arrays, or a data frame with the target column.

    Raises: UserModuleError, if it is not found; DataError, if it raises or returns
        something else.
    """
    import numpy as np
    import pandas as pd

    function = user_modules.load(request.source, request.folder)
    if not callable(function):
        raise DataError(f"'{request.source}' is a {type(function).__name__}; name a function")
    try:
        made: Any = function()
    except Exception as error:
        raise DataError(
            f"'{request.source}' raised {type(error).__name__}: {error}; it is called without "
            "arguments"
        ) from error
    if isinstance(made, pd.DataFrame):
        return table_from_frame(made, request)
    if isinstance(made, tuple) and len(made) == 2:  # noqa: PLR2004 - a pair
        if request.ignore:
            raise DataError(
                f"'{request.source}' returned arrays, which have no named columns; "
                "leave data.ignore out"
            )
        inputs, targets = made
        return table_from_arrays(np.asarray(inputs), np.asarray(targets), request)
    raise DataError(
        f"'{request.source}' returned a {type(made).__name__}; return a pair (inputs, targets) "
        "of arrays, or a data frame with the target column"
    )
