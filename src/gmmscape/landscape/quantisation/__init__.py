"""The limit of a vanishing standard deviation: k-means, its distortion, cells, minima and atlases."""
