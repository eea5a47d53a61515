import pytest
import yaml
from pretrain import configuration
from pretrain.__main__ import share


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
    assert [image[f"{part}_batch"] for part in ("scene", "mosaic", "composite")] == [0, 0, 0]
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
    for name in ("text.pt", "rendered.npz"):
        (run / name).write_text("theirs")
    (output / "rendered.npz").write_text("own")
    share(run, output, ())
    assert [path.name for path in output.iterdir()] == ["rendered.npz"]
    share(run, output, ("text.pt",))
    assert (output / "text.pt").read_text() == "theirs"
    assert (output / "rendered.npz").read_text() == "own"
