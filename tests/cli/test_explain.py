"""`fairtrial explain` prints the stages of a run, and one sentence where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.usefixtures("finished")
def test_it_prints_the_best_run_or_another(fairtrial: Callable[..., Any]) -> None:
    """On stdout, eight stages; with --trial of that trial; nothing is written."""
    best, other = fairtrial("explain", "rates"), fairtrial("explain", "rates", "--trial", 2)
    for page in (best, other):
        assert page.exit_code == 0, page.stderr
        assert "\n8 Test\n" in page.stdout
        assert page.stderr == ""
    assert "trial 2," in other.stdout


@pytest.mark.usefixtures("finished")
def test_what_there_is_not_is_one_sentence(fairtrial: Callable[..., Any]) -> None:
    """Exit code 2 for a trial or a sweep there is not."""
    for words, sentence in (
        (["rates", "--trial", "9"], "sweep 'rates' has no trial 9; they are 0 to 3"),
        (["rate"], "no sweep 'rate'; did you mean 'rates'?"),
    ):
        result = fairtrial("explain", *words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert sentence in result.stderr
