from __future__ import annotations

import logging
import sys

import pytest
from notebook.made import answer, class_map, scene_answer

from dgl_rsis.errors import MissingExtraError
from dgl_rsis.notebook.overlays import overlays_of


@pytest.mark.notebook
def test_all_that_is_shown_travels_with_the_map() -> None:
    for result in (class_map(), answer(), scene_answer()):
        view = result.explore()
        overlays = overlays_of(result)
        assert [layer.image for layer in view.layers] == [each.url for each in overlays]
        assert [layer.bounds for layer in view.layers] == [each.bounds for each in overlays]
        assert [layer.opacity for layer in view.layers] == [each.opacity for each in overlays]
        assert view.basemap is None
        assert "application/vnd.jupyter.widget-view+json" in view._repr_mimebundle_()


@pytest.mark.notebook
def test_what_has_no_place_is_shown_and_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        class_map().explore()
        assert caplog.messages == []
        assert len(class_map(None).explore().layers) == 2
    (said,) = caplog.messages
    assert "flat picture" in said


def test_without_lonboard_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lonboard", None)
    with pytest.raises(
        MissingExtraError, match=r'explore\(\) .* pip install "dgl-rsis\[notebook\]"'
    ):
        answer().explore()
