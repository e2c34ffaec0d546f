"""Structure: a fit read as blocks of one mean on several centers, or several means on one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import index
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.results.text import counted
from gmmscape.structure.association import association_and_error
from gmmscape.structure.partition import Star, best_stars, components
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import mean_matrix, real_number

KINDS = ("one-fits-many", "many-fit-one", "exact", "empty", "unstructured")


class Block(NamedTuple):
    """Means and centers that belong together, indices from 0.

    Attributes
    ----------
    means : tuple of int
        Indices of fitted means.
    centers : tuple of int
        Indices of true centers.
    kind : str
        "one-fits-many", "many-fit-one", "exact", "empty" (a mean to which next to no draw of any center is
        attributed) or "unstructured".
    """

    means: tuple[int, ...]
    centers: tuple[int, ...]
    kind: str

    @classmethod
    def empty(cls, mean: int) -> Block:
        """Return the block of a mean that stands for nothing.

        Parameters
        ----------
        mean : int
            Its index.

        Returns
        -------
        Block
            Of the kind "empty", without centers.
        """
        return cls((mean,), (), "empty")

    @classmethod
    def of(cls, means: tuple[int, ...], centers: tuple[int, ...]) -> Block:
        """Return the block with the kind that its sizes imply.

        Parameters
        ----------
        means : tuple of int
            Fitted means.
        centers : tuple of int
            True components.

        Returns
        -------
        Block
            Of the kind "exact", "one-fits-many", "many-fit-one" or "unstructured".
        """
        if len(means) == 1 and len(centers) == 1:
            kind = "exact"
        elif len(means) == 1 and len(centers) > 1:
            kind = "one-fits-many"
        elif len(centers) == 1 and len(means) > 1:
            kind = "many-fit-one"
        else:
            kind = "unstructured"
        return cls(tuple(means), tuple(centers), kind)

    def __str__(self) -> str:
        means = ",".join(map(str, self.means)) or "-"
        centers = ",".join(map(str, self.centers)) or "-"
        mark = "?" if self.kind == "unstructured" else ""
        return f"{means}>{centers}{mark}"


@dataclass(frozen=True)
class Structure(Record):
    """A set of blocks that covers all means and all centers once.

    Attributes
    ----------
    blocks : tuple of Block
        Ordered by their first center.
    """

    format: ClassVar[str] = "gmmscape-structure"

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[Iterable[int], Iterable[int]]]) -> Structure:
        """Return the structure with the given blocks, in canonical order.

        Parameters
        ----------
        pairs : iterable of (means, centers)
            Indices of the means and of the centers of each block.

        Returns
        -------
        Structure
            Blocks ordered by their first center, kinds implied by their sizes.
        """
        blocks = [Block.of(tuple(sorted(m)), tuple(sorted(c))) for m, c in pairs]
        return cls(tuple(sorted(blocks, key=lambda b: (not b.centers, b.centers[:1], b.means))))

    @property
    def pairs(self) -> list[dict[str, list[int]]]:
        """Means and centers of each block, as files hold them."""
        return [{"means": list(block.means), "centers": list(block.centers)} for block in self.blocks]

    @classmethod
    def of_pairs(cls, pairs: Iterable[Mapping[str, Any]]) -> Structure:
        """Return the structure that `pairs` describes.

        Parameters
        ----------
        pairs : iterable of dict
            Each with "means" and "centers".

        Returns
        -------
        Structure
            The structure.
        """
        return cls.of((block["means"], block["centers"]) for block in pairs)

    @property
    def orbit(self) -> frozenset[tuple[tuple[int, ...], int]]:
        """What is left of the structure when the means are not labelled: centers and number of means."""
        return frozenset((block.centers, len(block.means)) for block in self.blocks)

    def __str__(self) -> str:
        return "  ".join(map(str, self.blocks))


@dataclass(frozen=True, eq=False)
class Decoding(Record):
    """A fit decoded against a truth: by association and by position (docs/mathematics.md#structure).

    Attributes
    ----------
    blocks : tuple of Block
        The structure where there is one; else the groups that association above the threshold joins.
    is_structured : bool
        Whether `defect` is at most `tau`, and no mean is empty.
    defect : float
        Smallest value, over all structures, of the largest association outside the blocks.
    tau : float
        Largest association outside the blocks of a structured fit.
    errors : ndarray of shape (k,)
        Approximation error of each mean in sigma, for the structure of smallest defect: distance to the
        weighted average of its centers (one-fits-many) or to its center; of an empty mean, to the nearest
        center. Means that coincide have the same: the largest among them.
    association : ndarray of shape (k, k_star)
        Mean responsibility of each fitted component over each true one.
    association_error : float or None
        Estimated absolute error of the associations, and so of the defect: that of the quadrature. None where
        it is not known: in files of before it was, and where sums over rows take the place of integrals.
    """

    format: ClassVar[str] = "gmmscape-decoding"
    names_in_files: ClassVar[Mapping[str, str]] = {"tau": "threshold"}

    blocks: tuple[Block, ...]
    is_structured: bool
    defect: float
    tau: float
    errors: FloatArray
    association: FloatArray
    association_error: float | None = None

    @property
    def structure(self) -> Structure:
        """The blocks as a `Structure`."""
        return Structure(self.blocks)

    @property
    def identified(self) -> tuple[int, ...]:
        """The true centers that exactly one mean sits on alone: what the fit partially identifies."""
        return tuple(block.centers[0] for block in self.blocks if block.kind == "exact")

    @property
    def empty(self) -> tuple[int, ...]:
        """The means that stand for nothing: next to no draw of any center is attributed to them."""
        return tuple(i for block in self.blocks if block.kind == "empty" for i in block.means)

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the decoding that `content` described, whose blocks are of its means."""
        found = cls(**cls._fields_in(content))
        means = sorted(i for block in found.blocks for i in block.means)
        if means and not 0 <= means[0] <= means[-1] < len(found.errors):
            raise ValueError(f"blocks of means {means}, and errors of {len(found.errors)}")
        return found

    def check_means(self, n: int) -> None:
        """Raise ValueError unless it reads a fit of so many means.

        Parameters
        ----------
        n : int
            Means of the fit.
        """
        if len(self.errors) != n:
            raise ValueError(f"a reading of {len(self.errors)} means, and {n} of them")

    def __str__(self) -> str:
        word = "structured" if self.is_structured else "not structured"
        error = self.association_error or 0.0
        known = f" +- {error:.1g}" if error > TOLERANCES.structure.association_rtol else ""
        alone = f"{counted(len(self.empty), 'empty mean')}, " if self.empty else ""
        lines = [f"{word}: {alone}defect {self.defect:.3g}{known}, tau {self.tau:.3g}"]
        if abs(self.defect - self.tau) <= error:
            lines[0] += "; the error does not tell them apart"
        for block in self.blocks:
            if block.kind == "empty":
                i = block.means[0]
                lines.append(f"  empty: mean {i} ({self.errors[i]:.3g} sigma from the nearest center)")
                continue
            means = ", ".join(f"{i} (error {self.errors[i]:.3g} sigma)" for i in block.means) or "none"
            centers = ", ".join(map(str, block.centers)) or "none"
            lines.append(f"  {block.kind}: mean {means} on center {centers}")
        return "\n".join(lines)


def structure_of(given: Any, k_star: int, k: int | None = None) -> Structure:
    """Return what was given as a structure, whose blocks are stars and cover all means and centers once.

    Parameters
    ----------
    given : Structure or iterable of (means, centers)
        A candidate, or tuples of indices.
    k_star : int
        Number of true centers.
    k : int, optional
        Number of means; whatever the structure has by default.

    Returns
    -------
    Structure
        The structure.

    Raises
    ------
    InvalidParameterError
        If it is none, or covers something else.
    """
    if not isinstance(given, Structure):
        try:
            pairs = [(tuple(map(index, means)), tuple(map(index, centers))) for means, centers in given]
            given = Structure.of(pairs)
        except (TypeError, ValueError):
            raise InvalidParameterError.of(
                "structure", given, "pass a candidate, or [(means, centers), ...] as tuples of indices"
            ) from None
    means = sorted(i for block in given.blocks for i in block.means)
    centers = sorted(s for block in given.blocks for s in block.centers)
    stars = all(block.kind not in ("empty", "unstructured") for block in given.blocks)
    wanted = list(range(len(means) if k is None else k))
    if not stars or means != wanted or centers != list(range(k_star)):
        raise InvalidParameterError(
            f"structure='{given}': pass one whose blocks have one mean or one center, and cover the means "
            f"{'0, 1, ...' if k is None else f'0..{k - 1}'} and the centers 0..{k_star - 1} once each"
        )
    return given


def decode(fit: Any, truth: Any, *, sigma: float | None = None, tau: float | None = None) -> Decoding:
    """Read a fit against a known truth as a union of one-fits-many and many-fit-one blocks.

    Parameters
    ----------
    fit : Mixture, solution or array_like of shape (k,) or (k, d)
        What was fitted; bare means stand for equal weights and the standard deviation `sigma`.
    truth : Mixture or array_like of shape (k_star,) or (k_star, d)
        What is true; bare centers likewise.
    sigma : float, optional
        Standard deviation of bare means or centers, and the unit of the errors. Defaults to that of the
        truth, or of the fit, where it is one number.
    tau : float, optional
        Largest association outside the blocks of a structured fit; 0.5/k by default.

    Returns
    -------
    Decoding
        Blocks, defect, errors and association, with its error. A mean is empty where its association with
        every center is at most 1e-6; the structure and its defect are those of the other means then, and the
        fit is not structured. Cost: a few quadratures, and O(k k_star log) for the blocks.

    Raises
    ------
    InvalidParameterError
        If sigma is needed and missing, dimensions differ, or tau is not in (0, 1).

    Examples
    --------
    >>> from gmmscape import lab
    >>> print(lab.decode([0.0, 11.8, 12.2], [-3.0, 3.0, 12.0], sigma=1.0))
    structured: defect 0.00194, tau 0.167
      one-fits-many: mean 0 (error 0 sigma) on center 0, 1
      many-fit-one: mean 1 (error 0.2 sigma), 2 (error 0.2 sigma) on center 2
    """
    sigma = _common_sigma(fit, truth, sigma)
    fit, truth = _as_mixture("fit", fit, sigma), _as_mixture("truth", truth, sigma)
    if fit.n_features != truth.n_features:
        raise InvalidParameterError(
            f"fit has {counted(fit.n_features, 'dimension')} and truth {truth.n_features}: "
            "pass equal dimensions"
        )
    level = 0.5 / fit.n_components
    if tau is not None:
        level = real_number("tau", tau)
        if level >= 1:
            raise InvalidParameterError.of("tau", tau, "pass a number between 0 and 1")
    table, error = association_and_error(fit, truth)
    return decoding_of(table, error, fit.means, truth, sigma, level)


def decoding_of(
    table: FloatArray,
    error: float,
    means: FloatArray,
    truth: Mixture,
    sigma: float,
    tau: float | None = None,
) -> Decoding:
    """Read means whose association with the components of a truth is known.

    Parameters
    ----------
    table : ndarray of shape (k, k_star)
        Association: which share of the draws of each component each mean stands for.
    error : float
        Its estimated absolute error.
    means : ndarray of shape (k, d)
        The means.
    truth : Mixture
        In the same coordinates.
    sigma : float
        Unit of the errors of means.
    tau : float, optional
        Largest association outside the blocks of a structured fit; 0.5/k by default.

    Returns
    -------
    Decoding
        As `decode` returns it.
    """
    level = 0.5 / len(means) if tau is None else tau
    empty = table.max(axis=1) <= TOLERANCES.structure.empty
    rest = np.flatnonzero(~empty)
    stars, defect = best_stars(table[rest])
    best = _numbered(stars, rest)
    blocks = best.blocks if defect <= level else _numbered(components(table[rest] > level), rest).blocks
    blocks += tuple(Block.empty(int(i)) for i in np.flatnonzero(empty))
    errors = _errors(best, means, truth, sigma, empty)
    structured = bool(defect <= level and not empty.any())
    return Decoding(blocks, structured, defect, level, errors, table, error)


def block_average(centers: tuple[int, ...], truth: Mixture) -> FloatArray:
    """Return the weighted average of some centers, shape (d,); the plain one where all weights are zero."""
    members = list(centers)
    weights = truth.weights[members]
    return np.average(truth.means[members], axis=0, weights=weights if weights.any() else None)


def _numbered(stars: list[Star], means: IntArray) -> Structure:
    """The structure of stars whose means are places in a list of means."""
    return Structure.of((means[members].tolist(), centers) for members, centers in stars)


def _errors(
    structure: Structure, means: FloatArray, truth: Mixture, sigma: float, empty: BoolArray
) -> FloatArray:
    errors = np.empty(len(means))
    for block in structure.blocks:
        target = block_average(block.centers, truth)
        for i in block.means:
            errors[i] = np.linalg.norm(means[i] - target) / sigma
    for i in np.flatnonzero(empty):
        errors[i] = np.linalg.norm(means[i] - truth.means, axis=1).min() / sigma
    # Means in one place may stand in different blocks, and which is in which says nothing.
    apart = np.linalg.norm(means[:, None] - means, axis=2)
    together = apart <= TOLERANCES.structure.coincident * sigma
    return np.where(together, errors, 0.0).max(axis=1)


def _as_mixture(name: str, value: Any, sigma: float) -> Mixture:
    value = getattr(value, "mixture", value)
    return value if isinstance(value, Mixture) else Mixture.location(mean_matrix(name, value), sigma)


def _common_sigma(fit: Any, truth: Any, sigma: float | None) -> float:
    if sigma is not None:
        return real_number("sigma", sigma)
    for value in (truth, getattr(fit, "mixture", fit)):
        if isinstance(value, Mixture) and value.sigma is not None:
            return value.sigma
    raise InvalidParameterError.of(
        "sigma", None, "pass the standard deviation, the unit in which errors are measured"
    )
