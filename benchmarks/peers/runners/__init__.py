"""Scripts that run in the environments of peers: they know NumPy and their peer, and nothing from here."""
