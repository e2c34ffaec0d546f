"""structure_report: every minimum that a search finds on one truth, proved, beside what a theorem claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from gmmscape.exceptions import InvalidParameterError, NoResultError
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.theorems.claims import BOUNDED, Bound, Claims, Condition
from gmmscape.landscape.theorems.found import bound_of
from gmmscape.landscape.theorems.quantities import TruthQuantities
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Event, Stopped
from gmmscape.proof.balls import rounded_down, rounded_up
from gmmscape.proof.certificate import Certificate
from gmmscape.proof.certify import certify
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted
from gmmscape.structure.structure import Structure
from gmmscape.validation import positive_integer, random_state_too

#: How a proved error compares with a bound.
VERDICTS = ("proved within", "proved beyond", "undecided", "no bound")


@dataclass(frozen=True, eq=False)
class ProvedMinimum(Record):
    """A minimum that a search found, with its proof or the reason why there is none.

    Attributes
    ----------
    means : tuple of tuple of float
        As the search found them.
    certificate : Certificate or None
        What is proved.
    reason : str
        Why nothing is; empty where something is.
    bounds : tuple of float or None
        What the theorem claims of each mean's error, in sigma; None where it claims nothing. Empty for a
        sample.
    """

    format: ClassVar[str] = "gmmscape-proved-minimum"

    means: tuple[tuple[float, ...], ...]
    certificate: Certificate | None
    reason: str
    bounds: tuple[float | None, ...]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """How each mean's proved error compares with its bound, one of `VERDICTS`."""
        if self.certificate is None:
            return ("undecided",) * len(self.bounds)
        return tuple(
            _verdict(ends, bound) for ends, bound in zip(self.certificate.errors, self.bounds, strict=True)
        )

    def __str__(self) -> str:
        if self.certificate is None:
            return f"not proved: {self.reason}"
        return str(self.certificate)


