"""Results in notebooks: as pictures and pages, as labelled grids, on an interactive map."""
