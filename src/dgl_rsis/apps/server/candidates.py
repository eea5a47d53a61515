"""Another candidate of a sentence as the answer."""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.apps.server.problems import unknown
from dgl_rsis.apps.server.tasks import RANKING
from dgl_rsis.geo.vector import write_vectors

_COLUMN = "candidate_id"


def candidate_file(folder: Path, file: Path, number: int) -> Path:
    """A file in which a candidate is the chosen one, made when it is asked for first.

    Args:
        folder: of a job of refer.
        file: of its result, in the format that is wanted.
        number: id of the candidate.

    Raises:
        Problem: there is no such candidate.
    """
    import geopandas

    target = folder / f"candidate-{number}{file.suffix}"
    if target.is_file():
        return target
    table = geopandas.read_file(folder / RANKING)
    chosen = table[_COLUMN] == number
    if not chosen.any():
        raise unknown("candidate", str(number))
    table = table[chosen].drop(columns=_COLUMN).assign(chosen=True)
    write_vectors(target, table)
    return target
