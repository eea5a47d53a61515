"""The executor on tables drawn by hand, with answers that a look at the drawing gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgl_rsis.config import make_settings
from dgl_rsis.stages.spatial import CandidateTable, Execution, execute, nouns_in
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.json_form import from_json
from dgl_rsis.text.program.nodes import (
    All,
    And,
    Extremum,
    Filter,
    Measure,
    Node,
    Not,
    Or,
    Relate,
    Select,
)
from dgl_rsis.text.program.vocabulary import (
    Comparison,
    Direction,
    Key,
    Position,
    Quantity,
    Relation,
    Unit,
)
from dgl_rsis.types import MapFrame

SHAPE = (200, 300)
UP = MapFrame((1, 0, 0, 0, -1, 0), "EPSG:32632", (2.0, 2.0), (0.0, -1.0))
LAB = {"white": (93, 0, 1), "red": (46, 42, 26), "black": (13, 0, 0), "blue": (50, -6, -28)}


def make_table(
    things: list[tuple[str, tuple[int, int, int, int], str]], **changes: object
) -> CandidateTable:
    """Filled boxes with a noun and a colour each; probability 0.9 for the noun, 0.05 for others."""
    boxes = np.array([box for _, box, _ in things], dtype=np.int64).reshape(-1, 4)
    sides = boxes[:, 2:] - boxes[:, :2]
    nouns = {noun for noun, _, _ in things}

    def crop(index: int) -> np.ndarray:
        return np.ones((sides[index, 1], sides[index, 0]), dtype=bool)

    table = CandidateTable(
        shape=SHAPE,
        areas=sides.prod(axis=1),
        boxes=boxes,
        centroids=(boxes[:, :2] + boxes[:, 2:]) / 2,
        crop=crop,
        probabilities={
            noun: np.array([0.9 if n == noun else 0.05 for n, _, _ in things], dtype=np.float32)
            for noun in nouns
        },
        colours=np.array([LAB[colour] for _, _, colour in things], dtype=np.float32),
        frame=UP,
        are_instances=True,
    )
    return replace(table, **changes)


LINE = [(x, 90, x + 20, 110) for x in (20, 90, 190, 260)]  # side by side across the image

# A road from top to bottom at x 140..160, halls of several sizes on both sides, two ships.
SCENE = [
    ("road", (140, 0, 160, 200), "black"),  # 0
    ("hall", (10, 10, 50, 40), "white"),  # 1: upper left, 1200
    ("hall", (90, 20, 130, 70), "red"),  # 2: left, close to the road, 2000
    ("hall", (20, 120, 60, 150), "white"),  # 3: lower left, 1200
    ("hall", (170, 20, 240, 90), "black"),  # 4: right, the largest, 4900
    ("hall", (250, 150, 290, 180), "red"),  # 5: lower right, 1200
    ("ship", (100, 160, 130, 170), "white"),  # 6: below, left of the road
    ("ship", (180, 160, 240, 170), "blue"),  # 7: below, right of the road, longer
]


def ask(sentence: str, **changes: object) -> Execution:
    return execute(parse(sentence).program, make_table(SCENE, **changes))


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("the largest hall", 4),
        ("the second largest hall", 2),
        ("the largest hall left of the road", 2),
        ("the largest white hall", None),
        ("the hall in the upper left corner", 1),
        ("the hall in the lower right corner", 5),
        ("the leftmost hall", 1),
        ("the rightmost hall", 5),
        ("the second hall from the left", 3),
        ("the first hall from the right", 5),
        ("the hall closest to the road", None),
        ("the red hall left of the road", 2),
        ("the hall right of the road at the bottom", 5),
        ("the longest ship", 7),
        ("the blue ship", 7),
        ("the ship left of the road", 6),
        ("the ship to the right of the road", 7),
        ("the lowest hall", 5),
        ("the darkest hall", 4),
        ("the hall closest to the blue ship", 5),
        ("the southernmost hall", 5),
        ("the leftmost large hall", 2),
        ("the large hall on the left", 2),
        ("the hall closest to the large hall on the left", 4),
        ("the red hall west of the road", 2),
        ("the hall larger than 15000 m²", 4),
        ("the hall on the left that is not white", 2),
        ("the white hall farthest from the road", 1),
        ("the ship between the hall in the lower left corner and the road", 6),
    ],
)
def test_answers(sentence: str, answer: int | None) -> None:
    execution = ask(sentence)
    if answer is None:  # two are equally right: only that it does not fail
        assert len(execution.instances)
        return
    assert execution.instances[0] == answer, execution
    assert execution.values[answer] > 0
    assert execution.values.dtype == np.float32


def test_sets() -> None:
    assert set(ask("all halls left of the road").instances) == {1, 2, 3}
    assert set(ask("two halls on the right").instances) == {4, 5}
    assert set(ask("all halls except the red one").instances) == {1, 3, 4}
    assert set(ask("all halls within 30 m of the road").instances) == {2, 4}
    assert set(ask("all halls that are not large").instances) == {1, 3, 5}
    halls_or_ships = Or((Select("hall"), Select("ship")))
    table = make_table(SCENE)
    assert set(execute(halls_or_ships, table).instances) == {1, 2, 3, 4, 5, 6, 7}
    assert set(ask("the first and third halls from the left").instances) == {1, 2}
    assert set(ask("the first two halls from the left").instances[:2]) == {1, 3}
    white = And((Select("hall"), Not(Select("hall", ("white",)))))
    assert set(execute(white, table).instances) == {2, 4, 5}


def test_compass_turns_with_north() -> None:
    turned = replace(UP, north=(1.0, 0.0))  # north is to the right: east is down
    assert ask("the northernmost hall", frame=turned).instances[0] == 5
    assert ask("the easternmost ship", frame=turned).instances[0] in (6, 7)
    assert set(ask("all halls north of the road", frame=turned).instances) == {4, 5}


def test_unknown_north_is_said() -> None:
    execution = ask("the northernmost hall", frame=None)
    assert execution.instances[0] == 1
    assert any("true north" in note for note in execution.notes)


def test_metres_are_ground_metres() -> None:
    coarse = replace(UP, metres_per_pixel=(0.5, 0.5))
    assert set(ask("halls larger than 1000 m²", frame=coarse).instances) == {4}
    execution = ask("halls larger than 1000 m²", frame=None)
    assert set(execution.instances) == {1, 2, 3, 4, 5}
    assert any("no ground lengths" in note for note in execution.notes)


@pytest.mark.parametrize(
    ("sentence", "note", "count"),
    [
        ("the hall near the lighthouse", "no anchor 'lighthouse'", 5),
        ("the purple elephant", "no scores for 'elephant'", 1),
        ("the wooden hall", "'wooden' is left to the vision-language model", 5),
        ("the tallest hall", "an image from above shows no heights", 5),
        ("nine halls", "only 5 of 9", 5),
        ("the ninth hall from the left", "only 5 found for rank 9", 5),
        ("the hall larger than 9 km2", "dropped", 5),
        ("the hall opposite the ship", "executed as near", 1),
    ],
)
def test_degradation_is_noted(sentence: str, note: str, count: int) -> None:
    probabilities = make_table(SCENE).probabilities
    nothing = np.zeros(len(SCENE), dtype=np.float32)
    execution = ask(sentence, probabilities={**probabilities, "lighthouse": nothing})
    assert any(note in each for each in execution.notes), execution.notes
    assert len(execution.instances) >= count


def test_no_place_takes_the_nearest_to_it() -> None:
    ships = [("ship", (200, 20, 220, 40), "white"), ("ship", (260, 20, 280, 40), "white")]
    execution = execute(parse("the ship on the left").program, make_table(ships))
    assert execution.instances[0] == 0
    assert any("nothing lies at the left" in note for note in execution.notes)


@pytest.mark.parametrize(
    ("sentence", "found"),
    [("all ships at the top", {0, 1, 2}), ("the largest ship at the top", {2})],
)
def test_no_place_of_all_or_of_what_is_ranked_is_dropped(sentence: str, found: set[int]) -> None:
    ships = [(20, 120, 40, 130), (90, 130, 110, 140), (160, 150, 240, 190)]
    execution = execute(
        parse(sentence).program, make_table([("ship", box, "red") for box in ships])
    )
    assert execution.notes == ("nothing lies at the top: dropped",)
    assert set(np.flatnonzero(execution.values == 1).tolist()) == found


def test_two_at_no_place_are_the_nearest_to_it() -> None:
    ships = [(20, 180, 40, 190), (90, 130, 110, 140), (160, 150, 170, 160)]
    table = make_table([("ship", box, "red") for box in ships])
    execution = execute(parse("two ships at the top").program, table)
    assert execution.notes == ("nothing lies at the top: the nearest to it was taken",)
    assert set(execution.instances.tolist()) == {1, 2}


HOUSES = [
    ("house", (100, 90, 120, 110), "white"),  # 0
    ("house", (200, 90, 220, 110), "white"),  # 1
    ("hall", (150, 20, 190, 60), "white"),  # 2: larger, between them
    ("hall", (20, 20, 30, 30), "white"),  # 3: the smaller one, left of both
]


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("the largest hall left of both houses", 3),
        ("the smallest hall larger than both houses", 2),
        ("the hall to the left of the house", 3),
    ],
)
def test_a_number_of_anchors_means_each_of_them(sentence: str, answer: int) -> None:
    execution = execute(parse(sentence).program, make_table(HOUSES))
    assert execution.instances[0] == answer


def test_both_that_spread_are_two() -> None:
    roads = [("road", (100, 0, 110, 200), "black"), ("road", (200, 0, 210, 200), "black")]
    halls = [("hall", (x, 80, x + 30, 110), "white") for x in (20, 155, 240)]
    table = make_table([*roads, *halls])
    for sentence, found in (
        ("halls left of the road", {2, 3}),
        ("halls left of both roads", {2}),
        ("halls right of the two roads", {4}),
    ):
        execution = execute(parse(sentence).program, table)
        assert set(execution.instances.tolist()) == found, sentence


def test_all_of_an_anchor_means_each_of_them() -> None:
    node = Extremum(
        Relate(Select("hall"), Relation.LEFT_OF, All(Select("house", ("white",)))),
        Key.AREA,
        Direction.MAX,
    )
    execution = execute(node, make_table(HOUSES))
    assert execution.instances.tolist() == [3]
    assert execution.notes == ()


@pytest.mark.parametrize(
    ("sentence", "lots"),
    [
        ("parking lots containing a car", {0, 1}),
        ("parking lots containing two cars", {0, 1}),
        ("parking lots containing three cars", {1}),
        ("parking lots containing the two largest cars", {0}),
    ],
)
def test_a_number_of_things_is_contained(sentence: str, lots: set[int]) -> None:
    boxes = [(5, 5, 15, 15), (20, 5, 30, 15)]
    boxes += [(x, 5, x + 7, 10) for x in (105, 115, 125)]
    cars = [("car", box, "red") for box in boxes]
    halls = [("parking lot", (0, 0, 60, 60), "black"), ("parking lot", (100, 0, 160, 60), "black")]
    execution = execute(parse(sentence).program, make_table([*halls, *cars]))
    assert set(execution.instances.tolist()) == lots


def test_stuff_is_one_anchor_and_one_answer() -> None:
    river = [
        ("river", (0, 90, 150, 110), "blue"),
        ("river", (150, 90, 300, 110), "blue"),
        ("house", (140, 20, 160, 40), "red"),
        ("house", (20, 120, 40, 140), "red"),
        ("bridge", (200, 80, 210, 120), "white"),
        ("bridge", (100, 0, 110, 40), "white"),
    ]
    table = make_table(river)
    assert execute(parse("the house closest to the river").program, table).instances[0] == 3
    assert execute(parse("the house below the river").program, table).instances[0] == 3
    assert list(execute(parse("the bridge over the river").program, table).instances) == [4]
    whole = execute(parse("the river").program, table)
    assert whole.is_union
    assert set(whole.instances) == {0, 1}
    assert not execute(parse("the largest river").program, table).is_union


def nested_table() -> CandidateTable:
    """The proposals of a region tree: whole image, a block of two halls, halls, parts of them."""
    boxes = [
        (0, 0, 300, 200),
        (20, 20, 140, 80),
        (20, 20, 70, 80),
        (90, 20, 140, 80),
        (20, 20, 45, 80),
        (46, 20, 70, 80),
        (21, 20, 70, 80),  # the same hall from another tree
        (200, 100, 290, 190),
        (200, 100, 290, 150),
    ]
    things = [("hall", box, "white") for box in boxes]
    probability = np.array([0.4, 0.6, 0.9, 0.88, 0.9, 0.9, 0.9, 0.85, 0.85], dtype=np.float32)
    objectness = np.array([0.1, 0.5, 0.9, 0.9, 0.4, 0.4, 0.85, 0.9, 0.5], dtype=np.float32)
    return make_table(
        things, probabilities={"hall": probability}, objectness=objectness, are_instances=False
    )


def test_select_yields_instances_before_anything_is_ranked() -> None:
    table = nested_table()
    assert set(execute(Select("hall"), table).instances) == {2, 3, 7}
    assert execute(parse("the largest hall").program, table).instances[0] == 7
    assert execute(parse("the second hall from the left").program, table).instances[0] == 3
    one = make_settings(overrides={"program": {"most_instances": 1}}).program
    few = execute(Select("hall"), table, settings=one)
    assert list(few.instances) == [2]


def test_nothing_plausible_is_nothing() -> None:
    nothing = {"hall": np.zeros(len(SCENE), dtype=np.float32)}
    execution = ask("the largest hall", probabilities=nothing)
    assert not len(execution.instances)
    assert not execution.values.any()
    assert "no 'hall' was found" in execution.notes


def test_empty_table() -> None:
    for sentence in ("the largest hall left of the road", "all halls", "the hall that is not red"):
        execution = execute(parse(sentence).program, make_table([]))
        assert execution.values.shape == (0,)


def test_what_can_be_no_answer_counts_in_no_rank() -> None:
    known = {"hall": np.arange(1, 6)}

    def second(*probability: float) -> int:
        scores = {"hall": np.array([0, *probability, 0, 0], np.float32)}
        execution = ask("the second hall from the left", probabilities=scores, instances=known)
        return int(execution.instances[0])

    assert second(0.3, 0.3, 0.3, 0.3, 0.3) == 3
    assert second(0.16, 0.3, 0.3, 0.3, 0.3) == 2  # the leftmost is hardly one
    assert second(0.16, 0.19, 0.19, 0.19, 0.19) == 3  # none is, so all may be


def test_trace_keeps_the_scores_of_every_step() -> None:
    root = ask("the largest white hall left of the road").trace
    (place,) = root.children
    hall, road = place.children
    assert [str(step.node) for step in (root, place, hall, road)] == [
        "largest white hall, left of road",
        "white hall, left of road",
        "white hall",
        "road",
    ]
    assert (hall.values[~hall.holds] == 0).all()
    assert not hall.holds.all()
    assert (place.values[~place.holds] == 0).all()
    assert root.values.max() == root.values[root.holds].max() > 0


def test_notes_belong_to_the_step_that_dropped_something() -> None:
    scores = {**make_table(SCENE).probabilities, "bridge": np.zeros(len(SCENE), np.float32)}
    execution = ask("the largest hall left of the bridge", probabilities=scores)
    (place,) = execution.trace.children
    assert execution.trace.notes == ()
    assert place.notes == ("no anchor 'bridge': the relation was dropped",)
    assert place.children[-1].notes
    assert execution.notes == (*place.children[-1].notes, *place.notes)


def test_nouns_in() -> None:
    program = parse("the one between the hall and the white ship near the hall").program
    assert nouns_in(program) == ["hall", "ship"]


BOXES = st.tuples(
    st.integers(0, 270), st.integers(0, 170), st.integers(1, 30), st.integers(1, 30)
).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))


@settings(max_examples=40, deadline=None)
@given(st.lists(BOXES, min_size=1, max_size=8), st.sampled_from(list(Position)))
def test_values_stay_in_range(boxes: list[tuple[int, int, int, int]], position: Position) -> None:
    table = make_table([("hall", box, "white") for box in boxes])
    execution = execute(Filter(Select("hall"), position), table)
    assert ((execution.values >= 0) & (execution.values <= 1)).all()
    assert len(execution.instances)


@settings(max_examples=40, deadline=None)
@given(st.lists(BOXES, min_size=1, max_size=8))
def test_extremum_is_the_extreme(boxes: list[tuple[int, int, int, int]]) -> None:
    table = make_table([("hall", box, "white") for box in boxes])
    best = execute(Extremum(Select("hall"), Key.AREA), table).instances[0]
    assert table.areas[best] == table.areas.max()


def test_programs_from_json_are_executed() -> None:
    program = from_json(
        {
            "op": "extremum",
            "key": "x",
            "direction": "max",
            "child": {"op": "select", "noun": "ship", "attributes": []},
        }
    )
    assert execute(program, make_table(SCENE)).instances[0] == 7


def test_the_ground_around_a_thing_says_that_it_is_inside() -> None:
    """A car is a hole in the car park that it stands on."""
    lot = np.ones((60, 60), dtype=bool)
    lot[20:26, 20:30] = False
    table = make_table(
        [
            ("car park", (100, 100, 160, 160), "black"),
            ("car", (120, 120, 130, 126), "white"),
            ("car", (20, 20, 30, 26), "white"),
        ]
    )
    table = replace(table, crop=lambda i: lot if i == 0 else np.ones((6, 10), dtype=bool))
    execution = execute(parse("the car in the car park").program, table)
    assert execution.instances.tolist() == [1]
    assert not execution.notes


def test_between_two_of_the_same_that_spread() -> None:
    roads = [("road", (50, 0, 60, 200), "black"), ("road", (200, 0, 210, 200), "black")]
    halls = [("hall", (120, 90, 140, 110), "white"), ("hall", (250, 90, 270, 110), "white")]
    table = make_table([*roads, *halls])
    execution = execute(parse("the hall between the two roads").program, table)
    assert execution.instances[0] == 2
    assert execution.values[3] == 0


def test_any_two_may_be_the_others_that_one_is_between() -> None:
    cars = [("car", (x, 90, x + 10, 100), "white") for x in (120, 20, 70)]
    execution = execute(parse("the car between the two other cars").program, make_table(cars))
    assert execution.instances.tolist() == [2]
    assert not execution.notes


def test_rows_are_formed_by_all_of_a_kind() -> None:
    colours = ("white", "black", "black", "black", "white")
    places = ((10, 10), (50, 12), (10, 60), (50, 110), (90, 108))
    cars = [
        ("car", (x, y, x + 20, y + 30), each) for (x, y), each in zip(places, colours, strict=True)
    ]
    table = make_table([*cars, ("hall", (10, 160, 60, 190), "white")])
    execution = execute(parse("the white car in the third row").program, table)
    assert execution.instances.tolist() == [4]
    execution = execute(parse("the white car in the fourth row").program, table)
    assert any("in the fourth row from the top" in note for note in execution.notes)


def test_an_adjective_is_compared_where_a_place_leaves_only_what_has_less_of_it() -> None:
    pale = np.array([[82, -3, 52], [93, 0, 1], [86, 0, 22], [93, 0, 1]], np.float32)
    halls = [("hall", box, "white") for box in LINE]
    table = make_table(halls, colours=pale)
    execution = execute(parse("the yellow hall in the right half").program, table)
    assert execution.instances[0] == 2
    assert any("compared among" in note for note in execution.notes)
    both = execute(parse("the two yellow halls").program, table)
    assert sorted(both.instances.tolist()) == [0, 2]


def test_denying_takes_an_absolute_measure() -> None:
    things = [("hall", (10, 10, 50, 50), "red"), ("hall", (100, 10, 140, 50), "black")]
    execution = execute(parse("all halls that are not white").program, make_table(things))
    assert sorted(execution.instances.tolist()) == [0, 1]


def test_what_stands_far_out_is_denied() -> None:
    brownish = np.array([[44, 12, 9], [42, -4, 3], [41, -3, 2]], np.float32)
    table = make_table([("hall", box, "red") for box in LINE[:3]], colours=brownish)
    execution = execute(parse("all halls that are not red").program, table)
    assert sorted(execution.instances.tolist()) == [1, 2]


@pytest.mark.parametrize(
    ("denied", "why"),
    [
        (Relate(Select("hall"), Relation.NEAR, Select("ship", ("blue",))), "nothing is 'near"),
        (Relate(Select("hall"), Relation.NEAR, Select("bridge")), "no anchor 'bridge'"),
        (Filter(Select("hall"), Position.TOP), "nothing is 'top'"),
        (
            Measure(Select("hall"), Quantity.AREA, Comparison.GREATER, 9, Unit.HECTARE),
            "nothing is 'area > 9 ha'",
        ),
    ],
)
def test_what_nothing_fulfils_excludes_nothing(denied: Node, why: str) -> None:
    things = [
        ("hall", (10, 110, 30, 130), "red"),
        ("hall", (10, 150, 50, 190), "red"),
        ("ship", (280, 110, 290, 120), "blue"),
        ("ship", (200, 160, 240, 190), "white"),
    ]
    table = make_table(things)
    nothing = {"bridge": np.zeros(len(things), np.float32)}
    table = replace(table, probabilities={**table.probabilities, **nothing})
    execution = execute(And((Select("hall"), Not(denied))), table)
    assert sorted(execution.instances.tolist()) == [0, 1]
    (note,) = (note for note in execution.notes if "was found" not in note)
    assert note.startswith(why)
    assert note.endswith(": nothing is excluded")


def test_an_exception_of_several() -> None:
    things = [("hall", (10 + 60 * k, 10, 30 + 60 * k + 5 * k, 40), "red") for k in range(4)]
    execution = execute(parse("all halls except the two largest").program, make_table(things))
    assert sorted(execution.instances.tolist()) == [0, 1]


def test_an_anchor_that_is_hardly_there_is_not_there() -> None:
    table = make_table(SCENE)
    weak = {**table.probabilities, "road": table.probabilities["road"] * 0.15}
    execution = ask("the largest hall left of the road", probabilities=weak)
    assert execution.instances[0] == 4  # the largest of all, the road being unknown
    assert any("'road' has probability" in note and "not there" in note for note in execution.notes)
    assert any("no anchor 'road'" in note for note in execution.notes)
