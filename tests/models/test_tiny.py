import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dgl_rsis.errors import ModelError
from dgl_rsis.models.tiny import RsTiny
from dgl_rsis.models.tokenizer import WordPieceTokenizer
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import FloatArray, RGBImage

TOKENS = ("[PAD]", "[UNK]", "run", "runway", "##way", "##s", "cafe", ",", "a", "##a", "2", "##1")


@pytest.fixture(scope="module")
def tiny(tiny_rs_folder: Path) -> RsTiny:
    return RsTiny.from_folder(tiny_rs_folder)


def picture(height: int, width: int, seed: int = 0) -> RGBImage:
    small = np.random.default_rng(seed).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def everything(height: int, width: int) -> MaskSet:
    return MaskSet.from_masks(np.ones((1, height, width), bool))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("runway", ["runway"]),  # the longest piece first, not run + ##way
        ("Runways", ["runway", "##s"]),
        ("runs, a CAFÉ", ["run", "##s", ",", "a", "cafe"]),
        ("a-a", ["a", "[UNK]", "a"]),
        ("21", ["2", "##1"]),
        ("runx", ["[UNK]"]),  # a word that cannot be taken apart whole is unknown whole
        ("", ["[UNK]"]),
        (" \t", ["[UNK]"]),
    ],
)
def test_word_pieces(text: str, pieces: list[str]) -> None:
    assert [TOKENS[k] for k in WordPieceTokenizer(TOKENS).encode(text)] == pieces


def test_word_pieces_are_cut_and_padded() -> None:
    tokenizer = WordPieceTokenizer(TOKENS, max_length=3)
    assert tokenizer.encode("a a a a a") == [8, 8, 8]
    assert tokenizer.encode_batch(["a", "runways"]) == [[8, 0], [3, 5]]
    assert tokenizer.encode_batch([]) == []


@given(st.text(max_size=40))
def test_any_text_has_pieces(text: str) -> None:
    ids = WordPieceTokenizer(TOKENS, max_length=9).encode(text)
    assert 1 <= len(ids) <= 9
    assert all(1 <= number < len(TOKENS) for number in ids)


