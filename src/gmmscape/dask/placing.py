"""Which worker of a cluster has which blocks, so that all are through with a pass at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gmmscape.effort import EFFORT


def evened(holders: Sequence[str], rows: Sequence[int], threads: Mapping[str, int]) -> dict[int, str]:
    """Return which blocks should move to which other worker.

    One block at a time goes from the worker that a pass takes longest to the one that it takes least, while
    that makes the longer of both times shorter.

    Parameters
    ----------
    holders : sequence of str
        The worker that has each block.
    rows : sequence of int
        Of each block.
    threads : mapping of str to int
        Of each worker, those without blocks included.

    Returns
    -------
    dict of int to str
        Empty where they are spread as evenly as whole blocks can be, about.
    """
    now = list(holders)
    load = dict.fromkeys(threads, 0.0)
    for worker, n in zip(now, rows, strict=True):
        load[worker] += n / threads[worker]
    while True:
        longest, least = max(load, key=load.__getitem__), min(load, key=load.__getitem__)
        own = [i for i, worker in enumerate(now) if worker == longest and rows[i] > 0]
        after = {
            i: max(load[longest] - rows[i] / threads[longest], load[least] + rows[i] / threads[least])
            for i in own
        }
        best = min(own, key=after.__getitem__, default=None)
        if best is None or after[best] > (1.0 - EFFORT.blocked.worth_moving) * load[longest]:
            return {i: worker for i, worker in enumerate(now) if worker != holders[i]}
        load[longest] -= rows[best] / threads[longest]
        load[least] += rows[best] / threads[least]
        now[best] = least
