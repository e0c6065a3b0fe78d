"""A function of the user's own that makes a module: found, called, and its product looked at."""

from __future__ import annotations

import copy
import functools
import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from trainer import user_modules
from trainer.errors import TrainerError, UserModuleError
from trainer.streams import seed_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainer.hyperparameters import Hyperparameters

_LOG = logging.getLogger("fairtrial")
_SHOWN = 300  # characters of what a user's code raised


@dataclass
class Factory:
    """What 'package.module:factory' names.

    Attributes:
        function: (input shape, outputs, hyperparameters by name) -> nn.Module.
        digest: of the file it stands in, when it was imported; of weights, where it has some.
        alone: why its lanes are never stacked, or '' if that is to be found out.
        choices: for each kind of array why its lanes are not stacked, or '' where they are.
    """

    reference: str
    function: Callable[[tuple[int, ...], int, dict[str, Any]], nn.Module]
    digest: str
    alone: str = ""
    choices: dict[tuple[Any, ...], str] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)

    def make(
        self, hyperparameters: Hyperparameters, shape: tuple[int, ...], outputs: int, seed: int
    ) -> nn.Module:
        """A module, its random numbers drawn from stream (seed, 'initialization', 0).

        Args:
            shape: of one example.
        Raises: UserModuleError, if it raises or gives no module that can be trained.
        """
        with own_generator(), torch.inference_mode(mode=False), torch.enable_grad():
            seed_generator(seed_for(seed, "initialization", 0))
            try:
                made = self.function(shape, outputs, copy.deepcopy(hyperparameters.told()))
            except TrainerError:
                raise  # ours
            except (Exception, SystemExit) as error:
                raise UserModuleError(
                    f"model: '{self.reference}' raised {raised(error)}; it is called with the "
                    "input shape, the number of outputs and the hyperparameters"
                ) from error
        if not isinstance(made, nn.Module):
            raise UserModuleError(
                f"model: '{self.reference}' returned a {type(made).__name__}; "
                "return a torch.nn.Module"
            )
        if any(tensor.is_complex() for tensor in made.state_dict().values()):
            raise UserModuleError(
                f"model: the module of '{self.reference}' has complex numbers in it; take real ones"
            )
        if not any(parameter.requires_grad for parameter in made.parameters()):
            raise UserModuleError(
                f"model: the module of '{self.reference}' has no parameters to train"
            )
        return made

    def say(self, text: str) -> None:
        """Log something about it, once."""
        if text not in self._said:
            self._said.add(text)
            _LOG.info("model %s: %s", self.reference, text)


def find_factory(reference: str, folder: Path | None) -> Factory:
    """What a sweep in this folder (by default the current one) means by 'package.module:factory'.

    Raises: UserModuleError, if it is not found or can't be called.
    """
    function = user_modules.load(reference, folder or Path.cwd())
    if not callable(function):
        raise UserModuleError(
            f"model: '{reference}' is a {type(function).__name__}; name a function"
        )
    return _factory(reference, function, user_modules.digest_of(reference, folder or Path.cwd()))


@functools.cache
def _factory(reference: str, function: Callable[..., Any], digest: str) -> Factory:
    """One for each function: what it said once is not said again."""
    return Factory(reference, function, digest)


def raised(error: BaseException) -> str:
    """What was raised, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:_SHOWN]}" if text else type(error).__name__


@contextmanager
def own_generator() -> Iterator[None]:
    """Whatever is drawn from torch's global generator in here, it is left as it was."""
    state = torch.default_generator.get_state()
    try:
        yield
    finally:
        torch.default_generator.set_state(state)


def seed_generator(seed: int) -> None:
    """Seed torch's global generator, which is all that a user's module knows."""
    torch.default_generator.manual_seed(seed)
