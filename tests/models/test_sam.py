"""SAM, SAM 2 and SAM-HQ against transformers' own processors and forward passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike
from PIL import Image

from dgl_rsis.models import sam as module
from dgl_rsis.models.sam import Sam, SamImage
from dgl_rsis.types import FloatArray, RGBImage

Folders = Callable[[str], Path]
POINTS = np.array([[3.5, 4.5], [20.0, 10.0], [0.5, 0.5], [29.9, 24.0]])
BOXES = np.array([[2, 3, 20, 18], [0, 0, 30, 25]])


def speckled(height: int, width: int) -> RGBImage:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def answers(parts: Any) -> tuple[FloatArray, FloatArray]:
    logits, ious = zip(*parts, strict=True)
    return np.concatenate(logits), np.concatenate(ious)


def by_processor(folder: Path, kind: str, image: RGBImage, **prompts: Any) -> tuple[Any, Any]:
    """Masks at full size and predicted IoU by transformers alone, prompts in pixel indices."""
    import transformers

    classes = {"sam": ("SamModel", "SamProcessor"), "samhq": ("SamHQModel", "SamHQProcessor")}
    model_class, processor_class = (getattr(transformers, name) for name in classes[kind])
    from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

    model = model_class.from_pretrained(folder).eval()
    processor = processor_class(SamImageProcessorPil.from_pretrained(folder))
    inputs = processor(images=Image.fromarray(image), return_tensors="pt", **prompts)
    sizes = inputs.pop("original_sizes"), inputs.pop("reshaped_input_sizes")
    single = "input_boxes" in prompts
    with torch.no_grad():
        inputs = {
            name: each.float() if each.is_floating_point() else each
            for name, each in inputs.items()
        }
        output = model(**inputs, multimask_output=not single)
    masks = processor.image_processor.post_process_masks(output.pred_masks, *sizes, binarize=False)
    return masks[0].numpy(), output.iou_scores[0].numpy()


def indices(points: FloatArray, image: RGBImage, side: int) -> FloatArray:
    """Points whose input coordinates are those of pixel centres counted by whole numbers."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    seen = np.array([int(width * scale + 0.5) / width, int(height * scale + 0.5) / height])
    return points - 0.5 / seen


def assert_same(ours: FloatArray, theirs: ArrayLike) -> None:
    """Equal to 1e-5 of the largest logit."""
    expected = np.asarray(theirs)
    np.testing.assert_allclose(ours, expected, atol=1e-5 * float(np.abs(expected).max()))


@pytest.mark.parametrize("kind", ["sam", "samhq"])
@pytest.mark.parametrize("shape", [(25, 30), (90, 41), (64, 64)])
def test_masks_are_those_of_transformers(
    segmenter_folder: Folders, kind: str, shape: tuple[int, int]
) -> None:
    folder, image = segmenter_folder(kind), speckled(*shape)
    ours = Sam.load(kind, f"dir:{folder}", "cpu").embed(image)
    logits, ious = answers(ours.at_points(POINTS))
    asked = indices(POINTS, image, 64)
    masks, expected = by_processor(folder, kind, image, input_points=[asked[:, None].tolist()])
    np.testing.assert_allclose(ious, expected, atol=1e-5)
    for number in range(len(POINTS)):
        assert_same(ours.at_full_size(logits[number]), masks[number])
    logits, ious = answers(ours.in_boxes(BOXES))
    corners = indices(BOXES.reshape(-1, 2), image, 64).reshape(-1, 4)
    masks, expected = by_processor(folder, kind, image, input_boxes=[corners.tolist()])
    np.testing.assert_allclose(ious, expected, atol=1e-5)
    assert logits.shape[1] == 1
    assert_same(ours.at_full_size(logits[:, 0]), masks[:, 0])


@pytest.mark.parametrize("kind", ["sam2", "sam2_video"])
def test_sam_2_is_that_of_transformers(segmenter_folder: Folders, kind: str) -> None:
    from transformers import Sam2Model

    # the checkpoint for video holds the same image part, but no processor's file
    mean, std = ([0.5, 0.4, 0.3], [0.2, 0.25, 0.3]) if kind == "sam2" else module_defaults()
    image = speckled(50, 90)
    ours = Sam.load("sam2", str(segmenter_folder(kind)), "cpu").embed(image)
    logits, ious = answers(ours.at_points(POINTS))
    model = Sam2Model.from_pretrained(segmenter_folder("sam2")).eval()
    resized = Image.fromarray(image).resize((128, 128), Image.Resampling.BILINEAR)
    pixels = (np.asarray(resized, np.float32) / 255 - np.float32(mean)) / np.float32(std)
    values = torch.from_numpy(pixels.transpose(2, 0, 1)[None]).float()
    asked = torch.from_numpy(POINTS * [128 / 90, 128 / 50] - 0.5).float()[None, :, None]
    with torch.no_grad():
        output = model(pixel_values=values, input_points=asked)
    np.testing.assert_allclose(ious, output.iou_scores[0], atol=1e-5)
    assert_same(logits, output.pred_masks[0])
    full = torch.nn.functional.interpolate(output.pred_masks[0], (50, 90), mode="bilinear")
    assert_same(ours.at_full_size(logits[0]), full[0])
    boxes, _ = answers(ours.in_boxes(BOXES))
    corners = torch.from_numpy(BOXES * np.tile([128 / 90, 128 / 50], 2) - 0.5).float()[None]
    with torch.no_grad():
        output = model(pixel_values=values, input_boxes=corners, multimask_output=False)
    assert_same(boxes, output.pred_masks[0])


def module_defaults() -> tuple[tuple[float, ...], tuple[float, ...]]:
    return module.IMAGENET.mean, module.IMAGENET.std


@pytest.mark.parametrize("kind", ["sam", "sam2", "samhq"])
def test_batches_change_nothing(
    segmenter_folder: Folders, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    ours = Sam.load(kind, str(segmenter_folder(kind)), "cpu").embed(speckled(30, 40))
    together, scores = answers(ours.at_points(POINTS))
    monkeypatch.setattr(module, "batch_size", lambda *_: 1)
    alone = list(ours.at_points(POINTS))
    assert len(alone) == len(POINTS)
    np.testing.assert_allclose(answers(alone)[0], together, atol=1e-5)
    np.testing.assert_allclose(answers(alone)[1], scores, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (2, 5)])
@pytest.mark.parametrize("kind", ["sam", "sam2"])
def test_tiny_and_narrow_images_work(
    segmenter_folder: Folders, kind: str, shape: tuple[int, int]
) -> None:
    ours = Sam.load(kind, str(segmenter_folder(kind)), "cpu").embed(speckled(*shape))
    logits, ious = answers(ours.at_points(np.array([[0.5, 0.5]])))
    assert np.isfinite(ious).all()
    assert ours.at_full_size(logits[0]).shape == (logits.shape[1], *shape)
    assert list(ours.at_points(np.zeros((0, 2)))) == []
    assert isinstance(ours, SamImage)


def test_thresholds_are_those_of_the_authors(segmenter_folder: Folders) -> None:
    thresholds = {
        kind: Sam.load(kind, str(segmenter_folder(kind)), "cpu").predicted_iou
        for kind in ("sam", "sam2", "samhq")
    }
    assert thresholds == {"sam": 0.88, "sam2": 0.8, "samhq": 0.88}
