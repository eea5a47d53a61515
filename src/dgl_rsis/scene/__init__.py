"""Large scenes: rasters that are read tile by tile."""
