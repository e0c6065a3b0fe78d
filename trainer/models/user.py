"""A module of the user's own as K lanes: a row of a lane holds its parameters, then its state."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import torch
from torch import nn

from trainer.errors import CheckpointError, HyperparameterError, UserModuleError
from trainer.models.factory import own_generator, raised, seed_generator
from trainer.models.lanewise import LANES, pass_all, pass_one, why_not_stacked
from trainer.models.layout import Layout, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from torch import Tensor

    from trainer.hyperparameters import Hyperparameters
    from trainer.models.factory import Factory
    from trainer.models.lanewise import Graph, Tensors
    from trainer.models.layers import Pass, Step
    from trainer.runs import RunId

_LARGE = 2**20  # parameters; from here on a lane's own products fill the processor
_EXACT = 2**24  # whole numbers up to here are 32-bit floats, as which a row keeps them


class UserModel:
    """See Model. Layers are the submodules that hold parameters themselves, in order; the running
    means of those that are frozen stay as they are.

    Full batches go through it stacked where that gives a lane the bits of that lane alone; a last,
    smaller batch and what is only measured go one lane at a time. A module's own random numbers
    come from a stream of each run, epoch and step.
    """

    dropout_units: Sequence[int] = ()
    users = True

    def __init__(
        self, factory: Factory, h: Hyperparameters, shape: tuple[int, ...], outputs: int
    ) -> None:
        """Raises: UserModuleError, as `Factory.make` does, or where its numbers can't be kept."""
        self._factory, self._h, self._shape, self._outputs = factory, h, shape, outputs
        self._module = factory.make(h, shape, outputs, 0)
        self.faults: dict[RunId, str] = {}
        learned = [(n, p) for n, p in self._module.named_parameters() if p.requires_grad]
        fixed = [(n, p) for n, p in self._module.named_parameters() if not p.requires_grad]
        buffers = list(self._module.named_buffers())
        self._buffers = [name for name, _ in buffers]
        self._whole = {
            name: tensor.dtype
            for name, tensor in [*fixed, *buffers]
            if not tensor.dtype.is_floating_point
        }
        self.layout = Layout(
            [
                *(
                    Parameter(n, tuple(p.shape), "weight" if p.ndim > 1 else "bias")
                    for n, p in learned
                ),
                *(
                    Parameter(n, tuple(t.shape), "state", self._whole.get(n))
                    for n, t in [*fixed, *buffers]
                ),
            ]
        )
        names = [name for name, _ in learned]
        layer_of = getattr(self._module, "layer_of", _owner)
        self._layers = [list(group) for _, group in groupby(names, layer_of)]
        self._learned = {name for layer in self._layers[h.freeze :] for name in layer}
        frozen = {_owner(name) for layer in self._layers[: h.freeze] for name in layer}
        self._still = [
            module
            for name, module in self._module.named_modules()
            if name in frozen and hasattr(module, "running_mean")
        ]
        self._stacked = False
        self._passed: list[tuple[slice, Graph | None]] = []
        self._steps: Sequence[Step] = ()

    def settle(self, examples: Tensor) -> None:
        """See Model; decides how the lanes go through it, and logs that."""
        batch = self._h.batch_size
        key = (self._h.array_key(), self._shape, self._outputs, examples.dtype)
        choices = self._factory.choices
        if key not in choices:
            with torch.inference_mode(mode=False), torch.enable_grad(), own_generator():
                row = _tensors_of(self._module, examples.dtype)
                learned = {name: row[name] for name in row if name in self._learned}
                state = {name: row[name] for name in row if name not in self._learned}
                rows = torch.arange(LANES * batch) % len(examples)
                x = examples[rows].view(LANES, batch, *self._shape)
                self._try(learned, state, x[0, :2].clone())
                choices[key] = (
                    self._factory.alone
                    or self._large()
                    or why_not_stacked(self._module, learned, state, x)
                )
            how = f"one lane at a time: {choices[key]}" if choices[key] else "lanes are stacked"
            self._factory.say(how)
        self._stacked = not choices[key]

    def at_once(self, batch: int) -> int | None:
        """See Model; where lanes are not stacked, so that one graph is kept at a time."""
        return None if self._stacked and batch == self._h.batch_size else 1

    def begin(self, hyperparameters: Hyperparameters, seed: int) -> Tensors:
        """See Model; the factory initializes its module itself.

        Raises: HyperparameterError for another initialization; UserModuleError for a module of
            another shape than other lanes have, or numbers that a row can't keep.
        """
        if hyperparameters.initialization != "default":
            raise HyperparameterError(
                f"initialization: {hyperparameters.initialization} has no meaning for "
                f"'{self._factory.reference}', which initializes its module itself; write default"
            )
        made = self._factory.make(hyperparameters, self._shape, self._outputs, seed)
        row = _tensors_of(made, torch.get_default_dtype())
        if {name: tuple(tensor.shape) for name, tensor in row.items()} != self._shapes():
            raise UserModuleError(
                f"model: '{self._factory.reference}' made modules of different shapes from the "
                "same hyperparameters; let nothing else decide a shape"
            )
        for name in self._whole:
            if row[name].numel() and row[name].double().abs().max() > _EXACT:
                raise UserModuleError(
                    f"model: the module of '{self._factory.reference}' holds whole numbers above "
                    f"{_EXACT} in {name}, which lanes can't keep; make it no buffer"
                )
        return row

    def forward(self, weights: Tensors, inputs: Tensor, lanes: Pass) -> Tensor:
        """See Model."""
        n_lanes, batch = inputs.shape[:2]
        stacked = lanes.training and self._stacked and batch == self._h.batch_size
        self._set_mode(training=lanes.training)
        self._steps = lanes.steps
        singles = [slice(k, k + 1) for k in range(n_lanes)]
        with torch.inference_mode(mode=False), own_generator():
            x = inputs.clone().view(n_lanes, batch, *self._shape)
            parts = [slice(n_lanes)] if stacked else singles
            faults = dict(self.faults)
            self._passed = [(p, self._pass(weights, x, p, lanes, stacked=stacked)) for p in parts]
            if stacked and n_lanes > 1 and self._passed[0][1] is None:
                self.faults = faults  # not of all: alone, those that did not fail go on
                self._passed = [
                    (p, self._pass(weights, x, p, lanes, stacked=True)) for p in singles
                ]
            outputs = x.new_full((n_lanes, batch, self._outputs), torch.nan)
            for part, graph in self._passed:
                if graph is not None:
                    outputs[part] = graph.outputs.detach().to(x.dtype)
        for part, graph in self._passed if lanes.training else ():
            for name, tensor in graph.state.items() if graph is not None else ():
                if name in self._buffers:
                    weights[name][part] = tensor.detach()
        return outputs.transpose(1, 2).contiguous()

    def backward(
        self,
        weights: Tensors,  # noqa: ARG002 - see Model
        gradient: Tensor,
        into: Tensors,
        *,
        frozen: int = 0,  # noqa: ARG002 - the same
    ) -> None:
        """See Model."""
        for part, graph in self._passed:
            found: Mapping[str, Tensor] = {}
            if graph is not None:
                with torch.inference_mode(mode=False):
                    here = (
                        gradient[part].transpose(1, 2).clone(memory_format=torch.contiguous_format)
                    )
                    try:
                        found = graph.gradients(here.view_as(graph.outputs).to(graph.outputs.dtype))
                    except Exception as error:  # noqa: BLE001 - of a user's module
                        self._fail(part, error)
            for name in self._learned:
                into[name][part] = found.get(name, torch.nan)
        self._passed = []

    def trained(self, frozen: int) -> slice:
        """See Model."""
        if frozen >= len(self._layers):
            raise HyperparameterError(
                f"freeze: {frozen} would leave nothing to train of {len(self._layers)} layers; "
                f"take at most {len(self._layers) - 1}"
            )
        return slice(self.layout.start_of(self._layers[frozen][0]), self.layout.learned)

    def head(self) -> tuple[str, ...]:
        """See Model."""
        return tuple(self._layers[-1])

    def module(self, hyperparameters: Hyperparameters, weights: Mapping[str, Tensor]) -> nn.Module:
        """See Model: the user's own module, given each row in the shape of an example."""
        made = self._factory.make(hyperparameters, self._shape, self._outputs, 0)
        own = {**dict(made.named_parameters()), **dict(made.named_buffers())}
        if {n: t.shape for n, t in own.items()} != {n: t.shape for n, t in weights.items()}:
            raise CheckpointError(
                f"the weights are not of this configuration: '{self._factory.reference}' makes "
                f"{len(own)} tensors of other names or shapes; is it the same as when they were "
                "trained?"
            )
        made.to(next(weights[name].dtype for name in self._layers[0]))
        with torch.inference_mode(mode=False), torch.no_grad():
            for name, tensor in {
                **dict(made.named_parameters()),
                **dict(made.named_buffers()),
            }.items():
                tensor.copy_(weights[name])
        if len(self._shape) > 1:
            made.register_forward_pre_hook(lambda _, given: (given[0].unflatten(1, self._shape),))
        return made

    def _pass(
        self, weights: Tensors, x: Tensor, part: slice, lanes: Pass, *, stacked: bool
    ) -> Graph | None:
        """Some lanes through the module; None if it failed, which is noted by run."""
        place = part if stacked else part.start
        try:
            with torch.set_grad_enabled(lanes.training):
                learned = {n: weights[n][place].clone() for n in self._learned}
                for leaf in learned.values():
                    leaf.requires_grad_(lanes.training)
                state = {
                    n: tensor[place].clone().to(self._whole.get(n, tensor.dtype))
                    for n, tensor in weights.items()
                    if n not in self._learned
                }
                if stacked:
                    graph = pass_all(self._module, learned, state, x[place])
                else:
                    seed_generator(lanes.steps[part.start].seed)
                    graph = pass_one(self._module, learned, state, x[place].clone())
                self._check(graph.outputs, x.shape[1], part if stacked else None)
        except Exception as error:  # noqa: BLE001 - of a user's module
            self._fail(part, error)
            return None
        return graph

    def _check(self, outputs: object, batch: int, part: slice | None = None) -> None:
        """Raises: UserModuleError, if one lane's outputs are not [batch, outputs]."""
        expected = [batch, self._outputs]
        shape = list(outputs.shape) if isinstance(outputs, torch.Tensor) else None
        if shape != (expected if part is None else [part.stop - (part.start or 0), *expected]):
            given = f"a {type(outputs).__name__}" if shape is None else f"{shape}"
            raise UserModuleError(
                f"its output is {given}, where [batch, outputs] = {expected} is expected"
            )

    def _try(self, learned: Tensors, state: Tensors, x: Tensor) -> None:
        """Raises: UserModuleError, if some examples can't be sent through."""
        for training in (False, True):
            self._set_mode(training=training)
            try:
                kept = {name: tensor.clone() for name, tensor in state.items()}
                self._check(pass_one(self._module, learned, kept, x).outputs, len(x))
            except UserModuleError as error:
                raise UserModuleError(f"model: '{self._factory.reference}': {error}") from error
            except Exception as error:
                raise UserModuleError(
                    f"model: the module of '{self._factory.reference}' raised {raised(error)} for "
                    f"inputs of shape {list(x.shape)}"
                ) from error

    def _set_mode(self, *, training: bool) -> None:
        self._module.train(training)
        for module in self._still:
            module.eval()

    def _large(self) -> str:
        if self.layout.count <= _LARGE:
            return ""
        return f"it has {self.layout.count} parameters, with which stacking would gain nothing"

    def _fail(self, part: slice, error: Exception) -> None:
        said = str(error) if isinstance(error, UserModuleError) else f"it raised {raised(error)}"
        for step in self._steps[part]:
            self.faults.setdefault(step.run, f"model '{self._factory.reference}': {said}")

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {parameter.name: parameter.shape for parameter in self.layout.parameters}


def _tensors_of(module: nn.Module, dtype: torch.dtype) -> Tensors:
    """Every parameter and buffer, floating ones in a dtype."""
    found: Iterable[tuple[str, Tensor]] = [*module.named_parameters(), *module.named_buffers()]
    return {
        name: tensor.detach().to(dtype if tensor.dtype.is_floating_point else tensor.dtype)
        for name, tensor in found
    }


def _owner(name: str) -> str:
    return name.rpartition(".")[0]
