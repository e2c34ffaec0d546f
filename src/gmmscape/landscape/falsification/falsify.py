"""falsify: random separated truths searched for minima without structure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.falsification.one_truth import Plan, Searched, searched
from gmmscape.landscape.falsification.result import Falsification
from gmmscape.landscape.falsification.truths import random_truth
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.threads import limited
from gmmscape.validation import (
    positive_integer,
    random_state_too,
    real_number,
    standard_deviation,
)
from gmmscape.work.journal import Journal, seed_for
from gmmscape.work.kept_file import as_kept
from gmmscape.work.tasks import Task, Tasks, closed


@random_state_too
def falsify(
    *,
    n_components: int | Sequence[int],
    k_star: int | Sequence[int] | None = None,
    d: int | Sequence[int] | None = None,
    separation: float | Sequence[float] | None = None,
    n_truths: int | None = None,
    truths: Sequence[Mixture] | None = None,
    rng: Any = None,
    n_starts: int = 40,
    rtol: float = 1e-6,
    tau: float | None = None,
    confirm: bool = True,
    sigma: float = 1.0,
    n_jobs: int = 1,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
    verbose: int = 0,
) -> Falsification:
    """Search random separated truths for local minima that are no union of blocks.

    Each truth has equal weights and centers whose smallest distance is the separation. From starts of four
    kinds (random structures, structures with a center cut between two means, draws, points of the box) EM and
    Newton's method lead to minima of equally weighted means with the truth's sigma. Each minimum is read by
    association (its defect) and by position (its distance from the nearest structure). Suspects, with a
    defect above tau, are refined with the fine rule and checked by a rule of another kind; what float64
    cannot decide, on a line, by mpmath.

    Parameters
    ----------
    n_components : int or sequence of int
        Number of fitted means; of a sequence each truth draws one.
    k_star : int or sequence of int
        Number of centers, likewise.
    d : int or sequence of int
        Dimension, likewise.
    separation : float or sequence of float
        Smallest distance of two centers in sigma, likewise.
    n_truths : int
        Number of truths.
    truths : sequence of Mixture, optional
        Truths of equal spherical components to search instead of random ones; leave out k_star, d,
        separation, n_truths and sigma then.
    rng : None, int or numpy.random.Generator, default=None
        Seed. Truth i and its starts depend on the seed and on i alone.
    n_starts : int, default=40
        Starts for each truth.
    rtol : float, default=1e-6
        Accuracy of the integrals while exploring, relative to the value; smaller ones cost more. Rules that
        turn with the means are finer in any case.
    tau : float, optional
        Largest defect of a structured fit; 0.5/k by default.
    confirm : bool, default=True
        Whether suspects are refined and checked; else they are listed as "unchecked".
    sigma : float, default=1.0
        Standard deviation of the random truths.
    n_jobs : int, default=1
        Processes; -1 for all cores. The result does not depend on it.
    max_seconds : float, optional
        Time budget, checked after each truth.
    callback : callable, optional
        Called with an `Event` after each truth, its detail being the numbers of minima and of unstructured
        ones and what was found; returning True stops.
    checkpoint : str or Path, optional
        JSON file that truths searched are kept in; if it exists, the search goes on from it, without `rng`
        with its seed. `n_truths` may be larger than it was.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    Falsification
        Counts with intervals, all suspects, the largest error by position. Ctrl-C ends the search and
        returns what was found, with ``stop_reason="interrupted"``. Cost: a tenth of a second for a truth on a
        line, half a second in two dimensions, some seconds in three; a suspect as much again, or a minute.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or the checkpoint is that of another search.
    FormatError
        If the checkpoint is no file of this kind.

    Examples
    --------
    >>> from gmmscape import lab
    >>> found = lab.falsify(n_components=3, k_star=5, d=1, separation=4.0, n_truths=5, rng=0)
    >>> found.n_minima, len(found.confirmed), round(found.largest_position_error, 2)
    (5, 1, 0.7)
    """
    settings = settings_of(n_components, k_star, d, separation, n_truths, truths, sigma)
    plan = plan_of(n_starts, rtol, tau, confirm)
    settings |= plan._asdict()
    if n_jobs != -1:
        n_jobs = positive_integer("n_jobs", n_jobs)
    budget = Budget.of("falsify", max_seconds, callback, verbose)
    seed = seed_for(checkpoint, rng)
    facts = {name: value for name, value in settings.items() if name != "n_truths"}
    work = Tasks(Journal(checkpoint, "falsify", facts | {"rng": seed}), n_jobs, budget)
    try:
        return carried_out(work, settings, plan, seed, truths)
    finally:
        work.close()


def carried_out(
    work: Tasks,
    settings: dict[str, Any],
    plan: Plan,
    seed: int,
    truths: Sequence[Mixture] | None = None,
    name: str = "truth",
) -> Falsification:
    """Search truths, random ones by default; each is `name` and its number in the checkpoint."""
    given = [None] * settings["n_truths"] if truths is None else list(truths)
    tasks = [Task(f"{name} {i}", _done, (i, seed, settings, plan, truth)) for i, truth in enumerate(given)]
    known: list[Searched] = []

    def told(_: Any) -> dict[str, Any]:
        return {
            "minima": sum(len(one.minima) for one in known),
            "unstructured": sum(one.unstructured for one in known),
            "found": known[-1],
        }

    reason = "completed"
    try:
        with closed(work.run(f"{name}s", tasks, detail=told)) as results:
            for one in results:
                with as_kept():  # not extend: what was done before Ctrl-C counts
                    known.append(Searched.from_content(one))
    except Stopped as stop:
        reason = str(stop) if len(known) < len(tasks) else "completed"
    except KeyboardInterrupt:
        reason = "interrupted"
    finally:
        work.save()
    return Falsification(tuple(known), settings, seed, reason)


def _done(
    number: int, seed: int, settings: dict[str, Any], plan: Plan, truth: Mixture | None
) -> dict[str, Any]:
    """One truth, made unless it was given, and searched; in values of JSON."""
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng([seed, number])
    if truth is None:
        k_star, d = int(rng.choice(settings["k_star"])), int(rng.choice(settings["d"]))
        separation = float(rng.choice(settings["separation"]))
        truth = random_truth(rng, k_star, d, separation, settings["sigma"])
    k = int(rng.choice(settings["k"]))
    # Matrices this small are no work for threads of BLAS, and processes share the cores.
    with limited(1), threadpool_limits(1, user_api="blas"):
        return searched(truth, k, number, rng, plan).content()


def settings_of(
    n_components: Any, k_star: Any, d: Any, separation: Any, n_truths: Any, truths: Any, sigma: Any
) -> dict[str, Any]:
    settings: dict[str, Any] = {"k": _integers("n_components", n_components)}
    if truths is None:
        wanted = {"k_star": k_star, "d": d, "separation": separation, "n_truths": n_truths}
        missing = [name for name, value in wanted.items() if value is None]
        if missing:
            raise InvalidParameterError(
                f"{', '.join(missing)} is missing: say which random truths are wanted, or pass truths"
            )
        settings |= {name: _integers(name, wanted[name]) for name in ("k_star", "d")}
        settings["separation"] = [real_number("separation", x) for x in _listed(separation)]
        if not settings["separation"]:
            raise InvalidParameterError.of("separation", separation, "pass a number, or some")
        settings["n_truths"] = positive_integer("n_truths", n_truths)
        settings["sigma"] = standard_deviation("sigma", sigma)
        return settings
    if any(value is not None for value in (k_star, d, separation, n_truths)):
        raise InvalidParameterError(
            "truths is given: leave out k_star, d, separation and n_truths, which are those of the truths"
        )
    for truth in truths:
        if not isinstance(truth, Mixture) or truth.sigma is None:
            raise InvalidParameterError.of(
                "truths", truth, "pass Mixtures whose components share one standard deviation"
            )
    if not len(truths):
        raise InvalidParameterError.of("truths", truths, "pass one truth at least")
    # Truths may be many and large; what a checkpoint is recognised by is what they have.
    return settings | {"n_truths": len(truths), "truths": [truth.to_dict() for truth in truths]}


def plan_of(n_starts: Any, rtol: Any, tau: Any, confirm: Any) -> Plan:
    n_starts = positive_integer("n_starts", n_starts)
    if n_starts > EFFORT.falsification.most_starts:
        raise InvalidParameterError.of(
            "n_starts", n_starts, f"pass {EFFORT.falsification.most_starts} at most"
        )
    rtol = real_number("rtol", rtol)
    if rtol >= 1:
        raise InvalidParameterError.of("rtol", rtol, "pass a number below 1")
    if tau is not None:
        tau = real_number("tau", tau)
        if tau >= 1:
            raise InvalidParameterError.of("tau", tau, "pass a number between 0 and 1")
    if not isinstance(confirm, bool):
        raise InvalidParameterError.of("confirm", confirm, "pass True or False")
    return Plan(n_starts, rtol, tau, confirm)


def _integers(name: str, value: Any) -> list[int]:
    values = [positive_integer(name, item) for item in _listed(value)]
    if not values:
        raise InvalidParameterError.of(name, value, "pass an integer, or some")
    return values


def _listed(value: Any) -> list[Any]:
    return list(value) if np.iterable(value) and not isinstance(value, str) else [value]
