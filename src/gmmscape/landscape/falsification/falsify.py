"""falsify: random separated truths searched for minima without structure."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gmmscape import engine
from gmmscape.exceptions import InvalidParameterError
from gmmscape.jsonfile import writable_target
from gmmscape.landscape.falsification.one_truth import Plan, Searched, searched
from gmmscape.landscape.falsification.result import Falsification
from gmmscape.landscape.falsification.truths import random_truth
from gmmscape.mixture import Mixture
from gmmscape.validation import (
    optional_seconds,
    positive_integer,
    real_number,
    seed_of,
    standard_deviation,
    whole_number,
)
from gmmscape.work.journal import SAVING_SHARE
from gmmscape.work.progress import Printer, Stop, Watch
from gmmscape.work.tasks import closed

#: Starts of each truth at most: what is found by more is not searched for but hunted down.
MOST_STARTS = 1000


class FalsifyEvent(NamedTuple):
    """What the callback sees after each truth.

    Attributes
    ----------
    done : int
        Truths searched.
    total : int
        How many there are.
    found : Searched
        What the last of them has.
    n_minima : int
        Minima so far.
    n_unstructured : int
        Those with a defect above tau.
    seconds : float
        Since the search began.
    """

    done: int
    total: int
    found: Searched
    n_minima: int
    n_unstructured: int
    seconds: float


class _Task(NamedTuple):
    """One truth to make, or one that was given, and how to search it."""

    number: int
    seed: int
    settings: dict[str, Any]
    plan: Plan
    truth: Mixture | None


def falsify(
    *,
    k: int | Sequence[int],
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
    callback: Callable[[FalsifyEvent], Any] | None = None,
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
    k : int or sequence of int
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
        Called with a `FalsifyEvent` after each truth; returning True stops.
    checkpoint : str or Path, optional
        JSON file that what was found is written to, whole or not at all. Where it holds an unfinished search
        of the same settings, that goes on; `n_truths` may be larger than it was.
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
    >>> found = lab.falsify(k=3, k_star=5, d=1, separation=4.0, n_truths=5, rng=0)
    >>> found.n_minima, len(found.confirmed), round(found.largest_position_error, 2)
    (5, 1, 0.7)
    """
    settings = _settings(k, k_star, d, separation, n_truths, truths, sigma)
    plan = _plan(n_starts, rtol, tau, confirm)
    settings |= plan._asdict()
    if n_jobs != -1:
        n_jobs = positive_integer("n_jobs", n_jobs)
    if callback is not None and not callable(callback):
        raise InvalidParameterError.of("callback", callback, "pass a function of one argument, or None")
    budget = optional_seconds("max_seconds", max_seconds)
    whole_number("verbose", int(verbose) if isinstance(verbose, bool) else verbose)
    target = None if checkpoint is None else writable_target(checkpoint, "checkpoint")
    seed, known = _resumed(target, settings, rng)
    numbers = [i for i in range(settings["n_truths"]) if i not in known]
    given = [None] * settings["n_truths"] if truths is None else list(truths)
    tasks = [_Task(i, seed, settings, plan, given[i]) for i in numbers]
    watch = Watch(budget, callback or (Printer(_described) if verbose else None))
    search = _Search(settings, seed, known, target, watch)
    return search.run(tasks, n_jobs)


