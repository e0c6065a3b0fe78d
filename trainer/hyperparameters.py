"""Every hyperparameter of a run: its range, unit, default, and whether lanes may differ in it.

One flat list, one dataclass. No PyTorch in here: a sweep file is checked without it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from trainer.errors import HyperparameterError
from trainer.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

Task = Literal["classification", "regression"]
Scalar = str | int | float | bool | None

LOSSES: Mapping[Task, tuple[str, ...]] = {
    "classification": ("cross_entropy", "mse", "mae", "huber"),
    "regression": ("mse", "mae", "huber"),
}


def _hyperparameter(default: Any, rule: Rule) -> Any:  # noqa: ANN401 - dataclasses.field is typed so
    return field(default=default, metadata={"rule": rule})


@dataclass(frozen=True)
class Hyperparameters:
    """One configuration, fully resolved. Ranges and units stand in `RULES`."""

    model: str = _hyperparameter(
        "mlp", Rule("text", "mlp, cnn, pretrained, or package.module:factory", scope="array")
    )
    hidden: tuple[int, ...] = _hyperparameter(
        (64,),
        Rule("sizes", "units of each hidden layer", "units", low=1, high=65536, scope="array"),
    )
    channels: tuple[int, ...] = _hyperparameter(
        (16, 32),
        Rule("sizes", "of each convolution of a cnn", "channels", low=1, high=4096, scope="array"),
    )
    kernel: int = _hyperparameter(
        3,
        Rule(
            "int", "side of a cnn's kernels, odd", "pixels", low=1, high=31, odd=True, scope="array"
        ),
    )
    pooling: str = _hyperparameter(
        "max",
        Rule(
            "choice",
            "halves the image after each convolution of a cnn",
            choices=("max", "average", "none"),
            scope="array",
        ),
    )
    activation: str = _hyperparameter(
        "relu",
        Rule(
            "choice",
            "after each hidden layer",
            choices=("relu", "tanh", "sigmoid", "gelu", "leaky_relu"),
        ),
    )
    dropout: float = _hyperparameter(
        0.0,
        Rule(
            "float",
            "share of each hidden layer's outputs set to zero while training",
            low=0,
            high=1,
            open_high=True,
        ),
    )
    loss: str = _hyperparameter(
        "",
        Rule(
            "choice",
            "what is minimized; by default cross_entropy for classes, else mse",
            choices=("cross_entropy", "mse", "mae", "huber"),
            scope="array",
        ),
    )
    label_smoothing: float = _hyperparameter(
        0.0,
        Rule(
            "float",
            "as in torch.nn.CrossEntropyLoss; other losses ignore it",
            low=0,
            high=1,
            open_high=True,
        ),
    )
    optimizer: str = _hyperparameter(
        "adam",
        Rule(
            "choice",
            "as in torch.optim",
            choices=("sgd", "adam", "adamw", "rmsprop"),
            scope="array",
        ),
    )
    learning_rate: float = _hyperparameter(
        1e-3, Rule("float", "of the first epoch", "per step", low=0, open_low=True)
    )
    momentum: float = _hyperparameter(
        0.0,
        Rule("float", "of sgd and rmsprop; the others ignore it", low=0, high=1, open_high=True),
    )
    schedule: str = _hyperparameter(
        "constant",
        Rule(
            "choice",
            "of the learning rate over a run's epochs: cosine to zero, or step (x 0.1 each third)",
            choices=("constant", "cosine", "step"),
        ),
    )
    batch_size: int = _hyperparameter(
        32,
        Rule(
            "int",
            "examples of one step; the last batch of an epoch may be smaller",
            "examples",
            low=1,
            scope="array",
        ),
    )
    epochs: int = _hyperparameter(
        10, Rule("int", "full passes over the training set, at most", "epochs", low=1)
    )
    patience: int | None = _hyperparameter(
        None,
        Rule(
            "int",
            "stop after so many epochs without a better validation loss; the best weights stay",
            "epochs",
            low=1,
            optional=True,
        ),
    )
    min_delta: float = _hyperparameter(
        0.0,
        Rule("float", "by how much a validation loss must be lower to be better", "loss", low=0),
    )
    l1: float = _hyperparameter(
        0.0,
        Rule("float", "times the sum of absolute weights (no biases), added to the loss", low=0),
    )
    l2: float = _hyperparameter(
        0.0, Rule("float", "times the sum of squared weights (no biases), added to the loss", low=0)
    )
    weight_decay: float = _hyperparameter(
        0.0, Rule("float", "as in the torch.optim optimizer of that name", low=0)
    )
    gradient_clip: float | None = _hyperparameter(
        None,
        Rule(
            "float", "largest 2-norm of a run's whole gradient", low=0, open_low=True, optional=True
        ),
    )
    augmentation: tuple[str, ...] = _hyperparameter(
        (),
        Rule(
            "names",
            "random changes of training images",
            choices=("none", "rotation", "crop", "flip"),
            scope="array",
        ),
    )
    rotation_degrees: float = _hyperparameter(
        15.0,
        Rule("float", "largest angle that rotation turns by, either way", "degrees", 0, 180),
    )
    crop_padding: int | None = _hyperparameter(
        None,
        Rule(
            "int",
            "how far crop shifts at most, each way; null is an eighth of the shorter side",
            "pixels",
            low=1,
            optional=True,
        ),
    )
    flip_probability: float = _hyperparameter(
        0.5, Rule("float", "how often flip mirrors left and right", low=0, high=1)
    )
    initialization: str = _hyperparameter(
        "default",
        Rule(
            "choice",
            "of the weights, as in torch.nn.init; default is torch.nn.Linear's own",
            choices=(
                "default",
                "xavier_uniform",
                "xavier_normal",
                "kaiming_uniform",
                "kaiming_normal",
                "orthogonal",
            ),
        ),
    )
    pretrained_from: str | None = _hyperparameter(
        None,
        Rule(
            "text",
            "whose weights to begin with: a run, a folder or a sweep; for pretrained a saved model",
            optional=True,
        ),
    )
    freeze: int = _hyperparameter(
        0, Rule("int", "so many first layers are not trained", "layers", low=0, scope="array")
    )

    extra: tuple[tuple[str, Scalar], ...] = ()
    """What a factory of the user's takes besides, by name."""

    def flat(self) -> dict[str, Any]:
        """Every hyperparameter by name, lists as lists: what MLflow and the fingerprint get."""
        values = {name: getattr(self, name) for name in RULES}
        return {name: plain(name, value) for name, value in values.items()} | dict(self.extra)

    def told(self) -> dict[str, Any]:
        """What a factory of the user's is told: all that the lanes of one array agree in."""
        return {
            name: value
            for name, value in self.flat().items()
            if name not in RULES or RULES[name].scope == "array" or name in _SHAPING
        }

    def array_key(self) -> tuple[Any, ...]:
        """Equal for two configurations exactly when they may be lanes of one array."""
        names = [name for name, rule in RULES.items() if rule.scope == "array"]
        if self.model not in OURS:
            names += _SHAPING
        if self.model == PRETRAINED:
            names.append("pretrained_from")
        return (*(getattr(self, name) for name in names), self.extra)


