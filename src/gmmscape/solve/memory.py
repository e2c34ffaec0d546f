"""Memory: what a run needs to go on, later, as if it had not stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, eq=False)
class Memory:
    """What a run of a solver knew when it stopped.

    It lives in this process alone: what a copy by pickle remembers is the number of iterations.

    Attributes
    ----------
    state : object or None
        Of the loop that ran; None where it is gone.
    native : bool
        Whether that is a loop of the engine, not the one in Python.
    n_iter : int
        Iterations from the start on.
    """

    state: Any
    native: bool
    n_iter: int

    def of_loop(self, *, native: bool) -> Any:
        """Return the state if it is one of that loop, else None."""
        return self.state if self.native == native else None

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # nothing in it is ever changed

    def __reduce__(self) -> tuple[type[Memory], tuple[None, bool, int]]:
        return Memory, (None, self.native, self.n_iter)
