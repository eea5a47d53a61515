import numpy as np
import pytest
from PIL import Image
from toy_backbone import ToyBackbone, quarters

import dgl_rsis.referring as referring
from dgl_rsis.config import make_settings
from dgl_rsis.errors import ImageError, InputError, TextError
from dgl_rsis.pipeline import Model, load
from dgl_rsis.progress import CancelledError
from dgl_rsis.stages import activation, crops, decouple
from dgl_rsis.types import Raster

CLASSES = ["building", "vegetation", "water", "road"]


def model(preset="default", **overrides):
    return Model(ToyBackbone(), make_settings(preset, overrides))


def scattered():
    """Red squares of three sizes on green, and a blue band at the bottom."""
    image = np.zeros((96, 96, 3), np.uint8)
    image[:] = (10, 180, 10)
    image[76:] = (10, 10, 200)
    for x, y, side in ((8, 8, 12), (60, 12, 28), (12, 48, 18)):
        image[y : y + side, x : x + side] = (210, 10, 10)
    return image


@pytest.mark.parametrize("painter", ["dense", "leaf", "mask", "cut"])
def test_segment_finds_the_quarters(painter):
    result = model(paint={"painter": painter}).segment(quarters(), CLASSES)
    truth = np.kron(np.array([[0, 1], [2, 3]]), np.ones((32, 32), int))
    assert result.labels.dtype == np.int16
    assert (result.labels == truth).mean() > 0.9
    assert result.scores.min() >= 0
    assert result.scores.max() <= 1
    assert sum(result.shares.values()) == pytest.approx(1, abs=0.05)


def test_other_decides_what_becomes_of_the_rest():
    image = quarters()
    image[32:, 32:] = (230, 230, 20)  # nothing that is asked for
    rest = np.s_[40:60, 40:60]
    assert (model().segment(image, ["building", "water"]).labels[rest] == -1).all()
    named = model().segment(image, ["building", "water"], other="rest")
    assert named.classes == ("building", "water", "rest")
    assert (named.labels[rest] == 2).all()
    forced = model().segment(image, ["building", "water"], other=False)
    assert (forced.labels >= 0).all()


def test_no_data_has_no_label():
    valid = np.ones((64, 64), bool)
    valid[:10] = False
    result = model().segment(Raster(quarters(), valid), CLASSES)
    assert (result.labels[:10] == -1).all()
    assert (result.scores[:10] == 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (20, 300), (3, 2)])
@pytest.mark.parametrize("preset", ["default", "fast", "paper"])
def test_any_size_works(shape, preset):
    image = np.full((*shape, 3), (10, 10, 200), np.uint8)
    result = model(preset).segment(image, ["water", "building"])
    assert result.labels.shape == shape
    answer = model(preset).refer(image, "the building in the centre")
    assert answer.mask.shape == answer.heatmap.shape == shape


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 3), (4, 4), (1, 90), (64, 64)])
def test_where_there_is_nothing_nothing_matches(shape, tiny_rs_folder):
    own = load(f"dir:{tiny_rs_folder}")
    image = np.full((*shape, 3), 90, np.uint8)
    assert own.segment(image, ["car", "road"]).labels.shape == shape
    for candidates in (None, []):
        answer = own.refer(image, "the car left of the road", candidates=candidates)
        assert answer.mask.shape == shape
        assert not answer.mask.any()


@pytest.mark.parametrize(
    ("sentence", "box"),
    [
        ("the largest building", (60, 12, 88, 40)),
        ("the smallest building", (8, 8, 20, 20)),
        ("the building on the right", (60, 12, 88, 40)),
        ("the lowest building", (12, 48, 30, 66)),
        ("the second building from the left", (12, 48, 30, 66)),
    ],
)
def test_refer_finds_the_one(sentence, box):
    result = model().refer(scattered(), sentence)
    assert len(result.chosen) == 1
    truth = np.zeros((96, 96), bool)
    truth[box[1] : box[3], box[0] : box[2]] = True
    # Of a thing of three cells a rim of one pixel may be lost.
    assert (result.mask & truth).sum() / (result.mask | truth).sum() > 0.65
    best = result.matches[0]
    assert best.chosen
    assert set(best.terms) == {"probability", "program", "attribute", "activation", "objectness"}
    assert 0 < best.score <= 1
    np.testing.assert_array_equal(best.mask, result.mask)


def test_refer_finds_a_group():
    result = model().refer(scattered(), "all buildings")
    assert len(result.chosen) == 3
    assert abs(int(result.mask.sum()) - (144 + 784 + 324)) < 120


def test_nothing_is_an_answer():
    result = model().refer(np.full((64, 64, 3), (10, 180, 10), np.uint8), "the building")
    assert not result.mask.any()
    assert result.chosen == ()
    assert "nothing matches" in result.notes[0]


