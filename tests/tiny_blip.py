"""A small random BLIP for image-text matching on disk, as users have it."""

from __future__ import annotations

import string
from pathlib import Path

WORDS = ("there", "is", "a", "the", "white", "ship", "pier", "next", "to", "left", "of", "building")


def save_tiny_blip(folder: Path) -> None:
    """A random ``BlipForImageTextRetrieval`` of 48 px, patch 8, with tokenizer and processor."""
    import torch
    from transformers import BertTokenizer, BlipConfig, BlipForImageTextRetrieval
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
    from transformers.utils import logging

    letters = [*string.ascii_lowercase, *("##" + letter for letter in string.ascii_lowercase)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "##s", "##ing", *letters]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2}
    config = BlipConfig(
        text_config={
            **sizes,
            "encoder_hidden_size": 32,
            "num_hidden_layers": 3,
            "vocab_size": len(vocabulary),
            "max_position_embeddings": 16,
            "pad_token_id": 0,
            "bos_token_id": 2,
            "eos_token_id": 3,
            "sep_token_id": 3,
        },
        vision_config={**sizes, "num_hidden_layers": 2, "image_size": 48, "patch_size": 8},
        image_text_hidden_size=24,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BlipForImageTextRetrieval(config).eval()
        for weights in model.parameters():
            # the usual start is so close to zero that all tokens look everywhere alike
            weights.data += 0.2 * torch.randn_like(weights)
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    BertTokenizer(vocab=vocabulary, do_lower_case=True).save_pretrained(folder)
    BlipImageProcessorPil(size={"height": 48, "width": 48}).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: bsd-3-clause\n---\n# Tiny\n")
