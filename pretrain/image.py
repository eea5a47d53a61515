"""Train the image tower against the frozen text tower (what for: ``losses``)."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from dgl_rsis.models.tiny_networks import ImageTower, TextTower, TinyConfig, keep_channels_last
from dgl_rsis.models.tokenizer import WordPieceTokenizer
from dgl_rsis.models.torch_tools import squeeze
from pretrain import checkpoints, dubai, log, stamps
from pretrain.concepts import CONCEPTS, SCENES, TEMPLATES, TILE_NAMES
from pretrain.data import SCENE_NAMES, Batch, Real, Sampler, Sources, load_real
from pretrain.losses import Texts, losses
from pretrain.rendered import render

Encode = Callable[[list[str]], Tensor]
RIDGE = 1e-3  # keeps directions that no text takes from growing
FALSE_COLOUR, GREY = 0.03, 0.05  # shares of the images
AHEAD = 4  # batches that are drawn before they are used


class TextBank:
    """Features of all prompts, one group per class, drawn anew for every step."""

    def __init__(self, groups: list[tuple[str, ...]], encode: Encode) -> None:
        self.features = [
            encode([t.format(name) for name in names for t in TEMPLATES]) for names in groups
        ]

    def draw(self, generator: torch.Generator) -> Tensor:
        """One prompt per class, ``(C, D)``."""
        return torch.stack(
            [g[int(torch.randint(len(g), (1,), generator=generator))] for g in self.features]
        )

    def mean(self) -> Tensor:
        """Normalised mean over the prompts of every class, ``(C, D)``."""
        return functional.normalize(torch.stack([g.mean(0) for g in self.features]), dim=-1)


def load_text(folder: Path) -> tuple[Encode, TinyConfig]:
    """The frozen text tower as a function from texts to unit features, and its configuration."""
    saved = torch.load(folder / "text.pt", weights_only=True)
    config = TinyConfig(**saved["config"])
    return _encoder(config, saved["tower"], saved["vocabulary"]), config


def exported_text(folder: Path) -> Encode:
    """The text tower of an exported model."""
    config = TinyConfig.from_json(exported_card(folder)["sizes"])
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return _encoder(config, exported_states(folder)["text"], vocabulary)


def _encoder(config: TinyConfig, state: dict[str, Tensor], vocabulary: list[str]) -> Encode:
    tower = TextTower(config).eval()
    tower.load_state_dict(state)
    tokenizer = WordPieceTokenizer(tuple(vocabulary), config.max_tokens)

    @torch.inference_mode()
    def encode(texts: list[str]) -> Tensor:
        parts = [
            functional.normalize(
                tower(torch.tensor(tokenizer.encode_batch(texts[k : k + 512]))), dim=-1
            )
            for k in range(0, len(texts), 512)
        ]
        return torch.cat(parts)

    return encode


def start_from(tower: ImageTower, folder: Path, encode: Encode, texts: list[str]) -> None:
    """Take the image tower of an exported model and turn its outputs into another joint space.

    The linear map that carries the exported model's text features to the new ones (least
    squares) is folded into the last layers of both heads.

    Args:
        tower: is changed.
        folder: exported model.
        encode: text tower of the new space.
        texts: what the map is fitted on; more than the dimension of the space.
    """
    tower.load_state_dict(exported_states(folder)["image"], strict=False)
    old, new = exported_text(folder)(texts).double(), encode(texts).double()
    inner = old.T @ old + RIDGE * torch.eye(old.shape[1], dtype=old.dtype)
    turn = torch.linalg.solve(inner, old.T @ new).T.float()  # (D, D), acts from the left
    with torch.no_grad():
        tower.embed.weight.copy_(torch.einsum("ij,jchw->ichw", turn, tower.embed.weight))
        tower.pool.project.weight.copy_(turn @ tower.pool.project.weight)
        for bias in (tower.embed.bias, tower.pool.project.bias):
            assert bias is not None
            bias.copy_(turn @ bias)


def exported_card(folder: Path) -> dict[str, Any]:
    """What an exported model says of itself."""
    card: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return card


def exported_states(folder: Path) -> dict[str, dict[str, Tensor]]:
    """Weights of both towers of an exported model: ``"image"`` and ``"text"``."""
    states: dict[str, dict[str, Tensor]] = {"image": {}, "text": {}}
    for name, value in load_file(folder / "model.safetensors").items():
        tower, _, rest = name.partition(".")
        states[tower][rest] = value.float()
    return states


def to_input(images: np.ndarray[Any, Any], device: str) -> Tensor:
    """uint8 ``(B, h, w, 3)`` to float ``(B, 3, h, w)`` in [-1, 1]."""
    tensor = torch.from_numpy(np.ascontiguousarray(images)).to(device)
    return tensor.permute(0, 3, 1, 2).float() / 127.5 - 1


def infrared(x: Tensor) -> Tensor:
    """Imitate a false-colour composite of infrared, red and green as red, green and blue.

    Photographs have no infrared. Green comes nearest: of what plants reflect of visible light it is
    the most, so that vegetation turns red here, too. Blue stays where a composite has green.

    Args:
        x: ``(B, 3, h, w)``.
    """
    return x[:, [1, 0, 2]]


def recolour(x: Tensor, generator: torch.Generator) -> Tensor:
    """Random brightness, contrast, colour cast, haze, saturation; sometimes false colour, or grey.

    Args:
        x: ``(B, 3, h, w)`` in [-1, 1].
        generator: source of chance.
    """

    def draw(low: float, high: float, channels: int = 1) -> Tensor:
        values = torch.rand((len(x), channels, 1, 1), generator=generator)
        return (low + (high - low) * values).to(x.device)

    x = torch.where(draw(0, 1) < FALSE_COLOUR, infrared(x), x)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * draw(0.7, 1.3) + mean + draw(-0.25, 0.25)
    x = x * draw(0.9, 1.1, 3) + draw(-0.06, 0.06, 3)
    grey = x.mean(1, keepdim=True)
    saturation = draw(0.5, 1.4) * (draw(0, 1) > GREY)
    x = grey + (x - grey) * saturation
    haze = draw(-0.6, 0.25).clamp(min=0)
    return (x * (1 - haze) + 0.6 * haze).clamp(-1, 1)


def image_logits(tower: ImageTower, scenes: list[Real], texts: Tensor, size: int) -> Tensor:
    """Cosines ``(n, T)`` of whole images, squeezed to ``size``, with texts; on the CPU."""
    parts = []
    tower.eval()
    device = str(texts.device)
    with torch.inference_mode():
        for start in range(0, len(scenes), 64):
            images = np.stack([squeeze(r.image, size) for r in scenes[start : start + 64]])
            maps = tower.maps(to_input(images, device))
            parts.append(functional.normalize(tower.pool(maps[3]), dim=-1) @ texts.T)
    return torch.cat(parts).cpu()


def accuracy(tower: ImageTower, held_out: list[Real], scenes: Tensor, size: int) -> float:
    """Top-1 over the 30 AID names on whole held-out images."""
    best = image_logits(tower, held_out, scenes, size).argmax(-1)
    return float((best == torch.tensor([r.scene for r in held_out])).float().mean())


def _prefetch(sampler: Sampler, first: int, last: int) -> Iterator[tuple[int, Batch]]:
    """Steps with their batches, drawn ``AHEAD`` of their use; an error of the sampler comes through."""
    with ThreadPoolExecutor(1) as pool:
        drawn = deque(
            pool.submit(sampler.batch, step) for step in range(first, min(first + AHEAD, last))
        )
        for step in range(first, last):
            batch = drawn.popleft().result()
            if step + AHEAD < last:
                drawn.append(pool.submit(sampler.batch, step + AHEAD))
            yield step, batch


def train(data: Path, output: Path, config: dict[str, Any], initial: Path | None = None) -> None:
    """Train, resuming from ``output/image.pt`` when it exists; a log line every 50 steps.

    Args:
        data: folder with the real images.
        output: folder with ``text.pt``; the checkpoint goes there.
        config: the whole configuration.
        initial: exported model whose image tower is the start, whatever its text tower is; None
            starts at random.

    Raises:
        SystemExit: the checkpoint is that of another configuration.
    """
    settings, seed = config["image"], config["seed"]
    checkpoint = output / "image.pt"
    made_from = stamps.parts(config, "text", "rendered", "image")
    made_from["initial"] = None if initial is None else exported_card(initial)["revision"]
    stamps.require(checkpoint, made_from)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(seed)
    encode, sizes = load_text(output)
    withheld = settings["withheld"]
    real, held_out, caption_words = load_real(data, withheld)
    trained = [name for name in SCENE_NAMES if name not in withheld]
    place = np.array([trained.index(n) if n in trained else -1 for n in SCENE_NAMES])
    scene_bank = TextBank([SCENES[name] for name in trained], encode)
    all_scenes = TextBank(list(SCENES.values()), encode).mean()
    concept_bank = TextBank(list(CONCEPTS.values()), encode)
    tile_bank = TextBank(list(TILE_NAMES.values()), encode)
    caption_features = encode(caption_words)
    tiles = dubai.read(data / "dubai")
    rendered = render(config["rendered"], seed, output / "rendered.npz")
    print(f"image: {len(real)} real scenes, {len(rendered.images)} rendered, {device}", flush=True)
    tower = ImageTower(sizes)
    if initial is not None:
        groups = (*SCENES.values(), *CONCEPTS.values())
        prompts = [t.format(name) for names in groups for name in names for t in TEMPLATES]
        start_from(tower, initial, encode, prompts + caption_words)
    tower = tower.to(device)
    keep_channels_last(tower)
    optimiser = torch.optim.AdamW(
        tower.parameters(), settings["learning_rate"], weight_decay=settings["weight_decay"]
    )
    average = torch.optim.swa_utils.AveragedModel(
        tower,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings["average_decay"]),
        use_buffers=True,
    )
    first = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True, map_location=device)
        tower.load_state_dict(saved["tower"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        first = saved["step"]
    sampler = Sampler(Sources(real, rendered, tiles), settings, seed)
    started, seen = time.perf_counter(), 0
    for step, batch in _prefetch(sampler, first, settings["steps"]):
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        for group in optimiser.param_groups:
            group["lr"] = _learning_rate(step, settings)
        x = recolour(to_input(batch.images, device), generator)
        x = x.contiguous(memory_format=torch.channels_last)
        batch = replace(batch, scenes=place[batch.scenes])
        tower.train()
        rows = torch.from_numpy(batch.captions[batch.captions >= 0])
        texts = Texts(
            scene_bank.draw(generator),
            caption_features[rows],
            concept_bank.draw(generator),
            tile_bank.draw(generator),
        )
        parts = losses(tower, batch, x, texts.to(device), settings)
        loss = torch.stack(list(parts.values())).sum()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tower.parameters(), 5.0)
        optimiser.step()
        average.update_parameters(tower)
        seen += len(x)
        is_kept = (step + 1) % settings["checkpoint_every"] == 0 or step + 1 == settings["steps"]
        if is_kept or (step + 1) % 50 == 0:
            record = {"step": step + 1, **{k: round(v.item(), 4) for k, v in parts.items()}}
            record["images_per_second"] = round(seen / (time.perf_counter() - started), 1)
            if is_kept:
                own = cast("ImageTower", average.module)
                top1 = accuracy(own, held_out, all_scenes.to(device), settings["input_size"])
                record["top1"] = round(top1, 4)
                checkpoints.save(
                    checkpoint, step + 1, tower, average, optimiser, **stamps.stamp(made_from)
                )
            log.write(output, "image", record)


def _learning_rate(step: int, settings: dict[str, Any]) -> float:
    """Warm-up, a plateau, and a linear fall to zero over ``final_steps``."""
    warm = min(1.0, (step + 1) / settings["warmup"])
    left = min(1.0, (settings["steps"] - step) / settings["final_steps"])
    return float(settings["learning_rate"] * warm * left)
