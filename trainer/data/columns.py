"""Each column of a table becomes numbers or text, or the user is told what is in the way.

Nothing is dropped, filled or encoded here: a missing entry is NaN among numbers, None in text.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from typing import TYPE_CHECKING, Any, NoReturn

from trainer.data.raw import RawTable, listed
from trainer.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
LARGEST = 3.4028234663852886e38
"""The largest 32-bit number: what the prepared arrays can hold."""
MANY_CATEGORIES = 50


def read_inputs(table: RawTable) -> pd.DataFrame:
    """Every input column as numbers (NaN is missing) or text (object; None is missing).

    Raises: DataError, naming column and places: no value at all, infinite or too large
        values, text where numbers belong, dates, other objects, text that differs from
        row to row.
    """
    import numpy as np
    import pandas as pd

    if all(isinstance(t, np.dtype) and t.kind in "biu" for t in table.inputs.dtypes):
        return table.inputs.set_axis([str(name) for name in table.inputs], axis=1)
    columns = {}
    for name, series in table.inputs.items():
        label = f"column '{name}'"
        values = read_values(table, series, label)
        if values.dtype == object:
            if series.dtype != "category":
                _refuse_text_for_numbers(table, values, label)
            _refuse_free_text(table, values, label)
        columns[str(name)] = pd.Series(values, dtype=values.dtype)
    return pd.DataFrame(columns)


def read_values(table: RawTable, series: pd.Series[Any], label: str) -> NDArray[Any]:
    """One column as numbers, or as text (object, None where missing).

    Text that consists of numbers throughout becomes numbers; what mixes both stays text.
    """
    import numpy as np
    import pandas as pd

    missing = series.isna().to_numpy()
    if len(missing) and missing.all():
        raise DataError(f"{table.name}: {label} has no value in any row; delete it")
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return _finite(table, series.to_numpy(), label)
    if pd.api.types.is_datetime64_any_dtype(dtype) or getattr(dtype, "kind", "") in "mM":
        _refuse_dates(table, label)
    if pd.api.types.is_numeric_dtype(dtype) and getattr(dtype, "kind", "") in "biuf":
        numbers = series.to_numpy(dtype="float64", na_value=np.nan)
        return _finite(table, numbers, label)
    values = series.to_numpy(dtype=object)
    present = values[~missing]
    _check_types(table, values, missing, label)
    if dtype != "category":
        if all(isinstance(value, bool | np.bool_) for value in present):
            numbers = np.where(missing, np.nan, values == True)  # noqa: E712 - an array of objects
            return numbers.astype(np.float64)
        parsed = _parsed(present)
        if not np.isnan(parsed).any():
            numbers = np.full(len(values), np.nan)
            numbers[~missing] = parsed
            return _finite(table, numbers, label)
        if all(isinstance(value, str) and ISO_DATE.fullmatch(value) for value in present):
            _refuse_dates(table, label)
    text = np.empty(len(values), dtype=object)
    text[~missing] = [str(value) for value in present]
    return text


def mostly_numbers(values: NDArray[Any]) -> NDArray[np.intp] | None:
    """The rows of the entries that are no numbers, in text that is numbers for the most part."""
    import numpy as np

    present = np.flatnonzero(values != None)  # noqa: E711 - an array of objects
    wrong = present[np.isnan(_parsed(values[present]))]
    return wrong if 2 * len(wrong) < len(present) else None


def refuse_entries(table: RawTable, values: NDArray[Any], label: str, wrong: Any) -> NoReturn:  # noqa: ANN401 - row indices
    """Text where numbers belong.

    Raises: DataError, always, naming the first entry, its places and the number of others.
    """
    first = values[wrong[0]]
    same = [row for row in wrong if values[row] == first]
    others = f" and {len(wrong) - len(same)} more such" if len(same) < len(wrong) else ""
    raise DataError(
        f"{table.name}: {label} holds numbers except for '{first}' {table.where(same)}{others}; "
        "correct it, or leave it empty if the value is missing"
    )


def _parsed(values: NDArray[Any]) -> NDArray[np.float64]:
    import numpy as np
    import pandas as pd

    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce")
    return numbers.to_numpy(dtype=np.float64)


def _finite(table: RawTable, numbers: NDArray[Any], label: str) -> NDArray[Any]:
    import numpy as np

    if numbers.dtype.kind != "f":
        return numbers
    infinite = np.flatnonzero(np.isinf(numbers))
    if len(infinite):
        raise DataError(
            f"{table.name}: {label} is infinite {table.where(infinite)}; correct it, or leave "
            "it empty if the value is missing"
        )
    large = np.flatnonzero(np.abs(numbers.astype(np.float64, copy=False)) > LARGEST)
    if len(large):
        raise DataError(
            f"{table.name}: {label} holds {numbers[large[0]]:g} {table.where(large)}, more than "
            f"a 32-bit number can be ({LARGEST:.1e}); correct it or rescale the column"
        )
    return numbers


def _check_types(
    table: RawTable, values: NDArray[Any], missing: NDArray[np.bool_], label: str
) -> None:
    import numpy as np

    for row in np.flatnonzero(~missing).tolist():
        value = values[row]
        if isinstance(value, dt.date | dt.time | dt.timedelta):
            _refuse_dates(table, label)
        if not isinstance(value, str | int | float | np.number | np.bool_ | decimal.Decimal):
            raise DataError(
                f"{table.name}: {label} holds a {type(value).__name__} {table.where([row])}; "
                "only numbers and text can be read"
            )


def _refuse_dates(table: RawTable, label: str) -> NoReturn:
    raise DataError(
        f"{table.name}: {label} holds dates or times; turn it into numbers that mean something "
        "(days since the first, hour, month), or delete it"
    )


def _refuse_text_for_numbers(table: RawTable, values: NDArray[Any], label: str) -> None:
    wrong = mostly_numbers(values)
    if wrong is not None:
        refuse_entries(table, values, label, wrong)


def _refuse_free_text(table: RawTable, values: NDArray[Any], label: str) -> None:
    present = [value for value in values if value is not None]
    distinct = len(set(present))
    if distinct > MANY_CATEGORIES and 2 * distinct > len(present):
        example = listed([f"'{value}'" for value in present[:2]], 2)
        raise DataError(
            f"{table.name}: {label} is text with {distinct} different values in {len(present)} "
            f"rows (such as {example}), no categories; delete it, or write it as numbers"
        )
