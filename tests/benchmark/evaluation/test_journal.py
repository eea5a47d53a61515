import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dgl_rsis.benchmark.evaluation.journal import Journal
from dgl_rsis.errors import InputError

HEADING = {
    "dataset": "dubai/tile6",
    "ways": {"default": {"settings": {"paint": {"painter": "cut"}}}},
}
ENTRIES = [
    {"image": f"part {number}", "ways": {"default": {"seconds": number}}} for number in range(4)
]


def written(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def fill(path, entries=ENTRIES):
    with Journal(path, HEADING) as journal:
        for entry in entries:
            journal.add(entry)
    return path


def test_entries_come_back_in_the_next_run(tmp_path):
    path = fill(tmp_path / "journal.jsonl", ENTRIES[:2])
    with Journal(path, HEADING) as journal:
        assert list(journal.done.values()) == ENTRIES[:2]
        journal.add(ENTRIES[2])
    assert written(path) == [HEADING, *ENTRIES[:3]]


def test_an_entry_is_on_disk_before_the_journal_is_closed(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path, HEADING) as journal:
        journal.add(ENTRIES[0])
        assert written(path) == [HEADING, ENTRIES[0]]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400))
def test_whatever_a_kill_leaves_the_run_goes_on_from_whole_lines(tmp_path, cut):
    path = fill(tmp_path / "journal.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    kept = max(0, whole[:cut].count(b"\n") - 1)
    with Journal(path, HEADING) as journal:
        assert list(journal.done.values()) == ENTRIES[:kept]
        for entry in ENTRIES[kept:]:
            journal.add(entry)
    assert path.read_bytes() == whole
    path.unlink()


def test_a_journal_of_another_run_is_refused_with_the_difference_named(tmp_path):
    path = fill(tmp_path / "journal.jsonl")
    other = json.loads(json.dumps(HEADING).replace('"cut"', '"leaf"'))
    with pytest.raises(InputError, match=r'ways\.default\.settings\.paint\.painter "cut".*"leaf"'):
        Journal(path, other)
    assert written(path) == [HEADING, *ENTRIES]
