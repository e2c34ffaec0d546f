"""Long work in named pieces: in one process or several, in order, kept in a journal, stoppable."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from gmmscape.work.journal import Journal
from gmmscape.work.progress import Watch


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
    watch : Watch
        Who is told, and may stop the work.
    event : callable
        From stage, tasks done, tasks in the stage, and seconds to what the callback sees.
    """

    def __init__(
        self,
        journal: Journal,
        n_jobs: int,
        watch: Watch,
        event: Callable[[str, int, int, float], Any],
    ) -> None:
        self._journal, self._n_jobs = journal, n_jobs
        self._watch, self._event = watch, event

    def run(self, stage: str, tasks: list[Task]) -> Iterator[Any]:
        """Yield the result of each task, in order.

        Raises
        ------
        Stop
            If the budget is used up or the user asked to stop.
        """
        missing = [task for task in tasks if task.name not in self._journal]
        with closed(self._computed(missing)) as computed:
            for number, task in enumerate(tasks, 1):
                yield self._journal.get(task.name, lambda: next(computed))
                self._saw(stage, number, len(tasks))

    def save(self) -> None:
        """Write what is done to the journal's file."""
        self._journal.save(now=True)

    def _computed(self, tasks: list[Task]) -> Any:
        if self._n_jobs == 1 or len(tasks) < 2:
            return (task.function(*task.arguments) for task in tasks)
        from joblib import Parallel, delayed

        parallel: Any = Parallel(n_jobs=self._n_jobs, return_as="generator", batch_size="auto")
        return parallel(delayed(task.function)(*task.arguments) for task in tasks)

    def _saw(self, stage: str, done: int, total: int) -> None:
        self._watch.saw(lambda seconds: self._event(stage, done, total, seconds))
