import pytest

from dgl_rsis.errors import TextError
from dgl_rsis.text.classes import read_classes


def test_competitors_have_no_class_by_default():
    chosen = read_classes(["building", "water"])
    assert chosen.names == ("building", "water")
    assert chosen.class_of_name[:2] == (0, 1)
    assert len(chosen.competitors) > 3
    assert set(chosen.class_of_name[2:]) == {-1}
    assert not {"water", "building", "house"} & {c.name for c in chosen.competitors}


def test_a_name_for_the_rest_is_the_last_class():
    chosen = read_classes(["building"], other="anything else")
    assert chosen.names == ("building", "anything else")
    assert set(chosen.class_of_name[1:]) == {1}


def test_rest_is_the_first_competitor_of_a_class():
    assert read_classes(["building", "water"]).rest is None
    assert read_classes(["building"], other=False).rest is None
    assert read_classes(["building", "water"], other="rest").rest == 2
    assert read_classes(["background", "building"]).rest == 1


def test_background_words_stand_for_the_rest_where_they_are():
    chosen = read_classes(["background", "building"])
    assert [p.name for p in chosen.prompts] == ["building"]
    assert chosen.class_of_name[0] == 1
    assert set(chosen.class_of_name[1:]) == {0}


def test_nothing_competes_when_every_pixel_is_forced():
    assert read_classes(["building", "water"], other=False).competitors == ()
    assert read_classes(["building"], background=False).competitors == ()


@pytest.mark.parametrize(
    ("classes", "other"),
    [
        ([], None),
        (["building", "Building "], None),
        (["a", " "], None),
        (["background", "clutter"], None),
        (["background"], None),
        (["background", "building"], "rest"),
        ("building", None),
    ],
)
def test_unusable_classes_are_refused(classes, other):
    with pytest.raises(TextError):
        read_classes(classes, other=other)
