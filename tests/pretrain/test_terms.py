import pytest
from pretrain import configuration
from pretrain.terms import terms, uses_aid

USE = "The weights are for research and evaluation."


def changed(**own):
    return configuration.changed(configuration.read(), own, "test")


def test_everything_is_named_by_default():
    told = terms(configuration.read())
    data = "AID, RSICD captions, Dubai tiles (CC0), rendered scenes"
    assert told.notice == f"rs-tiny was trained on {data}. {USE}"
    assert told.licence == (
        "research and evaluation (AID and RSICD captions terms); code Apache-2.0"
    )


def test_the_open_variant_has_open_terms():
    told = terms(configuration.read(variant="cc0"))
    assert told.notice == "rs-tiny was trained on Dubai tiles (CC0), rendered scenes."
    assert told.licence == "open data only; code Apache-2.0"


@pytest.mark.parametrize(
    ("text", "is_named"),
    [({"captions": True}, True), ({"captions": True, "steps": 0}, False), ({}, False)],
)
def test_captions_that_only_the_text_tower_knows_are_named(text, is_named):
    config = configuration.read(variant="cc0")
    told = terms({**config, "text": {**config["text"], **text}})
    assert ("RSICD captions" in told.notice) == is_named
    assert ("research" in told.licence) == is_named


@pytest.mark.parametrize("part", ["scene", "mosaic"])
def test_every_way_to_use_aid_counts(part):
    config = configuration.read(variant="cc0")
    assert not uses_aid(config)
    config["image"][f"{part}_batch"] = 1
    assert uses_aid(config)
    assert "AID" in terms(config).notice


def test_unused_sources_are_not_named():
    told = terms(changed(image={"tile_batch": 0, "rendered_batch": 0}))
    assert told.notice == f"rs-tiny was trained on AID, RSICD captions. {USE}"


@pytest.mark.parametrize("variant", [None, "cc0"])
def test_ancestry_is_told_and_counts(variant):
    ancestry = "It goes on from version 2, which saw RSSCN7."
    told = terms({**configuration.read(variant=variant), "ancestry": ancestry})
    assert told.notice.endswith(f". {ancestry} {USE}")
    assert "ancestry" in told.licence
    assert "open data" not in told.licence
