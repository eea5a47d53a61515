import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.benchmark.metrics.strata import (
    REFERENCES,
    SHARES,
    SIZES,
    TAGS,
    sentence_strata,
    size_strata,
)


@pytest.mark.parametrize(
    ("sentence", "reference"),
    [
        ("the red car", "attribute"),
        ("a building with a gray roof", "attribute"),
        ("The bridge in the image.", "attribute"),
        ("the largest building in this aerial photo", "attribute"),
        ("cars parked in a row", "attribute"),
        ("planes of the same colour", "attribute"),
        ("one of the ships", "attribute"),
        ("the sports field", "attribute"),
        ("a ship on the left", "image"),
        ("the tank on the lower left of the image", "image"),
        ("the vehicle to the far right", "image"),
        ("the second tank from the left", "image"),
        ("the leftmost tank", "image"),
        ("the top-left building", "image"),
        ("the northeastern lake", "image"),
        ("the courts on the right hand side", "image"),
        ("the bridge over a river", "object"),
        ("the building larger than the tank", "object"),
        ("the vehicle to the right of the tall tree", "object"),
        ("a small vehicle is on the upper left of the chimney in the picture", "object"),
        ("the building next to trees", "object"),
        ("the pond surrounded by grass", "object"),
        ("the vehicle between the two houses", "object"),
        ("a ship near the pier", "object"),
        ("the car on the side of the road", "object"),
    ],
)
def test_kind_of_reference(sentence: str, reference: str) -> None:
    assert sentence_strata(sentence)[0] == reference


@pytest.mark.parametrize(
    ("sentence", "tags"),
    [
        ("the red car", set()),
        ("a bus in the forest", set()),
        ("the house in the west", set()),
        ("the largest building", {"superlative"}),
        ("the most elongated roof", {"superlative"}),
        ("the rightmost tank", {"superlative"}),
        ("the smallest of the buildings", {"superlative"}),
        ("the second tank from the left", {"ordinal"}),
        ("the 3rd longest pier", {"ordinal", "superlative"}),
        ("the last plane", {"ordinal"}),
        ("all ships in the harbor", {"group"}),
        ("the tennis courts on the right", {"group"}),
        ("two planes near the terminal", {"group"}),
        ("a group of ships", {"group"}),
        ("buildings left of the river", {"group"}),
        ("one of the ships", set()),
        ("the ship near two cars", set()),
        ("the sports field", set()),
        ("the court on the right of the court on the left", {"compositional"}),
        ("the car in the parking lot on the left", {"compositional"}),
        ("the house near the bridge over the river", {"compositional"}),
        ("the car on the upper left side of the road", set()),
    ],
)
def test_tags(sentence: str, tags: set[str]) -> None:
    assert set(sentence_strata(sentence)[1:]) == tags


@given(st.text(max_size=60))
def test_any_text_has_one_kind_of_reference(sentence: str) -> None:
    found = sentence_strata(sentence)
    assert found[0] in REFERENCES
    assert set(found[1:]) <= set(TAGS)


@pytest.mark.parametrize(
    ("area", "image", "expected"),
    [
        (0, 1_000_000, ("small", "below 0.1 %")),
        (1023, 1_024_000, ("small", "below 0.1 %")),
        (1024, 1_024_000, ("medium", "0.1 to 1 %")),
        (9215, 921_600, ("medium", "0.1 to 1 %")),
        (9216, 921_600, ("large", "1 to 10 %")),
        (100, 1000, ("small", "above 10 %")),
    ],
)
def test_sizes(area: int, image: int, expected: tuple[str, str]) -> None:
    assert size_strata(area, image) == expected
    assert expected[0] in SIZES
    assert expected[1] in SHARES
