from pathlib import Path

import pytest
from pretrain.vit.tokenizer import BytePairs, learn, write
from transformers import AutoTokenizer

CORPUS = ["the river", "The RIVER bank", "a road by the river", "roads"] * 3


@pytest.fixture(scope="module")
def pairs() -> BytePairs:
    return learn(CORPUS, 540)


def test_frequent_words_become_one_token_and_the_size_is_kept(pairs: BytePairs) -> None:
    assert "river</w>" in pairs.tokens
    assert "river" in pairs.pieces()
    assert len(set(pairs.tokens)) == len(pairs.tokens) <= 540
    assert len(learn(CORPUS, 520).tokens) == 520
    assert learn(CORPUS, 520).merges == pairs.merges[:6]  # beside 2 * 256 bytes and two ends
    start, *ids, end = pairs.tokenizer()("A River").input_ids
    assert (start, end) == (len(pairs.tokens) - 2, len(pairs.tokens) - 1)
    assert [pairs.tokens[k] for k in ids] == ["a</w>", "river</w>"]


def test_only_whole_pairs_are_merged(pairs: BytePairs) -> None:
    for first, second in pairs.merges:
        assert {first, second, first + second} <= set(pairs.tokens)


@pytest.mark.parametrize("text", ["ünknown § 25 signs", "日本", "don't stop!", ""])
def test_every_text_can_be_written(pairs: BytePairs, text: str) -> None:
    tokenizer = pairs.tokenizer()
    ids = tokenizer(text).input_ids
    assert pairs.tokens.index("<|endoftext|>") not in ids[1:-1]  # it stands for what is unknown
    said = tokenizer.decode(ids, skip_special_tokens=True)
    assert said.replace(" ", "") == text.replace(" ", "")


def test_the_files_load_as_what_was_learned(pairs: BytePairs, tmp_path: Path) -> None:
    write(pairs, tmp_path, 6)
    (tmp_path / "config.json").write_text('{"model_type": "clip"}', encoding="utf-8")
    loaded = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    texts = ["A road by the River", "ünknown", "", "a " * 30]
    options = {"padding": True, "truncation": True, "max_length": 6}
    expected = pairs.tokenizer()(texts, **options)
    assert loaded(texts, **options).input_ids == expected.input_ids
    assert loaded.model_max_length == 6
    assert {loaded.eos_token, loaded.pad_token} == {"<|endoftext|>"}
