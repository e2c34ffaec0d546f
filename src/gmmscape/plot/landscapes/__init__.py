"""Pictures of the laboratory: minima, passes, paths, basins, thresholds, phases."""
