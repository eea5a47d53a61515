from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dgl_rsis.config import Settings, make_settings, parse_overrides, preset_names
from dgl_rsis.errors import InputError, did_you_mean
from dgl_rsis.setting_lines import allowed

TEXT = resources.files("dgl_rsis").joinpath("defaults.yaml").read_text(encoding="utf-8")
DEFAULTS: dict[str, Any] = yaml.safe_load(TEXT)
STAGES = {name: options for name, options in DEFAULTS.items() if name != "presets"}
SWITCHES = [
    f"{stage}.{option}"
    for stage, options in STAGES.items()
    for option, value in options.items()
    if isinstance(value, bool)
]
NAMES = st.sampled_from(["paint", "local", "scales", "tree_2", "a", "no such", "größe"])
VALUES = (
    st.booleans() | st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
)


def test_presets_are_the_three_of_the_design() -> None:
    assert preset_names() == ("default", "fast", "paper")


@pytest.mark.parametrize("preset", preset_names())
def test_preset_is_the_defaults_with_its_own_values_over_them(preset: str) -> None:
    made = make_settings(preset).model_dump(mode="json")
    for stage, options in STAGES.items():
        expected = {**options, **DEFAULTS["presets"][preset].get(stage, {})}
        assert made[stage] == expected


def test_yaml_and_model_name_the_same_options() -> None:
    assert set(Settings.model_fields) == set(STAGES)
    for stage, field in Settings.model_fields.items():
        assert field.annotation is not None
        assert set(field.annotation.model_fields) == set(STAGES[stage])


def test_what_the_presets_are_for() -> None:
    fast, paper = make_settings("fast"), make_settings("paper")
    assert not fast.local.mask_guidance
    assert not fast.local.context_crop
    assert not fast.activation.enabled
    assert paper.proposals.proposer == "maskcut"
    assert paper.local.context_crop
    assert paper.local.mask_guidance
    assert paper.knowledge.enabled
    assert paper.activation.cross_scale
    assert paper.activation.modifiers == "all"
    assert paper.select.enabled
    assert not paper.program.enabled


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("value", ["true", "false"])
def test_every_switch_can_be_set_from_text(switch: str, value: str) -> None:
    stage, option = switch.split(".")
    made = make_settings(overrides=parse_overrides([f"{switch}={value}"]))
    assert getattr(getattr(made, stage), option) is (value == "true")


def test_overrides_come_after_the_preset() -> None:
    made = make_settings("fast", {"paint": {"painter": "cut"}, "activation": {"tiles": 3}})
    assert made.paint.painter == "cut"
    assert made.activation.tiles == 3
    assert not made.activation.enabled


def test_overrides_leave_the_defaults_alone() -> None:
    make_settings(overrides={"local": {"crop_count": 3}})
    assert make_settings().local.crop_count == STAGES["local"]["crop_count"]


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make_settings().paint.painter = "cut"


@pytest.mark.parametrize(
    ("preset", "overrides", "says"),
    [
        ("best", {}, "unknown preset 'best'; choose one of default, fast, paper"),
        ("default", {"painting": {"painter": "cut"}}, "unknown stage 'painting'; choose one of"),
        ("default", {"select": {"program_weight": float("nan")}}, r"select\.program_weight is nan"),
        ("default", {"pain": {}}, r"unknown stage 'pain'; .*; did you mean paint\?"),
        ("default", {"paint": "cut"}, "setting paint: 'cut' is not a table of options"),
        ("fast", {"select": {"enabled": False}}, "are both off, nothing is left"),
    ],
)
def test_wrong_settings_say_which_in_one_line(
    preset: str, overrides: dict[str, dict[str, Any]], says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        make_settings(preset, overrides)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "=", "paint", "paint=cut", "paint.=cut", ".painter=cut"])
def test_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"write stage\.option=value"):
        parse_overrides([text])


def test_values_that_are_no_yaml_are_refused() -> None:
    with pytest.raises(InputError, match=r"cannot read the value of 'paint\.painter=\['"):
        parse_overrides(["paint.painter=["])


