import json

import numpy as np
import pytest

from dgl_rsis.benchmark.evaluation.compare import differences, pick_way, read_results
from dgl_rsis.benchmark.evaluation.maps import from_triples, to_triples
from dgl_rsis.benchmark.evaluation.markdown import to_markdown
from dgl_rsis.benchmark.evaluation.summary import summarise
from dgl_rsis.errors import InputError

WAYS = {
    name: {"model": "rs-tiny", "method": name, "revision": "3", "settings": {}} for name in "ab"
}
HEADING = {
    "dataset": "own/all", "task": "maps", "classes": ["grass", "roof"], "words": ["grass", "roof"],
    "background": None, "limit": None, "sentences_per_image": None, "left_out": {}, "seed": 0, "ways": WAYS, "versions": {"numpy": "2"},
}  # fmt: skip


def maps_run(*images):
    """A run of two ways from confusion matrices ``[[..], [..]]`` of both, image by image."""
    entries = [
        {
            "image": f"part{number}",
            "ways": {
                name: {"counts": to_triples(np.array(counts)), "seconds": 0.5}
                for name, counts in zip("ab", pair, strict=True)
            },
        }
        for number, pair in enumerate(images)
    ]
    return summarise(HEADING, entries, len(entries))


RIGHT, HALF, NONE = [[8, 0, 0], [0, 8, 0]], [[4, 4, 0], [4, 4, 0]], [[0, 0, 8], [0, 0, 8]]


def test_triples_are_the_matrix():
    for counts in (RIGHT, HALF, NONE):
        assert np.array_equal(from_triples(to_triples(np.array(counts)), 2), counts)


def test_figures_by_hand():
    results = maps_run((RIGHT, NONE), (RIGHT, HALF))
    first, second = results["results"]["a"], results["results"]["b"]
    assert first["figures"]["mean_iou"] == {"value": 1, "low": 1, "high": 1}
    # hits 4, truth 16, predicted 8: 4 / (16 + 8 - 4) for both classes
    assert second["figures"]["mean_iou"]["value"] == 0.2
    assert second["figures"]["mean_iou"]["low"] == 0
    assert second["classes"] == {"grass": 0.2, "roof": 0.2}
    table = to_markdown(results, {"a": 0.5, "b": 0.25})
    assert "| a | 1.000 (1.000 to 1.000) | 1.000" in table
    assert "| 0.25 | 0 |" in table


def test_differences_are_paired():
    # way a is better by the same on easy and hard images: far surer than its own interval
    results = maps_run(*[(RIGHT, HALF), ([[6, 2, 0], [2, 6, 0]], [[2, 6, 0], [6, 2, 0]])] * 6)
    found = differences(results, results, ("a", "b"))["overall_accuracy"]
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))
    own = results["results"]["a"]["figures"]["overall_accuracy"]
    assert own["high"] - own["low"] > 0.1


def test_patches_of_one_image_are_resampled_together():
    # without this, patches that succeed and fail together would pass for images of their own
    def run(image_of):
        pairs = [(RIGHT, NONE), (RIGHT, NONE), (HALF, NONE), (HALF, NONE)]
        entries = [
            {
                "image": f"part{number}",
                "ways": {
                    name: {
                        "counts": to_triples(np.array(counts)),
                        "seconds": 0.5,
                        **image_of[number],
                    }
                    for name, counts in zip("ab", pair, strict=True)
                },
            }
            for number, pair in enumerate(pairs)
        ]
        return summarise(HEADING, entries, len(entries))

    alone = run([{}] * 4)
    tiles = run([{"image": "x"}, {"image": "x"}, {"image": "y"}, {"image": "y"}])
    each = run([{"image": name} for name in "xyxy"])  # both images are alike: nothing is open
    spans = [
        found["high"] - found["low"]
        for found in (
            results["results"]["a"]["figures"]["overall_accuracy"]
            for results in (alone, tiles, each)
        )
    ]
    assert spans[1] == 0.5
    assert spans[2] == 0
    assert 0 < spans[0] <= spans[1]
    for results, expected in ((tiles, (0.5, 1)), (each, (0.75, 0.75))):
        found = differences(results, results, ("a", "b"))["overall_accuracy"]
        assert (found.low, found.high) == expected


def test_runs_over_other_images_or_classes_are_refused():
    two, three = maps_run((RIGHT, HALF), (RIGHT, NONE)), maps_run(*[(RIGHT, HALF)] * 3)
    with pytest.raises(InputError, match="same images"):
        differences(two, three, ("a", "a"))
    with pytest.raises(InputError, match="differ in their classes"):
        differences(two, {**two, "classes": ["grass", "road"]}, ("a", "a"))


def test_the_way_is_named_where_there_are_several(tmp_path):
    results = maps_run((RIGHT, HALF))
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results))
    assert read_results(path) == results
    assert pick_way(results, "b", path) == "b"
    assert pick_way({"results": {"only": {}}}, None, path) == "only"
    for way in (None, "c"):
        with pytest.raises(InputError, match=r"choose one of 'a', 'b'"):
            pick_way(results, way, path)


@pytest.mark.parametrize("text", ["", "[]", '{"maps": 1}'])
def test_what_is_no_result_is_told(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"name a results\.json"):
        read_results(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_results(tmp_path / "nothing.json")
