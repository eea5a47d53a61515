"""Small halos for small scenes, and a small cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dgl_rsis.scene import planning


@pytest.fixture(autouse=True, scope="session")
def small_halo() -> object:
    """Toy backbones look at single cells: they need no wide context."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "CONTEXT", 80)
        yield


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[str]:
    """Address of a Ray cluster of two nodes on this machine, one core each."""
    pytest.importorskip("ray", reason="the extra ray is not installed")
    from ray.cluster_utils import Cluster

    tests = str(Path(__file__).parents[1])
    before = os.environ.get("PYTHONPATH")
    with pytest.MonkeyPatch.context() as patch:  # nodes hand it on to their workers
        patch.setenv("PYTHONPATH", tests if before is None else f"{tests}{os.pathsep}{before}")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # Ray's own 15 starves them on a busy machine
        cluster = Cluster()
        for _ in range(2):
            cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20, include_dashboard=False)
        yield cluster.address
        cluster.shutdown()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch computes with one thread here, as in workers that have a core each.

    With another number of threads, convolutions add in another order.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
