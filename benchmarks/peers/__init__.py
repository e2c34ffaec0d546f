"""Other programs that fit Gaussian mixtures, each in an environment of its own."""
