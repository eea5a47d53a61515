"""BLIP's image-text matching by Hugging Face's transformers, behind the matcher protocol.

The text encoder attends to the image in every layer. Grad-CAM on one of these cross-attentions
tells where each token looks for its share in the decision that text and image belong together:
``A * relu(d logit / d A)``, mean over heads (Li et al. 2021, ALBEF, section 6.5; Li et al. 2022,
BLIP). The layer is at two thirds of the depth, number 8 of 12 from 0, as in ALBEF and IteRPrimE
(Wang et al. 2025).

An image is encoded once. All texts about it take one forward and one backward pass of the text
encoder together, since the logit of one does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dgl_rsis.errors import ModelError
from dgl_rsis.models import hf_files
from dgl_rsis.models.base import ModelCard, TokenActivations, TokenReader
from dgl_rsis.models.catalogue import check_kind
from dgl_rsis.models.hf_loading import load_network, quiet_transformers
from dgl_rsis.models.precision import Computing
from dgl_rsis.models.preprocess import Preprocessing, read_preprocessing
from dgl_rsis.models.registry import parse_model_name
from dgl_rsis.models.torch_tools import squeeze, to_tensor
from dgl_rsis.types import RGBImage

EXAMPLE = "Salesforce/blip-itm-base-coco"
_WHAT = "the activation provider cross_attention"


class HfBlip:
    """A ``transformers.BlipForImageTextRetrieval``.

    Args:
        model: the model.
        tokenizer: the tokenizer that belongs to it.
        preprocessing: normalisation of pixels.
        name: the name it was asked for by.
        folder: where it was read from.
        page: address of its page on the hub, None for folders.
        computing: where and how the image is encoded; texts and gradients are in float32.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        preprocessing: Preprocessing,
        *,
        name: str,
        folder: Path,
        page: str | None = None,
        computing: Computing = Computing(),
    ) -> None:
        self.model = computing.prepare(model)
        self.tokenizer = tokenizer
        self.preprocessing = preprocessing
        self.name, self.folder, self.page = name, folder, page
        self.computing, self.device = computing, computing.device
        self.input_size = int(model.config.vision_config.image_size)
        self.patch = int(model.config.vision_config.patch_size)
        self.layer = 2 * int(model.config.text_config.num_hidden_layers) // 3

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        computing: Computing = Computing(),
        *,
        name: str | None = None,
        page: str | None = None,
    ) -> HfBlip:
        """Load a folder as ``BlipForImageTextRetrieval.save_pretrained`` and the hub lay it out.

        Raises:
            MissingExtraError: transformers is not installed.
            ModelError: a file is missing, damaged, or of another kind of model.
        """
        remedy = f"; `hf download {EXAMPLE} --local-dir {folder}` gets a whole one"
        hf_files.check_folder(folder, ("blip",), remedy=remedy)
        preprocessing = read_preprocessing(folder)
        model, tokenizer = _load(folder)
        return cls(
            model,
            tokenizer,
            preprocessing,
            name=name or f"dir:{folder}",
            folder=folder,
            page=page,
            computing=computing,
        )

    @cached_property
    def card(self) -> ModelCard:
        """Name, revision, licence and source; made when asked for, as it may read all weights."""
        return ModelCard(
            name=self.name,
            revision=hf_files.revision(self.folder),
            licence=hf_files.licence(self.folder, self.page),
            source=self.page or str(self.folder),
        )

    def read(self, image: RGBImage) -> TokenReader:
        """Encode an image once, squeezed to the input size, for any number of texts."""
        pixels = to_tensor(
            [squeeze(image, self.input_size, self.preprocessing.resample)],
            self.preprocessing.mean,
            self.preprocessing.std,
            self.device,
        )
        with torch.no_grad(), self.computing.in_precision():
            vision = self.model.vision_model(pixel_values=pixels).last_hidden_state
        return partial(self._match, vision.float())

    def _match(self, vision: Tensor, texts: Sequence[str]) -> list[TokenActivations]:
        """Token activations of texts over vision tokens ``(1, 1 + patches, d)``."""
        if not texts:
            return []
        tokens = self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self.model.config.text_config.max_position_embeddings,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        mask = tokens.attention_mask.to(self.device)
        encoder = self.model.text_encoder
        with torch.enable_grad():
            # the leaf of the graph: weights have no gradients
            words = encoder.embeddings(input_ids=tokens.input_ids.to(self.device))
            output = encoder(
                encoder_embeds=words.detach().requires_grad_(True),
                attention_mask=mask,
                encoder_hidden_states=vision,  # one image: its keys and values are broadcast
                output_attentions=True,
            )
            attention = output.cross_attentions[self.layer]  # (B, heads, tokens, 1 + patches)
            logits = self.model.itm_head(output.last_hidden_state[:, 0])  # (B, 2)
            (gradient,) = torch.autograd.grad(logits[:, 1].sum(), attention)
        side = self.input_size // self.patch
        cams = (attention.detach() * gradient.clamp(min=0)).mean(1)[..., 1:]
        maps = cams.unflatten(-1, (side, side)).float().cpu().numpy()
        spans = tokens.offset_mapping.numpy().astype(np.int64)
        scores = logits.detach().float().cpu().numpy()
        return [
            TokenActivations(each[:length], span[:length], score)
            for each, span, score, length in zip(
                maps, spans, scores, tokens.attention_mask.sum(1).tolist(), strict=True
            )
        ]


def load_matcher(
    name: str, device: str = "auto", precision: str = "auto", *, compiled: bool = False
) -> HfBlip:
    """Load an image-text matching model by name.

    Args:
        name: ``hf:ORG/NAME`` (bare ``ORG/NAME`` too) or ``dir:FOLDER`` (a bare existing folder too).
        device: see ``choose_device``.
        precision: see ``choose_precision``.
        compiled: whether torch compiles its blocks.

    Raises:
        InputError: the device is not there, or cannot compute so.
        MissingExtraError: an optional dependency is not installed.
        ModelError: no such model, or its folder is incomplete.
    """
    parsed = parse_model_name(name)
    computing = Computing.choose(device, precision, compiled=compiled)
    if parsed.scheme == "hf":
        check_kind(parsed.identifier, "activation")
        page = f"https://huggingface.co/{parsed.identifier}"
        folder = hf_files.hub_folder(parsed.identifier)
        return HfBlip.from_folder(folder, computing, name=str(parsed), page=page)
    if parsed.scheme == "dir":
        folder = Path(parsed.identifier).expanduser()
        return HfBlip.from_folder(folder, computing, name=str(parsed))
    raise ModelError(f"{name} does not match images and texts; use a BLIP, e.g. {EXAMPLE}")


def _load(folder: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a checked folder, without touching the network."""
    model = load_network(folder, "BlipForImageTextRetrieval", _WHAT)
    with quiet_transformers(f"the tokenizer of {folder}", _WHAT) as transformers:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return model, tokenizer
