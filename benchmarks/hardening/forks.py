"""Forks: processes forked and spawned beside threads that fit, and fits in threads: none hangs, all agree."""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of

FORKS, AT_ONCE, SMALL_FORKS = 200, 50, 6
SPAWNS, SMALL_SPAWNS = 20, 2
FITS, SMALL_FITS = 60, 6
#: Threads that fit beside what is forked; threads that fits are shared out to.
BESIDE, TOGETHER = 3, 8
#: Seconds after which a child is said to hang.
PATIENCE = 600.0
#: Problems that are fitted by turns: one after the other, in children, and in threads.
SEEDS = 12


def cases(small: bool) -> Iterator[Case]:
    """Yield the forks, so many a case, the spawned processes, and the threads."""
    forks, at_once = (SMALL_FORKS, SMALL_FORKS) if small else (FORKS, AT_ONCE)
    for first in range(0, forks, at_once):
        yield Case(f"fork, number {first} to {first + at_once - 1}", partial(_forked, first, at_once))
    spawns = SMALL_SPAWNS if small else SPAWNS
    for method in ("spawn", "forkserver"):
        yield Case(f"{method}, number 0 to {spawns - 1}", partial(_spawned, method, spawns))
    fits = SMALL_FITS if small else FITS
    yield Case(f"threads, number 0 to {fits - 1}", partial(_in_threads, fits))


def work(seed: int) -> str:
    """Fit, predict and diagnose; the digest of all that comes of it."""
    rng = np.random.default_rng(seed)
    X = rng.normal(rng.normal(0.0, 4.0, (3, 1, 2)), 1.0, (3, 200, 2)).reshape(-1, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = gs.GaussianMixture(3, random_state=seed).fit(X)
        told = repr(gs.diagnose(model, X, rng=seed).to_dict())
    arrays = (model.weights_, model.means_, model.covariances_, model.predict_proba(X))
    whole = b"".join(one.tobytes() for one in arrays) + repr(model.document().to_dict()).encode()
    return sha256(whole + told.encode()).hexdigest()


@contextmanager
def _threads_that_fit() -> Iterator[None]:
    """Threads that fit in a loop for as long as the block goes on."""
    end = threading.Event()
    errors: list[BaseException] = []

    def loop(seed: int) -> None:
        try:
            while not end.is_set():
                work(seed)
                seed += BESIDE
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=loop, args=(1_000 + i,)) for i in range(BESIDE)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        end.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def _forked(first: int, number: int) -> dict[str, Any]:
    """Fork beside threads that fit; each child works, says what came of it, and is gone."""
    wanted = [work(seed) for seed in range(SEEDS)]
    found = _counts(number)
    with _threads_that_fit():
        rng = np.random.default_rng(first)
        for i in range(first, first + number):
            time.sleep(float(rng.uniform(0.0, 0.05)))  # at any moment of what the threads do
            reader, writer = os.pipe()
            child = os.fork()
            if not child:
                _child(writer, i % SEEDS)
            os.close(writer)
            _told(found, _answer(reader, child), wanted[i % SEEDS])
    return found


def _child(writer: int, seed: int) -> None:
    """What a forked child does: nothing of the parent's is run at its end."""
    try:
        os.write(writer, work(seed).encode())
    except BaseException as error:
        os.write(writer, repr(error).encode()[:1000])
    finally:
        os._exit(0)


def _answer(reader: int, child: int) -> str | None:
    """What a child has said, or None where it hangs, and is killed."""
    ready, _, _ = select.select([reader], [], [], PATIENCE)
    said = os.read(reader, 2000).decode() if ready else None
    os.close(reader)
    if said is None:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return said


def _spawned(method: str, number: int) -> dict[str, Any]:
    """Start processes beside threads that fit, by a method of `multiprocessing`."""
    wanted = [work(seed) for seed in range(SEEDS)]
    found = _counts(number)
    context: Any = multiprocessing.get_context(method)
    with _threads_that_fit():
        for i in range(number):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_sent, args=(sender, i % SEEDS))
            process.start()
            sender.close()
            said = None
            if receiver.poll(PATIENCE):
                try:
                    said = receiver.recv()
                except EOFError:
                    said = "ended without a word"
            else:
                process.kill()
            process.join()
            _told(found, said, wanted[i % SEEDS])
    return found


def _sent(sender: Any, seed: int) -> None:
    sender.send(work(seed))


def _in_threads(number: int) -> dict[str, Any]:
    """Fit in many threads at once: the same bits as one after another."""
    seeds = [i % SEEDS for i in range(number)]
    wanted = [work(seed) for seed in range(SEEDS)]
    found = _counts(number)
    with ThreadPoolExecutor(TOGETHER) as pool:
        for seed, said in zip(seeds, pool.map(work, seeds), strict=True):
            _told(found, said, wanted[seed])
    return found


def _counts(number: int) -> dict[str, Any]:
    return {"of": number, "hung": 0, "failed": 0, "other_bits": 0, "equal": 0, "said": []}


def _told(found: dict[str, Any], said: str | None, wanted: str) -> None:
    failed = said is not None and len(said) != len(wanted)
    key = "hung" if said is None else "failed" if failed else "equal" if said == wanted else "other_bits"
    found[key] += 1
    if failed:
        found["said"].append(said)


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the counts of each way to start."""
    names = ("of", "hung", "failed", "other_bits", "equal")
    found: dict[str, dict[str, int]] = {}
    for name, row in done.items():
        total = found.setdefault(name.partition(",")[0], dict.fromkeys(names, 0))
        for key in names:
            total[key] += row[key]
    return found


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row for each way to start."""
    words = {
        "fork": "`os.fork`",
        "spawn": "spawned",
        "forkserver": "by a fork server",
        "threads": f"{TOGETHER} threads of one process",
    }
    rows = [
        (words[name], row["of"], row["hung"], row["failed"], part_of(row["equal"], row["of"]))
        for name, row in summary.items()
    ]
    total = {key: sum(row[key] for row in summary.values()) for key in ("of", "hung", "equal")}
    figures = {**total, "forks": summary.get("fork", {"of": 0})["of"]}
    return Shown(figures, ("how", "number", "hang", "end otherwise", "the same bits"), rows)


PAGE = Page(
    question="Do forks and threads beside fits hang, or change results?",
    setup=f"""{BESIDE} threads fit in a loop. Beside them processes are forked at any moment, spawned, and
    started by a fork server; each fits, predicts and diagnoses, and has {PATIENCE:g} s. Then fits are shared
    out to {TOGETHER} threads. All numbers are compared with those of one fit after another.""",
    sentence="""{equal} of {of} end with the very bits of one fit after another, {forks} of them forked;
    {hung} hang.""",
    claim="Forks and threads beside fits neither hang nor change a bit",
    number="{equal} of {of}",
    loses="locks of other libraries that a fork copies are theirs to renew",
    shown=shown,
)


BENCHMARK = Benchmark("forks, spawned processes and threads beside fits", cases, summary, PAGE)
