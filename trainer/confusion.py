"""What an exported model answers on the test set: which class for which, or which number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from trainer.data.prepared import PreparedData

_CHUNK_ROWS = 1024


def confusion_matrix(module: nn.Module, data: PreparedData) -> tuple[tuple[int, ...], ...]:
    """Test rows of each true class (row) by the class predicted (column).

    Args:
        module: from `export_module`, for classes.
    """
    predicted = _outputs(module, data).argmax(1)
    counts = np.zeros((data.outputs, data.outputs), dtype=np.int64)
    np.add.at(counts, (data.test.targets, predicted), 1)
    return tuple(tuple(row) for row in counts.tolist())


def predictions(module: nn.Module, data: PreparedData) -> tuple[tuple[float, float], ...]:
    """(true, predicted) of every test row of a regression, in units of the target."""
    pairs = np.column_stack([data.test.targets[:, 0], _outputs(module, data)[:, 0]])
    units = pairs.astype(np.float64) * data.target_scale + data.target_mean
    return tuple((true, predicted) for true, predicted in units.tolist())


def _outputs(module: nn.Module, data: PreparedData) -> NDArray[np.float32]:
    """[N, C]."""
    dtype = next(module.parameters()).dtype
    with torch.inference_mode():
        inputs = torch.from_numpy(data.test.inputs).to(dtype)
        parts = (inputs[i : i + _CHUNK_ROWS] for i in range(0, len(inputs), _CHUNK_ROWS))
        outputs: NDArray[np.float32] = torch.cat([module(part) for part in parts]).numpy()
    return outputs
