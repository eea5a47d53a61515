"""Metrics of a benchmark: of class maps, of masks, in strata, with intervals."""

from dgl_rsis.benchmark.metrics.intervals import Interval
from dgl_rsis.benchmark.metrics.maps import (
    Labels,
    MapFigures,
    class_accuracies,
    class_ious,
    confusion_matrix,
    map_differences,
    map_figures,
    map_intervals,
    mean_class_accuracy,
    mean_iou,
    overall_accuracy,
)
from dgl_rsis.benchmark.metrics.masks import (
    MaskFigures,
    MaskRecord,
    compare_masks,
    figures_by_stratum,
    mask_differences,
    mask_figures,
    mask_intervals,
    mask_iou,
    resize_nearest,
)

__all__ = [
    "Interval",
    "Labels",
    "MapFigures",
    "MaskFigures",
    "MaskRecord",
    "class_accuracies",
    "class_ious",
    "compare_masks",
    "confusion_matrix",
    "figures_by_stratum",
    "map_differences",
    "map_figures",
    "map_intervals",
    "mask_differences",
    "mask_figures",
    "mask_intervals",
    "mask_iou",
    "mean_class_accuracy",
    "mean_iou",
    "overall_accuracy",
    "resize_nearest",
]
