"""The data sets that come with scikit-learn, as it ships them, with its integer class codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.data.raw import RawTable
from trainer.errors import DataError

if TYPE_CHECKING:
    from trainer.data.request import DataRequest

SHAPES = {"digits": (1, 8, 8)}


def load_bundled(request: DataRequest) -> RawTable:
    """A bundled data set.

    diabetes comes unscaled: scikit-learn's scaled form was scaled on the test rows too.

    Raises: DataError, if a target is named: these sets have one of their own.
    """
    from sklearn import datasets

    if request.target is not None:
        raise DataError(
            f"data.target is '{request.target}', but the bundled data set {request.source} has "
            "its own target; leave data.target out"
        )
    options = {"scaled": False} if request.source == "diabetes" else {}
    frame = getattr(datasets, f"load_{request.source}")(as_frame=True, **options).frame
    return RawTable(
        name=request.source,
        inputs=frame.drop(columns="target"),
        target=frame["target"],
        shape=SHAPES.get(request.source),
    )
