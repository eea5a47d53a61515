"""What the models say about one image, each part of it asked for at most once.

Sentences about the same image share its dense features, the crops of its proposals, and what
activations need beside the words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from dgl_rsis.config import Settings
from dgl_rsis.models.base import Activator, Backbone, Matcher, TokenReader, activator_of
from dgl_rsis.stages.activation import Window
from dgl_rsis.stages.crops import CropEncoder
from dgl_rsis.stages.local import ImageFeatures, read_features
from dgl_rsis.stages.things import LevelFeatures, Pyramid, level_features, read_pyramid
from dgl_rsis.types import Proposals, RGBImage

KEPT_WINDOWS = 26  # the whole image and 5 x 5 windows; each takes up to some 15 MB


@dataclass(frozen=True)
class ImageReader:
    """Asks the models about one image and remembers what they said.

    Attributes:
        features: of the image; computed when first asked for.
        pyramid: the image at halving sizes, for things; computed when first asked for.
        level_features: of proposals, in every level of the pyramid.
        crops: embeds context-aware crops of proposals.
        activator: explains texts over a window by the backbone; reads the window once.
        tokens: explains texts over a window by the matcher; None where there is no matcher.
    """

    features: Callable[[], ImageFeatures]
    pyramid: Callable[[], Pyramid]
    level_features: Callable[[Proposals], LevelFeatures]
    crops: CropEncoder
    activator: Callable[[Window], Activator]
    tokens: Callable[[Window], TokenReader] | None

    @classmethod
    def of(
        cls,
        picture: RGBImage,
        backbone: Backbone,
        settings: Settings,
        *,
        matcher: Matcher | None = None,
        metres_per_pixel: float | None = None,
    ) -> ImageReader:
        """Nothing is computed before it is asked for.

        Args:
            picture: ``(H, W, 3)`` uint8.
            backbone: the image-text model.
            settings: of all stages.
            matcher: of the activation provider ``cross_attention``.
            metres_per_pixel: ground size of a pixel; None where it is unknown.
        """

        @lru_cache(KEPT_WINDOWS)
        def activator(window: Window) -> Activator:
            return activator_of(backbone, window.of(picture))

        @lru_cache(KEPT_WINDOWS)
        def tokens(window: Window) -> TokenReader:
            assert matcher is not None
            return matcher.read(window.of(picture))

        @cache
        def features() -> ImageFeatures:
            return read_features(
                picture, backbone, settings.local, metres_per_pixel=metres_per_pixel
            )

        @cache
        def pyramid() -> Pyramid:
            return read_pyramid(picture, backbone, features(), settings.local)

        return cls(
            features,
            pyramid,
            lambda proposals: level_features(proposals, pyramid()),
            CropEncoder(picture, backbone, settings.local),
            activator,
            None if matcher is None else tokens,
        )
