"""The controller's logical clock: what happens in a tick, what is in flight, and when it ends."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from sweeps.errors import RecordError
from tracking.events import EpochReported, RunEnded, RunStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sweeps.progress import Progress
    from trainer.runs import RunConfig

FOUR = "search: {learning_rate: [0.1, 0.2, 0.3, 0.4]}\nsampler: grid\n"
PRUNED = (
    f"{FOUR}train: {{epochs: 2}}\npruner: {{name: median, n_startup_trials: 1}}\ngeneration: 2\n"
)
LEARNING = """\
search:
  learning_rate: {low: 0.1, high: 0.9}
  epochs: {low: 1, high: 5}
sampler: {name: tpe, n_startup_trials: 3}
"""


def rate(run: RunConfig, epoch: int) -> float:
    return run.hyperparameters.learning_rate + epoch / 100


def by_trial(*values: float | None) -> Callable[[RunConfig, int], float | None]:
    return lambda run, _: values[int(run.id.partition(".")[0])]


def ticks(log: Sequence[str]) -> list[list[str]]:
    """The log in pieces, each from one advance to the next."""
    pieces: list[list[str]] = [[]]
    for line in log:
        if line == "advance":
            pieces.append([])
        pieces[-1].append(line)
    return pieces


def test_a_tick_reports_then_prunes_then_tells_then_asks(desk: Callable) -> None:
    """The whole of a small sweep, step by step, in the order that the design promises."""
    sweep = desk(PRUNED)
    sweep.run(by_trial(0.9, 0.8, 0.1, 0.95))
    said = [", ".join(piece) for piece in ticks(sweep.log)]
    assert said[0] == "ask 0, ask 1, start 0.0, start 1.0"
    assert said[1] == "advance, report 0 1 0.9, report 1 1 0.8, keep 0, keep 1"
    assert said[2] == (
        "advance, report 0 2 0.9, report 1 2 0.8, keep 0, keep 1, tell 0 COMPLETE, "
        "tell 1 COMPLETE, ask 2, ask 3, start 2.0, start 3.0"
    )
    assert said[3] == (
        "advance, report 2 1 0.1, report 3 1 0.95, prune 2, keep 3, tell 2 PRUNED, stop 2.0"
    )
    assert said[4] == "advance, report 3 2 0.95, keep 3, tell 3 COMPLETE"
    assert len(said) == 5


def test_every_tick_keeps_the_order(desk: Callable) -> None:
    """Also when trials of many lengths come and go, each step goes by trial number."""
    sweep = desk(
        f"{LEARNING}pruner: {{name: halving, reduction_factor: 2}}\nbudget: {{trials: 40}}"
    )
    sweep.run(rate)
    steps = {"advance": 0, "report": 1, "keep": 2, "prune": 2, "tell": 3, "ask": 4}
    for piece in ticks(sweep.log)[1:]:
        decided = [line.split() for line in piece if line.split()[0] in steps]
        order = [steps[words[0]] for words in decided]
        assert order == sorted(order)
        for _, group in groupby(decided, key=lambda words: steps[words[0]]):
            numbers = [int(words[1]) for words in group if len(words) > 1]
            assert numbers == sorted(numbers)
    states = [trial.state for trial in sweep.trials]
    assert {"COMPLETE", "PRUNED"} == set(states)


@pytest.mark.parametrize("generation", [1, 3, 7])
def test_as_many_trials_are_in_flight_as_a_generation(desk: Callable, generation: int) -> None:
    """Where results are learned from, the file alone says how many trials run side by side."""
    sweep = desk(f"{LEARNING}generation: {generation}\nbudget: {{trials: 20}}")
    seen: list[int] = []
    sweep.run(rate, runs_in_flight=64, observer=Watcher(seen))
    assert max(seen) == generation
    assert seen[:-1] == sorted(seen[:-1], reverse=True)  # full until the budget is used
    assert len(sweep.trials) == 20


@pytest.mark.parametrize(("repeats", "in_flight"), [(1, 10), (3, 4), (25, 2)])
def test_without_learning_the_lanes_are_filled(
    desk: Callable, repeats: int, in_flight: int
) -> None:
    """Where nothing is learned, as many trials run as fill the lanes, never under a generation."""
    sweep = desk(
        "search: {learning_rate: {low: 0.1, high: 0.9}}\nsampler: random\ntrain: {epochs: 1}\n"
        f"generation: 2\nrepeats: {repeats}\nbudget: {{trials: 30}}"
    )
    seen: list[int] = []
    sweep.run(rate, runs_in_flight=10, observer=Watcher(seen), ticks=1)
    assert seen == [in_flight]


class Watcher:
    """Notes how many trials are in flight after each tick."""

    def __init__(self, seen: list[int]) -> None:
        self._seen = seen

    def trial_ended(self, *_: object) -> None:
        return

    def ticked(self, progress: Progress) -> None:
        self._seen.append(progress.counts["RUNNING"])


def test_a_grid_ends_by_itself_in_file_order(desk: Callable) -> None:
    """A grid without a budget tries every configuration once, the last key fastest."""
    sweep = desk(
        "search: {learning_rate: [0.2, 0.1], epochs: {low: 1, high: 3, step: 1}}\nsampler: grid\n"
    )
    outcome = sweep.run(rate)
    assert outcome.state == "done"
    tried = [(trial.params["learning_rate"], trial.params["epochs"]) for trial in sweep.trials]
    assert tried == [(rate, epochs) for rate in (0.2, 0.1) for epochs in (1, 2, 3)]


def test_the_smaller_bound_on_trials_counts(desk: Callable) -> None:
    """A grid of four with a budget of three is three; asking for more than the grid is four."""
    sweep = desk(f"{FOUR}budget: {{trials: 3}}")
    assert sum(sweep.run(rate).counts.values()) == 3
    assert sum(sweep.run(rate, n_trials=99).counts.values()) == 4


def test_a_raised_budget_gives_the_trials_of_a_sweep_that_had_it(desk: Callable) -> None:
    """12 trials and then 8 more are the same 20 that a budget of 20 gives at once."""
    sweep = desk(f"{LEARNING}generation: 4\nbudget: {{trials: 12}}")
    sweep.run(rate)
    sweep.run(rate, n_trials=20)
    more = desk(f"{LEARNING}generation: 4\nbudget: {{trials: 20}}", "more")
    more.run(rate)
    assert sweep.trials == more.trials


def test_a_lowered_budget_takes_nothing_back(desk: Callable) -> None:
    """Trials on record stay, and those that were in flight are finished."""
    sweep = desk(f"{LEARNING}generation: 4\nbudget: {{trials: 12}}")
    sweep.run(rate, ticks=4)
    n_asked = len(sweep.trials)
    outcome = sweep.run(rate, n_trials=1)
    assert outcome.counts == {"COMPLETE": n_asked, "PRUNED": 0, "FAIL": 0, "RUNNING": 0}


def test_a_time_budget_starts_no_more_trials(desk: Callable) -> None:
    """When the time is used, what is in flight goes on to its end and nothing is begun."""
    sweep = desk(f"{LEARNING}generation: 5\nbudget: {{time: 0.2}}")
    outcome = sweep.run(rate)
    assert outcome.state == "done"
    assert outcome.counts["COMPLETE"] == len(sweep.trials) > 0
    assert 0.2 <= outcome.seconds == pytest.approx(sweep.record.seconds, abs=0.1)
    assert sweep.run(rate).trained == 0


def test_a_failed_run_fails_its_trial_alone(desk: Callable) -> None:
    """The trial's other runs go on to their end, other trials know nothing, the cause is told."""
    sweep = desk(f"{FOUR}train: {{epochs: 3}}\nrepeats: 3\n")

    def breaks(run: RunConfig, epoch: int) -> float | None:
        return None if (run.id, epoch) == ("1.1", 2) else rate(run, epoch)

    outcome = sweep.run(breaks)
    assert [trial.state for trial in sweep.trials] == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert outcome.failures == {1: "run 1.1: broke in epoch 2"}
    assert sweep.trials[1].message == "run 1.1: broke in epoch 2"
    assert sweep.trials[1].value is None
    ended = {e.id: (e.state, e.epoch) for e in sweep.recorder.events if isinstance(e, RunEnded)}
    assert ended["1.1"] == ("FAIL", 2)
    assert ended["1.0"] == ended["1.2"] == ended["0.0"] == ("COMPLETE", 3)
    assert "stop 1.0" not in sweep.log