def test_candidates_and_names():
    boxes = np.array([[0, 0, 20, 20], [50, 10, 90, 44], [10, 46, 32, 68]])
    result = model().refer(scattered(), "the building on the right", candidates=boxes)
    assert result.matches[0].box == (50, 10, 90, 44)
    named = model().refer(scattered(), "the ship", candidates=boxes, names=["tank", "tank", "boat"])
    assert named.matches[0].box == (10, 46, 32, 68)
    assert [match.chosen for match in named.matches].count(True) == 1
    refined = model().refer(scattered(), "the building on the right", candidates=boxes, refine=True)
    assert refined.matches[0].box == (60, 12, 88, 40)
    with pytest.raises(InputError, match="2 names for 3 candidates"):
        model().refer(scattered(), "the ship", candidates=boxes, names=["a", "b"])


def test_many_sentences_share_the_image():
    backbone = ToyBackbone()
    many = Model(backbone, make_settings()).refer_many(
        scattered(), ["the largest building", "the smallest building"]
    )
    asked = backbone.calls["dense"] - backbone.calls["regions"] - backbone.calls["activations"]
    assert asked == 4  # at 96, 67 and 64 pixels, at 48 for things
    single = model().refer(scattered(), "the smallest building")
    np.testing.assert_array_equal(many[1].mask, single.mask)


def test_same_input_gives_the_same_output():
    first, second = (model().refer(scattered(), "the largest building") for _ in range(2))
    np.testing.assert_array_equal(first.mask, second.mask)
    np.testing.assert_array_equal(first.heatmap, second.heatmap)


def test_paths_pictures_and_arrays_are_the_same(tmp_path):
    Image.fromarray(quarters()).save(tmp_path / "a.png")
    results = [
        model().segment(image, CLASSES).labels
        for image in (tmp_path / "a.png", Image.fromarray(quarters()), quarters())
    ]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[1], results[2])


def test_progress_is_told_and_can_cancel():
    told = []
    model().segment(quarters(), CLASSES, progress=lambda *step: told.append(step) or True)
    assert told[0][:2] == (0, 4)
    with pytest.raises(CancelledError):
        model().refer(scattered(), "the building", progress=lambda *_: False)


def test_bad_input_is_refused():
    with pytest.raises(TextError):
        model().segment(quarters(), [])
    with pytest.raises(TextError):
        model().refer(quarters(), "  ")
    with pytest.raises(ImageError):
        model().segment(np.zeros((4, 4), np.uint8), ["water"])
    with pytest.raises(InputError, match="proposer"):
        model(proposals={"proposer": "nobody"}).propose(quarters())


# --- ablations: a stage that is off is not called -------------------------------------------------


def forbid(monkeypatch, owner, name):
    def called(*_args, **_keywords):
        raise AssertionError(f"{name} was called although its stage is off")

    monkeypatch.setattr(owner, name, called)


SENTENCE = "the largest building which is shiny"


@pytest.mark.parametrize(
    ("switch", "owner", "name"),
    [
        ({"text": {"decouple": False}}, decouple, "decouple"),
        ({"local": {"context_crop": False}}, crops, "context_crop"),
        ({"local": {"mask_guidance": False}}, ToyBackbone, "regions"),
        ({"activation": {"enabled": False}}, activation, "cross_scale_activations"),
        ({"select": {"enabled": False}}, referring.select, "combined_score"),
        ({"program": {"enabled": False}}, referring.spatial, "execute"),
    ],
)
def test_a_stage_that_is_off_is_not_called(monkeypatch, switch, owner, name):
    views = {"local": {"mask_guidance": True, "context_crop": True}}
    on = Model(ToyBackbone(), make_settings("default", views))
    with monkeypatch.context() as patched:
        forbid(patched, owner, name)
        with pytest.raises(AssertionError, match="although"):
            on.refer(scattered(), SENTENCE)
        result = Model(ToyBackbone(), make_settings("default", switch)).refer(scattered(), SENTENCE)
    assert result.mask.shape == (96, 96)


def test_knowledge_off_uses_one_plain_prompt():
    on, off = ToyBackbone(), ToyBackbone()
    Model(on, make_settings()).segment(quarters(), ["building"], other=False)
    plain = make_settings("default", {"knowledge": {"enabled": False}})
    Model(off, plain).segment(quarters(), ["building"], other=False)
    assert len(on.calls["texts"]) > 8
    assert len(off.calls["texts"]) == 1


def test_cross_scale_off_reads_the_whole_image_only():
    on, off = ToyBackbone(), ToyBackbone()
    Model(on, make_settings()).refer(scattered(), "the building")
    single = make_settings("default", {"activation": {"cross_scale": False}})
    Model(off, single).refer(scattered(), "the building")
    assert (on.calls["activations"], off.calls["activations"]) == (5, 1)


