"""Checkpoint files of OpenCLIP: reading them safely, and what a file cannot say.

A ``.pt`` file is a pickle, which could run code: it is opened by ``torch.load(weights_only=True)``
only, which builds tensors and plain containers and refuses everything else.

Two things lie outside of the weights. *The nonlinearity*: OpenAI trained with
``x * sigmoid(1.702 x)``, OpenCLIP with the exact GELU, and what is tuned from either keeps its own:
``openclip_facts.choose_gelu`` has the rule. *How pixels are resized and normalised*: as CLIP's, unless
an ``open_clip_config.json`` lies beside the file, as in OpenCLIP's folders on the hub.
"""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from dgl_rsis.errors import ModelError
from dgl_rsis.models import convert, hf_files
from dgl_rsis.models.base import BackboneOptions, ModelCard
from dgl_rsis.models.clip_tokenizer import clip_tokenizer
from dgl_rsis.models.hf_clip import HfClip, load_affinity
from dgl_rsis.models.hf_loading import quiet_transformers
from dgl_rsis.models.openclip_facts import (
    GeluChoice,
    check_config,
    choose_gelu,
    file_preprocessing,
)

UNKNOWN = "unknown: see where the file comes from"
_WRAPPERS = ("state_dict", "model_state_dict", "model")  # of training checkpoints


class OpenClip(HfClip):
    """A CLIP from a checkpoint file of OpenCLIP, as transformers' ``CLIPModel`` in memory.

    Attributes:
        file: the checkpoint.
        gelu: the nonlinearity, and why it was taken.
        licence: licence of the weights in a few words.
    """

    file: Path
    gelu: GeluChoice
    licence: str

    @classmethod
    def from_file(
        cls,
        file: Path,
        device: str = "cpu",
        *,
        name: str | None = None,
        page: str | None = None,
        licence: str | None = None,
        options: BackboneOptions = BackboneOptions(),
        affinity: Path | None = None,
    ) -> OpenClip:
        """Load a ``.pt`` or ``.safetensors`` file with OpenCLIP's names of tensors.

        Args:
            file: the checkpoint.
            device: where to compute.
            name: the name it was asked for by.
            page: address of its page, None if there is none.
            licence: licence of the weights in a few words, None if it is not known.
            options: how it reads images.
            affinity: folder of the model for ``proxyclip``.

        Raises:
            InputError: the options do not fit together.
            MissingExtraError: transformers is not installed.
            ModelError: the file is unsafe, damaged, or holds another kind of model.
        """
        weights, sizes = _read(file)
        try:
            converted = convert.convert(weights)
        except ModelError as error:
            raise ModelError(f"cannot load {file}: {error}") from None
        choice = choose_gelu(file, sizes, options.gelu)
        model = build_clip(convert.to_config(sizes, choice.name), converted, file)
        loaded = cls(
            model,
            clip_tokenizer(),
            file_preprocessing(file),
            name=name or f"openclip:{file}",
            folder=file.parent,
            page=page,
            device=device,
            options=options,
            affinity=None if affinity is None else load_affinity(affinity, device, options),
        )
        loaded.file, loaded.gelu, loaded.licence = file, choice, licence or UNKNOWN
        return loaded

    @cached_property
    def card(self) -> ModelCard:
        """Name, revision, licence, source, and a notice where the nonlinearity was assumed."""
        return ModelCard(
            name=self.name,
            revision=hf_files.file_revision(self.file),
            licence=self.licence,
            source=self.page or str(self.file),
            notice="" if self.gelu.certain else f"{self.file.name}: {self.gelu}",
        )


def file_facts(file: Path) -> dict[str, int]:
    """``input_size``, ``patch`` and ``dim`` of a checkpoint file.

    Raises:
        ModelError: the file is unsafe, damaged, or holds another kind of model.
    """
    _, sizes = _read(file)
    return {"input_size": sizes.image_size, "patch": sizes.patch, "dim": sizes.dim}


def _read(file: Path) -> tuple[dict[str, Tensor], convert.Architecture]:
    """Tensors of a file without prefixes, and the architecture that they have."""
    weights = read_weights(file)
    try:
        weights = convert.strip_prefixes(weights)
        sizes = convert.infer_architecture(weights)
    except ModelError as error:
        raise ModelError(f"cannot load {file}: {error}") from None
    check_config(file, sizes)
    return weights, sizes


def read_weights(file: Path) -> dict[str, Tensor]:
    """Read the tensors of a checkpoint file without running code from it.

    Returns:
        Tensors on the CPU by their names in the file, taken out of ``state_dict``,
        ``model_state_dict`` or ``model`` where training wrapped them. They may lie in the file
        still, and are read when they are used.

    Raises:
        ModelError: the file is missing, unsafe, damaged, or holds no tensors.
    """
    if not file.is_file():
        raise ModelError(f"checkpoint {file} does not exist or is no file")
    content: Any
    if file.suffix == ".safetensors":
        try:
            content = load_file(file)
        except (OSError, SafetensorError) as error:
            raise ModelError(f"cannot read {file} as safetensors: {_first_line(error)}") from error
    else:
        content = _load_pickle(file)
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    found = content.items() if isinstance(content, Mapping) else ()
    weights = {
        name: value for name, value in found if isinstance(name, str) and isinstance(value, Tensor)
    }
    if not weights:
        raise ModelError(f"{file} holds no tensors by name; it is no checkpoint of OpenCLIP")
    return weights


def build_clip(config: dict[str, Any], weights: dict[str, Tensor], file: Path) -> Any:
    """A ``transformers.CLIPModel`` with the given weights, every one of them.

    Raises:
        MissingExtraError: transformers is not installed.
        ModelError: weights are missing, too many, not finite, or of other shapes than the
            configuration.
    """
    with quiet_transformers(str(file)) as transformers, torch.device("meta"):
        model = transformers.CLIPModel(transformers.CLIPConfig(**config))
    expected = model.state_dict()
    for name in sorted(expected.keys() ^ weights.keys()):
        problem = "lacks" if name in expected else "has more than the architecture, first"
        raise ModelError(f"cannot load {file}: it {problem} {name}")
    for name, value in weights.items():
        if value.shape != expected[name].shape:
            raise ModelError(
                f"cannot load {file}: {name} has shape {tuple(value.shape)}, "
                f"expected {tuple(expected[name].shape)}"
            )
        if not value.isfinite().all():
            raise ModelError(f"cannot load {file}: {name} has values that are not finite")
    with quiet_transformers(str(file)) as transformers:
        loaded = transformers.CLIPModel.from_pretrained(
            None, config=model.config, state_dict=weights, dtype=torch.float32
        )
    return loaded


def _load_pickle(file: Path) -> Any:
    """Content of a file of ``torch.save``, from the safe subset of pickle only."""
    if _is_torchscript(file):
        raise ModelError(
            f"{file} is a TorchScript program, as OpenAI published CLIP; load the same weights by "
            "hub id, e.g. hf:openai/clip-vit-base-patch32"
        )
    try:
        # mapped, so that an optimiser that lies in it as well takes no memory
        mapped = zipfile.is_zipfile(file)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected pickle protocol")  # it is refused
            return torch.load(file, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError:
        raise ModelError(
            f"{file} holds more than tensors, or is damaged: it was not opened, as a pickle can "
            "run code; ask for a .safetensors file, or save its state_dict alone where you trust it"
        ) from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, AttributeError) as error:
        first = _first_line(error).partition(". ")[0]
        raise ModelError(f"cannot read {file}, it is damaged or cut off: {first}") from error


def _is_torchscript(file: Path) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(Path(name).name == "constants.pkl" for name in archive.namelist())


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
