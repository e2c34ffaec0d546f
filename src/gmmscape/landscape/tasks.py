"""Long work in named pieces: in one process or several, in order, kept in a checkpoint, stoppable."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from gmmscape.exceptions import FormatError, InvalidParameterError
from gmmscape.jsonfile import read_json, write_json
from gmmscape.solve import asks_to_stop

#: A checkpoint is written again after this many times as long as writing it took.
SAVING_SHARE = 20.0


class Task(NamedTuple):
    """A piece of work: its name, unique in the whole work, and a function whose result JSON can keep."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Stop(Exception):  # noqa: N818 - it is no error
    """The budget is used up, or the user asked to stop; the message is the stop reason."""


class Tasks:
    """Runs tasks in order; what was done before an interruption is read from the file, not done again.

    Work that chooses its tasks by the results of earlier ones alone ends in the same numbers after a
    resumption, and whatever the number of processes.

    Parameters
    ----------
    file : Path or None
        Checkpoint, read if it exists.
    form : str
        Name of its format.
    facts : dict
        What must be the same for the results in it to be of use.
    n_jobs : int
        Processes; -1 for all cores.
    max_seconds : float or None
        Time budget.
    report : callable or None
        Called with stage, tasks done, tasks in the stage, and seconds; what it returns may ask to stop.
    """

    def __init__(
        self,
        file: Path | None,
        form: str,
        facts: dict[str, Any],
        n_jobs: int,
        max_seconds: float | None,
        report: Callable[[str, int, int, float], Any] | None,
    ) -> None:
        self._file, self._form, self._facts = file, form, facts
        self._n_jobs, self._budget, self._report = n_jobs, max_seconds, report
        self._done: dict[str, Any] = {}
        self._new = False
        self._began = time.monotonic()
        self._next = 0.0
        if file is not None and file.exists():
            self._read(file)

    def run(self, stage: str, tasks: list[Task]) -> Iterator[Any]:
        """Yield the result of each task, in order.

        Raises
        ------
        Stop
            If the budget is used up or the user asked to stop.
        """
        missing = [task for task in tasks if task.name not in self._done]
        with warnings.catch_warnings():
            # Workers may have finished work that nobody waits for any more.
            warnings.filterwarnings("ignore", message=".*tasks have been successfully executed")
            with closing(self._computed(missing)) as computed:
                for number, task in enumerate(tasks, 1):
                    if task.name not in self._done:
                        self._done[task.name] = next(computed)
                        self._new = True
                        self.save()
                    yield self._done[task.name]
                    self._saw(stage, number, len(tasks))

    def save(self, *, now: bool = False) -> None:
        """Write the checkpoint, at most so often that it takes a small part of the time."""
        began = time.monotonic()
        if self._file is None or not self._new or not (now or began >= self._next):
            return
        write_json({"format": self._form, "facts": self._facts, "done": self._done}, self._file)
        self._new = False
        self._next = time.monotonic() + SAVING_SHARE * (time.monotonic() - began)

    def _computed(self, tasks: list[Task]) -> Any:
        if self._n_jobs == 1 or len(tasks) < 2:
            return (task.function(*task.arguments) for task in tasks)
        from joblib import Parallel, delayed

        parallel: Any = Parallel(n_jobs=self._n_jobs, return_as="generator", batch_size="auto")
        return parallel(delayed(task.function)(*task.arguments) for task in tasks)

    def _saw(self, stage: str, done: int, total: int) -> None:
        seconds = time.monotonic() - self._began
        if self._report is not None and asks_to_stop(self._report(stage, done, total, seconds)):
            raise Stop("interrupted")
        if self._budget is not None and seconds >= self._budget:
            raise Stop("time_limit")

    def _read(self, file: Path) -> None:
        content = read_json(file)
        if not isinstance(content, dict) or content.get("format") != self._form:
            raise FormatError(f"{file} is no file of the format {self._form}: name another, or remove it")
        facts = content.get("facts")
        for name, value in self._facts.items():
            if not isinstance(facts, dict) or facts.get(name) != value:
                raise InvalidParameterError(
                    f"checkpoint: {file} was made with another {name}: use the same, or name another file"
                )
        if not isinstance(content.get("done"), dict):
            raise FormatError(f"{file} is a damaged checkpoint: remove it")
        self._done = content["done"]