@dataclass(frozen=True, eq=False)
class StructureReport(Record):
    """Every minimum that a search found on one truth or sample, proved where it can be.

    Attributes
    ----------
    truth : Mixture or None
        What is fitted to; None for a sample.
    n_components : int
        Number of fitted means k.
    sigma : float
        Standard deviation of the fit.
    condition_holds : bool or None
        Whether the theorem's condition holds for this truth; None without one.
    minima : tuple of ProvedMinimum
        By NLL, the best first.
    stop_reason : str
        Why the search and the proofs ended, a key of `gmmscape.solve.STOP_REASONS`; "converged" where all was
        done.
    """

    format: ClassVar[str] = "gmmscape-structure-report"

    truth: Mixture | None
    n_components: int
    sigma: float
    condition_holds: bool | None
    minima: tuple[ProvedMinimum, ...]
    stop_reason: str

    @property
    def separation(self) -> float | None:
        """Smallest distance between two centers, in sigma of the truth; None for a sample."""
        return None if self.truth is None else self.truth.separation

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Those that there are."""
        return tuple(found.certificate for found in self.minima if found.certificate is not None)

    @property
    def all_structured(self) -> bool:
        """Whether each minimum that was found is proved to be one and to have its structure."""
        return all(found.certificate is not None and found.certificate.is_structured for found in self.minima)

    def __str__(self) -> str:
        n, proved = len(self.minima), len(self.certificates)
        head = f"{counted(n, 'minimum', 'minima')} found, {proved} proved"
        if self.truth is not None:
            structured = sum(bool(certificate.is_structured) for certificate in self.certificates)
            head += f", {structured} proved to be structured; separation {self.separation:.6g} sigma"
        rows = [["structure", "nll", "kl", "error", "box", "bound"]]
        for found in self.minima:
            rows.append(_row(found))
        said = [head, *aligned(rows)]
        if self.condition_holds is not None:
            said.append(f"the condition {'holds' if self.condition_holds else 'does not hold'} here")
        said.append(
            "errors and boxes in sigma; that the search found all minima is not proved, a census proves that"
        )
        return "\n".join(said)


def _verdict(ends: tuple[float, float], bound: float | None) -> str:
    if bound is None:
        return "no bound"
    if ends[1] <= bound:
        return "proved within"
    return "proved beyond" if ends[0] > bound else "undecided"


def _row(found: ProvedMinimum) -> list[str]:
    certificate = found.certificate
    if certificate is None:
        return ["not proved", "", "", "", "", found.reason]
    errors = [high for _, high in certificate.errors]
    verdicts = set(found.verdicts) - {"no bound"}
    told = "" if not verdicts else next(v for v in (*VERDICTS[1:3], VERDICTS[0]) if v in verdicts)
    structure = "" if certificate.blocks is None else str(Structure.of_pairs(certificate.blocks))
    return [
        structure + (" ?" if certificate.is_structured is False else ""),
        f"{certificate.nll[0]:.10g}",
        f"{certificate.kl[0]:.9g}" if certificate.kl else "",
        rounded_up(max(errors), 6) if errors else "",
        rounded_down(certificate.radius / Fraction(certificate.problem["sigma"]), 2),
        told,
    ]


@random_state_too
def structure_report(
    truth: Mixture,
    n_components: int,
    *,
    sigma: float | None = None,
    condition: Condition | None = None,
    bounds: Bound | Mapping[str, Bound] | None = None,
    n_starts: int = 64,
    rng: Any = None,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> StructureReport:
    """Find the minima of one truth, prove each, and compare proved errors with a theorem's bounds.

    Parameters
    ----------
    truth : Mixture
        Of any dimension, with centers on a line or in a plane; components that share one standard deviation;
        any weights.
    n_components : int
        Number of fitted means k.
    sigma : float, optional
        Standard deviation of the fit; that of the truth by default.
    condition : callable, optional
        As of `theorem_table`: called with `TruthQuantities`, it says where the theorem is claimed.
    bounds : callable or dict of str to callable, optional
        As of `theorem_table`: called with `BlockQuantities` (separation, k, k_star, sigma and more), it
        returns how far the means of a block may be from their place, in sigma.
    n_starts : int, default=64
        Random starts of the search.
    rng : None, int or numpy.random.Generator, default=None
        Seed of the search.
    max_seconds : float, optional
        Time budget; what was proved until then is returned.
    callback : callable, optional
        Called with an `Event` after each descent of the search (stage "points") and each proof ("prove");
        returning True ends the stage.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    StructureReport
        With `minima`, `certificates`, `all_structured` and `to_json`. Cost: an exploration, and a second for
        each minimum on a line.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or condition or bound raises or returns something else.
    NotAvailableError
        If python-flint is not installed, or the truth is one that nothing can be proved about yet.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> report = lab.structure_report(truth, 3, bounds=lambda q: 3 / q.separation, rng=0)
    >>> report.all_structured, [set(found.verdicts) for found in report.minima]
    (True, [{'proved within'}, {'proved within'}])
    """
    if not isinstance(truth, Mixture) or truth.sigma is None:
        raise InvalidParameterError.of(
            "truth", truth, "pass a gmmscape.Mixture whose components share one standard deviation"
        )
    k = positive_integer("n_components", n_components)
    claims = Claims.of(condition, bounds)
    quantities = TruthQuantities.of(truth, k)
    holds = claims.of_truth(quantities)[0]
    bound = bound_of(claims, quantities, claimed=holds is not False)
    budget = Budget.of("prove", max_seconds, callback, verbose)
    land = Landscape(Population(truth), k, sigma)
    return report_of(land, budget, n_starts=n_starts, rng=rng, holds=holds, bound=bound)


def report_of(
    land: Landscape,
    budget: Budget,
    *,
    n_starts: int,
    rng: Any,
    holds: bool | None = None,
    bound: Any = None,
) -> StructureReport:
    """Return the report of the minima of a landscape.

    Parameters
    ----------
    land : Landscape
        Of a truth or a sample, equal weights.
    budget : Budget
        Time, and who watches.
    n_starts : int
        Random starts of the search.
    rng : object
        Its seed.
    holds : bool, optional
        Whether a theorem's condition holds.
    bound : callable, optional
        From a block to what the theorem claims.

    Returns
    -------
    StructureReport
        Minima with their certificates.
    """
    k = land.n_components

    def watch(event: Event) -> bool:
        return budget.asks_to_stop("points", event.done, event.total, event.value)

    atlas = land.explore(rng, n_starts=n_starts, max_seconds=budget.left, callback=watch)
    found: list[ProvedMinimum] = []
    reason = atlas.stop_reason
    try:
        for point in sorted(atlas.minima, key=lambda point: point.nll):
            means = tuple(map(tuple, point.means.tolist()))
            try:
                certificate = certify(point, land)
                found.append(ProvedMinimum(means, certificate, "", _bounds(certificate, bound)))
            except NoResultError as error:
                found.append(ProvedMinimum(means, None, str(error), (None,) * k))
            budget.report("prove", len(found), len(atlas.minima), last=len(found) == len(atlas.minima))
    except Stopped as stop:
        reason = str(stop)
    except KeyboardInterrupt:
        reason = "interrupted"
    truth = land.measure.truth
    return StructureReport(truth, k, land.sigma, holds, tuple(found), reason)


def _bounds(certificate: Certificate, bound: Any) -> tuple[float | None, ...]:
    """What is claimed of each mean's error; nothing of those of a sample, which has no truth."""
    if not certificate.errors:
        return ()
    claimed: list[float | None] = [None] * certificate.problem["n_components"]
    for block in Structure.of_pairs(certificate.blocks or []).blocks:
        limit = None if bound is None or block.kind not in BOUNDED else bound(block)
        for i in block.means:
            claimed[i] = None if limit is None or np.isinf(limit) else float(limit)
    return tuple(claimed)
