"""EM on rows in blocks: it can be stopped within its first pass, and is kept in a checkpoint as it goes."""

from __future__ import annotations

from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, stored_state
from gmmscape.solve.em import EMState
from gmmscape.solve.stored import is_kept
from gmmscape.work.journal import Journal

#: Its name in the checkpoint.
EM_STATE = "em"


class WatchedEM:
    """A solver whose iterations are those of EM.

    Parameters
    ----------
    em : EM
        What iterates.
    before : int, default=0
        Iterations that were done before.
    journal : Journal, optional
        Where states are kept, at most so often that it takes a small part of the time.
    first : float, optional
        The value at the very start, where that was before.

    Attributes
    ----------
    started : bool
        Whether there is a state that a run can end with.
    asked : bool
        To be set to end the run as soon as there is one.
    """

    def __init__(
        self, em: EM, before: int = 0, journal: Journal | None = None, first: float | None = None
    ) -> None:
        self._em, self._before, self._journal, self._first = em, before, journal, first
        self._last: EMState | None = None
        self.started = self.asked = False

    @property
    def tol(self) -> float:
        """Length of the EM step at which it is converged."""
        return self._em.tol

    @property
    def max_iter(self) -> int:
        """Iterations that are left."""
        return max(self._em.max_iter - self._before, 0)

    def init(self, objective: Objective, mixture: Mixture) -> EMState:
        """Return the state at the start."""
        state = self._em.init(objective, mixture)
        self._first = state.value
        return state

    def step(self, objective: Objective, state: EMState) -> EMState:
        """Return the state one iteration later."""
        self.started = True
        new = self._em.step(objective, state)
        if is_kept(new):
            self._last = new
            if self._journal is not None and self._journal.due:
                self.put()
        return new

    def done(self, state: EMState) -> str | None:
        """Return a stop reason, or None to go on."""
        return self._em.done(state) or ("interrupted" if self.asked else None)

    def put(self) -> None:
        """Keep the last state from which EM would go on to the last bit."""
        state, self._last = self._last, None
        content = None if state is None else stored_state(state)
        if content is not None and self._journal is not None:
            self._journal.put(EM_STATE, {"first": self._first, **content})
