"""Small halos for small scenes."""

from __future__ import annotations

import pytest

from dgl_rsis.scene import planning


@pytest.fixture(autouse=True, scope="session")
def small_halo() -> object:
    """Toy backbones look at single cells: they need no wide context."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "CONTEXT", 80)
        yield
