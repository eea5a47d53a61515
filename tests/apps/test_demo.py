from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., tuple[int, str, str]]


def test_sentences_and_their_pictures_have_the_same_numbers(
    tmp_path: Path, fake: Any, run: Run
) -> None:
    code, out, err = run("demo", "--folder", tmp_path / "demo")
    assert code == 1  # the fake model knows nothing
    assert "below the accuracy" in err
    lines = [line.split() for line in out.splitlines() if '" (' in line]
    assert [line[0] for line in lines] == ["1", "2", "3", "4", "5"]
    for line in lines:
        assert line[-1] == f"answer-{line[0]}.png"
        assert (tmp_path / "demo" / line[-1]).is_file()
        assert line[-3:-1] == ["1", "instance,"]
