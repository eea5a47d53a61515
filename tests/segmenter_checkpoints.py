"""Small random checkpoints of SAMs and DINOs on disk, as `save_pretrained` and the hub lay them out.

The hub's SAM 2 and SAM 3 are checkpoints of the models for video, which hold more than the image
part; `sam2_video` and `sam3_video` are laid out like those.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

PROMPTS: dict[str, Any] = {"hidden_size": 32, "mask_input_channels": 8}
DECODER: dict[str, Any] = {
    "hidden_size": 32,
    "mlp_dim": 48,
    "num_attention_heads": 2,
    "iou_head_hidden_dim": 32,
}
SMALL: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
DETR: dict[str, Any] = {
    "hidden_size": 32,
    "num_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 48,
}


def lively(kind: Callable[[Any], Any], config: Any) -> Any:
    """The same random model every time, whose outputs differ with its inputs."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = kind(config)
        for weights in model.parameters():
            weights.data += 0.15 * torch.randn_like(weights)
    return model.eval()


def sam_parts() -> dict[str, Any]:
    vision = {
        **SMALL,
        "output_channels": 32,
        "image_size": 64,
        "patch_size": 8,
        "window_size": 4,
        "global_attn_indexes": [1],
        "num_pos_feats": 16,
        "mlp_dim": 48,
    }
    prompts = {**PROMPTS, "image_size": 64, "patch_size": 8}
    return {
        "vision_config": vision,
        "prompt_encoder_config": prompts,
        "mask_decoder_config": DECODER,
    }


def save_sam(folder: Path) -> None:
    from transformers import SamConfig, SamModel

    lively(SamModel, SamConfig(**sam_parts())).save_pretrained(folder)
    _save_processor(folder)


def save_samhq(folder: Path) -> None:
    from transformers import SamHQConfig, SamHQModel

    decoder = {**DECODER, "vit_dim": 32}
    config = SamHQConfig(**{**sam_parts(), "mask_decoder_config": decoder})
    lively(SamHQModel, config).save_pretrained(folder)
    _save_processor(folder)


def _save_processor(folder: Path) -> None:
    from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

    SamImageProcessorPil(
        size={"longest_edge": 64},
        pad_size={"height": 64, "width": 64},
        mask_size={"longest_edge": 16},
        mask_pad_size={"height": 16, "width": 16},
        image_mean=[0.4, 0.45, 0.5],
    ).save_pretrained(folder)


def sam2_parts() -> dict[str, Any]:
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 16,
        "image_size": [128, 128],
        "num_attention_heads": 1,
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [16, 32, 64, 128],
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [8, 4, 4, 2],
        "global_attention_blocks": [3],
    }
    vision = {
        "model_type": "sam2_vision_model",
        "backbone_config": backbone,
        "backbone_channel_list": [128, 64, 32, 16],
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        "fpn_hidden_size": 32,
    }
    prompts = {**PROMPTS, "image_size": 128, "patch_size": 16}
    return {
        "vision_config": vision,
        "prompt_encoder_config": prompts,
        "mask_decoder_config": DECODER,
    }


def sam2_model() -> Any:
    from transformers import Sam2Config, Sam2Model

    return lively(Sam2Model, Sam2Config(**sam2_parts()))


def save_sam2(folder: Path) -> None:
    sam2_model().save_pretrained(folder)
    facts = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.3]}
    (folder / "preprocessor_config.json").write_text(json.dumps(facts))


def save_sam2_video(folder: Path) -> None:
    from transformers import Sam2VideoConfig

    folder.mkdir(parents=True)
    Sam2VideoConfig(**sam2_parts()).save_pretrained(folder)
    tensors = {name: each.contiguous().clone() for name, each in sam2_model().state_dict().items()}
    tensors["memory_attention.layers.0.linear1.weight"] = torch.zeros(4, 4)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def sam3_model() -> Any:
    from transformers import Sam3Config, Sam3Model
    from transformers.models.sam3.configuration_sam3 import Sam3VisionConfig, Sam3ViTConfig

    backbone = Sam3ViTConfig(
        **SMALL,
        intermediate_size=48,
        image_size=56,
        patch_size=14,
        window_size=2,
        global_attn_indexes=[1],
        pretrain_image_size=56,
    )
    sizes = [[16, 16], [8, 8], [4, 4]]
    config = Sam3Config(
        vision_config=Sam3VisionConfig(
            backbone_config=backbone, fpn_hidden_size=32, backbone_feature_sizes=sizes
        ),
        text_config={
            **SMALL,
            "model_type": "clip_text_model",
            "vocab_size": 2 * len(string.ascii_lowercase) + 2,
            "intermediate_size": 48,
            "projection_dim": 16,
            "max_position_embeddings": 32,
        },
        geometry_encoder_config=DETR,
        detr_encoder_config=DETR,
        detr_decoder_config={**DETR, "num_queries": 8},
        mask_decoder_config={"hidden_size": 32, "num_attention_heads": 2},
    )
    return lively(Sam3Model, config)


def _save_tokenizer(folder: Path) -> None:
    from transformers import CLIPTokenizer

    letters = string.ascii_lowercase
    pieces = [
        *letters,
        *(letter + "</w>" for letter in letters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    CLIPTokenizer(vocab=vocabulary, merges=[]).save_pretrained(folder)


def save_sam3(folder: Path) -> None:
    sam3_model().save_pretrained(folder)
    _save_tokenizer(folder)


def save_sam3_video(folder: Path) -> None:
    folder.mkdir(parents=True)
    model = sam3_model()
    config = {"model_type": "sam3_video", "detector_config": model.config.to_dict()}
    (folder / "config.json").write_text(json.dumps(config))
    tensors = {
        f"detector_model.{name}": each.contiguous().clone()
        for name, each in model.state_dict().items()
    }
    tensors["tracker_model.no_memory_embedding"] = torch.zeros(1, 1, 32)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    _save_tokenizer(folder)


def save_dinov2(folder: Path) -> None:
    from transformers import Dinov2Config, Dinov2Model

    lively(Dinov2Model, Dinov2Config(**SMALL, image_size=28, patch_size=14)).save_pretrained(folder)


def save_dinov3(folder: Path) -> None:
    from transformers import DINOv3ViTConfig, DINOv3ViTModel

    config = DINOv3ViTConfig(
        **SMALL, intermediate_size=48, image_size=32, patch_size=16, num_register_tokens=2
    )
    lively(DINOv3ViTModel, config).save_pretrained(folder)


def save_vit(folder: Path) -> None:
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(**SMALL, intermediate_size=48, image_size=32, patch_size=8)
    lively(ViTModel, config).save_pretrained(folder)


def save_vit_without_pooler(folder: Path) -> None:
    """As the hub's `facebook/dino-vits16` and `dino-vitb16` are."""
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(**SMALL, intermediate_size=48, image_size=32, patch_size=8)
    model = lively(partial(ViTModel, add_pooling_layer=False), config)
    model.save_pretrained(folder)


SAVERS: dict[str, Callable[[Path], None]] = {
    "sam": save_sam,
    "samhq": save_samhq,
    "sam2": save_sam2,
    "sam2_video": save_sam2_video,
    "sam3": save_sam3,
    "sam3_video": save_sam3_video,
    "dinov2": save_dinov2,
    "dinov3": save_dinov3,
    "vit": save_vit,
    "vit_without_pooler": save_vit_without_pooler,
}