def test_texts_do_not_depend_on_their_neighbours(tiny: RsTiny) -> None:
    texts = ["water", "the red roof by the building", ""]
    together = tiny.encode_texts(texts)
    assert together.shape == (3, 16)
    assert together.dtype == np.float32
    alone = np.concatenate([tiny.encode_texts([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert tiny.encode_texts([]).shape == (0, 16)


def test_images_do_not_depend_on_their_neighbours(tiny: RsTiny) -> None:
    images = [picture(64, 64), picture(10, 200, seed=1), picture(1, 1)]
    together = tiny.encode_images(images)
    alone = np.concatenate([tiny.encode_images([image]) for image in images])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert tiny.encode_images([]).shape == (0, 16)


@pytest.mark.parametrize(
    ("size", "cells"),
    [
        ((64, 64), (16, 16)),
        ((1, 1), (1, 1)),
        ((3, 5), (1, 2)),
        ((65, 47), (17, 12)),
        ((20, 3000), (5, 750)),
    ],
)
def test_dense_has_stride_four_at_any_size(
    tiny: RsTiny, size: tuple[int, int], cells: tuple[int, int]
) -> None:
    features = tiny.dense(picture(*size))
    assert features.shape == (*cells, 16)
    assert features.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(features, axis=-1), 1, atol=1e-5)


def test_cells_divide_an_odd_image_evenly(tiny: RsTiny) -> None:
    """Cell k of an image that is no multiple of the stride lies at (k + 0.5) * height / rows."""
    large, odd = picture(64, 64), picture(64, 64)[:61]
    features, cut = tiny.dense(large), tiny.dense(np.ascontiguousarray(odd))
    assert cut.shape == (16, 16, 16)
    centres = (np.arange(16) + 0.5) * 61 / 16 / 4 - 0.5  # in cells of the large image
    low = np.floor(centres).astype(int).clip(0, 14)
    part = (centres - low)[:, None, None]
    expected = (1 - part) * features[low] + part * features[low + 1]
    cosines = (unit(expected) * cut).sum(-1)
    assert cosines[2:8].min() > 0.98  # away from the border that was cut


def unit(features: FloatArray) -> FloatArray:
    return features / np.linalg.norm(features, axis=-1, keepdims=True)


def test_windows_give_what_the_whole_gives(tiny: RsTiny, tiny_rs_folder: Path) -> None:
    windowed = RsTiny.from_folder(tiny_rs_folder)
    windowed.window, windowed.halo = 64, 128
    image = picture(200, 290)
    np.testing.assert_allclose(windowed.dense(image), tiny.dense(image), atol=1e-3)
    masks = everything(200, 290)
    np.testing.assert_allclose(
        windowed.regions(image, masks), tiny.regions(image, masks), atol=1e-3
    )


def test_a_mask_of_everything_is_the_image_embedding(tiny: RsTiny) -> None:
    image = picture(64, 64)
    regions = tiny.regions(image, everything(64, 64))
    np.testing.assert_allclose(regions, tiny.encode_images([image]), atol=1e-5)


def test_regions_have_the_temperature_of_image_embeddings(tiny: RsTiny) -> None:
    assert tiny.region_logit_scale == tiny.logit_scale != tiny.dense_logit_scale


def test_regions_depend_on_their_masks(tiny: RsTiny) -> None:
    masks = np.zeros((2, 70, 90), bool)
    masks[0, :30], masks[1, 69, 89] = True, True
    regions = tiny.regions(picture(70, 90), MaskSet.from_masks(masks))
    assert regions.shape == (2, 16)
    np.testing.assert_allclose(np.linalg.norm(regions, axis=1), 1, atol=1e-5)
    assert not np.allclose(regions[0], regions[1], atol=1e-3)


def test_one_pixel_is_an_image(tiny: RsTiny) -> None:
    image = picture(1, 1)
    texts = tiny.encode_texts(["water", "road"])
    assert tiny.regions(image, everything(1, 1)).shape == (1, 16)
    maps, probabilities = tiny.activations(image, texts, [1])
    assert maps.shape == (1, 4, 4)
    assert 0 <= probabilities[0] <= 1


def test_activations_are_rectified_with_probabilities(tiny: RsTiny) -> None:
    texts = tiny.encode_texts(["water", "road", "tree"])
    texts.flags.writeable = False  # callers may hand out cached features
    maps, probabilities = tiny.activations(picture(80, 50), texts, [2, 0, 1])
    assert maps.shape == (3, 20, 12)
    assert maps.dtype == probabilities.dtype == np.float32
    assert maps.min() >= 0
    np.testing.assert_allclose(probabilities, 1)  # nothing is left to compete
    alone = [tiny.activations(picture(80, 50), texts, [k])[1][0] for k in range(3)]
    assert sum(alone) == pytest.approx(1, abs=1e-5)
    none, nothing = tiny.activations(picture(80, 50), texts, [])
    assert none.shape == (0, 20, 12)
    assert nothing.shape == (0,)


def test_targets_do_not_compete_with_each_other(tiny: RsTiny) -> None:
    texts = tiny.encode_texts(["water", "the water by the road", "road", "tree"])
    alone, probability = tiny.activations(picture(80, 50), texts[[0, 2, 3]], [0])
    both, probabilities = tiny.activations(picture(80, 50), texts, [0, 1])
    np.testing.assert_allclose(both[0], alone[0], rtol=1e-4, atol=1e-6)
    assert probabilities[0] == pytest.approx(probability[0], abs=1e-6)


@pytest.mark.parametrize("name", ["config.json", "vocab.txt", "model.safetensors"])
def test_a_missing_file_is_named(tiny_rs_folder: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(tiny_rs_folder, tmp_path / "model"))
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"has no {name}; it needs"):
        RsTiny.from_folder(folder)


def test_damaged_folders_are_refused(tiny_rs_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(tiny_rs_folder, tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    lacking = {name: value for name, value in weights.items() if name != "image.embed.weight"}
    save_file(lacking, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"image\.embed\.weight"):
        RsTiny.from_folder(folder)
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot load"):
        RsTiny.from_folder(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json"):
        RsTiny.from_folder(folder)
    (folder / "config.json").write_text('{"family": "rs-tiny"}')
    with pytest.raises(ModelError, match=r"config\.json lacks 'dense_logit_scale'"):
        RsTiny.from_folder(folder)


def test_no_proposals_have_no_features(tiny: RsTiny) -> None:
    none = MaskSet.from_masks([], (32, 32))
    assert tiny.regions(picture(32, 32), none).shape == (0, tiny.dim)