def test_a_trial_of_failed_runs_alone_is_no_report(desk: Callable) -> None:
    """With a pruner, a trial one of whose runs has failed is neither reported nor pruned."""
    sweep = desk(f"{PRUNED}repeats: 2\n")

    def breaks(run: RunConfig, epoch: int) -> float | None:
        return None if run.id == "2.1" else by_trial(0.9, 0.8, 0.1, 0.95)(run, epoch)

    sweep.run(breaks)
    assert [trial.state for trial in sweep.trials] == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]
    assert not [line for line in sweep.log if line.startswith(("report 2", "keep 2", "prune 2"))]


def test_a_trial_is_worth_the_mean_of_its_runs(desk: Callable) -> None:
    """Its value is the mean over its repeats, and its reports the means at equal epochs."""
    sweep = desk(f"{PRUNED}repeats: 3\n")

    def spread(run: RunConfig, epoch: int) -> float:
        return [0.0, 0.25, 1.0][int(run.id[-1])] * epoch

    sweep.run(spread)
    mean = (0.0 + 0.25 + 1.0) / 3
    assert sweep.trials[0].value == 2 * mean
    assert sweep.trials[0].reports == {1: mean, 2: 2 * mean}


def test_pruned_trials_stop_their_runs(desk: Callable) -> None:
    """All runs of a pruned trial stop and are recorded as PRUNED; its value is its last report."""
    sweep = desk(f"{PRUNED}repeats: 2\n")
    sweep.run(by_trial(0.9, 0.8, 0.1, 0.95))
    pruned = sweep.trials[2]
    assert (pruned.state, pruned.value, pruned.ticks, pruned.reports) == (
        "PRUNED",
        0.1,
        1,
        {1: 0.1},
    )
    assert [line for line in sweep.log if line.startswith("stop")] == ["stop 2.0", "stop 2.1"]
    ended = {e.id: e.state for e in sweep.recorder.events if isinstance(e, RunEnded)}
    assert (ended["2.0"], ended["2.1"], ended["3.0"]) == ("PRUNED", "PRUNED", "COMPLETE")


