"""Pickles of plain values come back in every protocol; nothing that a file names is run."""

from __future__ import annotations

import datetime
import pickle
from collections import OrderedDict, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.benchmark.datasets.plain_pickle import read_plain_pickle
from dgl_rsis.errors import InputError

PROTOCOLS = range(6)
REFERENCES = [
    {
        "ref_id": 3,
        "ann_id": [1, 2],
        "sentences": [{"raw": "the „größte“ tank", "tokens": ("the", "tank"), "sent_id": 0}],
        "share": 0.5,
        "flag": True,
        "nothing": None,
        "large": 10**30,
        "texts": {"a", "b"},
        "frozen": frozenset({1}),
        "bytes": [b"", b"\x00\xff"],
    }
]
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
HASHABLE = ATOMS | st.binary()
VALUES = st.recursive(
    HASHABLE | st.sets(HASHABLE) | st.frozensets(HASHABLE),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)


class Malicious:
    """Makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, (f"open({str(self.target)!r}, 'w').close()",))


def write(path: Path, value: Any, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_plain_pickle(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_references_come_back(tmp_path: Path, protocol: int) -> None:
    assert read_plain_pickle(write(tmp_path / "refs.p", REFERENCES, protocol)) == REFERENCES


@given(VALUES, st.sampled_from(PROTOCOLS))
def test_plain_values_come_back(
    tmp_path_factory: pytest.TempPathFactory, value: Any, protocol: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "plain.p"
    assert read_plain_pickle(write(path, value, protocol)) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("nested", [False, True])
def test_a_malicious_file_does_nothing(tmp_path: Path, protocol: int, nested: bool) -> None:
    proof = tmp_path / "proof"
    value = [*REFERENCES, {"ref_id": Malicious(proof)}] if nested else Malicious(proof)
    path = write(tmp_path / "refs.p", value, protocol)
    assert "builtin" in refusal(path)
    assert not proof.exists()
    with path.open("rb") as stream:  # the file is as bad as it looks
        pickle.load(stream)
    assert proof.exists()


@pytest.mark.parametrize(
    "code",
    [
        b"cposix\nsystem\n(S'touch PROOF'\ntR.",  # GLOBAL, REDUCE
        b"(S'touch PROOF'\niposix\nsystem\n.",  # INST
        b"(cposix\nsystem\nS'touch PROOF'\no.",  # OBJ
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x0btouch PROOF\x85R.",  # STACK_GLOBAL
        b"\x80\x02cbuiltins\neval\nU\x0dopen('PROOF')\x85\x81.",  # NEWOBJ
        b"cbuiltins\ngetattr\n(cbuiltins\nset\nS'__class__'\ntR.",
        b"cbuiltins\n__import__\n(S'os'\ntR.",
        b"c_codecs\nlookup\n(S'utf-8'\ntR.",
        b"c_codecs\nencode.__class__\n.",
        b"\x80\x04\x8c\x08builtins\x8c\x0dset.__class__\x93.",
        b"\x80\x04\x8c\x05po\nix\x8c\x06system\x93.",
        b"c__main__\nanything\n.",
    ],
)
def test_names_are_refused_however_they_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "refs.p"
    path.write_bytes(code)
    assert "refused, the pickle asks for" in refusal(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "value",
    [
        OrderedDict(a=1),
        defaultdict(list),
        datetime.date(2024, 1, 1),
        Decimal(1),
        np.int64(3),
        np.zeros(3),
        Path("a"),
        complex(1, 2),
        InputError("a"),
        range(3),
        print,
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_things_are_refused(tmp_path: Path, value: Any) -> None:
    for protocol in PROTOCOLS:
        path = write(tmp_path / "refs.p", [value], protocol)
        assert "refused, the pickle asks for" in refusal(path)


@pytest.mark.parametrize(
    "code",
    [
        b"c__builtin__\nset\n}S'add'\nI1\nsb.",  # a state for what a file may name
        b"c_codecs\nencode\n}S'__defaults__'\nI1\nsb.",
        b"c_codecs\nencode\n(Va\nVno such codec\ntR.",
        b"c__builtin__\nset\n(I1\ntR.",
        b"Psomewhere\n.",  # a persistent id
        b"",
        b"not a pickle at all",
        b"\x80\xff.",
        b"0.",
    ],
)
def test_damage_is_one_line(tmp_path: Path, code: bytes) -> None:
    path = tmp_path / "refs.p"
    path.write_bytes(code)
    assert "no pickle that can be read" in refusal(path)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_file_that_is_cut_short(tmp_path: Path, protocol: int) -> None:
    whole = pickle.dumps(REFERENCES, protocol)
    path = tmp_path / "refs.p"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refusal(path)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "refs.p")
