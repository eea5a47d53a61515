"""Words go to the class whose known words they lie nearest to."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import unseen_words

PLACES = {
    "car": (1, 0), "automobile": (0, 1), "ship": (1, -0.2),
    "limousine": (1, 0), "taxicab": (1, 0.2), "ferryboat": (1, -0.3),
}  # fmt: skip
KNOWN = {"car": ("car", "automobile"), "ship": ("ship",)}


def encode(texts: list[str]) -> np.ndarray:
    found = np.array([PLACES[text] for text in texts], np.float32)
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def test_a_class_is_the_mean_of_its_words() -> None:
    entries = ["limousine", "taxicab", "ferryboat", "automobile"]
    bare = {name: (name,) for name in KNOWN}
    assert unseen_words.answers(encode, bare, entries) == ["car", "car", "ship", "car"]
    assert unseen_words.answers(encode, KNOWN, entries) == ["ship", "ship", "ship", "car"]


def test_words_that_lie_far_apart_do_not_weaken_their_class() -> None:
    classes = {"wide": ("car", "automobile"), "narrow": ("ship",)}
    diagonal = {**PLACES, "minibus": (1, 0.45)}
    nearest = unseen_words.answers(
        lambda texts: np.array([diagonal[text] / np.linalg.norm(diagonal[text]) for text in texts]),
        classes,
        ["minibus"],
    )
    assert nearest == ["wide"]  # cosines 0.935 and 0.814; 0.661 with the mean as it is


def test_known_words_are_those_of_the_lexicon() -> None:
    words = unseen_words.known_words("car")
    assert words[0] == "car"
    assert "automobile" in words
    assert len(set(words)) == len(words)
    assert unseen_words.known_words("flurb") == ("flurb",)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unseen_words, "known_words", KNOWN.__getitem__)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("wrong", [False, True])
def test_both_shares_and_the_misses(capsys, wrong) -> None:
    truth = {"limousine": "car", "ferryboat": "ship"}
    assert unseen_words.report("toy", encode, truth, wrong) == 0.5
    first, *misses = capsys.readouterr().out.splitlines()
    assert first == "toy: 0.5000 right; 1.0000 with bare class names"
    assert misses == (["  limousine: ship, not car"] if wrong else [])


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("cars", "share", "status"), [("[automobile]", "1.0000", 0), ("[limousine]", "0.5000", 1)]
)
def test_only_the_model_must_reach_the_floor(
    typed, monkeypatch, tmp_path, cars, share, status
) -> None:
    file = tmp_path / "words.yaml"
    file.write_text(f"car: {cars}\nship: [ferryboat]", encoding="utf-8")
    monkeypatch.setattr(unseen_words, "WORDS", file)
    blind = SimpleNamespace(encode=lambda texts: np.ones((len(texts), 2)))
    monkeypatch.setattr(unseen_words, "teacher", lambda: blind)
    typed.backbone = SimpleNamespace(encode_texts=encode)
    assert typed(unseen_words) == status
    assert f"rs-tiny: {share} right" in typed.printed
    assert "all-MiniLM-L6-v2, the teacher: 0.5000 right" in typed.printed
