"""Volume, shape and orientation: the fourteen families of covariances by what of them components share.

A covariance is written as lambda D A D', with lambda its volume (the d-th root of the determinant), A
diagonal of determinant one its shape, and D orthogonal its orientation (Banfield and Raftery, Biometrics 49,
1993; Celeux and Govaert, Pattern Recognition 28, 1995).
"""

from __future__ import annotations

from typing import NamedTuple

from gmmscape.covariances import DIAG, FULL, SAME_AS, TIED, CovarianceKind

#: How much freedom a letter stands for: none, one for all components, one for each.
FREEDOM = "IEV"


class Decomposition(NamedTuple):
    """What components share, by the letters of mclust's names.

    Attributes
    ----------
    volume : {"E", "V"}
        Whether volumes are equal, or vary.
    shape : {"I", "E", "V"}
        Whether shapes are balls, equal, or vary.
    orientation : {"I", "E", "V"}
        Whether axes are the columns', equal, or vary.
    """

    volume: str
    shape: str
    orientation: str

    @property
    def name(self) -> str:
        """The three letters."""
        return "".join(self)

    @property
    def kind(self) -> CovarianceKind:
        """How the covariances are stored, where components share something."""
        if self.volume != "V" and "V" not in self:  # all of it: one matrix
            return TIED
        return DIAG if self.orientation == "I" else FULL

    @property
    def linear(self) -> bool:
        """Whether a covariance stays in the family when columns are scaled, each by its own factor."""
        return self.name in ("EEI", "VEI", "EVI", "VEE", "EVV")

    @property
    def collapsible(self) -> bool:
        """Whether a component on few rows can be as narrow as it likes; else others hold it up."""
        return self.kind is not TIED and (self.volume == "V" or self.shape == "V")

    def n_parameters(self, k: int, d: int) -> int:
        """Return how many numbers are free in the covariances of k components in d dimensions."""
        copies = {"I": 0, "E": 1, "V": k}
        angles = d * (d - 1) // 2
        return copies[self.volume] + copies[self.shape] * (d - 1) + copies[self.orientation] * angles

    def fewest_rows(self, d: int) -> int:
        """Return the fewest rows that what a component has of its own can be estimated from."""
        if not self.collapsible:
            return 1
        return d + 1 if self.shape == self.orientation == "V" else 2

    def within(self, other: Decomposition) -> bool:
        """Say whether every mixture of this family is one of the other."""
        return all(FREEDOM.index(a) <= FREEDOM.index(b) for a, b in zip(self, other, strict=True))


#: mclust's families of more than one column, from narrow to wide.
ALL = tuple(
    Decomposition(*name)
    for name in (
        ["EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"]
    )
)
#: Those that are kinds of storage, with the names that these have.
WHOLE = {one.name: SAME_AS[one.name] for one in ALL if one.name in SAME_AS}
