"""What each stage loses, from figures that are known."""

import pytest

from dgl_rsis.benchmark.evaluation.losses import losses
from dgl_rsis.benchmark.evaluation.tables import tables


def run(task="sentences", **reached):
    """Ways ``default`` and oracles with the same settings, ``fast`` with others."""
    ways, results = {}, {}
    for method, value in reached.items():
        name = method.replace("_", "-")
        facts = {
            "model": "m",
            "revision": "1",
            "method": name,
            "settings": {"fast": name == "fast"},
        }
        ways[f"m {name}"] = facts
        results[f"m {name}"] = {
            "figures": {} if value is None else {"mean_iou": {"value": value, "low": 0, "high": 1}},
            "failures": [], "classes": {"a": value}, "sentences": 3,
            "strata": {"large": {"mean_iou": value, "sentences": 3}},
        }  # fmt: skip
    return {"task": task, "ways": ways, "results": results, "background": None, "classes": ["a"]}


def test_losses_of_sentences_add_up():
    found = dict(
        losses(
            run(default=0.4, fast=0.3, oracle_masks=0.9, oracle_classes=0.6, oracle_selection=0.5)
        )
    )
    assert found.keys() == {"m default"}
    lost = found["m default"]
    assert lost == pytest.approx(
        {"masks": 0.1, "classes": 0.2, "selection": 0.3, "within our ranking": 0.1}
    )
    assert sum(lost[stage] for stage in ("masks", "classes", "selection")) == pytest.approx(0.6)


def test_without_true_classes_the_last_two_stages_are_one():
    found = dict(losses(run(default=0.4, oracle_masks=0.9)))
    assert found["m default"] == pytest.approx({"masks": 0.1, "classes and selection": 0.5})


def test_losses_of_maps_are_of_regions_and_classes():
    found = dict(losses(run("maps", default=0.4, maskclip=0.5, oracle_classes=0.9)))
    assert found == {"m default": pytest.approx({"masks": 0.1, "classes": 0.5})}


def test_without_oracles_or_figures_nothing_is_said():
    assert not dict(losses(run(default=0.4, hybridgl=0.3)))
    assert not dict(losses(run(default=None, oracle_masks=0.9)))


def test_the_table_of_losses_stands_behind_the_figures():
    results = run(default=0.4, oracle_masks=0.9)
    _, table, _ = tables(results, {})
    assert table.columns == ("mIoU lost by", "masks", "classes and selection")
    assert [(name, [cell.text for cell in cells]) for name, cells in table.rows] == [
        ("m default", ["0.100", "0.500"])
    ]