RULES: Mapping[str, Rule] = {
    f.name: f.metadata["rule"] for f in fields(Hyperparameters) if f.metadata
}
DEFAULTS: Mapping[str, Any] = {f.name: f.default for f in fields(Hyperparameters) if f.metadata}

OURS = ("mlp", "cnn")
PRETRAINED = "pretrained"
_SHAPING = (
    "activation",
    "dropout",
    "initialization",
)  # a user's module, though lanes of ours differ
_TAKEN = ("seed", "extra")
_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def is_reference(model: object) -> bool:
    """Whether a model is a user's, 'package.module:factory'."""
    return isinstance(model, str) and _REFERENCE.fullmatch(model) is not None


def plain(name: str, value: Any) -> Any:  # noqa: ANN401 - the type depends on the name
    """A value as one would write it in a sweep file: lists as lists, no or one name bare."""
    if not isinstance(value, tuple):
        return value
    if name in RULES and RULES[name].kind == "names" and len(value) <= 1:
        return value[0] if value else "none"
    return list(value)


def check(name: str, value: object) -> Any:  # noqa: ANN401 - the type depends on the name
    """The value of one hyperparameter in its own type.

    Raises: HyperparameterError with the rule, when the type or the range is wrong.
    """
    return RULES[name].check(value)


def check_extra(name: str, value: object) -> Scalar:
    """The value of a hyperparameter that only the user's factory knows.

    Raises: HyperparameterError when it is no number, text, true, false or null, or the name is
        one that runs use for something else.
    """
    if not name.isidentifier() or name in _TAKEN:
        raise HyperparameterError("can't name a factory's own hyperparameter; take another name")
    if isinstance(value, float) and not math.isfinite(value):
        raise HyperparameterError(f"{value} is not finite")
    if value is None or isinstance(value, str | int | float):
        return value
    raise HyperparameterError(f"{value} is no number, text, true, false or null")


def resolve(values: Mapping[str, object], task: Task) -> Hyperparameters:
    """A full configuration from those that were named, with defaults for the rest.

    Raises: HyperparameterError, its text beginning with the hyperparameter's name.
    """
    checked: dict[str, Any] = {}
    extra: dict[str, Scalar] = {}
    for name, value in values.items():
        own = name not in RULES
        if own and not is_reference(values.get("model")):
            raise HyperparameterError(f"{name}: not a hyperparameter")
        try:
            (extra if own else checked)[name] = (check_extra if own else check)(name, value)
        except HyperparameterError as error:
            raise HyperparameterError(f"{name}: {error}") from None
    loss = checked.get("loss") or LOSSES[task][0]
    if loss not in LOSSES[task]:
        allowed = ", ".join(LOSSES[task])
        raise HyperparameterError(f"loss: {loss} has no meaning for {task}; take one of {allowed}")
    return Hyperparameters(**{**checked, "loss": loss, "extra": tuple(sorted(extra.items()))})
