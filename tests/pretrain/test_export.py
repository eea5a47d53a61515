import json

import numpy as np
import pytest
import torch
from pretrain import export, stamps, text
from pretrain.concepts import CONCEPTS, SCENES
from pretrain.export import dense_cosines
from pretrain.image import exported_states, load_text, to_input
from pretrain.rendered import Rendered
from safetensors.torch import load_file
from tiny_towers import SIZES, save_text_tower

from dgl_rsis.models.tiny import RsTiny
from dgl_rsis.models.tiny_networks import ImageTower

CONFIG = {
    "seed": 7,
    "version": 3,
    "text": {"steps": 2, "captions": True},
    "image": {
        "input_size": 32,
        "scene_batch": 1,
        "mosaic_batch": 0,
        "tile_batch": 1,
        "rendered_batch": 1,
    },
    "rendered": {"size": 32, "gsd": [0.5, 1.0]},
}
LAST, MEAN = 1.5, 2.5  # marks of the last weights and of their average
RIVER = list(SCENES).index("River")


def marked(value):
    """An image tower whose scale tells which one it is."""
    tower = ImageTower(SIZES).eval()
    tower.image_scale.data.fill_(value)
    return tower


@pytest.fixture
def output(tmp_path):
    """A finished run: towers of random weights, and scenes to calibrate on."""
    torch.manual_seed(0)
    folder = tmp_path / "run"
    folder.mkdir()
    save_text_tower(folder / "text.pt")
    average = {f"module.{name}": value for name, value in marked(MEAN).state_dict().items()}
    average["n_averaged"] = torch.tensor(3)
    torch.save(
        {
            "step": 12,
            "tower": marked(LAST).state_dict(),
            "average": average,
            **stamps.stamp(stamps.parts(CONFIG, "text", "rendered", "image")),
        },
        folder / "image.pt",
    )
    rng = np.random.default_rng(0)
    np.savez(
        folder / "calibration.npz",
        images=rng.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8),
        dense=rng.integers(-1, len(CONCEPTS), (3, 32, 32)).astype(np.int16),
        **stamps.stamp({"rendered": {**CONFIG["rendered"], "scenes": 100}, "seed": 8}),
    )
    return folder


def judge(monkeypatch, right):
    """Say what share of the held-out images each tower gets right."""

    def logits(tower, scenes, texts, size):
        assert texts.shape == (30, SIZES.dim)
        assert size == CONFIG["image"]["input_size"]
        assert all(real.scene == RIVER for real in scenes)
        table = torch.full((len(scenes), 30), 0.1)
        count = round(right[tower.image_scale.item()] * len(scenes))
        table[:count, RIVER] = 0.3
        table[count:, RIVER + 1] = 0.3
        return table

    monkeypatch.setattr(export, "image_logits", logits)


def test_candidates_are_the_last_weights_and_their_average(output):
    saved = torch.load(output / "image.pt", weights_only=True)
    towers = export.candidates(saved, SIZES)
    assert {name: tower.image_scale.item() for name, tower in towers.items()} == {
        "tower": LAST,
        "average": MEAN,
    }
    assert not any(tower.training for tower in towers.values())
    del saved["average"]["module.image_scale"]
    with pytest.raises(RuntimeError, match="image_scale"):
        export.candidates(saved, SIZES)


@pytest.mark.parametrize(
    ("last", "mean", "better"), [(1.0, 0.5, "tower"), (0.5, 1.0, "average"), (0.5, 0.5, "tower")]
)
def test_the_better_weights_are_exported(output, data, monkeypatch, last, mean, better):
    judge(monkeypatch, {LAST: last, MEAN: mean})
    export.export(data, output, CONFIG)
    facts = json.loads((output / "model" / "config.json").read_text("utf-8"))
    assert facts["development"]["weights"] == better
    assert facts["development"]["top1"] == max(last, mean)
    assert facts["development"]["steps"] == 12
    saved = torch.load(output / "image.pt", weights_only=True)
    expected = export.candidates(saved, SIZES)[better].state_dict()
    weights = load_file(output / "model" / "model.safetensors")
    for name, value in expected.items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(weights[f"image.{name}"], value.half())
    assert {value.dtype for value in weights.values()} == {torch.float16}


def test_what_is_exported_loads_and_can_be_trained_on(output, data, monkeypatch, tmp_path):
    judge(monkeypatch, {LAST: 1.0, MEAN: 0.5})
    export.export(data, output, CONFIG)
    model = RsTiny.from_folder(output / "model")
    encode, _ = load_text(output)
    words = ["a red roof", "the sea"]
    np.testing.assert_allclose(model.encode_texts(words), encode(words).numpy(), atol=0.01)
    assert model.card.revision.startswith("3-")
    assert "research" in model.card.licence
    assert 4 <= model.logit_scale <= 80
    states = exported_states(output / "model")
    assert float(states["image"]["image_scale"]) == LAST
    text.adopt(output / "model", tmp_path / "next")
    again, sizes = load_text(tmp_path / "next")
    assert sizes == SIZES
    np.testing.assert_allclose(again(words).numpy(), encode(words).numpy(), atol=0.01)


