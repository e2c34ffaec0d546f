"""diagnose: a verdict on a model fitted anywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike

from gmmscape.diagnosis.assess import judge
from gmmscape.diagnosis.blocked import diagnose_blocks
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.measure.blocked import RowBlocks
from gmmscape.progress import Callback
from gmmscape.validation import random_state_too


@random_state_too
def diagnose(
    model: Any,
    X: Any,
    sample_weight: ArrayLike | None = None,
    *,
    covariance_type: str | None = None,
    rng: Any = None,
    reg_covar: float | None = None,
    covariance_floor: float | None = None,
    covariance_prior: float | str | None = None,
    nested: str = "offer",
    pursue: str = "evidence",
    false_alarm: float | None = None,
    n_starts: int = 0,
    background: str | float | None = None,
    n_jobs: int | None = None,
    max_seconds: float | None = None,
    verbose: int = 0,
    callback: Callback | None = None,
) -> Diagnosis:
    """Say whether a fitted model is a bad optimum, and which components are wrong.

    The fit is polished by EM; then components are split into slots that merging or deleting others frees, and
    each such move is judged by what EM makes of it. What remains better than the polished fit is the
    evidence.

    Parameters
    ----------
    model : object
        A fitted scikit-learn or gmmscape ``GaussianMixture``, a ``BayesianGaussianMixture`` (its weights,
        means and covariances are judged by their likelihood), a `Mixture`, a tuple (weights, means,
        covariances), or the path of a JSON file of gmmscape. A ``KMeans`` or an array of bare centers is
        judged by inertia.
    X : array_like of shape (n_samples, n_features) or RowBlocks
        Data, as the model was fitted on. Columns of a table are matched by name where the model has names.
        Of rows in blocks a coreset is looked at, and warnings say how well it stands for all.
    sample_weight : array_like of shape (n_samples,), optional
        Non-negative weights of the rows; equal by default.
    covariance_type : str, optional
        Needed for a `Mixture` and for arrays: which covariances were free ("full", "tied", "diag",
        "spherical", or another of mclust's families).
    rng : None, int or numpy.random.Generator, default=None
        Source of randomness of the proposals (SPEC 7).
    reg_covar : float, optional
        Least variance, in squared units of the data; the model's own by default, else 0.
    covariance_floor : float, optional
        Least variance as a share of the data's; the model's own by default, else 1e-6.
    covariance_prior : "auto" or float, optional
        How many rows of the components' pooled covariance each covariance is given beside its own: the
        model's own by default, which is none for models fitted elsewhere.
    nested : {"offer", "take"}, default="offer"
        Whether gains by components nested in one cluster, such as a core in a halo, are only listed
        (`alternatives`) or count as better fits.
    pursue : {"evidence", "likelihood"}, default="evidence"
        What moves are made for: gains that new rows would see too, or all. Gains that are not told from none
        are listed (`alternatives`).
    false_alarm : float, optional
        Rate at which good fits may be called bad. A gain is then held against those that the search finds on
        1/false_alarm - 1 samples drawn from the fit (parametric bootstrap), and a gain not above them all is
        no evidence: "cannot tell". Without it a gain counts from two standard errors of its row-wise
        differences. For mixtures.
    n_starts : int, default=0
        Random starts (k-means++) to run beside the search: how many of them end at the likelihood of the best
        fit in hand is reported (`evidence.replicated`). For mixtures.
    background : {"box", "hull"} or float, optional
        A uniform density beside the components, as in `GaussianMixture`; the model's own by default.
    n_jobs : int, optional
        Threads at most; None or -1 for all cores. The result does not depend on it.
    max_seconds : float, optional
        Time budget.
    verbose : int, default=0
        Whether to print a line a move.
    callback : callable, optional
        Called with an `Event` as the examination goes on; returning True stops it.

    Returns
    -------
    Diagnosis
        Prints as a table.

    Raises
    ------
    DataError
        If the data cannot be used or have another number of columns than the model.
    InvalidParameterError
        If the model or an option cannot be used.
    NotFittedError
        If the model has no parameters yet.

    Notes
    -----
    Ctrl-C and the end of the budget end the examination with what was found by then. Cost: a few EM runs for
    each round of moves, and one for each move tried, O(n k d^2) an iteration.

    Examples
    --------
    >>> import numpy as np, gmmscape as gs
    >>> X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 200)).reshape(-1, 1)
    >>> bad = gs.Mixture([1 / 3] * 3, [4.5, 29.0, 31.0], [20.0, 1.0, 1.0], "spherical")
    >>> gs.diagnose(bad, X, covariance_type="spherical", rng=0).verdict
    'bad optimum'
    """
    options = {
        "covariance_type": covariance_type,
        "rng": rng,
        "reg_covar": reg_covar,
        "covariance_floor": covariance_floor,
        "covariance_prior": covariance_prior,
        "nested": nested,
        "pursue": pursue,
        "background": background,
        "false_alarm": false_alarm,
        "n_starts": n_starts,
        "n_jobs": n_jobs,
        "max_seconds": max_seconds,
        "verbose": verbose,
        "callback": callback,
    }
    if isinstance(X, RowBlocks):
        return diagnose_blocks(model, X, sample_weight, options)
    judged = judge(model, X, sample_weight, **options)
    return replace(judged.diagnosis, data=judged.data)
