"""The caller's coordinates and local ones: the door that mixtures pass through, once on the way in."""

from __future__ import annotations

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background


class Centred:
    """A measure with an origin, in whose local coordinates everything inside runs.

    What a user passes in is made local once, by `local_mixture`, where it is read. From there on functions
    take and return local mixtures. `Solution.mixture` is what a user gets back, computed once from what the
    solver had; `callers_mixture` serves results that are not solutions.

    Attributes
    ----------
    origin : ndarray of shape (d,)
        Local coordinates are the caller's minus it.
    background : Background or None
        Beside the components of all mixtures; inside, it is part of the measure, not of them.
    """

    origin: FloatArray
    background: Background | None = None

    def local_mixture(self, mixture: Mixture) -> Mixture:
        """Return a mixture of the caller's in local coordinates.

        Parameters
        ----------
        mixture : Mixture
            In the caller's coordinates.

        Returns
        -------
        Mixture
            Its means relative to `origin`; each difference rounds once. A background stays behind: inside,
            weights of components sum to one.
        """
        return mixture.beside(None).shifted(-self.origin)

    def callers_mixture(self, local: Mixture) -> Mixture:
        """Return a mixture in local coordinates in the caller's.

        Parameters
        ----------
        local : Mixture
            Relative to `origin`.

        Returns
        -------
        Mixture
            In the coordinates of the data or of the truth; each sum rounds once.
        """
        return local.shifted(self.origin)
