"""MLflow: writing what runs report, reading it back, tables and statistics.

In a notebook: `tracking.compare`, `tracking.runs` and `tracking.figure`.
"""

from tracking.notebook import compare, figure, runs

__all__ = ["compare", "figure", "runs"]
