"""What is said of each stage of a run: its numbers in words, a few short lines a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sweeps.stage_page import Facts
    from trainer.stages import Stages

_SMALL = 1e-3


def _preparation(facts: Facts) -> Iterator[str]:
    yield from facts.data


def _initialisation(facts: Facts) -> Iterator[str]:
    h = facts.run.hyperparameters
    if facts.stages is not None:
        n = facts.stages.n_parameters
        yield f"{h.model}: {n:,} weights and biases, of 2-norm {_n(facts.stages.weight_norm)}."
    yield f"Drawn by '{h.initialization}' from the run's seed {facts.run.seed}."
    if h.pretrained_from is not None:
        yield f"Then replaced, wherever they fit, by the weights of '{h.pretrained_from}'."
    if h.freeze:
        yield f"The first {h.freeze} layers with weights are frozen: they stay as they are."


def _forward(facts: Facts) -> Iterator[str]:
    stages, h = facts.stages, facts.run.hyperparameters
    if stages is not None:
        chain = [
            f"{_shape(stages.inputs)}",
            *(f"{x.kind} {_shape(x.shape)}" for x in stages.layers),
        ]
        yield f"The first batch, {stages.inputs[0]} rows: {' -> '.join(chain)}."
        spreads = ", ".join(f"{layer.kind} {_n(layer.spread)}" for layer in stages.layers)
        yield f"Spread (standard deviation) of what each layer gives: {spreads}."
    if h.dropout and h.hidden:
        yield f"While training, dropout sets {h.dropout:.1%} of each hidden layer's outputs to 0."


def _loss(facts: Facts) -> Iterator[str]:
    stages, h = facts.stages, facts.run.hyperparameters
    if stages is not None:
        rows = f"the mean over {stages.loss_rows} training rows"
        yield f"{h.loss} before the first step: {_n(stages.initial_loss)}, {rows}."
        yield f"Expected of a model that knows nothing: {_expected(facts, stages)}."
    else:
        yield f"{h.loss}."
    trained = facts.metric("train/loss")
    if trained is not None:
        yield f"At the end: {_n(trained)} in training, measured while it learned."


def _expected(facts: Facts, stages: Stages) -> str:
    loss, value = facts.run.hyperparameters.loss, _n(stages.expected_loss)
    if loss == "cross_entropy":
        return f"ln({facts.n_classes}) = {value}, equal chances for all classes"
    if facts.n_classes:
        return f"{value}, zero for every class"
    means = "the variance of the scaled targets" if loss == "mse" else "by answering their mean"
    return f"{value}, {means}"


def _backward(facts: Facts) -> Iterator[str]:
    stages, h = facts.stages, facts.run.hyperparameters
    if stages is None:
        return
    learning = [(i, x) for i, x in enumerate(stages.layers) if x.n_parameters][h.freeze :]
    norms = ", ".join(f"layer {i} ({x.kind}) {_n(x.gradient_norm)}" for i, x in learning)
    yield f"2-norm of the gradient of the first batch's loss: {norms}."
    yield f"All layers together: {_n(stages.gradient_norm)}."


def _optimisation(facts: Facts) -> Iterator[str]:
    stages, h = facts.stages, facts.run.hyperparameters
    yield f"{h.optimizer}, learning rate {h.learning_rate:.4g} ({h.schedule}){_extras(facts)}."
    if stages is None:
        return
    steps = stages.steps_per_epoch
    yield f"Batches of {h.batch_size}: {steps} steps an epoch, {steps * facts.n_epochs:,} in all."
    share = stages.update_norm / stages.weight_norm if stages.weight_norm else 0.0
    moved = _n(stages.update_norm)
    yield f"The first step moved the weights by {moved}, {share:.1%} of their norm."


def _extras(facts: Facts) -> str:
    h = facts.run.hyperparameters
    momentum = h.momentum if h.optimizer in ("sgd", "rmsprop") else 0
    given: Mapping[str, float | None] = {
        "momentum": momentum, "weight decay": h.weight_decay, "l1": h.l1, "l2": h.l2,
        "gradient clipped to": h.gradient_clip,
    }  # fmt: skip
    return "".join(f", {name} {value:.4g}" for name, value in given.items() if value)


def _stopping(facts: Facts) -> Iterator[str]:
    h, n = facts.run.hyperparameters, facts.n_epochs
    if facts.state == "PRUNED":
        yield f"The pruner ended it after epoch {n} of {h.epochs}: other trials were ahead."
        return
    if facts.state == "FAIL":
        yield f"It failed after epoch {n} of {h.epochs}: {facts.message or 'no reason on record'}."
        return
    if facts.state != "COMPLETE":
        yield f"It is not over: {n} of {h.epochs} epochs are on record."
        return
    if n < h.epochs:
        yield f"Stopped after epoch {n} of {h.epochs}: no better validation loss in {h.patience}."
    else:
        yield f"Its {h.epochs} epochs were used{'' if h.patience else ' (no patience is set)'}."
    kept = int(facts.metrics.get("kept_epoch", n))
    yield f"Kept: the weights of epoch {kept}, with validation {_measured(facts, 'validation')}."


def _test(facts: Facts) -> Iterator[str]:
    found = _measured(facts, "test")
    if not found:
        yield "Not tested: only a run that comes to its end is."
        return
    accuracy = facts.metric("test/accuracy")
    right = "" if accuracy is None else f" ({round(accuracy * facts.n_test)} right)"
    yield f"{facts.n_test} rows that were never trained on: {found}{right}."
    gap = facts.metric("gap")
    if gap is not None:
        score = "accuracy" if facts.n_classes else "r2"
        yield f"Gap: {score} on train is {abs(gap):.4f} {_above(gap)} that on validation."


def _above(gap: float) -> str:
    return "below" if gap < 0 else "above"


def _measured(facts: Facts, part: str) -> str:
    values = [(name, facts.metric(f"{part}/{name}")) for name in _METRICS]
    return ", ".join(f"{name} {_n(value)}" for name, value in values if value is not None)


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def _n(value: float) -> str:
    return f"{value:.4f}" if value == 0 or abs(value) >= _SMALL else f"{value:.2e}"


_METRICS = ("accuracy", "rmse", "mae", "r2", "loss")
LINES: Mapping[str, Callable[[Facts], Iterator[str]]] = {
    "Preparation": _preparation,
    "Initialisation": _initialisation,
    "Forward": _forward,
    "Loss": _loss,
    "Backward": _backward,
    "Optimisation": _optimisation,
    "Stopping": _stopping,
    "Test": _test,
}
