"""Rasters and vectors in and out, on the map: never imports torch."""
