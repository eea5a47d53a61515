from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dgl_rsis.models import memory
from dgl_rsis.models.memory import batch_size, free_bytes, transformer_bytes


@pytest.mark.parametrize(
    ("free", "each", "most", "expected"),
    [
        (4000, 100, 64, 10),  # a quarter of the memory
        (10**12, 100, 64, 64),
        (0, 100, 64, 1),
        (4000, 0, 64, 64),
        (4000, 10**9, 64, 1),
    ],
)
def test_batches_fill_a_share_of_the_memory(
    monkeypatch: pytest.MonkeyPatch, free: int, each: int, most: int, expected: int
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda device: free)
    assert batch_size(each, "cpu", most) == expected


def test_free_memory_counts_caches_and_the_limit_of_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meminfo, group = tmp_path / "meminfo", tmp_path / "cgroup"
    meminfo.write_text("MemTotal: 900 kB\nMemFree: 5 kB\nMemAvailable: 300 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    monkeypatch.setattr(memory, "_CGROUP", group)
    assert free_bytes("cpu") == 300 * 1024
    group.mkdir()
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("150000\n")
    (group / "memory.stat").write_text("anon 9\ninactive_file 50000\nactive_file 7\n")
    assert free_bytes("cpu") == 300 * 1024
    (group / "memory.max").write_text("200000\n")
    assert free_bytes("cpu") == 100_000
    (group / "memory.max").write_text("90000\n")
    assert free_bytes("cpu") == 0


def test_cards_tell_their_own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (len(device), 99))
    assert free_bytes("cuda:1") == 6
    # torch keeps what it got from a card: a later batch is no smaller for that
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 50)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 20)
    assert free_bytes("cuda:1") == 36
    assert free_bytes("mps") == 2 << 30


def test_a_block_of_a_transformer_by_hand() -> None:
    # 2 tokens of width 3: 6 * 3 numbers and 2 * 5 hidden ones each; 4 heads of 2 x 2, twice
    assert transformer_bytes(2, 3, 5, 4) == 4 * (2 * (18 + 10) + 4 * 2 * 4)
