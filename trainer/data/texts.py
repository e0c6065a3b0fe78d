"""A column of texts as whole numbers: what a pretrained model's own tokenizer makes of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from trainer.data.raw import RawTable
    from trainer.data.request import DataRequest

LONGEST = 512
"""Tokens of a text that are kept at most, of a model that could take more."""


def tokenized(raw: RawTable, request: DataRequest) -> RawTable:
    """The table with 2 * length columns in the place of its texts; images stay as they are.

    The first half are token ids, padded to the longest text, the second half 1 where there is a
    token. A row without a text has no number in any column.

    Raises: DataError, if there is anything but one column of text, or several models to read it.
    """
    import numpy as np
    import pandas as pd

    if raw.shape is not None:
        return raw
    name, texts = _only_text(raw)
    if len(request.tokenizers) > 1:
        raise DataError(
            f"{raw.name}: texts are read by one model's tokenizer, so pretrained_from can't vary; "
            "give each a sweep of its own"
        )
    missing = texts.isna().to_numpy()
    if missing.any() and request.missing != "drop":
        raise DataError(
            f"{raw.name}: column '{name}' has no text {raw.where(np.flatnonzero(missing))}, and "
            f"there is no {request.missing} of texts; write missing: drop"
        )
    found = _tokenizer(request)(
        texts.fillna("").astype(str).tolist(), truncation=True, max_length=LONGEST, padding=True
    )
    numbers = np.hstack([np.asarray(found[key]) for key in ("input_ids", "attention_mask")])
    if missing.any():
        numbers = np.where(missing[:, None], np.nan, numbers)
    length = numbers.shape[1] // 2
    names = [f"{name} {kind} {i}" for kind in ("token", "mask") for i in range(length)]
    return dataclasses.replace(raw, inputs=pd.DataFrame(numbers, columns=names), tokens=True)


def _only_text(raw: RawTable) -> tuple[str, pd.Series[Any]]:
    import pandas as pd

    texts = [
        name
        for name, dtype in raw.inputs.dtypes.items()
        if pd.api.types.is_string_dtype(dtype) or dtype == "object"
    ]
    if len(texts) != 1 or len(raw.inputs.columns) != 1:
        raise DataError(
            f"{raw.name} has {len(raw.inputs.columns)} input columns, {len(texts)} of them text; "
            "model: pretrained takes images, or a table whose only column beside the target is text"
        )
    return str(texts[0]), raw.inputs[texts[0]]


def _tokenizer(request: DataRequest) -> Any:  # noqa: ANN401 - of the transformers library
    from trainer.models.transformer import transformers_library

    library: Any = transformers_library()
    reference = request.tokenizers[0]
    source = request.folder / Path(reference).expanduser()
    try:
        tokenizer = library.AutoTokenizer.from_pretrained(
            str(source) if source.is_dir() else reference
        )
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        raise DataError(
            f"pretrained_from: '{reference}' has no tokenizer that can be loaded: {said}; save "
            "one beside the model"
        ) from error
    tokenizer.model_max_length = min(tokenizer.model_max_length, LONGEST)
    return tokenizer
