import numpy as np
import pytest
import torch
from pretrain.vit.networks import (
    TextStudent,
    clip_config,
    image_student,
    read,
    start_tokens,
    start_vision,
    waves,
    whitening,
)
from torch.nn import functional

DIM = 8


@pytest.fixture
def sizes(config):
    return clip_config(config["vit"], 530, DIM)


@pytest.fixture
def student(sizes):
    torch.manual_seed(0)
    student = image_student(sizes).eval()
    images = np.random.default_rng(0).integers(0, 256, (20, 48, 48, 3), dtype=np.uint8)
    start_vision(student, images, np.random.default_rng(1))
    return student


@pytest.fixture
def pixels():
    return torch.rand((2, 3, 48, 48), generator=torch.Generator().manual_seed(2)) * 2 - 1


def test_sizes_are_those_of_the_configuration(sizes):
    assert (sizes.vision_config.image_size, sizes.vision_config.patch_size) == (48, 16)
    assert (sizes.text_config.vocab_size, sizes.text_config.eos_token_id) == (530, 529)
    assert sizes.projection_dim == sizes.text_config.projection_dim == DIM


@torch.inference_mode()
def test_the_image_is_read_as_by_transformers(student, pixels):
    said = read(student, pixels)
    expected = functional.normalize(student(pixels).image_embeds, dim=-1)
    torch.testing.assert_close(said.image, expected, atol=1e-5, rtol=0)
    hidden = student.vision_model(pixels).last_hidden_state[:, 1:]
    tokens = student.visual_projection(student.vision_model.post_layernorm(hidden))
    torch.testing.assert_close(said.tokens, functional.normalize(tokens, dim=-1), atol=1e-5, rtol=0)
    assert said.values.shape == said.tokens.shape == (2, 9, DIM)


@torch.inference_mode()
def test_values_are_those_of_a_patch_that_attends_to_itself_only(student, pixels):
    vision = student.vision_model
    entering = vision(pixels, output_hidden_states=True).hidden_states[-2][:, 1:]
    block = vision.encoder.layers[-1]
    alone = block.layer_norm1(entering).flatten(0, 1)[:, None]  # one token a row
    attended, _ = block.self_attn(hidden_states=alone)
    projected = student.visual_projection(vision.post_layernorm(attended)).view(2, 9, DIM)
    torch.testing.assert_close(
        read(student, pixels).values, functional.normalize(projected, dim=-1), atol=1e-5, rtol=0
    )


@torch.inference_mode()
def test_patches_that_are_not_shown_have_no_effect(student, pixels):
    kept = torch.tensor([[0, 4], [1, 8]])
    changed = pixels.clone()
    changed[0, :, :16, 16:] = changed[1, :, 16:32, :32] = 0.5  # patches 1, 2 and 3, 4
    said, again = read(student, pixels, kept), read(student, changed, kept)
    for name in ("image", "values", "tokens"):
        torch.testing.assert_close(getattr(said, name), getattr(again, name))
    everything = read(student, pixels, torch.arange(9).expand(2, -1))
    torch.testing.assert_close(everything.image, read(student, pixels).image)
    changed[0, :, :16, :16] = 0.5
    assert not torch.allclose(read(student, changed, kept).image[0], said.image[0], atol=1e-4)


def test_whitened_patches_are_uncorrelated_with_variance_one():
    torch.manual_seed(0)
    patches = torch.randn(4000, 5) @ torch.diag(torch.tensor([30.0, 10, 3, 2, 1]))
    answers = (patches - patches.mean(0)) @ whitening(patches @ torch.eye(5), 3).T
    torch.testing.assert_close(torch.cov(answers.T), torch.eye(3), atol=0.05, rtol=0)
    assert whitening(patches, 7).shape == (7, 5)


def test_components_that_never_vary_are_not_blown_up():
    torch.manual_seed(0)
    patches = torch.randn(500, 4)
    patches[:, 3] = 2.0
    filters = whitening(patches, 4)
    assert torch.isfinite(filters).all()
    assert (patches @ filters.T).std(0)[3] < 0.1


def test_near_places_are_more_alike_than_far_ones():
    places = functional.normalize(waves(10, 64), dim=-1).view(10, 10, 64)
    like = places @ places[5, 5]
    assert like[5, 5] == pytest.approx(1)
    assert like[5, 6] > like[5, 8]
    assert like[6, 5] > like[8, 5]
    torch.testing.assert_close(like, like.T)
    assert len({tuple(place) for place in places.flatten(0, 1).tolist()}) == 100


def test_pieces_start_as_alike_as_the_teacher_finds_them(sizes):
    torch.manual_seed(0)
    student = TextStudent(sizes)
    table = student.clip.get_input_embeddings().weight
    ends = table[-2:].clone()
    features = np.random.default_rng(0).standard_normal((528, DIM)).astype(np.float32)
    start_tokens(student, features)
    centred = torch.from_numpy(features - features.mean(0))
    expected = functional.normalize(centred, dim=-1)
    placed = functional.normalize(table[:-2], dim=-1)
    torch.testing.assert_close(placed @ placed.T, expected @ expected.T, atol=1e-4, rtol=0)
    assert torch.equal(table[-2:], ends)


@torch.inference_mode()
def test_what_pads_behind_the_end_has_no_effect(sizes):
    torch.manual_seed(0)
    student = TextStudent(sizes).eval()
    text = [528, 7, 9, 529]
    ids = torch.tensor([[*text, 529, 529], [*text, 3, 4]])
    first, second = student(ids)
    torch.testing.assert_close(first, second)
    torch.testing.assert_close(first, student(torch.tensor([text]))[0])
