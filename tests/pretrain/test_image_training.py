"""Training of the image tower from end to end, in seconds."""

import json

import numpy as np
import pytest
import torch
from pretrain import image, stamps
from pretrain.image import _learning_rate, exported_text, start_from, to_input
from tiny_towers import save_text_tower
from torch.nn import functional

from dgl_rsis.models.tiny_networks import ImageTower, TinyConfig

CONFIG = {
    "seed": 7,
    "text": {"steps": 0},
    "rendered": {"scenes": 3, "size": 48, "gsd": [0.5, 1.0]},
    "image": {
        "steps": 5, "final_steps": 2, "size": 32, "final_size": 64, "input_size": 32, "withheld": [],
        "scene_batch": 2, "mosaic_batch": 0, "drawn_share": 0.5, "tile_batch": 1,
        "rendered_batch": 1, "least_crop": 0.7, "warmup": 2, "learning_rate": 0.01,
        "weight_decay": 0.05, "average_decay": 0.5, "caption_weight": 0.5, "partial_weight": 0.8,
        "required_weight": 0.8, "repaint_share": 0.5, "balanced_share": 0.5,
        "rendered_zoom": [0.7, 1.2], "tile_zoom": [0.5, 1.0], "region_weight": 0.5,
        "tile_weight": 1.0, "dense_weight": 1.0, "checkpoint_every": 3,
    },
}  # fmt: skip


@pytest.fixture
def output(tmp_path):
    """A run with a random text tower and rendered scenes of noise."""
    torch.manual_seed(0)
    folder = tmp_path / "run"
    folder.mkdir()
    save_text_tower(folder / "text.pt")
    rng = np.random.default_rng(3)
    np.savez(
        folder / "rendered.npz",
        images=rng.integers(0, 256, (3, 48, 48, 3), dtype=np.uint8),
        dense=rng.integers(-1, 5, (3, 48, 48)).astype(np.int16),
        **stamps.stamp(stamps.parts(CONFIG, "rendered")),
    )
    return folder


def trained(data, output):
    image.train(data, output, CONFIG)
    return torch.load(output / "image.pt", weights_only=True)


def test_a_stopped_run_goes_on_as_if_it_had_not_been(data, output, monkeypatch):
    whole = trained(data, output)
    assert whole["step"] == 5
    lines = (output / "log.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["step"] for line in lines] == [3, 5]  # whatever else is logged
    (output / "image.pt").unlink()

    class Stopped(Exception):
        pass

    def stop(step, settings):
        if step == 4:
            raise Stopped
        return _learning_rate(step, settings)

    monkeypatch.setattr(image, "_learning_rate", stop)
    with pytest.raises(Stopped):
        image.train(data, output, CONFIG)
    assert torch.load(output / "image.pt", weights_only=True)["step"] == 3
    monkeypatch.setattr(image, "_learning_rate", _learning_rate)
    resumed = trained(data, output)
    for kind in ("tower", "average"):
        for name, value in whole[kind].items():
            torch.testing.assert_close(resumed[kind][name], value, atol=1e-6, rtol=1e-4)
    assert not torch.equal(whole["tower"]["embed.weight"], whole["average"]["module.embed.weight"])


def test_a_checkpoint_of_another_configuration_is_not_gone_on_from(data, output):
    made_from = {**stamps.parts(CONFIG, "text", "rendered", "image"), "initial": "another"}
    torch.save(stamps.stamp(made_from), output / "image.pt")
    with pytest.raises(SystemExit, match=r"image\.pt was not made .*'initial' differs"):
        image.train(data, output, CONFIG)


def test_a_tower_is_turned_with_the_texts(tiny_rs_folder):
    torch.manual_seed(0)
    config = TinyConfig.from_json(image.exported_card(tiny_rs_folder)["sizes"])
    old = exported_text(tiny_rs_folder)
    turn, _ = torch.linalg.qr(torch.randn(config.dim, config.dim))
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice([*"abcdefghij   "], 12)) for _ in range(400)]
    before, after = ImageTower(config).eval(), ImageTower(config).eval()
    start_from(before, tiny_rs_folder, old, words)
    start_from(after, tiny_rs_folder, lambda texts: old(texts) @ turn.T, words)
    x = to_input(rng.integers(0, 256, (3, 64, 64, 3), dtype=np.uint8), "cpu")
    texts = old(words[:20])
    with torch.inference_mode():
        for head in (lambda t: t.pool(t.maps(x)[3]), lambda t: t.dense(t.maps(x)).mean((2, 3))):
            was = functional.normalize(head(before), dim=-1) @ texts.T
            now = functional.normalize(head(after), dim=-1) @ (texts @ turn.T).T
            torch.testing.assert_close(now, was, atol=0.01, rtol=0)
            assert not torch.allclose(head(before), head(after), atol=0.1)
