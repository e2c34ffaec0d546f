"""scikit-learn's callbacks (from its version 1.9 on): what `set_callbacks` attaches sees a fit go on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from gmmscape.progress import Callback, Event, asks_to_stop


class NoCallbacks:
    """Nothing, before scikit-learn 1.9."""


def _theirs() -> tuple[Any, Callable[..., Any]]:
    """The class that gives an estimator callbacks, and what its fit is wrapped in."""
    try:
        found: Any = import_module("sklearn.callback")
    except ImportError:  # scikit-learn before 1.9
        return NoCallbacks, _called
    return found.CallbackSupportMixin, found.with_callbacks


def _called(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method behind a call of its own, as with callbacks: warnings count these."""

    @wraps(method)
    def called(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return called


CallbackSupportMixin, with_callbacks = _theirs()


class Told:
    """A fit as scikit-learn's callbacks are told of it: one task, in which each event is a subtask.

    Parameters
    ----------
    model : GaussianMixture
        With the callbacks that it has, if any.
    X : array_like
        What it is fitted to.
    sample_weight : array_like or None
        Passed on as metadata.
    """

    def __init__(self, model: Any, X: Any, sample_weight: Any) -> None:
        self._model = model
        self._facts = {"X": X, "metadata": {} if sample_weight is None else {"sample_weight": sample_weight}}
        self._root: Any = None
        if getattr(model, "_skl_callbacks", None):
            self._root = model._init_callback_context(max_subtasks=None)
            self._root.call_on_fit_task_begin(estimator=model, **self._facts)

    @property
    def listens(self) -> bool:
        """Whether anybody does."""
        return self._root is not None

    def seen_by(self, callback: Callback | None) -> Callback | None:
        """Return a callback that tells those of scikit-learn and another one; either may stop the work."""
        root = self._root
        if root is None:
            return callback

        def both(event: Event) -> bool:
            task = root.subcontext(task_name=event.stage)
            task.call_on_fit_task_begin(estimator=self._model, **self._facts)
            stops = task.call_on_fit_task_end(estimator=self._model, **self._facts)
            return bool(stops) | (callback is not None and asks_to_stop(callback(event)))

        return both

    def ended(self, **attributes: Any) -> None:
        """Say that the fit is done, with the attributes that make an estimator of it."""
        if self._root is not None:
            self._root.call_on_fit_task_end(
                estimator=self._model, reconstruction_attributes=attributes, **self._facts
            )
