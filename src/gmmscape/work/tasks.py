"""Long work in named pieces: in one process or several, in order, kept in a journal, stoppable."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, NamedTuple, TypeVar

from gmmscape.progress import Budget
from gmmscape.work.journal import Journal

W = TypeVar("W")


def snapshot(work: W) -> W:
    """Return a copy of what is sent to other processes.

    A thread of joblib's writes it while this one goes on with the objects themselves, which keep what they
    compute when it is first asked for: one that grows while it is written cannot be sent.
    """
    return deepcopy(work)


@contextmanager
def closed(results: Generator[Any, None, None]) -> Iterator[Generator[Any, None, None]]:
    """Close a generator of results at the end, without a warning about work that nobody waits for."""
    try:
        yield results
    finally:
        with warnings.catch_warnings():
            # Workers may have finished work that nobody waits for any more.
            warnings.filterwarnings("ignore", message=".*tasks have been successfully executed")
            results.close()


class Task(NamedTuple):
    """A piece of work: its name, unique in the whole work, and a function whose result JSON can keep."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Tasks:
    """Runs tasks in order; what the journal has is not done again.

    Work that chooses its tasks by the results of earlier ones alone ends in the same numbers after a
    resumption, and whatever the number of processes.

    Parameters
    ----------
    journal : Journal
        Where results are kept.
    n_jobs : int
        Processes; -1 for all cores.
    budget : Budget
        Who is told, and may stop the work.
    size : int, default=1
        What one task counts for in events, `total` at most in all; as of blocks of many starts.
    total : int, optional
        Pieces of a stage, where they are not its tasks.
    """

    def __init__(
        self, journal: Journal, n_jobs: int, budget: Budget, *, size: int = 1, total: int | None = None
    ) -> None:
        self._journal, self._n_jobs, self.budget = journal, n_jobs, budget
        self._size, self._total = size, total

    def run(
        self,
        stage: str,
        tasks: Sequence[Task],
        *,
        compute: Callable[[list[Task]], Generator[Any, None, None]] | None = None,
        detail: Callable[[Any], dict[str, Any]] | None = None,
        last: bool = False,
    ) -> Generator[Any, None, None]:
        """Yield the result of each task, in order; what is done with it comes before the callback sees it.

        Parameters
        ----------
        stage : str
            Name of this part of the work.
        tasks : sequence of Task
            In order; names are unique in the whole work.
        compute : callable, optional
            From the tasks that the journal has not, to a generator of their results in order, where they are
            not simply functions and arguments.
        detail : callable, optional
            From a result to what else the callback is told.
        last : bool, default=False
            Whether nothing follows, so that the budget ends nothing after the last task.

        Raises
        ------
        Stopped
            If the budget is used up or the user asked to stop.
        """
        missing = [task for task in tasks if task.name not in self._journal]
        total = len(tasks) if self._total is None else self._total
        with closed((compute or self._computed)(missing)) as computed:
            for number, task in enumerate(tasks, 1):
                known = task.name in self._journal
                result = self._journal.get(task.name, lambda: next(computed))
                yield result
                if known:
                    continue
                told = {} if detail is None else detail(result)
                done = min(number * self._size, total)
                self.budget.report(stage, done, total, last=last and number == len(tasks), **told)

    def save(self) -> None:
        """Write what is done to the journal's file."""
        self._journal.save(now=True)

    def close(self) -> None:
        """Write what is done to the journal's file, and let other processes have it."""
        self._journal.close()

    def _computed(self, tasks: list[Task]) -> Any:
        if self._n_jobs == 1 or len(tasks) < 2:
            return (task.function(*task.arguments) for task in tasks)
        from joblib import Parallel, delayed

        parallel: Any = Parallel(n_jobs=self._n_jobs, return_as="generator", batch_size="auto")
        sent = snapshot([(task.function, task.arguments) for task in tasks])
        return parallel(delayed(function)(*arguments) for function, arguments in sent)
