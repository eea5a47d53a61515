"""Loading models and tokenizers of transformers from folders, without touching the network."""

from __future__ import annotations

import pickle
import re
import string
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dgl_rsis.errors import MissingExtraError, ModelError
from dgl_rsis.models import hf_files

CLASSES = {
    "clip": "CLIPModel",
    "metaclip_2": "MetaClip2Model",
    "siglip": "SiglipModel",
    "siglip2": "Siglip2Model",
}
"""Transformers' class by the ``model_type`` of ``hf_files.IMAGE_TEXT``."""

_NUMBER = re.compile(r"\.(\d+)(?=\.)")


def load_folder(folder: Path) -> tuple[Any, Any]:
    """Model in single precision and tokenizer of an image-text checkpoint.

    Args:
        folder: complete by ``hf_files.check_folder``.

    Raises:
        MissingExtraError: transformers is not installed.
        ModelError: a file is damaged, or weights are missing.
    """
    kind = hf_files.check_folder(folder)["model_type"]
    model = load_network(folder, CLASSES[kind])
    with quiet_transformers(f"the tokenizer of {folder}") as transformers:
        tokenizer = _tokenizer(transformers, folder, kind)
    return model, tokenizer


def load_network(folder: Path, name: str, what: str = hf_files.WHAT, **options: bool) -> Any:
    """A network in single precision from a folder, every one of its weights, without gradients.

    Files may hold more, as those of a video model do, but no further blocks of the network.

    Args:
        folder: complete.
        name: of transformers' class.
        what: what needs transformers, where it is not installed.
        options: of the class.

    Raises:
        MissingExtraError: transformers is not installed.
        ModelError: the weights cannot be read, do not fit ``config.json``, or are not finite.
    """
    with quiet_transformers(f"model folder {folder}", what) as transformers:
        import torch

        model, report = getattr(transformers, name).from_pretrained(
            folder,
            local_files_only=True,
            output_loading_info=True,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,  # they are told below, where transformers logs a table
            **options,
        )
    missing, odd = sorted(report["missing_keys"]), sorted(report["mismatched_keys"])
    if missing:
        raise ModelError(
            f"the weights in {folder} lack {len(missing)} tensors of a {name}, first {missing[0]}; "
            "the checkpoint is incomplete or of another kind"
        )
    if odd:
        key, found, asked = odd[0]
        raise ModelError(
            f"the weights in {folder} do not fit its config.json: {key} has shape {tuple(found)}, "
            f"expected {tuple(asked)}; take both from the same checkpoint"
        )
    surplus = _further_blocks(report["unexpected_keys"], model.state_dict())
    if surplus is not None:
        raise ModelError(
            f"the weights in {folder} have more blocks than its config.json says, first {surplus}; "
            "take both from the same checkpoint"
        )
    for key, weights in model.named_parameters():
        if not weights.sum().isfinite():  # as soon as one of them is not; it takes no memory
            raise ModelError(
                f"the weights in {folder} are no good: {key} has values that are not finite"
            )
    return model.eval().requires_grad_(False)


def _further_blocks(surplus: Iterable[str], names: Iterable[str]) -> str | None:
    """The first surplus tensor of a block behind the last of a list that the network has."""
    known = {name[: match.end()] for name in names for match in _NUMBER.finditer(name)}
    lists = {name.rpartition(".")[0] for name in known}
    for name in sorted(surplus):
        for match in _NUMBER.finditer(name):
            if name[: match.start()] in lists and name[: match.end()] not in known:
                return name
    return None


@contextmanager
def quiet_transformers(place: str, what: str = hf_files.WHAT) -> Iterator[Any]:
    """Transformers without its progress bars and remarks; its errors become one line.

    Args:
        place: what is loaded in words, for the line.
        what: what needs transformers, where it is not installed.

    Raises:
        MissingExtraError: it is not installed.
        ModelError: it cannot load what is asked for.
    """
    try:
        import transformers
        from huggingface_hub.errors import StrictDataclassError
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise MissingExtraError(what, hf_files.EXTRA) from error
    from safetensors import SafetensorError

    # what transformers raises for files that hold something else than it expects
    damaged = (
        *(OSError, EOFError, ValueError, TypeError, AttributeError, LookupError),
        *(ArithmeticError, RuntimeError, SafetensorError, StrictDataclassError),
    )

    logging: Any = transformers_logging  # its functions have no types
    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()  # one line a tensor: noise in a command's output
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected pickle protocol")  # it is refused
            yield transformers
    except pickle.UnpicklingError:
        raise ModelError(
            f"cannot load {place}: its pickled weights hold more than tensors, or are damaged; "
            "they were not opened, as a pickle can run code; ask for model.safetensors"
        ) from None
    except damaged as error:
        raise ModelError(f"cannot load {place}: {_in_one_line(error)}") from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _in_one_line(error: Exception) -> str:
    """What an error says first, with its kind where that is not a sentence."""
    if isinstance(error, EOFError):
        return "a file is empty or cut off"
    first, *more = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    if first.endswith(":") and more:  # *Validation error for field 'patch_size':*
        first = f"{first} {more[0].partition('. Errors:')[0]}"
    return first if " " in first else f"{type(error).__name__} {first}".strip()


def _tokenizer(transformers: Any, folder: Path, kind: str) -> Any:
    """The tokenizer of a checkpoint.

    That of SigLIP is read from ``tokenizer.json``, as transformers' own class for it needs the
    library sentencepiece, and the one that SigLIP 2 names does not lower-case.
    """
    if not kind.startswith("siglip"):
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if (folder / "tokenizer.json").is_file():
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(
            folder, local_files_only=True
        )
        _canonicalize(tokenizer, folder)
        return tokenizer
    try:
        return transformers.SiglipTokenizer.from_pretrained(folder, local_files_only=True)
    except ImportError:
        raise ModelError(
            f"model folder {folder} has its words in spiece.model only, which needs "
            "`pip install sentencepiece protobuf`; or put the tokenizer.json of its page there"
        ) from None


def _canonicalize(tokenizer: Any, folder: Path) -> None:
    """Let a tokenizer normalise words as SigLIP was trained: harmless where it does already.

    Both generations lower-case (Zhai et al. 2023, appendix; Tschannen et al. 2025, section 3); the
    first one also drops punctuation and runs of white space.
    """
    from tokenizers import Regex, normalizers

    steps: list[Any] = [normalizers.Lowercase()]
    path = folder / "tokenizer_config.json"
    named = hf_files.read_json(path).get("tokenizer_class", "") if path.is_file() else ""
    if named.startswith("SiglipTokenizer"):
        marks = "".join("\\" + mark for mark in string.punctuation)
        steps += [
            normalizers.Replace(Regex(f"[{marks}]"), ""),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    backend = tokenizer.backend_tokenizer
    if backend.normalizer is not None:
        steps.append(backend.normalizer)
    backend.normalizer = normalizers.Sequence(steps)
