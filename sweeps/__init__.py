"""The sweep file, the Optuna study, the controller, and the engines that hold lanes.

In a notebook: `sweeps.run`.
"""

from sweeps.notebook import SweepResult, run

__all__ = ["SweepResult", "run"]
