"""A classifier of the transformers library, with its weights and a new head, as a factory makes it.

It is looked for in the sweep file's folder, then under that name on the Hugging Face hub.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from trainer.errors import HyperparameterError
from trainer.models.factory import Factory, own_generator, raised

if TYPE_CHECKING:
    from torch import Tensor

_IMAGE_DIMENSIONS = 3


class Classifier(nn.Module):
    """A classifier on examples as we have them.

    Images [B, channels, height, width] get the channels and the size that the model was trained
    for; texts are rows [B, 2 * length] of token ids and then of ones where there is a token.
    """

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a PreTrainedModel; it has no types
        super().__init__()
        self.model = model
        self.channels = getattr(model.config, "num_channels", _IMAGE_DIMENSIONS)
        size = getattr(model.config, "image_size", None)
        self.size = (size, size) if isinstance(size, int) else size

    def forward(self, x: Tensor) -> Tensor:
        """The logits [B, classes]."""
        if x.ndim == 2:  # noqa: PLR2004 - texts
            tokens, mask = x.to(torch.int64).chunk(2, 1)
            logits: Tensor = self.model(input_ids=tokens, attention_mask=mask).logits
            return logits
        if x.shape[1] == 1:
            x = x.expand(-1, self.channels, -1, -1)
        if self.size is not None and x.shape[2:] != torch.Size(self.size):
            x = functional.interpolate(x, size=tuple(self.size), mode="bilinear")
        images: Tensor = self.model(pixel_values=x).logits
        return images

    def layer_of(self, parameter: str) -> str:
        """The layer that a parameter is counted with: a part of the base model, of whose blocks
        each is one, or the head.
        """
        base = f"model.{self.model.base_model_prefix}."
        if not parameter.startswith(base):
            return "head"
        parts = parameter.removeprefix(base).split(".")
        numbers = [k for k, part in enumerate(parts) if part.isdecimal()]
        module = self.model.base_model.get_submodule(parts[0])
        if not numbers or not any(isinstance(m, nn.ModuleList) for m in _near(module)):
            return parts[0]
        return ".".join(parts[: numbers[0] + 1])


def _near(module: nn.Module) -> list[nn.Module]:
    return [module, *module.children()]


def transformers_library() -> Any:  # noqa: ANN401 - much of it has no types
    """The library, told to keep quiet.

    Raises: HyperparameterError, if it is not installed.
    """
    try:
        import transformers
    except ImportError as error:
        raise HyperparameterError(
            "model: pretrained needs the library transformers, which is not installed; "
            "pip install 'fairtrial[transformers]'"
        ) from error
    library: Any = transformers
    library.logging.set_verbosity_error()
    library.utils.logging.disable_progress_bar()
    return library


@functools.cache
def find_transformer(reference: str, folder: Path | None) -> Factory:
    """What `pretrained_from` names, for `model: pretrained`; loaded once.

    Raises: HyperparameterError, if transformers is not installed or has no such model.
    """
    source = (folder or Path.cwd()) / Path(reference).expanduser()
    place = str(source) if source.is_dir() else reference
    loaded = _Loaded(reference, place)
    return Factory(
        reference,
        loaded.classifier,
        loaded.digest,
        alone="a pretrained model is never stacked",
    )


class _Loaded:
    """The configuration and the weights of the base model."""

    def __init__(self, reference: str, place: str) -> None:
        transformers = transformers_library()
        from transformers.models.auto import modeling_auto

        self._reference = reference
        try:
            self._config = transformers.AutoConfig.from_pretrained(place)
            self.images = (
                self._config.model_type
                in modeling_auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES
            )
            kind = "ImageClassification" if self.images else "SequenceClassification"
            self._auto = getattr(transformers, f"AutoModelFor{kind}")
            with own_generator():
                model, about = self._auto.from_pretrained(
                    place, dtype=torch.float32, output_loading_info=True
                )
        except Exception as error:
            raise HyperparameterError(
                f"pretrained_from: '{reference}' is no classifier of images or texts that "
                f"transformers can load from there or from the Hugging Face hub: {raised(error)}"
            ) from error
        prefix = f"{model.base_model_prefix}."
        self._base: dict[str, Tensor] = {
            name: tensor
            for name, tensor in model.state_dict().items()
            if name.startswith(prefix) and name not in about["missing_keys"]
        }
        sha = hashlib.sha256(self._config.to_json_string().encode())
        for name, tensor in sorted(self._base.items()):
            sha.update(name.encode())
            sha.update(tensor.contiguous().view(-1).numpy().tobytes())
        self.digest = sha.hexdigest()

    def classifier(self, shape: tuple[int, ...], outputs: int, _told: dict[str, Any]) -> nn.Module:
        """A classifier whose head is new, and whose base has the weights that were loaded."""
        images = len(shape) == _IMAGE_DIMENSIONS
        if images != self.images:
            takes, given = ("images", "texts") if self.images else ("texts", "images")
            raise HyperparameterError(
                f"pretrained_from: '{self._reference}' takes {takes}, and this data is {given}; "
                "take another"
            )
        config = type(self._config).from_dict({**self._config.to_dict(), "num_labels": outputs})
        channels = getattr(config, "num_channels", _IMAGE_DIMENSIONS)
        if images and shape[0] not in {1, channels}:
            raise HyperparameterError(
                f"pretrained_from: '{self._reference}' takes images of {channels} channels, and "
                f"this data has {shape[0]}; take another"
            )
        model = self._auto.from_config(config, dtype=torch.float32)
        model.load_state_dict(self._base, strict=False)
        return Classifier(model)
