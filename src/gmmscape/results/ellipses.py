"""Ellipses of components, as pictures and reports draw them."""

from __future__ import annotations

import numpy as np

#: Share of a component's mass that its ellipse holds, unless `plot` is told another.
LEVEL = 0.9


def radius(level: float = LEVEL) -> float:
    """Return how far, in standard deviations, the ellipse of this share of a normal in a plane reaches."""
    return float(np.sqrt(-2.0 * np.log1p(-level)))
