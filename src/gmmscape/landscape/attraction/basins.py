"""basins: very many starts, and the minima they fall into."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gmmscape import engine
from gmmscape.exceptions import FormatError, InvalidParameterError, NoResultError, NotAvailableError
from gmmscape.jsonfile import read_json, writable_target, write_json
from gmmscape.landscape.attraction.ends import Assignment, Fallen, descended
from gmmscape.landscape.attraction.result import Basins
from gmmscape.landscape.attraction.starts import BLOCK, Starts
from gmmscape.landscape.landscape import Landscape, seed_of
from gmmscape.landscape.survey import digest_of
from gmmscape.solve import Crowd, asks_to_stop, joined
from gmmscape.validation import choice, optional_seconds, positive_integer, whole_number

CHECKPOINT = "gmmscape-basins-checkpoint"
#: A checkpoint is written again after this many times as long as writing it took.
SAVING_SHARE = 20.0
#: Seconds between two lines of `verbose`.
PRINTED_EVERY = 2.0


class BasinsEvent(NamedTuple):
    """What the callback of `basins` sees.

    Attributes
    ----------
    stage : str
        "descending" (starts run to their ends) or "settling" (ends are given to minima).
    done : int
        Starts that have come so far.
    total : int
        All of them.
    seconds : float
        Since the work began.
    """

    stage: str
    done: int
    total: int
    seconds: float


class _Stop(Exception):  # noqa: N818 - it is no error
    """The budget is used up, or the user asked to stop; the message is the stop reason."""


def basins(
    land: Landscape,
    *,
    start: Any,
    n: int | None = None,
    method: str = "em",
    rng: Any = None,
    most: int = 200,
    n_jobs: int = 1,
    max_seconds: float | None = None,
    callback: Callable[[BasinsEvent], Any] | None = None,
    checkpoint: str | Path | None = None,
    verbose: int = 0,
) -> Basins:
    """Say which share of the starts falls into each minimum of a landscape.

    Each start is run to its end by the method itself; ends that are one up to relabelling are put together,
    Newton polishes one of each, and an end counts for a minimum only where that is next to it. What lies
    elsewhere is followed on by itself. Weights are equal.

    Parameters
    ----------
    land : Landscape
        Of a population, or of a sample.
    start : str, array_like or callable
        "truth": k independent draws from the truth. "k-means++": scikit-learn's, on the rows of a sample or
        on 100 k draws of the truth, new ones for each start. "uniform": over the box of the centers or rows.
        "rows": k different rows of a sample, drawn by their weights. An array of shape (k, d) or (m, k, d):
        your own starts, whose minima `labels` tells. A function from a generator and a number n to an array
        of shape (n, k, d).
    n : int, optional
        Number of starts; your own ones are all run by default, and 10,000 of the others.
    method : {"em", "gd"}, default="em"
        Plain EM; or gradient descent with step sigma^2, the largest that descends in every landscape, in
        which a mean goes its mass times the step of EM.
    rng : None, int or numpy.random.Generator, default=None
        Seed of the starts. Start i depends on it and on i alone.
    most : int, default=200
        Different minima that are polished: the best end, then those that most starts share. Starts of the
        rest are counted as "not polished".
    n_jobs : int, default=1
        Processes; -1 for all cores. No number depends on it.
    max_seconds : float, optional
        Time budget.
    callback : callable, optional
        Called with a `BasinsEvent` after each block of 500 starts, and while ends are settled; returning True
        stops.
    checkpoint : str or Path, optional
        JSON file that ends are kept in; if it exists, the work goes on from it.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    Basins
        Minima with hits, shares and their intervals; what ended elsewhere. Ctrl-C, the budget and the
        callback end the work with the blocks of starts that were done, in their order. Cost: some tens of
        passes a start (hundreds for gradient descent), and a Newton descent for each different end.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or the checkpoint is one of other starts.
    NotAvailableError
        If the weights of the landscape are free.
    NoResultError
        If the work was ended before one block of starts was done.

    Examples
    --------
    >>> import gmmscape as gs
    >>> land = gs.Landscape(gs.Population(gs.Mixture.location([-3, 3, 12], sigma=1.0)), n_components=3)
    >>> found = gs.basins(land, start="truth", n=2000, rng=0)
    >>> [str(point.structure.structure) for point in found.minima]
    ['0>0  1>1  2>2', '0>0,1  1,2>2']
    >>> bool(0.74 < found.shares[0] < 0.82)
    True
    >>> gs.basins(land, start=[[-3.0, 11.0, 13.0], [0.0, 0.5, 12.0]]).labels.tolist()
    [1, 0]
    """
    if not isinstance(land, Landscape):
        raise InvalidParameterError.of("land", land, "pass a gmmscape.Landscape")
    if land.weights == "free":
        raise NotAvailableError(
            "basins of a landscape with free weights are not offered: make the landscape with weights='equal'"
        )
    choice("method", method, ("em", "gd"))
    starts = Starts.of(land.measure, land.n_components, start, seed_of(rng))
    if starts.own is not None:
        n = len(starts.own) if n is None else min(positive_integer("n", n), len(starts.own))
    n = 10_000 if n is None else positive_integer("n", n)
    if n_jobs != -1:
        n_jobs = positive_integer("n_jobs", n_jobs)
    if callback is not None and not callable(callback):
        raise InvalidParameterError.of("callback", callback, "pass a function of one argument, or None")
    whole_number("verbose", int(verbose) if isinstance(verbose, (bool, np.bool_)) else verbose)
    watch = _Watch(
        n, optional_seconds("max_seconds", max_seconds), callback or (_Printer() if verbose else None)
    )
    store = _Store(None if checkpoint is None else writable_target(checkpoint), _facts(land, starts, method))
    return _sown(land, starts, n, method, positive_integer("most", most), n_jobs, watch, store)


def _sown(
    land: Landscape,
    starts: Starts,
    n: int,
    method: str,
    most: int,
    n_jobs: int,
    watch: _Watch,
    store: _Store,
) -> Basins:
    descent = land._descent
    stop_reason = "completed"
    parts: list[Crowd] = []
    try:
        for part in _parts(land, starts, n, method, n_jobs, store):
            parts.append(part)
            watch.saw("descending", sum(map(len, parts)))
    except _Stop as stop:
        stop_reason = str(stop)
    except KeyboardInterrupt:
        stop_reason = "interrupted"
        if not parts:
            raise
    finally:
        store.save(now=True)
    if not parts:
        raise NoResultError(f"no start was done before the work was ended ({stop_reason}): give it longer")
    assignment = Assignment(descent, joined(parts), most, lambda done: watch.saw("settling", done))
    try:
        with engine.limited(max(n_jobs, 1) if n_jobs != -1 else None):
            if stop_reason != "completed":  # what is done is settled, whatever the clock says
                assignment.tell = lambda done: None
            fallen = assignment.run()
    except (_Stop, KeyboardInterrupt) as stop:
        stop_reason = str(stop) or "interrupted"
        fallen = assignment.so_far("interrupted")
    return _summed_up(land, starts, method, fallen, stop_reason)


def _parts(
    land: Landscape, starts: Starts, n: int, method: str, n_jobs: int, store: _Store
) -> Iterator[Crowd]:
    """The ends of each block of starts, in order: from the checkpoint, or computed."""
    sizes = [min(BLOCK, n - first) for first in range(0, n, BLOCK)]
    missing = [number for number, size in enumerate(sizes) if store.size(number) < size]
    tasks = ((land._descent, starts, number, sizes[number], method) for number in missing)
    if n_jobs == 1:
        computed: Any = (_block(*task) for task in tasks)
    else:
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=n_jobs, return_as="generator")
        computed = parallel(delayed(_block)(*task) for task in tasks)
    with warnings.catch_warnings():
        # Workers may have finished work that nobody waits for any more.
        warnings.filterwarnings("ignore", message=".*tasks have been successfully executed")
        with closing(computed):
            for number, size in enumerate(sizes):
                if store.size(number) < size:
                    store.put(number, next(computed))
                yield store.get(number, size)


def _block(descent: Any, starts: Starts, number: int, size: int, method: str) -> Crowd:
    with engine.limited(1):
        return descended(descent, starts.block(number, size), method)


def _summed_up(land: Landscape, starts: Starts, method: str, fallen: Fallen, stop_reason: str) -> Basins:
    hits = np.bincount(fallen.labels[fallen.labels >= 0], minlength=len(fallen.minima))
    order = sorted(range(len(fallen.minima)), key=lambda place: fallen.minima[place].nll)
    listed = [place for place in order if hits[place]]
    renamed = np.full(len(fallen.minima) + 1, -1)
    renamed[listed] = np.arange(len(listed))
    return Basins(
        minima=tuple(replace(fallen.minima[place], hits=int(hits[place])) for place in listed),
        labels=renamed[fallen.labels],
        unresolved=dict(Counter(fallen.reasons.values())),
        n=len(fallen.labels),
        start=starts.name,
        method=method,
        seed=starts.seed,
        k=land.n_components,
        sigma=land.sigma,
        truth=land.measure.truth,
        stop_reason=stop_reason,
    )


class _Watch:
    """Counts the time and tells the callback; raises `_Stop` where the work is to end."""

    def __init__(
        self, total: int, budget: float | None, callback: Callable[[BasinsEvent], Any] | None
    ) -> None:
        self._total, self._budget, self._callback = total, budget, callback
        self._began = time.monotonic()

    def saw(self, stage: str, done: int) -> None:
        seconds = time.monotonic() - self._began
        event = BasinsEvent(stage, done, self._total, seconds)
        if self._callback is not None and asks_to_stop(self._callback(event)):
            raise _Stop("interrupted")
        last = done == self._total
        if self._budget is not None and seconds >= self._budget and not last:
            raise _Stop("time_limit")


class _Printer:
    """Prints now and then how far the work has come."""

    def __init__(self) -> None:
        self._next = PRINTED_EVERY

    def __call__(self, event: BasinsEvent) -> None:
        if event.seconds >= self._next:
            self._next = event.seconds + PRINTED_EVERY
            print(f"gmmscape: {event.stage}, {event.done} of {event.total} starts, {event.seconds:.1f} s")


class _Store:
    """Ends of the blocks that are done, and the file they are kept in."""

    def __init__(self, file: Path | None, facts: dict[str, Any]) -> None:
        self._file, self._facts = file, facts
        self._parts: dict[int, Crowd] = {}
        self._next = 0.0
        self._new = False
        if file is not None and file.exists():
            self._read(file)

    def size(self, number: int) -> int:
        return len(self._parts[number]) if number in self._parts else 0

    def get(self, number: int, size: int) -> Crowd:
        part = self._parts[number]
        return Crowd(part.means[:size], part.nll[:size], part.step[:size], part.reasons[:size])

    def put(self, number: int, part: Crowd) -> None:
        self._parts[number] = part
        self._new = True
        self.save()

    def save(self, *, now: bool = False) -> None:
        """Write the file, at most so often that it takes a small part of the time."""
        began = time.monotonic()
        if self._file is None or not self._new or not (now or began >= self._next):
            return
        blocks = {
            str(number): {
                "means": part.means.tolist(),
                "nll": part.nll.tolist(),
                "step": [value if np.isfinite(value) else None for value in part.step.tolist()],
                "reasons": list(part.reasons),
            }
            for number, part in self._parts.items()
        }
        write_json({"format": CHECKPOINT, "facts": self._facts, "blocks": blocks}, self._file)
        self._new = False
        self._next = time.monotonic() + SAVING_SHARE * (time.monotonic() - began)

    def _read(self, file: Path) -> None:
        content = read_json(file)
        if not isinstance(content, dict) or content.get("format") != CHECKPOINT:
            raise FormatError(f"{file} is no checkpoint of basins: name another file, or remove it")
        for name, value in self._facts.items():
            if content.get("facts", {}).get(name) != value:
                raise InvalidParameterError(
                    f"checkpoint: {file} was made with another {name}: use the same, or name another file"
                )
        try:
            for number, part in content["blocks"].items():
                step = np.array([np.inf if value is None else value for value in part["step"]])
                self._parts[int(number)] = Crowd(
                    np.array(part["means"]), np.array(part["nll"]), step, tuple(part["reasons"])
                )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"{file} is a damaged checkpoint: {error!r}") from error


def _facts(land: Landscape, starts: Starts, method: str) -> dict[str, Any]:
    """What must be the same for ends to be of use: all that they depend on."""
    truth = land.measure.truth
    return {
        "truth": None if truth is None else truth.to_dict(),
        "data": digest_of(land._descent),
        "k": land.n_components,
        "sigma": land.sigma,
        "method": method,
        "start": starts.name if starts.own is None else sha256(starts.own.tobytes()).hexdigest(),
        "seed": starts.seed if starts.own is None else 0,
        "block": BLOCK,
    }
