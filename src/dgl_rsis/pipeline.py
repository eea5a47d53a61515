"""Wiring only: which stage is called with what, for the two tasks.

A stage that is switched off in the settings is not called.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dgl_rsis.config import TREE_PAINTERS, Settings, make_settings
from dgl_rsis.errors import InputError
from dgl_rsis.geo.raster import as_raster
from dgl_rsis.image_reader import ImageReader
from dgl_rsis.inputs import Candidates, ImageLike, check_names, filled, masks_of, scores_of
from dgl_rsis.mapping import classes_asked, classes_of, paint_map
from dgl_rsis.models.base import Backbone, Matcher
from dgl_rsis.prepared import PreparedImage
from dgl_rsis.progress import Progress, Teller
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.proposing import (
    Finder,
    Found,
    Networks,
    checkpoint_folders,
    find_proposals,
    painted_parts,
    pixel_size,
)
from dgl_rsis.referring import answer, looks_for_anchors, nouns_of
from dgl_rsis.refining import in_boxes, in_regions, refine_matches
from dgl_rsis.results import ReferResult, SegmentResult
from dgl_rsis.stages import local
from dgl_rsis.stages.decouple import understand
from dgl_rsis.stages.paint import Painting
from dgl_rsis.text.classes import ClassList
from dgl_rsis.types import FloatArray, Proposals, Query, Raster, RGBImage

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from dgl_rsis.scene.labelling import LabelResult


def load(
    model: str | Path | Backbone = "rs-tiny",
    *,
    proposer: str | None = None,
    preset: str = "default",
    device: str | None = None,
    precision: str | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Model:
    """Load a backbone and fix the settings.

    Args:
        model: ``rs-tiny``, ``hf:ORG/NAME`` (bare ``ORG/NAME`` too), ``openclip:FILE`` or
            ``dir:FOLDER`` (bare existing paths too); or a backbone that is loaded already, one of
            ``models.registry.load_backbone`` or an own one with the methods of
            ``models.base.Backbone``, whose device, precision and attention stay as they are.
        proposer: ``tree``, ``flat``, ``maskcut``, ``hierarchy``, ``sam``, ``sam2``, ``samhq``,
            ``sam3`` or several joined by ``+``, over ``settings``; None leaves their choice.
        preset: ``default``, ``fast`` or ``paper``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``, over ``settings``.
        precision: of all networks, ``auto``, ``float32``, ``bfloat16`` or ``float16``, over
            ``settings``.
        settings: ``{stage: {option: value}}`` over the preset.

    Raises:
        ModelError: the model is unknown or cannot be loaded.
        InputError: an unknown preset, option or device; or no name and no backbone.
    """
    from dgl_rsis.models.base import BackboneOptions
    from dgl_rsis.models.registry import load_backbone

    overrides = dict(settings or {})
    if proposer is not None:
        overrides["proposals"] = {**overrides.get("proposals", {}), "proposer": proposer}
    where = {"device": device, "precision": precision}
    given = {option: value for option, value in where.items() if value is not None}
    if given:
        overrides["backbone"] = {**overrides.get("backbone", {}), **given}
    chosen = make_settings(preset, overrides)
    checkpoint_folders(chosen.proposals)  # a missing one is told before anything is loaded
    if isinstance(model, str | Path):
        options = BackboneOptions(**chosen.backbone.model_dump(exclude={"device"}))
        backbone = load_backbone(str(model), chosen.backbone.device, options)
    elif hasattr(model, "card"):
        backbone = model
    else:
        raise InputError(f"{model!r} is neither a name nor a backbone (see models/base.py)")
    if backbone.card.notice:
        _give_notice(backbone.card.notice)
    return Model(backbone, chosen, name=None if backbone is model else str(model))


@cache
def _give_notice(notice: str) -> None:
    """Log the notice of a model, once in a process."""
    logging.getLogger(__name__).warning(notice)


@dataclass(frozen=True)
class Model:
    """A backbone with settings; holds no other state than models that are loaded when needed.

    Attributes:
        backbone: the image-text model.
        settings: options of all stages.
        matcher: image-text matching model of the activation provider ``cross_attention``; None
            loads ``activation.checkpoint`` for the first sentence.
        name: that it was loaded by; None where a loaded backbone was passed.
        find: how proposals are found; evaluations share them between models.
    """

    backbone: Backbone
    settings: Settings
    matcher: Matcher | None = None
    name: str | None = None
    find: Finder = find_proposals

    def segment(
        self,
        image: ImageLike,
        classes: Sequence[str],
        *,
        other: str | bool | None = None,
        progress: Progress | None = None,
    ) -> SegmentResult:
        """Open-vocabulary semantic segmentation: class names in, a map out.

        Args:
            image: path, PIL image, ``(H, W, 3)`` uint8 or a raster that was read before.
            classes: names in any words.
            other: None labels what background words win as -1; a name gives them a class of that
                name; False forces every pixel into a class.
            progress: ``(done, total, message) -> go on?``.

        Raises:
            InputError: the image or the classes cannot be used.
        """
        tell = Teller(progress, 4)
        settings = self.settings
        chosen = classes_asked(classes, other, settings)
        raster = as_raster(image)
        picture = filled(raster)
        reader = self._reader(raster, picture)
        tell("words")
        texts = local.encode_classes(self.backbone, chosen.prompts, chosen.competitors)
        tell("proposals")
        painter = settings.painter
        notes = painted_parts(painter, settings.proposals)[1]
        proposals = self._painted(raster, picture, reader, chosen)
        tell("dense features")
        dense = local.dense_probabilities(
            reader.features(), texts, self.backbone.dense_logit_scale, settings.local
        )
        tell("painting")
        painting = paint_map(
            raster, proposals, reader, texts, dense, chosen.rest, self.backbone, settings
        )
        labels, scores = classes_of(painting, chosen, raster)
        tell("done")
        return SegmentResult(
            labels, scores, chosen.names, raster, painter, (*_raster_notes(raster), *notes)
        )

    def paint(
        self,
        raster: Raster,
        dense: FloatArray,
        texts: local.TextFeatures,
        chosen: ClassList,
    ) -> Painting:
        """Paint a part of a scene whose probabilities are known.

        Args:
            raster: the part, with a colour of the scene where there is no data.
            dense: ``(h, w, K)`` probabilities of the names in cells that cover it evenly.
            texts: features of the names.
            chosen: the classes behind them.
        """
        reader = self._reader(raster, raster.rgb)
        proposals = self._painted(raster, raster.rgb, reader, chosen)
        return paint_map(
            raster, proposals, reader, texts, dense, chosen.rest, self.backbone, self.settings
        )

    def refer(
        self,
        image: ImageLike,
        sentence: str,
        *,
        candidates: Candidates | None = None,
        names: Sequence[str] | None = None,
        scores: Sequence[float] | None = None,
        refine: bool = False,
        progress: Progress | None = None,
    ) -> ReferResult:
        """Referring expression segmentation: a sentence in, the object it refers to out.

        Args:
            image: path, PIL image, ``(H, W, 3)`` uint8 or a raster that was read before.
            sentence: noun phrase or sentence in English.
            candidates: boxes ``(N, 4)`` ``x0, y0, x1, y1``, masks ``(N, H, W)`` or a list of
                masks to choose from; None proposes.
            names: one per candidate, "" where it has none; the sentence's nouns match them first.
                Where all have one, the model is not asked about nouns that any of them means.
            scores: one per candidate in [0, 1]: how sure its name is; None takes names for sure.
            refine: give boxes the best fitting region of the image.
            progress: ``(done, total, message) -> go on?``.

        Raises:
            InputError: the image, the sentence or the candidates cannot be used.
            ModelError: the activation provider needs a model that is not there.
        """
        return self.refer_many(
            image, [sentence], candidates=candidates, names=names, scores=scores, refine=refine,
            progress=progress,
        )[0]  # fmt: skip

    def refer_many(
        self,
        image: ImageLike,
        sentences: Sequence[str],
        *,
        candidates: Candidates | None = None,
        names: Sequence[str] | None = None,
        scores: Sequence[float] | None = None,
        refine: bool = False,
        progress: Progress | None = None,
    ) -> list[ReferResult]:
        """The same for several sentences; the image is read and its features computed once."""
        tell = Teller(progress, len(sentences))
        if candidates is None and names is not None:
            raise InputError("names need candidates; pass the candidates that they belong to")
        if scores is not None and names is None:
            raise InputError("scores say how sure names are; pass candidates and names with them")
        if candidates is None and refine:
            raise InputError("refine needs candidates; proposals follow the image already")
        queries = [understand(sentence, self.settings) for sentence in sentences]
        raster = as_raster(image)
        tell.say("proposals")
        tree = None
        fits_regions = refine and self.networks.segmenter is None
        if candidates is None:
            prepared = self.prepare(raster, sentences)
        else:
            picture = filled(raster)
            proposals = masks_of(candidates, raster.shape)
            if names is not None:
                check_names(names, len(proposals))
            looks = any(looks_for_anchors(query, names or (), self.settings) for query in queries)
            tree = self._tree(raster) if fits_regions or looks else None
            prepared = PreparedImage.of(
                raster,
                picture,
                proposals,
                self._reader(raster, picture, self.explainer),
                tree=tree,
                names=names,
                given=True,
                scores=None if scores is None else scores_of(scores, len(proposals)),
            )
        results = []
        for query in queries:
            tell(query.text)
            results.append(self._answer(prepared, query))
        segmenter = self.networks.segmenter if refine else None
        if segmenter is not None:
            fit = in_boxes(prepared.picture, segmenter)
            results = [refine_matches(each, fit) for each in results]
        elif refine and tree is not None:
            results = [refine_matches(each, in_regions(tree)) for each in results]
        tell("done")
        return results

    def prepare(self, image: ImageLike, sentences: Sequence[str] = ()) -> PreparedImage:
        """Everything about an image that sentences share, to be kept between them; see ``ask``.

        Args:
            image: path, PIL image, ``(H, W, 3)`` uint8 or a raster that was read before.
            sentences: that will be asked; proposers that look for things by noun need them.

        Raises:
            InputError: the image or a sentence cannot be used.
        """
        raster = as_raster(image)
        picture = filled(raster)
        reader = self._reader(raster, picture, self.explainer)
        queries = [understand(sentence, self.settings) for sentence in sentences]
        nouns = [noun for query in queries for noun in nouns_of(query)]
        found = self._find(raster, picture, reader, nouns=nouns)
        return PreparedImage.of(raster, picture, found.proposals, reader, detected=found.instances)

    def ask(self, prepared: PreparedImage, sentence: str) -> ReferResult:
        """What ``refer`` answers, about an image that was prepared with the same proposals.

        Raises:
            InputError: the sentence cannot be used.
        """
        return self._answer(prepared, understand(sentence, self.settings))

    def _answer(self, prepared: PreparedImage, query: Query) -> ReferResult:
        result = answer(prepared, query, self.backbone, self.settings)
        notes = _raster_notes(prepared.raster)
        return replace(result, notes=(*result.notes, *notes))

    def label(
        self,
        image: ImageLike,
        polygons: str | Path | GeoDataFrame,
        classes: Sequence[str],
        *,
        other: str | bool | None = None,
        progress: Progress | None = None,
    ) -> LabelResult:
        """The caller's polygons get classes; a path is read in tiles, whatever its size.

        Args:
            image: path, PIL image, ``(H, W, 3)`` uint8 or a raster that was read before.
            polygons: a vector file or a table, in any CRS; in pixels where the image has no
                georeference.
            classes: names in any words.
            other: None leaves what background words win without class; a name makes it a class;
                False forces every polygon into a class.
            progress: ``(done, total, message) -> go on?``.

        Raises:
            InputError: the image, the polygons or the classes cannot be used.
        """
        from dgl_rsis.scene.labelling import label

        return label(self, image, polygons, classes, other=other, progress=progress)

    def propose(self, image: ImageLike) -> Proposals:
        """Class-agnostic proposals of an image by the proposer of the settings."""
        raster = as_raster(image)
        picture = filled(raster)
        return self._find(raster, picture, self._reader(raster, picture)).proposals

    def encode_text(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts without any template, ``(T, D)`` float32 of unit length."""
        return self.backbone.encode_texts(texts)

    def encode_image(self, image: ImageLike) -> FloatArray:
        """Embed an image squeezed to the input size, ``(D,)`` float32 of unit length."""
        return np.asarray(self.backbone.encode_images([filled(as_raster(image))])[0])

    def _reader(
        self, raster: Raster, picture: RGBImage, matcher: Matcher | None = None
    ) -> ImageReader:
        return ImageReader.of(
            picture,
            self.backbone,
            self.settings,
            matcher=matcher,
            metres_per_pixel=pixel_size(raster),
        )

    @cached_property
    def explainer(self) -> Matcher | None:
        """The matcher that tells where the words of sentences look; None where the backbone does.

        That of the settings is loaded when it is first asked for: maps need none.

        Raises:
            ModelError: ``activation.checkpoint`` is not there, or no such model.
        """
        activation, how = self.settings.activation, self.settings.backbone
        asked = activation.enabled and activation.provider == "cross_attention"
        if self.matcher is not None or not asked:
            return self.matcher
        from dgl_rsis.models.hf_blip import load_matcher

        return load_matcher(activation.checkpoint, how.device, how.precision, compiled=how.compile)

    @property
    def used_matcher(self) -> Matcher | None:
        """The matcher if it was passed, or if a sentence has made it load."""
        return self.matcher or vars(self).get("explainer")

    @cached_property
    def networks(self) -> Networks:
        """Networks of the proposers, loaded when the first image needs them."""
        return Networks.load(self.settings.proposals, self.settings.backbone)

    def _find(
        self,
        raster: Raster,
        picture: RGBImage,
        reader: ImageReader,
        parts: Sequence[str] | None = None,
        *,
        by_colour: bool = False,
        nouns: Sequence[str] = (),
    ) -> Found:
        """Proposals, whose proposers may look at features of the finest reading scale."""
        settings = self.settings.proposals
        named = settings.parts if parts is None else tuple(parts)
        return self.find(
            raster,
            picture,
            settings,
            self.networks if named != ("tree",) else Networks(),
            parts=named,
            by_colour=by_colour,
            features=lambda: reader.features().dense[0],
            nouns=nouns,
            metres_per_pixel=pixel_size(raster),
        )

    def _painted(
        self, raster: Raster, picture: RGBImage, reader: ImageReader, chosen: ClassList
    ) -> Proposals | None:
        """What the painter of the settings paints; None for cells."""
        painter = self.settings.painter
        if painter == "dense":
            return None
        parts, _ = painted_parts(painter, self.settings.proposals)
        asked = chosen.class_of_name[: len(chosen.prompts)]  # those with words of their own
        nouns = [chosen.names[index] for index in asked]
        by_colour = painter in TREE_PAINTERS
        return self._find(
            raster, picture, reader, parts, by_colour=by_colour, nouns=nouns
        ).proposals

    def _tree(self, raster: Raster) -> RegionTree:
        """The region tree of an image, whatever the proposer of the settings."""
        return build_region_tree(raster.rgb, valid=raster.valid)


def _raster_notes(raster: Raster) -> tuple[str, ...]:
    return tuple(raster.facts.get("notes", ()))