def test_a_trial_that_is_over_in_mlflow_may_be_running_in_the_study_but_not_otherwise(
    desk: Callable,
) -> None:
    """Everything of a trial is delivered before the study calls it over."""
    sweep = desk(FOUR)
    told: list[int] = []

    class Delivered(Watcher):
        def trial_ended(self, number: int, *_: object) -> None:
            delivered = sweep.recorder.events[: sweep.recorder.delivered]
            ended = {e.id for e in delivered if isinstance(e, RunEnded)}
            assert f"{number}.0" in ended
            told.append(number)

    sweep.run(rate, observer=Delivered([]))
    assert told == [0, 1, 2, 3]


def test_an_interrupted_sweep_begins_its_unfinished_runs_again(desk: Callable) -> None:
    """What was in flight starts from epoch 1 under its own number; what was over is not trained."""
    sweep = desk("search: {epochs: [1, 3]}\nsampler: grid\n")
    assert sweep.run(rate, ticks=2).state == "interrupted"
    assert [trial.state for trial in sweep.trials] == ["COMPLETE", "RUNNING"]
    sweep.recorder.events.clear()
    outcome = sweep.run(rate)
    assert (outcome.state, outcome.trained) == ("done", 1)
    assert [e.id for e in sweep.recorder.events if isinstance(e, RunStarted)] == ["1.0"]
    epochs = [e.epoch for e in sweep.recorder.events if isinstance(e, EpochReported)]
    assert epochs == [1, 2, 3]


def test_running_a_finished_sweep_changes_nothing(desk: Callable) -> None:
    """No run, no event, no second on the clock; the best comes from the record."""
    sweep = desk(PRUNED)
    first = sweep.run(by_trial(0.9, 0.8, 0.1, 0.95))
    seconds, trials = sweep.record.seconds, sweep.trials
    sweep.recorder.events.clear()
    sweep.log.clear()
    again = sweep.run(by_trial(0.9, 0.8, 0.1, 0.95))
    assert (again.state, again.trained, again.best) == ("done", 0, first.best)
    assert again.counts == first.counts
    assert sweep.recorder.events == []
    assert not [line for line in sweep.log if line.startswith(("start", "stop"))]
    assert (sweep.record.seconds, sweep.trials) == (seconds, trials)


def test_trials_on_record_that_would_not_be_asked_are_an_error(desk: Callable) -> None:
    """Should a sampler ask otherwise than it did, nothing is mixed up: a sentence says so."""
    sweep = desk(f"{LEARNING}budget: {{trials: 4}}")
    sweep.run(rate)
    sweep.spec.__dict__["seed"] = 1
    with pytest.raises(RecordError, match="trial 0 is on record with"):
        sweep.run(rate)


@pytest.mark.parametrize(("direction", "best"), [("maximize", 1), ("minimize", 2)])
def test_the_best_is_the_first_of_equals(desk: Callable, direction: str, best: int) -> None:
    """By its value in the objective's direction, however the ticks fell."""
    objective = f"objective: {{metric: validation/accuracy, direction: {direction}}}"
    sweep = desk(f"{FOUR}{objective}\n")
    outcome = sweep.run(by_trial(0.5, 0.9, 0.1, 0.9))
    assert outcome.best is not None
    assert outcome.best.trial == best
    assert sweep.run(by_trial(0.5, 0.9, 0.1, 0.9)).best == outcome.best