def test_global_enhancement_off_explains_the_noun_alone(monkeypatch):
    asked = []
    original = ToyBackbone.activations

    def spy(self, image, texts, targets):
        asked.append(tuple(targets))
        return original(self, image, texts, targets)

    monkeypatch.setattr(ToyBackbone, "activations", spy)
    paper = {"activation": {"modifiers": "all"}}
    model(**paper).refer(scattered(), SENTENCE)
    paper["activation"]["global_enhancement"] = False
    model(**paper).refer(scattered(), SENTENCE)
    assert asked == [(0, 1)] * 5 + [(0,)] * 5


def banks():
    """A blue river from top to bottom, red squares on both banks, and their boxes."""
    image = np.zeros((96, 160, 3), np.uint8)
    image[:] = (10, 180, 10)
    image[:, 60:84] = (10, 10, 200)
    boxes = np.array([[20, 40, 40, 60], [100, 40, 120, 60], [132, 70, 152, 90]])
    for x0, y0, x1, y1 in boxes:
        image[y0:y1, x0:x1] = (210, 10, 10)
    return image, boxes


@pytest.mark.parametrize("names", [None, ["building", "building", "building"]])
def test_anchors_are_found_beside_the_users_own_candidates(names):
    image, boxes = banks()
    result = model().refer(image, "the building left of the river", candidates=boxes, names=names)
    assert [match.box for match in result.chosen] == [(20, 40, 40, 60)]
    assert {match.index for match in result.matches} <= {0, 1, 2}
    assert not any("anchor" in note for note in result.notes)


def test_a_name_counts_for_its_own_noun_only():
    image, boxes = banks()
    result = model().refer(
        image, "the ship left of the building", candidates=boxes, names=["boat", "tank", "tank"]
    )
    # No candidate is called a building: the image shows where they are.
    assert [match.index for match in result.chosen] == [0]


def test_what_is_called_something_else_is_not_asked_from_the_model():
    image, boxes = banks()
    result = model().refer(image, "the water", candidates=boxes, names=["boat", "tank", "house"])
    assert not result.chosen
    odd = model().refer(image, "the building", candidates=boxes, names=["a1", "tank", "a3"])
    assert odd.chosen
    assert {match.index for match in odd.chosen} <= {0, 2}


@pytest.mark.parametrize(
    ("sentence", "names", "chosen"),
    [
        ("the bus", ["small-vehicle", "large-vehicle", "small-vehicle"], [1]),
        ("the car", ["large-vehicle", "small-vehicle", "large-vehicle"], [1]),
        ("the pier", ["ship", "harbor", "ship"], [1]),
        ("all vehicles", ["small-vehicle", "large-vehicle", "harbor"], [0, 1]),
    ],
)
def test_names_of_classes_in_data_sets(sentence, names, chosen):
    image, boxes = banks()
    result = model().refer(image, sentence, candidates=boxes, names=names)
    assert sorted(match.index for match in result.chosen) == chosen


def test_words_for_the_same_thing_do_not_compete():
    both = model(knowledge={"background": False}).refer(
        scattered(), "the largest house near the building", candidates=None
    )
    alone = model(knowledge={"background": False}).refer(scattered(), "the largest house")
    assert both.chosen[0].terms["probability"] == pytest.approx(
        alone.chosen[0].terms["probability"], abs=0.05
    )


def test_boxes_that_no_region_fits_are_kept():
    boxes = np.array([[70, 20, 74, 24], [8, 8, 20, 20]])
    result = model().refer(scattered(), "all buildings", candidates=boxes, refine=True)
    assert (70, 20, 74, 24) in {match.box for match in result.matches}
    assert any("no region fits 1 of the boxes" in note for note in result.notes)


def test_where_nothing_is_a_box_there_is_nothing_to_refine():
    disc = (np.indices((96, 96)) - 14) ** 2
    masks = (disc.sum(0) < 30)[None]
    result = model().refer(scattered(), "the building", candidates=masks, refine=True)
    assert (result.mask == masks[0]).all()
    assert "nothing to refine: no match is a full box" in " ".join(result.notes)
    boxes = np.array([[8, 8, 20, 20]])
    refined = model().refer(scattered(), "the building", candidates=boxes, refine=True)
    assert "nothing to refine" not in " ".join(refined.notes)


def test_without_mask_selection_the_heat_map_is_the_match():
    result = model(select={"enabled": False}).refer(scattered(), "the building")
    (match,) = result.matches
    assert match.chosen
    assert np.array_equal(match.mask, result.mask)
    assert set(match.terms) == {"activation"}


def test_all_takes_what_lies_beside_the_anchor_and_what_lies_far_from_it():
    image, boxes = banks()
    image[64:92, 86:112] = (210, 10, 10)  # beside the river
    near = np.array([[86, 64, 112, 92]])
    result = model().refer(
        image, "all buildings right of the river", candidates=np.concatenate([boxes, near])
    )
    assert {match.index for match in result.chosen} == {1, 2, 3}