def test_the_mean_of_exported_models_is_exported(output, data, monkeypatch):
    judge(monkeypatch, {LAST: 1.0, MEAN: 0.5})
    export.export(data, output, CONFIG)
    first = (output / "model").rename(output / "first")
    judge(monkeypatch, {LAST: 0.5, MEAN: 1.0, (LAST + MEAN) / 2: 0.5})
    export.export(data, output, CONFIG)
    second = (output / "model").rename(output / "second")
    export.average(data, output, CONFIG, [first, second])
    parts = [load_file(folder / "model.safetensors") for folder in (first, second)]
    mean = load_file(output / "model" / "model.safetensors")
    assert mean.keys() == parts[0].keys()
    for name, value in mean.items():
        expected = (parts[0][name].float() + parts[1][name].float()) / 2
        torch.testing.assert_close(value, expected.half())
    facts = json.loads((output / "model" / "config.json").read_text("utf-8"))
    assert facts["development"]["top1"] == 0.5
    assert len(set(facts["development"]["mean of"])) == 2


def test_where_no_aid_image_trains_none_chooses(output, data, monkeypatch):
    judge(monkeypatch, {LAST: 1.0, MEAN: 0.5})
    config = {**CONFIG, "image": {**CONFIG["image"], "scene_batch": 0}}
    saved = torch.load(output / "image.pt", weights_only=True)
    saved |= stamps.stamp(stamps.parts(config, "text", "rendered", "image"))
    torch.save(saved, output / "image.pt")
    monkeypatch.setattr(
        export, "region_cosines", lambda *_: (torch.tensor([[0.1, 0.2]]), torch.tensor([1]))
    )
    export.export(data, output, config)
    card = json.loads((output / "model" / "config.json").read_text("utf-8"))
    assert card["development"]["weights"] == "average"
    assert card["logit_scale"] == 80  # the one region is right: the sharper the better
    assert "AID" not in card["notice"]


def test_regions_are_compared_with_their_own_labels():
    torch.manual_seed(0)
    tower = marked(0.0)
    dense = np.full((2, 32, 32), -1, np.int16)
    dense[0, :16], dense[0, 16:], dense[1] = 3, 1, 2
    scenes = Rendered(np.full((2, 32, 32, 3), 90, np.uint8), dense)
    texts = torch.nn.functional.normalize(torch.randn(5, SIZES.dim), dim=-1)
    cosines, labels = export.region_cosines(tower, texts, scenes)
    assert labels.tolist() == [1, 3, 2]
    assert cosines.shape == (3, 5)
    whole = torch.nn.functional.normalize(
        tower.pool(tower.maps(to_input(scenes.images[1:], "cpu"))[3]), dim=-1
    )
    torch.testing.assert_close(cosines[2:], (whole @ texts.T).detach(), atol=1e-4, rtol=0)


def test_weights_of_another_configuration_are_not_exported(output, data):
    other = {**CONFIG, "rendered": {**CONFIG["rendered"], "gsd": [0.1, 1.0]}}
    with pytest.raises(SystemExit, match=r"image\.pt was not made .*'rendered' differs"):
        export.export(data, output, other)


def test_top1_counts_rows_that_are_right():
    logits = torch.tensor([[0.2, 0.1], [0.1, 0.2], [0.3, 0.1], [0.0, 0.1]])
    assert export.top1(logits, torch.tensor([0, 1, 1, 1])) == 0.75


def test_calibration_finds_the_temperature():
    torch.manual_seed(0)
    cosines = torch.rand(4000, 5) * 2 - 1
    labels = torch.distributions.Categorical(logits=10 * cosines).sample()
    scale, loss = export.calibrate(cosines, labels)
    assert scale == pytest.approx(10, rel=0.15)
    expected = torch.nn.functional.cross_entropy(cosines * scale, labels)
    assert loss == pytest.approx(float(expected), abs=1e-6)


def test_cells_are_compared_with_the_label_at_their_centre():
    dense = np.arange(36).reshape(1, 6, 6).astype(np.int16) % 5
    dense[0, 4, 1] = -1
    scenes = Rendered(np.zeros((1, 6, 6, 3), np.uint8), dense)
    cells = torch.nn.functional.one_hot(torch.arange(4), 4).float().view(2, 2, 4)
    cosines, labels = dense_cosines(lambda image: cells, torch.eye(4), scenes)
    assert labels.tolist() == [dense[0, 1, 1], dense[0, 1, 4], dense[0, 4, 4]]
    assert cosines.argmax(-1).tolist() == [0, 1, 3]
