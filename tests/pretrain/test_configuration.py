import sys
from pathlib import Path

import pytest
import torch
import yaml
from pretrain import configuration, export, stamps
from pretrain.__main__ import main, share


def test_a_variant_changes_what_it_names_and_its_base_names():
    plain = configuration.read()
    varied = configuration.read(variant="without_rendered")
    assert varied["image"]["rendered_batch"] == 0 != plain["image"]["rendered_batch"]
    base = configuration.changes("withheld")["image"]
    assert {name: varied["image"][name] for name in base} == base
    assert varied["text"] == plain["text"]


def test_every_variant_fits_the_configuration():
    for name in yaml.safe_load(configuration.VARIANTS.read_text()):
        assert configuration.read(variant=name).keys() == configuration.read().keys()


def test_only_open_data_trains_the_open_variant():
    varied = configuration.read(variant="cc0")
    image = varied["image"]
    assert [image[f"{part}_batch"] for part in ("scene", "mosaic")] == [0, 0]
    assert not varied["text"]["captions"]


def test_an_unknown_variant_and_an_unknown_value_are_told():
    with pytest.raises(SystemExit, match="no variant 'other'; there are withheld"):
        configuration.read(variant="other")
    with pytest.raises(SystemExit, match=r"'v' changes image\.speed"):
        configuration.changed({"image": {"steps": 1}}, {"image": {"speed": 2}}, "v")


def test_sharing_links_what_is_there_and_keeps_what_is_own(tmp_path):
    run, output = tmp_path / "run", tmp_path / "out"
    run.mkdir()
    output.mkdir()
    (run / "rendered.npz").write_text("theirs")
    (output / "rendered.npz").write_text("own")
    (run / "teacher.npz").write_text("theirs")
    share(run, output, configuration.read())
    assert {path.name for path in output.iterdir()} == {"rendered.npz", "teacher.npz"}
    assert (output / "teacher.npz").read_text() == "theirs"
    assert (output / "rendered.npz").read_text() == "own"


def test_a_text_tower_is_shared_by_what_it_was_made_from(tmp_path, capsys):
    run, output = tmp_path / "run", tmp_path / "out"
    run.mkdir()
    made_from = stamps.parts(configuration.read(), "text")
    torch.save(stamps.stamp(made_from), run / "text.pt")
    share(run, output, configuration.read(variant="cc0"))
    assert not (output / "text.pt").exists()
    assert "text.pt is not the text tower of this configuration" in capsys.readouterr().out
    share(run, output, configuration.read(variant="withheld"))
    assert (output / "text.pt").exists()


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        ([], "runs/rs-tiny"),
        (["--variant", "cc0"], "runs/cc0"),
        (["--variant", "cc0", "--output", "elsewhere"], "elsewhere"),
    ],
)
def test_a_variant_has_a_folder_of_its_own(options, folder, monkeypatch):
    outputs = []
    monkeypatch.setattr(export, "export", lambda data, output, config: outputs.append(output))
    monkeypatch.setattr(sys, "argv", ["pretrain", "export", "--data", "data", *options])
    main()
    assert outputs == [Path(folder)]


def test_a_run_stops_at_a_text_tower_of_another_configuration(tmp_path, monkeypatch):
    torch.save(stamps.stamp({"text": {}, "seed": 7}), tmp_path / "text.pt")
    monkeypatch.setattr(
        sys, "argv", ["pretrain", "all", "--data", "data", "--output", str(tmp_path)]
    )
    with pytest.raises(SystemExit, match=r"text\.pt was not made from this configuration"):
        main()
