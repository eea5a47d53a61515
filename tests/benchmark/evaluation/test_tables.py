from dgl_rsis.benchmark.evaluation.markdown import to_markdown
from dgl_rsis.benchmark.evaluation.tables import Cell, Failure, facts, failures, tables

FIGURE = {"value": 0.5, "low": 0.25, "high": 0.75}
WAY = {"model": "rs-tiny", "revision": "3", "method": "default", "settings": {}}


def run(**more):
    return {
        "dataset": "own/all", "task": "maps", "classes": ["grass", "rest|s"], "words": ["lawn", ""],
        "background": 1, "limit": 1, "seed": 7, "images": 1, "complete": False,
        "sentences_per_image": None,
        "ways": {"a": WAY, "b": WAY}, "versions": {"numpy": "2", "hidden": None},
        "left_out": {},
        "results": {
            "a": {"figures": {"mean_iou": FIGURE, "mean_iou_without_background": FIGURE},
                  "classes": {"grass": 0.5, "rest|s": None}, "failures": []},
            "b": {"figures": {}, "classes": {"grass": None, "rest|s": 0},
                  "failures": [{"name": "part0", "error": "E: no"}]},
        }, **more,
    }  # fmt: skip


def sentences(**more):
    strata = {"large": {"mean_iou": 0.5, "sentences": 2}}
    way = {"figures": {"mean_iou": FIGURE, "generalised_iou": FIGURE}, "sentences": 1,
           "strata": strata, "failures": []}  # fmt: skip
    return run(task="sentences", limit=None, complete=True, results={"a": way}, **more)


def test_facts_say_what_was_run():
    said = dict(facts(run()))
    assert said["Data set"] == "own, split all"
    assert said["Asked for"] == "1 image, drawn by seed 7"
    assert said["Answered"] == "1 image (stopped before the end)"
    assert said["Classes"] == "grass (asked for as 'lawn'), rest|s (everything else)"
    assert said["Ways"] == "a; b"
    assert said["Models"] == "rs-tiny (3)"
    assert "Left out" not in said
    assert "Background below a probability of" not in said
    ways = {"a": WAY, "b": {**WAY, "threshold": 0.4}, "c": {**WAY, "threshold": 0}}
    assert dict(facts(run(ways=ways)))["Background below a probability of"] == "0.4 (b)"
    assert said["Versions"] == "numpy 2"
    assert (
        dict(facts(run(left_out={"b": "b needs c", "d": "b needs c"})))["Left out"] == "b needs c"
    )
    said = dict(facts(sentences()))
    assert said["Asked for"] == "all images"
    few = dict(facts(sentences(sentences_per_image=2)))
    assert few["Asked for"] == "all images, at most 2 sentences of each, drawn by seed 7"
    assert said["Answered"] == "1 image, 1 sentence"
    assert "Classes" not in said


def test_tables_of_maps():
    figures, classes = tables(run(), {"a": 1.234})
    assert figures.columns == ("Way", "mIoU", "mIoU without background", "s per image", "failed")
    assert figures.rows[0] == (
        "a",
        (*[Cell("0.500", 0.5, 0.25, 0.75)] * 2, Cell("1.23"), Cell("0")),
    )
    assert figures.rows[1] == ("b", (Cell("-"), Cell("-"), Cell("nan"), Cell("1")))
    assert classes.columns == ("IoU of", "grass", "rest|s")
    assert classes.rows[1] == ("b", (Cell("-"), Cell("0.000", 0)))
    plain = tables(run(background=None), {})[0]
    assert "mIoU without background" not in plain.columns


def test_tables_of_sentences_name_generalised_iou_only_with_sentences_without_target():
    figures, strata = tables(sentences(), {})
    assert figures.columns == ("Way", "mIoU", "s per sentence", "failed")
    assert strata.columns == ("mIoU of", "large (2)")
    assert strata.rows == (("a", (Cell("0.500", 0.5),)),)


def test_failures_are_listed():
    assert failures(run()) == [Failure("b", "part0", "E: no")]
    assert to_markdown(run(), {}).endswith("count as wrong:\n\n- b: part0: E: no\n")


def test_markdown_keeps_bars_in_names_apart_from_those_of_the_table():
    lines = to_markdown(run(), {"a": 1, "b": 1}).splitlines()
    assert "| IoU of | grass | rest\\|s |" in lines
    assert "| a | 0.500 (0.250 to 0.750) | 0.500 (0.250 to 0.750) | 1.00 | 0 |" in lines
