"""Errors of the trainer that a user can mend.

TrainerError
├── DataError            a source, a table or a split that cannot be trained on
├── HyperparameterError  a value outside its range, or a combination that has no meaning
├── CheckpointError      a file of weights that is missing, damaged, or of another model
└── UserModuleError      a 'package.module:name' that cannot be found or called
"""

from __future__ import annotations


class TrainerError(Exception):
    """Something the user can mend; its text is one sentence saying how."""


class DataError(TrainerError):
    """A source, a table or a split that cannot be trained on."""


class HyperparameterError(TrainerError):
    """A hyperparameter outside its range, or a combination that has no meaning."""


class CheckpointError(TrainerError):
    """A file of weights that is missing, damaged, or of another model."""


class UserModuleError(TrainerError):
    """A 'package.module:name' that cannot be found or called."""