@settings(max_examples=40, deadline=None)
@given(NAMES, NAMES, VALUES | st.lists(VALUES, max_size=3))
def test_values_survive_being_written_as_text(stage: str, option: str, value: object) -> None:
    written = yaml.safe_dump([value], default_flow_style=True, width=10**6).strip()[1:-1]
    assert parse_overrides([f"{stage}.{option}={written}"]) == {stage: {option: value}}


def test_lists_and_the_last_of_two_values() -> None:
    texts = ["local.scales=[1, 0.25]", "paint.painter = leaf", "paint.painter=cut"]
    made = make_settings(overrides=parse_overrides(texts))
    assert made.local.scales == (1.0, 0.25)
    assert made.paint.painter == "cut"


def test_the_readme_lists_every_switch_that_exists() -> None:
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    listed = re.findall(
        r"^\| `([a-z_]+\.[a-z_]+)=(?:true`, `)?false` \|", readme, flags=re.MULTILINE
    )
    on = [switch for switch in SWITCHES if STAGES[switch.split(".")[0]][switch.split(".")[1]]]
    assert sorted(listed) == sorted([*on, "local.mask_guidance", "local.context_crop"])


def test_an_option_without_use_is_named_in_one_clear_line() -> None:
    with pytest.raises(InputError) as caught:
        make_settings(overrides={"proposals": {"proposer": "tree", "checkpoint": "dir:sam"}})
    assert str(caught.value) == (
        "setting proposals: the proposer tree has no use for the checkpoint dir:sam; "
        "checkpoints are for maskcut, hierarchy, sam, sam2, samhq, sam3"
    )


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("paint.colour=red", "is unknown; paint has painter, region_price"),
        ("paint.pianter=cut", "is unknown; did you mean painter?"),
        ("paint.painter=oil", "is 'oil'; allowed: auto, dense, leaf, mask, cut"),
        ("paint.region_price=-1", "is -1; allowed: a number from 0 on"),
        ("activation.overlap=1.0", "is 1.0; allowed: a number from 0 to below 1"),
        ("activation.tiles=2.5", "is 2.5; allowed: a whole number from 2 on"),
        ("activation.checkpoint=3", "is 3; allowed: text"),
        ("local.scales=[]", "is []; allowed: a list of at least 1, in it a number above 0"),
        ("local.scales=[1, no]", "is [1, False]; allowed: a list of at least 1, in it a number above 0"),
        ("local.ground_sampling=3", "is 3; allowed: a list, in it a number above 0"),
        ("local.crop_attenuation=2", "is 2; allowed: a number from 0 to 1"),
        ("local.global_bias=-1", "is -1; allowed: a number from 0 on or null"),
        ("local.mask_guidance=maybe", "is 'maybe'; allowed: true, false or auto"),
        ("knowledge.enabled=null", "is null; allowed: true, false"),
        ("proposals.learned_weight=.inf", "is inf; allowed: a finite number from 0 on"),
        ("proposals.checkpoint=[a]", "is ['a']; allowed: text or a table of names or null"),
        ("proposals.proposer=tee", "is 'tee': choose of tree, flat, maskcut, hierarchy, sam, sam2, "
         "samhq, sam3, or several joined by +; did you mean tree?"),
        ("proposals.proposer=flat+flat", "is 'flat+flat': flat is named 2 times; name it once"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_its_value_and_what_is_allowed(
    setting: str, line: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_settings(overrides=parse_overrides([setting]))
    assert str(caught.value) == f"setting {setting.partition('=')[0]} {line}"


def test_what_every_option_allows_can_be_said() -> None:
    for stage in Settings.model_fields.values():
        assert stage.annotation is not None
        for field in stage.annotation.model_fields.values():
            assert allowed(field.annotation, field.metadata)


def test_a_similar_word_is_meant() -> None:
    assert did_you_mean("PIANTER", ["painter", "price"]) == "; did you mean painter?"
    assert did_you_mean("colour", ["painter", "price"]) == ""