class _Search:
    """Runs the tasks, keeps what was found, tells the callback and writes the checkpoint."""

    def __init__(
        self,
        settings: dict[str, Any],
        seed: int,
        known: dict[int, Searched],
        target: Path | None,
        watch: Watch,
    ) -> None:
        self._settings, self._seed, self._known = settings, seed, known
        self._target, self._watch, self._saved = target, watch, 0.0

    def run(self, tasks: list[_Task], n_jobs: int) -> Falsification:
        """Return what the tasks, and those known before, have given."""
        reason = "completed"
        try:
            with closed(_results(tasks, n_jobs)) as results:
                for one in results:
                    self._known[one.number] = one
                    self._save("interrupted")
                    self._saw(one)
        except Stop as stop:
            reason = str(stop) if len(self._known) < self._settings["n_truths"] else "completed"
        except KeyboardInterrupt:
            reason = "interrupted"
        self._save(reason, now=True)
        return self._result(reason)

    def _saw(self, one: Searched) -> None:
        self._watch.saw(
            lambda seconds: FalsifyEvent(
                done=len(self._known),
                total=self._settings["n_truths"],
                found=one,
                n_minima=sum(len(known.minima) for known in self._known.values()),
                n_unstructured=sum(known.unstructured for known in self._known.values()),
                seconds=seconds,
            )
        )

    def _save(self, reason: str, *, now: bool = False) -> None:
        """Write the checkpoint, at most so often that it takes a small part of the time."""
        began = time.monotonic()
        if self._target is not None and (now or began >= self._saved):
            self._result(reason).to_json(self._target)
            self._saved = time.monotonic() + SAVING_SHARE * (time.monotonic() - began)

    def _result(self, reason: str) -> Falsification:
        found = tuple(self._known[number] for number in sorted(self._known))
        return Falsification(found, self._settings, self._seed, reason)


def _results(tasks: list[_Task], n_jobs: int) -> Generator[Searched, None, None]:
    if n_jobs == 1 or len(tasks) <= 1:
        yield from map(_done, tasks)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=n_jobs, return_as="generator", batch_size=1)
    yield from parallel(delayed(_done)(task) for task in tasks)


def _done(task: _Task) -> Searched:
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng([task.seed, task.number])
    settings, truth = task.settings, task.truth
    if truth is None:
        k_star, d = int(rng.choice(settings["k_star"])), int(rng.choice(settings["d"]))
        separation = float(rng.choice(settings["separation"]))
        truth = random_truth(rng, k_star, d, separation, settings["sigma"])
    k = int(rng.choice(settings["k"]))
    # Matrices this small are no work for threads of BLAS, and processes share the cores.
    with engine.limited(1), threadpool_limits(1, user_api="blas"):
        return searched(truth, k, task.number, rng, task.plan)


def _settings(
    k: Any, k_star: Any, d: Any, separation: Any, n_truths: Any, truths: Any, sigma: Any
) -> dict[str, Any]:
    settings: dict[str, Any] = {"k": _integers("k", k)}
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


def _plan(n_starts: Any, rtol: Any, tau: Any, confirm: Any) -> Plan:
    n_starts = positive_integer("n_starts", n_starts)
    if n_starts > MOST_STARTS:
        raise InvalidParameterError.of("n_starts", n_starts, f"pass {MOST_STARTS} at most")
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


def _resumed(target: Path | None, settings: dict[str, Any], rng: Any) -> tuple[int, dict[int, Searched]]:
    """The seed, and what a checkpoint holds."""
    if target is None or not target.exists():
        return seed_of(rng), {}
    old = Falsification.from_json(target)
    same = {name: value for name, value in settings.items() if name != "n_truths"}
    wrong = [name for name, value in same.items() if name not in old.settings or old.settings[name] != value]
    if rng is not None and seed_of(rng) != old.seed:
        wrong.append("rng")
    if wrong:
        raise InvalidParameterError(
            f"checkpoint='{target}' is that of another search ({', '.join(wrong)} differ): name another file"
        )
    return old.seed, {one.number: one for one in old.searched if one.number < settings["n_truths"]}


def _integers(name: str, value: Any) -> list[int]:
    values = [positive_integer(name, item) for item in _listed(value)]
    if not values:
        raise InvalidParameterError.of(name, value, "pass an integer, or some")
    return values


def _listed(value: Any) -> list[Any]:
    return list(value) if np.iterable(value) and not isinstance(value, str) else [value]


def _described(event: FalsifyEvent) -> str:
    return (
        f"{event.done} of {event.total} truths, {event.n_minima} minima, {event.n_unstructured} unstructured"
    )
