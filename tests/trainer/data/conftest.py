"""Tables that tests write themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def measured() -> pd.DataFrame:
    """60 rows: two numbers, a text and a class, nothing missing, no two rows equal."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "width": rng.normal(20, 5, 60),
            "count": rng.integers(0, 1000, 60),
            "city": rng.choice(["Bonn", "Lyon", "Rome"], 60),
            "kind": np.resize(["a", "b", "c"], 60),
        }
    )
