"""When a job that failed is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Retries:
    """Exponential backoff: by default after 10 s, 1, 6 and 36 minutes, so that an MLflow that is
    away for half an hour costs no report.
    """

    attempts: int = 5
    first_s: float = 10
    factor: float = 6

    def next_at(self, attempts: int, now: datetime) -> datetime | None:
        """When to try again after so many attempts, or None when that was the last."""
        if attempts >= self.attempts:
            return None
        return now + timedelta(seconds=self.first_s * self.factor ** max(0, attempts - 1))
