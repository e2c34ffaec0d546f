"""certify_atlas: an atlas with a certificate for each point that can be proved."""

from __future__ import annotations

from dataclasses import replace

from gmmscape.exceptions import InvalidParameterError, NoResultError
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.measure import Sample
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.proof.certify import certify


def certify_atlas(
    atlas: Atlas,
    land: Landscape,
    *,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> Atlas:
    """Prove the minima and saddles of an atlas, and attach their certificates.

    Parameters
    ----------
    atlas : Atlas
        What was found; it stays as it is.
    land : Landscape
        That it was found in.
    max_seconds : float, optional
        Time budget; points that were not reached have no certificate.
    callback : callable, optional
        Called with an `Event` (stage "prove") after each point; returning True stops.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    Atlas
        Its points print as proved where they are; flat ones and others that cannot be proved stay as they
        were. Text, report and pictures say which. Cost: as `certify`, for each point.

    Raises
    ------
    InvalidParameterError
        If the atlas is of another landscape.
    NotAvailableError
        If python-flint is not installed, or the landscape is one that nothing can be proved about yet.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> land = lab.Landscape(lab.Population(gs.Mixture.location([-3, 3, 12], sigma=1.0)), 3)
    >>> proved = lab.certify_atlas(land.explore(0, n_starts=4), land)
    >>> [(point.proved, round(point.certificate.kl[0], 6)) for point in proved.minima]
    [(True, -0.0), (True, 2.769105)]
    """
    if not isinstance(atlas, Atlas):
        raise InvalidParameterError.of("atlas", atlas, "pass what Landscape.explore returned")
    measure = land.measure
    data = measure.digest if isinstance(measure, Sample) else None
    atlas.check_same_landscape(land.n_components, land.sigma, measure.truth, data, weights=land.weights)
    budget = Budget.of("prove", max_seconds, callback, verbose)
    points = [*atlas.minima, *atlas.saddles]
    try:
        for done, point in enumerate(points):
            points[done] = _proved(point, land)
            budget.report("prove", done + 1, len(points), last=done + 1 == len(points))
    except Stopped:
        pass
    n = len(atlas.minima)
    return replace(atlas, minima=tuple(points[:n]), saddles=tuple(points[n:]))


def _proved(point: CriticalPoint, land: Landscape) -> CriticalPoint:
    """The point with its certificate; as it is where there is none."""
    try:
        certificate = certify(point, land)
    except NoResultError:
        return point
    return point.with_certificate(certificate) if certificate.index == point.index else point
