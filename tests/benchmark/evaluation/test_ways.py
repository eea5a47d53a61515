import pytest

from dgl_rsis.benchmark.evaluation.ways import ON_SENTENCES, SWITCHES, Way, model_label, parse_ways
from dgl_rsis.config import make_settings
from dgl_rsis.errors import InputError

BASELINES = ("maskclip", "gem", "oracle-classes")


def ways(*texts, models=("rs-tiny",), maps=True):
    return parse_ways(texts, models, baselines=BASELINES, maps=maps)


def test_sets_stand_for_their_members_and_nothing_comes_twice():
    names = [way.name for way in ways("default", "presets", "baselines", "oracles")]
    assert names == [
        *("rs-tiny default", "rs-tiny fast", "rs-tiny paper"),
        *("rs-tiny maskclip", "rs-tiny gem", "rs-tiny oracle-classes"),
    ]


def test_options_follow_commas_even_where_values_hold_some():
    (way,) = ways("default,local.scales=[1, 0.5],paint.painter=leaf")
    assert way.overrides == {"local": {"scales": [1, 0.5]}, "paint": {"painter": "leaf"}}
    assert way.name == "rs-tiny default, local.scales=[1, 0.5], paint.painter=leaf"


def test_every_way_runs_on_every_model():
    found = ways("default", "gem", models=("rs-tiny", "dir:runs/x/model"))
    assert [way.name for way in found] == ["rs-tiny default", "rs-tiny gem", "x default", "x gem"]


@pytest.mark.parametrize("name", list(SWITCHES))
def test_switches_are_settings_that_exist(name):
    way = Way("rs-tiny", name)
    assert way.baseline is None
    settings = make_settings(way.preset, way.overrides)
    assert settings != make_settings(way.preset) or "mask guidance" in name or "crops" in name


def test_all_switches_but_painters_act_on_sentences():
    assert set(ON_SENTENCES) == {name for name in SWITCHES if not name.startswith("painter")}


def test_baselines_choose_among_flat_masks_and_oracles_see_ours():
    assert make_settings("default", Way("rs-tiny", "gem").overrides).proposals.parts == ("flat",)
    oracle = Way("rs-tiny", "oracle-classes")
    assert make_settings("default", oracle.overrides) == make_settings("default")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("magic", "no way is called 'magic'; choose of default"),
        ("default,nothing.here=1", "nothing"),
    ],
)
def test_what_is_unknown_is_told(text, told):
    with pytest.raises(InputError, match=told):
        [make_settings(way.preset, way.overrides) for way in ways(text)]


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ("rs-tiny", "rs-tiny"),
        ("hf:openai/clip-vit-base-patch16", "openai/clip-vit-base-patch16"),
        ("dir:benchmarks/rs_tiny_vit", "rs_tiny_vit"),
        ("dir:runs/withheld/model", "withheld"),
        ("openclip:files/RemoteCLIP-ViT-B-32.pt", "files/RemoteCLIP-ViT-B-32.pt"),
    ],
)
def test_models_have_short_names(model, label):
    assert model_label(model) == label