def test_the_users_own_objects_are_never_suppressed():
    image, boxes = banks()
    own = np.array([boxes[0], boxes[0] + [6, 4, 6, 4], [20, 40, 40, 41]])  # moored, and a sliver
    result = model().refer(image, "all ships", candidates=own, names=["ship", "ship", "ship"])
    assert {match.index for match in result.chosen} == {0, 1, 2}


def test_the_nearest_name_counts_first():
    image, boxes = banks()
    names = ["building", "house", "roof"]
    result = model().refer(image, "the house", candidates=boxes, names=names)
    assert [match.index for match in result.chosen] == [1]


def test_names_leave_nothing_to_the_model():
    image, boxes = banks()
    own = np.concatenate([boxes, [[60, 0, 84, 96]]])
    names = ["building", "building", "building", "river"]
    backbone = ToyBackbone()
    result = Model(backbone, make_settings()).refer(
        image, "the largest building right of the river", candidates=own, names=names
    )
    assert not any(backbone.calls.values())
    assert {match.index for match in result.chosen} <= {1, 2}
    assert set(result.matches[0].terms) == {"probability", "objectness", "program", "attribute"}
    assert not result.heatmap.any()
    # A word that nothing measures is asked from the model.
    Model(backbone, make_settings()).refer(image, "the shiny building", candidates=own, names=names)
    assert backbone.calls["activations"] > 0


def test_scores_say_how_sure_names_are():
    image, boxes = banks()
    names = ["building"] * 3

    def chosen(sentence, scores):
        result = model().refer(image, sentence, candidates=boxes, names=names, scores=scores)
        return [match.index for match in result.chosen]

    assert chosen("the building", [0.5, 0.9, 0.6]) == [1]
    assert chosen("the leftmost building", [0.1, 0.9, 0.8]) == [1]  # the first is none
    assert chosen("the building", [0.1, 0.1, 0.15]) == []
    with pytest.raises(InputError, match="from 0 to 1"):
        chosen("the building", [0.5, 90, 0.6])
    with pytest.raises(InputError, match="one for each of 3"):
        chosen("the building", [0.5])
    with pytest.raises(InputError, match="names"):
        model().refer(image, "the building", candidates=boxes, scores=[1, 1, 1])


def test_a_candidate_without_a_name_is_judged_by_the_image():
    image, boxes = banks()
    own = np.concatenate([boxes, [[62, 10, 82, 30]]])
    names = ["tank", "tank", "building", ""]
    result = model().refer(image, "the water", candidates=own, names=names)
    assert [match.index for match in result.chosen] == [3]
    assert any("no candidate is called 'water'" in note for note in result.notes)


def test_an_adjective_that_nothing_measures_is_left_to_the_model():
    backbone = ToyBackbone()
    result = Model(backbone, make_settings()).refer(scattered(), "the shiny building")
    assert any("shiny building" in text for text in backbone.calls["texts"])
    assert any("'shiny' is left to" in note for note in result.notes)


@pytest.mark.parametrize("enabled", [True, False])
def test_words_that_no_program_says_are_noted(enabled):
    asked = Model(ToyBackbone(), make_settings(overrides={"select": {"enabled": enabled}}))
    result = asked.refer(scattered(), "the building resembling a star")
    assert result.query.unexecuted == ("resembling a star",)
    assert "'resembling a star' is left to the vision-language model" in result.notes


def test_a_strip_of_any_length_is_answered():
    image = np.zeros((20, 3000, 3), np.uint8)
    image[:] = (10, 180, 10)
    image[4:16, 1500:1520] = (210, 10, 10)
    result = model().refer(image, "the building")
    assert result.mask[10, 1510]
    assert result.mask.sum() < 1000


def test_a_further_sentence_about_the_same_nouns_asks_the_model_nothing():
    asked = model()
    prepared = asked.prepare(scattered())
    first = asked.ask(prepared, "the largest building")
    calls = {name: value for name, value in asked.backbone.calls.items() if name != "texts"}
    texts = len(asked.backbone.calls["texts"])
    second = asked.ask(prepared, "the smallest building")
    assert {name: asked.backbone.calls[name] for name in calls} == calls
    assert len(asked.backbone.calls["texts"]) == texts
    for result, text in ((first, "the largest building"), (second, "the smallest building")):
        alone = model().refer(scattered(), text)
        assert np.array_equal(result.mask, alone.mask)
        assert np.array_equal(result.heatmap, alone.heatmap)
        assert [match.terms for match in result.matches] == [match.terms for match in alone.matches]
    assert len(asked.ask(prepared, "the tree left of the water").matches) > 0
    assert len(asked.backbone.calls["texts"]) > texts
