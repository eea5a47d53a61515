import json

import numpy as np
import pytest
import torch
from pretrain import log, rendered, stamps

CONFIG = {"seed": 7, "text": {"steps": 3}, "image": {"zoom": (0.5, 2.0)}}


@pytest.fixture(params=["x.npz", "x.pt"])
def path(request, tmp_path):
    """A file made from ``CONFIG``."""
    path, own = tmp_path / request.param, stamps.stamp(stamps.parts(CONFIG, "text", "image"))
    if path.suffix == ".npz":
        np.savez(path, images=np.zeros(2), **own)
    else:
        torch.save({"tower": torch.zeros(2), **own}, path)
    return path


def test_a_file_is_known_by_what_it_was_made_from(path):
    assert stamps.differing(path, stamps.parts(CONFIG, "text", "image")) is None
    assert stamps.differing(path, stamps.parts(CONFIG, "image")) is None
    assert stamps.differing(path, {"seed": 8}) == "seed"
    assert stamps.differing(path, {**stamps.parts(CONFIG, "image"), "text": {}}) == "text"
    assert stamps.differing(path, {"initial": None}) == "initial"


def test_a_mismatch_is_told_in_one_line(path, tmp_path):
    stamps.require(path, stamps.parts(CONFIG, "text"))
    stamps.require(tmp_path / "absent.pt", {"seed": 8})
    with pytest.raises(SystemExit) as told:
        stamps.require(path, {"seed": 8})
    message = str(told.value)
    assert str(path) in message
    assert "'seed'" in message
    assert "--output" in message
    assert "\n" not in message


def test_a_file_without_a_stamp_was_made_from_nothing(tmp_path):
    np.savez(tmp_path / "x.npz", images=np.zeros(2))
    torch.save({"tower": torch.zeros(2)}, tmp_path / "x.pt")
    for name in ("x.npz", "x.pt"):
        assert stamps.differing(tmp_path / name, {"seed": 7}) == "seed"


def test_rendered_scenes_are_made_anew_for_another_configuration(tmp_path, monkeypatch):
    seeds = []

    class Here:
        """In place of the pool of processes."""

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def map(self, function, jobs, chunksize):
            seeds.append([seed for seed, _ in jobs])
            return ((np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.int16)) for _ in jobs)

    monkeypatch.setattr(rendered, "ProcessPoolExecutor", Here)
    cache = tmp_path / "rendered.npz"
    for settings, seed in (({"scenes": 2}, 1), ({"scenes": 2}, 1), ({"scenes": 3}, 1)):
        made = rendered.render(settings, seed, cache)
        assert len(made.images) == settings["scenes"]
    rendered.render({"scenes": 3}, 2, cache)
    assert seeds == [[1000003, 1000004], [1000003, 1000004, 1000005], [2000006, 2000007, 2000008]]
    assert [path.name for path in tmp_path.iterdir()] == ["rendered.npz"]


def test_the_log_is_printed_and_appended_to(tmp_path, capsys):
    log.write(tmp_path / "run", "image", {"step": 1})
    log.write(tmp_path / "run", "export", {"top1": 0.5})
    lines = (tmp_path / "run" / "log.jsonl").read_text("utf-8")
    assert [json.loads(line) for line in lines.splitlines()] == [
        {"of": "image", "step": 1},
        {"of": "export", "top1": 0.5},
    ]
    assert capsys.readouterr().out == lines
