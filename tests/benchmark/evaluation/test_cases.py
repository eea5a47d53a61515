from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.benchmark.evaluation.cases import SHOWN_WAYS, choose_cases, extremes
from dgl_rsis.benchmark.evaluation.maps import to_triples


def sentence(name, intersection, *, union=10, has_target=True, answered=True, **more):
    return {
        "name": name, "image": f"picture of {name}", "intersection": intersection, "union": union,
        "target_area": 5, "image_area": 100, "has_target": has_target, "answered": answered,
        "strata": [], **more,
    }  # fmt: skip


def sentences(*samples, ways=1):
    results = {f"way {number}": {"samples": list(samples)} for number in range(ways)}
    return {"task": "sentences", "results": results}


def names(cases):
    return [case.name for case in cases]


def test_extremes_by_hand():
    hits = dict(zip("abcdefghij", (3, 9, 0, 5, 5, 1, 10, 0, 2, 8), strict=True))
    found = extremes("way 0", sentences(*[sentence(*pair) for pair in hits.items()]))
    assert names(found.best) == ["g", "b", "j", "d"]  # d and e are equal, d comes first
    assert names(found.worst) == ["c", "h", "f", "i"]
    assert [case.iou for case in found.best] == [1, 0.9, 0.8, 0.5]
    assert found.best[0].image == "picture of g"


def test_few_cases_are_shared_out():
    def split(count):
        found = extremes("way 0", sentences(*[sentence(str(hit), hit) for hit in range(count)]))
        return names(found.best), names(found.worst)

    assert split(0) == ([], [])
    assert split(1) == (["0"], [])
    assert split(3) == (["2", "1"], ["0"])


def test_nothing_rightly_answered_is_no_case_and_failures_are_never_the_best():
    found = extremes(
        "way 0",
        sentences(
            sentence("failed", 0, answered=False, error="E: no"),
            sentence("right", 0, union=0, has_target=False, answered=False),
            sentence("failed too", 0, union=0, has_target=False, answered=False, error="E: no"),
            sentence("wrong", 0, has_target=False),
            sentence("found", 0),
        ),
    )
    assert names(found.best) == []
    assert names(found.worst) == ["failed", "failed too", "wrong", "found"]
    assert [case.failed for case in found.worst] == [True, True, False, False]


def test_maps_count_the_classes_of_one_image():
    def counts(*rows):
        import numpy as np

        return to_triples(np.array(rows))

    samples = [
        {"name": "half", "counts": counts([2, 2, 0], [0, 0, 0])},  # IoU 0.5 and 0
        {"name": "all", "counts": counts([4, 0, 0], [0, 0, 0])},  # the other class is nowhere
        {"name": "none counted", "counts": []},
    ]
    results = {"task": "maps", "classes": ["a", "b"], "results": {"way": {"samples": samples}}}
    found = extremes("way", results)
    assert [(case.name, case.iou) for case in (*found.best, *found.worst)] == [
        ("all", 1),
        ("half", 0.25),
    ]


def test_only_the_first_ways_have_cases():
    found = choose_cases(sentences(sentence("a", 1), ways=SHOWN_WAYS + 2))
    assert [each.way for each in found] == [f"way {number}" for number in range(SHOWN_WAYS)]


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), max_size=20))
def test_extremes_are_ordered_and_share_nothing(answers):
    samples = [
        sentence(str(place), 0 if failed else hit, **({"error": "E"} if failed else {}))
        for place, (hit, failed) in enumerate(answers)
    ]
    found = extremes("way 0", sentences(*samples))
    best, worst = ([case.iou for case in cases] for cases in (found.best, found.worst))
    assert best == sorted(best, reverse=True)
    assert worst == sorted(worst)
    assert len({*found.best, *found.worst}) == len(best) + len(worst)
    assert max(len(best), len(worst)) <= 4
    assert not any(case.failed for case in found.best)
    if not any(failed for _, failed in answers):
        assert len(best) + len(worst) == min(8, len(answers))
        assert min(best, default=1) >= max(worst, default=0)
