"""Runs from end to end: worker processes, resuming, failures, the same bytes every time."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from toy_segmenter import ToyDetector

from dgl_rsis import __version__
from dgl_rsis.benchmark.datasets.registry import read_dataset
from dgl_rsis.benchmark.evaluation.answering import Bench, Plan
from dgl_rsis.benchmark.evaluation.files import write_results
from dgl_rsis.benchmark.evaluation.journal import Journal
from dgl_rsis.benchmark.evaluation.maps import make_map
from dgl_rsis.benchmark.evaluation.runner import JOURNAL, hand_out, run, start_pool
from dgl_rsis.benchmark.evaluation.sentences import answer_sentences
from dgl_rsis.benchmark.evaluation.ways import Way
from dgl_rsis.config import make_settings
from dgl_rsis.errors import DglRsisError, InputError
from dgl_rsis.manifest import source_commit
from dgl_rsis.models.registry import load_backbone
from dgl_rsis.pipeline import Model
from dgl_rsis.proposing import Networks


def plan(own_set, model, dataset="own-maps", methods=("fast", "clip-argmax"), **more):
    ways = tuple(Way(f"dir:{model}", method) for method in methods)
    return Plan(dataset, str(own_set), None, ways, **more)


def finished(plan, folder, **more):
    heading, entries, total = run(plan, folder, **more)
    write_results(folder, heading, entries, total)
    return (folder / "results.json").read_bytes()


@pytest.mark.parametrize("dataset", ["own-maps", "own-sentences"])
def test_a_stopped_run_goes_on_and_gives_the_same_bytes(own_set, tiny_rs_folder, tmp_path, dataset):
    methods = ("fast", "clip-argmax") if dataset == "own-maps" else ("fast", "dense-score")
    task = plan(own_set, tiny_rs_folder, dataset, methods)
    whole = finished(task, tmp_path / "whole", workers=2)
    _, entries, total = run(task, tmp_path / "parts", tell=lambda done, *_: done < 2)
    assert (len(entries), total) == (2, 4)
    kept = (tmp_path / "parts" / JOURNAL).read_text().splitlines()[:3]
    assert finished(task, tmp_path / "parts") == whole
    assert (tmp_path / "parts" / JOURNAL).read_text().splitlines()[:3] == kept
    results = json.loads(whole)
    assert results["complete"]
    assert results["images"] == 4
    for way in results["results"].values():
        assert len(way["samples"]) == (4 if dataset == "own-maps" else 8)
        assert not way["failures"]


def test_a_process_that_ends_is_told_in_one_line():
    with start_pool(1) as pool, pytest.raises(DglRsisError, match="with fewer --workers"):
        list(hand_out(pool, os._exit, [1], ahead=1))


def test_another_setting_is_refused(own_set, tiny_rs_folder, tmp_path):
    run(plan(own_set, tiny_rs_folder, methods=("fast",)), tmp_path)
    other = Plan("own-maps", str(own_set), None, (Way(f"dir:{tiny_rs_folder}", "default"),))
    with pytest.raises(InputError, match="another output folder"):
        run(other, tmp_path)


def test_a_set_that_has_changed_is_refused(own_set, tiny_rs_folder, tmp_path):
    # the journal would answer the new sentence by that of the old one
    task = plan(own_set, tiny_rs_folder, "own-sentences", ("fast",), limit=1)
    journal = tmp_path / JOURNAL
    with Journal(journal, Bench(task).heading()):
        pass
    with Journal(journal, Bench(task).heading()) as again:
        assert not again.done
    table = own_set / "sentences.csv"
    table.write_text(table.read_text().replace("the red building", "the grey building"))
    with pytest.raises(InputError, match=r"with samples .8, digest .*, this one has .8, digest"):
        Journal(journal, Bench(task).heading())
    other = own_set.rename(own_set.with_name("other"))
    maps = plan(other, tiny_rs_folder, methods=("fast",))
    assert Bench(maps).heading()["folder"] == "other"


def test_images_are_drawn_by_the_seed_in_the_order_of_the_set(own_set, tiny_rs_folder):
    def drawn(**more):
        return Bench(plan(own_set, tiny_rs_folder, methods=("fast",), **more)).images()

    assert drawn() == drawn(limit=4) == drawn(limit=9) == [f"part{n}" for n in range(4)]
    assert drawn(limit=2, seed=1) == sorted(drawn(limit=2, seed=1)) == drawn(limit=2, seed=1)
    assert len({tuple(drawn(limit=2, seed=seed)) for seed in range(8)}) > 1


def test_sentences_are_drawn_by_the_seed_in_the_order_of_the_set(own_set, tiny_rs_folder):
    def drawn(**more):
        bench = Bench(plan(own_set, tiny_rs_folder, "own-sentences", ("fast",), **more))
        return [[sample.sentence for sample in bench.samples(name)] for name in bench.images()]

    assert drawn() == drawn(sentences=2) == drawn(sentences=9)
    one = drawn(sentences=1, seed=3)
    assert one == drawn(sentences=1, seed=3)
    assert all(len(few) == 1 and few[0] in all_ for few, all_ in zip(one, drawn(), strict=True))
    assert len({tuple(drawn(sentences=1, seed=seed)[0]) for seed in range(8)}) > 1


def answered(plan, folder):
    bench = Bench(plan)
    entries = [bench.answer(image) for image in bench.images()]
    write_results(folder, bench.heading(), entries, len(entries))
    return json.loads((folder / "results.json").read_text())["results"].values()


def fail(*_, **__):
    raise ValueError("no such thing")


def test_a_failure_counts_as_wrong_and_the_others_go_on(
    own_set, tiny_rs_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("dgl_rsis.benchmark.evaluation.maps.map_method", lambda name: fail)
    good, bad = answered(plan(own_set, tiny_rs_folder), tmp_path)
    assert not good["failures"]
    assert [each["name"] for each in bad["failures"]] == [f"part{n}" for n in range(4)]
    assert "no such thing" in bad["failures"][0]["error"]
    assert bad["figures"]["overall_accuracy"]["value"] == 0
    assert all(row[1] == 2 for sample in bad["samples"] for row in sample["counts"])


def test_a_failure_is_wrong_where_nothing_is_the_right_answer(
    own_set, tiny_rs_folder, tmp_path, monkeypatch
):
    broken = SimpleNamespace(prepare=fail, answer=fail)
    monkeypatch.setattr("dgl_rsis.benchmark.evaluation.sentences.refer_method", lambda name: broken)
    task = plan(own_set, tiny_rs_folder, "own-sentences", ("dense-score",))
    (way,) = answered(task, tmp_path)
    assert len(way["failures"]) == 8
    for name in ("generalised_iou", "no_target_accuracy", "target_accuracy", "mean_iou"):
        assert way["figures"][name]["value"] == 0


def test_what_a_model_cannot_run_is_left_out_and_said(own_set, tiny_rs_folder, tmp_path):
    # rs-tiny has no class token, which MaskCLIP and Global-Local CLIP need
    task = plan(own_set, tiny_rs_folder, methods=("fast", "maskclip"), limit=1)
    results = json.loads(finished(task, tmp_path))
    assert len(results["ways"]) == len(results["results"]) == 1
    ((name, lack),) = results["left_out"].items()
    assert name.endswith("maskclip")
    assert "maskclip needs a ViT with a class token" in lack
    assert lack in (tmp_path / "results.md").read_text()
    with pytest.raises(InputError, match="nothing to run: baseline global-local-clip needs a ViT"):
        Bench(plan(own_set, tiny_rs_folder, "own-sentences", ("global-local-clip",)))


def test_several_words_of_a_class_stand_for_it(own_set, tiny_rs_folder):
    # what any of them wins is of the class, and what is left is the background
    way = Way(f"dir:{tiny_rs_folder}", "fast")
    model = Bench(plan(own_set, tiny_rs_folder, methods=("fast",))).models[way]
    dataset = read_dataset("own-maps", own_set)
    image = dataset.samples[0].read_image()
    asked = replace(dataset, words=("lawn", "water,building, road"), background=0)
    found = model.segment(image, ["water", "building", "road"], other="lawn").labels
    expected = np.array([1, 1, 1, 0, -1])[found]
    assert len(np.unique(found)) > 1
    np.testing.assert_array_equal(make_map(model, way, image, asked), expected)


def test_sam3_is_asked_for_the_sentence_without_proposals(own_set, tiny_rs_folder):
    # its proposer looks for nouns, of which a baseline gives none
    settings = make_settings(overrides={"proposals": {"proposer": "sam3"}})
    model = Model(load_backbone(f"dir:{tiny_rs_folder}", "cpu"), settings)
    vars(model)["networks"] = Networks(detector=ToyDetector())  # in place of what would be loaded
    dataset = read_dataset("own-sentences", own_set)
    way = Way("any", "sam3-text", ("proposals.proposer=sam3",))
    answers = answer_sentences(model, way, dataset.samples[:2], dataset)["answers"]
    assert [each.get("error") for each in answers] == [None, None]
    assert model.networks.detector.nouns == ["the red building", "the ship north of the building"]


def test_baselines_without_masks_to_choose_from_are_left_out(own_set, tiny_rs_folder):
    ways = tuple(
        Way(f"dir:{tiny_rs_folder}", method, options)
        for method, options in (("fast", ()), ("dense-score", ("proposals.proposer=tree",)))
    )
    bench = Bench(Plan("own-sentences", str(own_set), None, ways))
    (lack,) = bench.left_out.values()
    assert lack.endswith("which the proposer tree does not give; take another, e.g. flat")


def test_the_run_says_its_own_version_and_commit(own_set, tiny_rs_folder):
    versions = Bench(plan(own_set, tiny_rs_folder, methods=("fast",))).heading()["versions"]
    assert versions["dgl-rsis"] == __version__
    assert versions["commit"] == source_commit()


def test_a_run_does_not_go_on_on_another_device(own_set, tiny_rs_folder, tmp_path):
    # answers of both would stand in one table
    heading = Bench(plan(own_set, tiny_rs_folder, methods=("fast",), device="cpu")).heading()
    with Journal(tmp_path / JOURNAL, {**heading, "device": "cuda"}):
        pass
    with pytest.raises(InputError, match='with device "cuda", this one has "cpu"'):
        Journal(tmp_path / JOURNAL, heading)


def test_oracles_are_no_worse_than_what_they_improve(own_set, tiny_rs_folder, tmp_path):
    methods = ("default", "oracle-selection", "oracle-masks")
    task = plan(own_set, tiny_rs_folder, "own-sentences", methods)
    results = json.loads(finished(task, tmp_path))["results"]
    ours, choice, masks = (
        [sample["intersection"] / max(sample["union"], 1) for sample in way["samples"]]
        for way in results.values()
    )
    assert all(a <= b for a, b in zip(ours, choice, strict=True))
    assert sum(masks) / 4 > 0.8  # the square is one of the proposals


def test_true_classes_are_asked_for_where_the_set_knows_them(own_set, tiny_rs_folder):
    methods = ("default", "oracle-classes")
    bench = Bench(plan(own_set, tiny_rs_folder, "own-sentences", methods))
    (why,) = bench.left_out.values()
    assert why.startswith("oracle-classes needs true classes, own/")
    ways = tuple(Way(f"dir:{tiny_rs_folder}", method) for method in methods)
    drawn = Bench(Plan("rendered", None, "90100+1x128", ways, sentences=2)).answer("90100")
    for answers in drawn["ways"].values():
        assert [each.get("error") for each in answers["answers"]] == [None, None]


@pytest.mark.slow
def test_killed_ten_times_it_gives_the_same_bytes(own_set, tiny_rs_folder, tmp_path):
    def command(folder):
        return [
            *(sys.executable, "-m", "dgl_rsis.apps.cli", "eval", "own-sentences", str(own_set)),
            *("-o", str(folder), "-m", f"dir:{tiny_rs_folder}", "-w", "default", "-w", "fast"),
            *("--workers", "2", "--quiet"),
        ]

    subprocess.run(command(tmp_path / "whole"), check=True)
    dice, kills = random.Random(0), 0
    while kills < 10:
        started = subprocess.Popen(command(tmp_path / "killed"), start_new_session=True)
        journal = tmp_path / "killed" / JOURNAL
        before = journal.read_bytes() if journal.exists() else b""
        limit = time.monotonic() + 60
        while started.poll() is None and time.monotonic() < limit:
            now = journal.read_bytes() if journal.exists() else b""
            if now != before or dice.random() < 0.002:
                break
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.2))
        if started.poll() is not None:
            journal.unlink()  # it was finished: begin again, the kills that are left are needed
            continue
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        kills += 1
    subprocess.run(command(tmp_path / "killed"), check=True)
    whole, killed = (
        (tmp_path / name / "results.json").read_bytes() for name in ("whole", "killed")
    )
    assert killed == whole
