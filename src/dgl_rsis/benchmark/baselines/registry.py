"""Baselines by name, with what they need and where they are from.

A module is imported when one of its baselines is asked for. To add one: write a module with a
``MapMethod`` or a ``ReferMethod``, and add its line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from dgl_rsis.errors import InputError

if TYPE_CHECKING:
    from dgl_rsis.benchmark.baselines.methods import MapMethod, ReferMethod
    from dgl_rsis.pipeline import Model

Need: TypeAlias = Literal["vit", "proposals", "sam3", "matcher"]

_DENSE = "dgl_rsis.benchmark.baselines.dense_maps"
_VOTES = "dgl_rsis.benchmark.baselines.mask_votes"
_GLOBAL_LOCAL = "dgl_rsis.benchmark.baselines.global_local"
_HYBRID = "dgl_rsis.benchmark.baselines.hybrid_guidance"
_GRAD_CAM = "dgl_rsis.benchmark.baselines.grad_cam"
_ITERPRIME = "dgl_rsis.benchmark.baselines.iterprime"
_SIMILARITY = "dgl_rsis.benchmark.baselines.similarity"
_SAM3 = "dgl_rsis.benchmark.baselines.sam3_text"


@dataclass(frozen=True)
class Baseline:
    """Where a baseline is, and what it needs.

    Attributes:
        module: that holds it.
        attribute: its name there.
        source: paper and section.
        needs: ``vit``, a backbone with a class token; ``proposals``, flat masks; ``sam3``, the
            proposer of that name in the settings of the model.
        uses: what it uses beside that where the model has it: ``vit``, ``matcher``.
        thresholds: probability below which a pixel is background, by data set, as published; 0 on
            all others.
    """

    module: str
    attribute: str
    source: str
    needs: tuple[Need, ...] = ()
    uses: tuple[Need, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)


SEGEARTH_THRESHOLDS = {
    "isaid": 0.4,
    "openearthmap": 0.1,
    "loveda": 0.3,
    "potsdam": 0.1,
    "vaihingen": 0.1,
    "uavid": 0.3,
    "udd5": 0.4,
    "vdd": 0.3,
    "whu": 0.6,
    "inria": 0.6,
    "massachusetts-roads": 0.7,
}
"""Published for a temperature of 50; that of WHU is for the aerial tiles (0.7 for satellite II)."""

MAP_BASELINES: Mapping[str, Baseline] = {
    "clip-argmax": Baseline(
        _DENSE, "CLIP_ARGMAX", "Radford et al., CLIP, ICML 2021", uses=("vit",)
    ),
    "maskclip": Baseline(
        _DENSE, "MASKCLIP", "Zhou et al., MaskCLIP, ECCV 2022, section 3.2", ("vit",)
    ),
    "sclip": Baseline(_DENSE, "SCLIP", "Wang et al., SCLIP, ECCV 2024, section 3.2", ("vit",)),
    "clearclip": Baseline(
        _DENSE, "CLEARCLIP", "Lan et al., ClearCLIP, ECCV 2024, section 3.3", ("vit",)
    ),
    "gem": Baseline(
        _DENSE, "GEM", "Bousselham et al., GEM, CVPR 2024, sections 3.2 and 3.3", ("vit",)
    ),
    "segearth-ov": Baseline(
        _DENSE,
        "SEGEARTH_OV",
        "Li et al., SegEarth-OV, CVPR 2025, section 3.2, without its learned upsampler",
        ("vit",),
        thresholds=SEGEARTH_THRESHOLDS,
    ),
    "corrclip-vote": Baseline(
        _VOTES,
        "CORRCLIP_VOTE",
        "Zhang et al., CorrCLIP, 2025, its map correction alone",
        ("proposals",),
    ),
    "dense-vote": Baseline(
        _VOTES, "DENSE_VOTE", "Sosa et al., EarthVision 2026, several classes", ("proposals",),
        ("vit",),
    ),
}  # fmt: skip
"""Methods for class maps: each is a ``methods.MapMethod``."""

REFER_BASELINES: Mapping[str, Baseline] = {
    "global-local-clip": Baseline(
        _GLOBAL_LOCAL,
        "GLOBAL_LOCAL_CLIP",
        "Yu et al., Zero-shot RIS, CVPR 2023, section 3",
        ("vit", "proposals"),
    ),
    "hybridgl": Baseline(
        _HYBRID,
        "HYBRIDGL",
        "Liu & Li, HybridGL, CVPR 2025, section 3.2 and spatial guidance",
        ("vit", "proposals"),
    ),
    "grad-cam": Baseline(
        _GRAD_CAM,
        "GRAD_CAM",
        "Lin et al., CLIP-ES, CVPR 2023, sections 3.1 and 3.2, mask of the best mean",
        ("proposals",),
    ),
    "grad-cam-plain": Baseline(
        _GRAD_CAM,
        "GRAD_CAM_PLAIN",
        "Selvaraju et al., ICCV 2017, as the baseline of Yu et al., CVPR 2023",
        ("vit", "proposals"),
    ),
    "iterprime": Baseline(
        _ITERPRIME,
        "ITERPRIME",
        "Wang et al., IteRPrimE, AAAI 2025",
        ("proposals",),
        ("matcher",),
    ),
    "dense-score": Baseline(
        _SIMILARITY, "DENSE_SCORE", "dense similarity, no geometry", ("proposals",)
    ),
    "crop-score": Baseline(
        _SIMILARITY,
        "CROP_SCORE",
        "crop and sentence, the similarity selector of GeoSelect, arXiv:2607.03869",
        ("proposals",),
    ),
    "sam3-text": Baseline(
        _SAM3, "SAM3_TEXT", "Carion et al., SAM 3, 2025, raw text as in arXiv:2607.03869", ("sam3",)
    ),
}
"""Methods for sentences: each is a ``methods.ReferMethod``."""


def map_method(name: str) -> MapMethod:
    """The method for class maps of that name.

    Raises:
        InputError: if there is none.
    """
    return cast("MapMethod", _load(name, MAP_BASELINES))


def refer_method(name: str) -> ReferMethod[Any]:
    """The method for sentences of that name.

    Raises:
        InputError: if there is none.
    """
    return cast("ReferMethod[Any]", _load(name, REFER_BASELINES))


def check_needs(name: str, model: Model) -> None:
    """Check that a model has what a baseline needs, before any image is read.

    Raises:
        InputError: it lacks something, or there is no such baseline.
    """
    baseline = _find(name, {**MAP_BASELINES, **REFER_BASELINES})
    if "vit" in baseline.needs:
        from dgl_rsis.benchmark.baselines.per_mask import is_vit

        if not is_vit(model.backbone):
            raise InputError(
                f"baseline {name} needs a ViT with a class token, {model.backbone.card.name} is "
                "none; load a CLIP"
            )
    if "sam3" in baseline.needs and "sam3" not in model.settings.proposals.parts:
        raise InputError(
            f"baseline {name} needs SAM 3; load the model with the proposer sam3, in an evaluation "
            f"by {name},proposals.proposer=sam3"
        )


def threshold_of(name: str, dataset: str) -> float:
    """Probability below which a method for maps gives a pixel to the background.

    Args:
        name: of the baseline.
        dataset: name of the data set, without or with its split (``loveda/val``).

    Raises:
        InputError: there is no such baseline.
    """
    return _find(name, MAP_BASELINES).thresholds.get(dataset.partition("/")[0], 0.0)


def looks_inside(name: str) -> bool:
    """Whether a baseline takes the layers of a ViT apart, where the backbone is one.

    Raises:
        InputError: there is no such baseline.
    """
    baseline = _find(name, {**MAP_BASELINES, **REFER_BASELINES})
    return "vit" in (*baseline.needs, *baseline.uses)


def needs_proposals(name: str) -> bool:
    """Whether a baseline chooses among flat masks.

    Raises:
        InputError: there is no such baseline.
    """
    return "proposals" in _find(name, {**MAP_BASELINES, **REFER_BASELINES}).needs


def _find(name: str, table: Mapping[str, Baseline]) -> Baseline:
    if name not in table:
        raise InputError(f"no baseline is called {name!r}; choose one of {', '.join(table)}")
    return table[name]


def _load(name: str, table: Mapping[str, Baseline]) -> object:
    baseline = _find(name, table)
    loaded: object = getattr(import_module(baseline.module), baseline.attribute)
    return loaded
