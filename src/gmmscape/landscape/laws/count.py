"""Law 7: the count of labelled critical points."""

from __future__ import annotations

from collections.abc import Sequence

from gmmscape.exceptions import InvalidParameterError
from gmmscape.validation import positive_integer


def signed_count(indices: Sequence[int], orbit_sizes: Sequence[int]) -> int:
    """Law 7: the sum of (-1)^index over labelled critical points.

    It is 1 for all critical points of a population's NLL if they are isolated and nondegenerate. Another
    value says that some are missing; 1 says nothing.

    Parameters
    ----------
    indices : sequence of int
        Number of negative curvatures, one for each orbit under relabelling.
    orbit_sizes : sequence of int
        Number of labelled points in each orbit: k! over the factorials of the numbers of coincident means.

    Returns
    -------
    int
        The sum.

    Raises
    ------
    InvalidParameterError
        If the lengths differ or an entry is not usable.
    """
    if len(indices) != len(orbit_sizes):
        raise InvalidParameterError(
            f"indices has {len(indices)} entries and orbit_sizes {len(orbit_sizes)}: pass one each an orbit"
        )
    return sum(
        positive_integer("orbit_sizes", size) * (-1) ** positive_integer("indices", index, minimum=0)
        for index, size in zip(indices, orbit_sizes, strict=True)
    )
