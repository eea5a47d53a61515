"""Dense attentions against plain written-out formulas, one head after the other."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import Tensor
from vit_checkpoints import save_dino

import dgl_rsis
from dgl_rsis.config import BackboneSettings, make_settings
from dgl_rsis.models import hf_clip
from dgl_rsis.models.affinity import Affinity
from dgl_rsis.models.base import BackboneOptions
from dgl_rsis.models.dense_attention import VARIANTS, dense_tokens
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.precision import HalfPrecision
from dgl_rsis.models.registry import load_backbone
from dgl_rsis.stages import local
from dgl_rsis.text.knowledge import ClassPrompts
from dgl_rsis.types import RGBImage

Vit = Callable[[str], HfClip]
Picture = Callable[..., RGBImage]
HEADS, WIDTH = 2, 16
ALONE = [name for name in VARIANTS if name != "proxyclip"]
DINOS = ["dinov2", "dinov2_with_registers", "dinov3_vit", "vit"]


def softmax(logits: Tensor) -> Tensor:
    weights = (logits - logits.max()).double().exp()
    return (weights / weights.sum(-1, keepdim=True)).float()


def attention(a: Tensor, b: Tensor) -> Tensor:
    return softmax(a @ b.T / WIDTH**0.5)


def unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True)


def per_head(block: Any, x: Tensor, mix: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """Attended values of all heads through the output projection, from normalised tokens."""
    attention = block.self_attn
    q, k, v = attention.q_proj(x), attention.k_proj(x), attention.v_proj(x)
    parts = [slice(WIDTH * h, WIDTH * (h + 1)) for h in range(HEADS)]
    return attention.out_proj(torch.cat([mix(q[:, p], k[:, p], v[:, p]) for p in parts], -1))


def whole(block: Any, x: Tensor, attended: Tensor) -> Tensor:
    x = x + attended
    return x + block.mlp(block.layer_norm2(x))


def gem(blocks: Any, x: Tensor) -> Tensor:
    path = x
    for block in blocks:
        normed = block.layer_norm1(x)
        inverse = normed.norm(dim=-1).mean() / WIDTH**0.5

        def mix(q: Tensor, k: Tensor, v: Tensor, inverse: Tensor = inverse) -> Tensor:
            total = torch.zeros_like(v)
            for part in (q, k, v):
                part = unit(part)
                part = unit(softmax(part @ part.T * inverse) @ part)
                total += softmax(part @ part.T * inverse) @ v / 3
            return total

        path = path + per_head(block, normed, mix)
        x = block(x[None], None)[0]
    return path


LAST = {
    "vanilla": lambda q, k, v: attention(q, k) @ v,
    "maskclip": lambda q, k, v: v,
    "sclip": lambda q, k, v: (attention(q, q) + attention(k, k)) @ v,
    "clearclip": lambda q, k, v: attention(q, q) @ v,
    "segearth": lambda q, k, v: (attention(q, q) + attention(k, k) + attention(v, v)) @ v,
}


def to_joint(model: Any, tokens: Tensor) -> Tensor:
    """CLIP: normalised and projected. SigLIP: the pooling head of transformers on each patch alone."""
    vision = model.vision_model
    if hasattr(model, "visual_projection"):
        return model.visual_projection(vision.post_layernorm(tokens))
    return torch.cat([vision.head(vision.post_layernorm(token)[None, None]) for token in tokens])


def expected(model: Any, name: str, pixels: Tensor, prefix: int) -> Tensor:
    vision = model.vision_model
    output = vision(pixels, interpolate_pos_encoding=True, output_hidden_states=True)
    hidden, blocks = output.hidden_states, vision.encoder.layers
    if name == "gem":  # of six blocks or all there are
        return unit(to_joint(model, gem(blocks, hidden[0][0])[prefix:]))
    block, x = blocks[-1], hidden[-2][0]
    attended = per_head(block, block.layer_norm1(x), LAST[name])
    result = whole(block, x, attended) if name in ("vanilla", "sclip") else attended
    return unit(to_joint(model, result[prefix:]))


def test_settings_name_the_variants_that_there_are() -> None:
    annotation = BackboneSettings.model_fields["dense"].annotation
    assert set(get_args(get_args(annotation)[0])) == set(VARIANTS)


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("family", ["clip", "metaclip_2", "siglip"])
def test_each_is_its_formula(name: str, family: str, vit: Vit, reference: Any) -> None:
    pixels = torch.randn(1, 3, 24, 40, generator=torch.Generator().manual_seed(3))
    model = vit(family)
    with torch.no_grad():
        ours = unit(dense_tokens(name, model.tower, pixels)[0])
    wanted = expected(reference(family), name, pixels, model.tower.prefix)
    np.testing.assert_allclose(ours, wanted, atol=2e-5)


def test_gem_starts_six_blocks_before_the_end(vit: Vit, reference: Any) -> None:
    pixels = torch.randn(1, 3, 24, 40, generator=torch.Generator().manual_seed(3))
    tower = copy(vit("siglip").tower)
    tower.blocks = [*tower.blocks, *tower.blocks, *tower.blocks]
    with torch.no_grad():
        ours = unit(dense_tokens("gem", tower, pixels)[0])
    model = reference("siglip")
    vision, blocks = model.vision_model, list(model.vision_model.encoder.layers)
    tokens = vision.embeddings(pixels, interpolate_pos_encoding=True)
    for block in blocks:
        tokens = block(tokens, None)
    wanted = unit(to_joint(model, gem([*blocks, *blocks], tokens[0])))
    np.testing.assert_allclose(ours, wanted, atol=2e-5)


def test_they_differ_from_each_other(vit: Vit) -> None:
    pixels = torch.randn(1, 3, 24, 40, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        features = [dense_tokens(name, vit("siglip2").tower, pixels) for name in ALONE]
    assert all(each.shape == (1, 15, 32) for each in features)
    for number, first in enumerate(features):
        assert all(not torch.allclose(first, other, atol=1e-3) for other in features[:number])


def test_images_of_a_batch_do_not_mix(vit: Vit) -> None:
    pixels = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    for name in ALONE:
        with torch.no_grad():
            both = dense_tokens(name, vit("clip").tower, pixels)
            alone = dense_tokens(name, vit("clip").tower, pixels[1:])
        torch.testing.assert_close(both[1:], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_proxyclip_is_its_formula(family: str, vit: Vit, reference: Any) -> None:
    pixels = torch.randn(1, 3, 24, 40, generator=torch.Generator().manual_seed(3))
    others = torch.randn(1, 15, 9, generator=torch.Generator().manual_seed(4))
    others = unit(others + others[:, :1])
    model, prefix = reference(family), vit(family).tower.prefix
    with torch.no_grad():
        ours = unit(dense_tokens("proxyclip", vit(family).tower, pixels, others)[0])
    cosines = others[0] @ others[0].T
    logits = 3 * (cosines - 1.2 * cosines.mean())
    assert 0 < int((logits < 0).sum()) < 15 * 14
    weights = softmax(logits.masked_fill(logits < 0, -torch.inf))
    vision = model.vision_model
    output = vision(pixels, interpolate_pos_encoding=True, output_hidden_states=True)
    block = vision.encoder.layers[-1]
    x = block.layer_norm1(output.hidden_states[-2][0, prefix:])
    attended = per_head(block, x, lambda q, k, v: weights @ v)
    np.testing.assert_allclose(ours, unit(to_joint(model, attended)), atol=1e-5)


def test_where_all_patches_look_alike_each_sees_itself(vit: Vit) -> None:
    pixels = torch.randn(1, 3, 24, 40, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        alike = dense_tokens("proxyclip", vit("clip").tower, pixels, torch.ones(1, 15, 1))
        alone = dense_tokens("maskclip", vit("clip").tower, pixels)
    torch.testing.assert_close(alike, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", DINOS)
def test_affinity_is_the_last_features_of_the_patches(
    kind: str, tmp_path: Path, picture: Picture
) -> None:
    from transformers import AutoModel

    save_dino(tmp_path / kind, kind)
    model = AutoModel.from_pretrained(tmp_path / kind).eval()
    image = picture(18, 30)  # whole patches: read as it is
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.5, 0.5, 0.5])
    pixels = ((torch.from_numpy(image.copy()) / 255 - mean) / std).permute(2, 0, 1)[None]
    more = {"interpolate_pos_encoding": True} if kind == "vit" else {}
    with torch.no_grad():
        tokens = model(pixels, **more).last_hidden_state[0]
    prefix = {"dinov2": 1, "vit": 1}.get(kind, 5)
    assert len(tokens) == prefix + 15
    ours = Affinity.from_folder(tmp_path / kind).features(image, (3, 5))
    np.testing.assert_allclose(ours[0], unit(tokens[prefix:]), atol=1e-5)


@pytest.mark.parametrize("family", ["clip", "siglip2"])
def test_variants_are_chosen_by_name(
    family: str, vit_folder: Any, tmp_path: Path, picture: Picture
) -> None:
    save_dino(tmp_path / "dino", "dinov3_vit")
    image, found = picture(70, 120), {}  # larger than a window
    for name in VARIANTS:
        dino = str(tmp_path / "dino") if name == "proxyclip" else None
        options = BackboneOptions(dense=name, affinity=dino)
        model = load_backbone(str(vit_folder(family)), "cpu", options)
        found[name] = model.dense(image)
        assert found[name].shape == (9, 15, model.dim)
        np.testing.assert_allclose(np.linalg.norm(found[name], axis=-1), 1, atol=1e-5)
    default = load_backbone(str(vit_folder(family)), "cpu").dense(image)
    np.testing.assert_allclose(default, found["segearth"], atol=1e-6)
    settings = {"backbone": {"dense": "proxyclip", "affinity": str(tmp_path / "dino")}}
    loaded = dgl_rsis.load(str(vit_folder(family)), device="cpu", settings=settings)
    np.testing.assert_allclose(loaded.backbone.dense(image), found["proxyclip"], atol=1e-6)


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_half_precision_changes_little(
    family: str, vit_folder: Any, tmp_path: Path, picture: Picture
) -> None:
    save_dino(tmp_path / "dino", "dinov2")
    image = picture(40, 64)
    for name in VARIANTS:
        dino = str(tmp_path / "dino") if name == "proxyclip" else None
        options = BackboneOptions(dense=name, affinity=dino)
        exact = load_backbone(str(vit_folder(family)), "cpu", options)
        half = load_backbone(str(vit_folder(family)), "cpu", replace(options, precision="bfloat16"))
        cosines = (exact.dense(image) * half.dense(image)).sum(-1)
        assert 0.98 < cosines.min() < 1 - 1e-7


@pytest.mark.parametrize(
    ("named", "bias"), [(None, 0.0), ("segearth", 0.3), ("clearclip", 0.0), ("vanilla", 0.0)]
)
def test_segearth_takes_off_the_share_of_the_class_token_where_it_is_named(
    named: str | None, bias: float, vit_folder: Any, picture: Any
) -> None:
    """SegEarth-OV, section 3.2: softmax of 50 (cos(patch, text) - 0.3 cos(CLS, text))."""
    backbone = load_backbone(str(vit_folder("clip")), "cpu", BackboneOptions(dense=named))
    assert isinstance(backbone, HfClip)
    assert backbone.dense_bias == HalfPrecision(backbone, "cpu", "bfloat16").dense_bias == bias
    image, settings = picture(32, 48), make_settings().local
    texts = local.encode_classes(
        backbone, [ClassPrompts(name, {name: (name,)}) for name in ("water", "road")]
    )
    features = local.read_features(image, backbone, settings)
    found = local.dense_probabilities(features, texts, backbone.dense_logit_scale, settings)
    whole = backbone.encode_images([image])[0]
    cosines = backbone.dense(image) @ texts.features.T - bias * (texts.features @ whole)
    expected = torch.softmax(torch.from_numpy(backbone.dense_logit_scale * cosines), -1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("family", ["clip", "siglip", "siglip2"])
@pytest.mark.parametrize("name", [*ALONE, "proxyclip"])
def test_windows_in_batches_are_windows_one_by_one(
    name: str,
    family: str,
    vit_folder: Any,
    tmp_path: Path,
    picture: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_dino(tmp_path / "dino", "dinov2")
    affinity = str(tmp_path / "dino") if name == "proxyclip" else None
    options = BackboneOptions(dense=name, affinity=affinity)
    model = load_backbone(str(vit_folder(family)), "cpu", options)
    assert isinstance(model, HfClip)
    image = picture(150, 200)
    read: list[int] = []
    dense_cells = model._dense_cells
    monkeypatch.setattr(
        model,
        "_dense_cells",
        lambda parts, cells: read.append(len(parts)) or dense_cells(parts, cells),
    )
    together = model.dense(image)
    monkeypatch.setattr(hf_clip, "batch_size", lambda *_: 1)
    np.testing.assert_allclose(model.dense(image), together, atol=1e-5)
    ones = read.count(1)
    assert set(read[:-ones]) <= {8, ones % 8}
    assert sum(read[:-ones]) == ones > 8
