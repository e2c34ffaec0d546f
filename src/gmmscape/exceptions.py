"""Every error gmmscape raises on purpose: typed, and saying what, where and what to do."""

from __future__ import annotations

from typing import Self


class GmmscapeError(Exception):
    """Root of all errors raised by gmmscape."""


class InvalidParameterError(GmmscapeError, ValueError):
    """A parameter has a value that cannot be used.

    The message names the parameter, shows the value and says what to do.
    """

    @classmethod
    def of(cls, name: str, value: object, remedy: str) -> Self:
        """Compose the message from the parameter's name, its value and the remedy.

        Parameters
        ----------
        name : str
            Name of the parameter as the caller wrote it.
        value : object
            The value seen; long reprs are shortened.
        remedy : str
            What the caller should do, as an imperative clause.

        Returns
        -------
        InvalidParameterError
            The error, of the class that is asked, to be raised by the caller.
        """
        shown = " ".join(repr(value).split())  # arrays break lines
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return cls(f"{name}={shown}: {remedy}")


class DataError(GmmscapeError, ValueError):
    """The data cannot be used: not finite, empty, wrong shape or wrong type."""


class FormatError(GmmscapeError, ValueError):
    """A file or dictionary is not what its reader expects."""


class CertificateError(GmmscapeError, ValueError):
    """A certificate does not prove what it says: damaged, changed after it was written, or wrong."""


class NoResultError(GmmscapeError, RuntimeError):
    """A computation ended without a result: its budget or callback stopped it, or it met what it cannot pass.

    The message says how far it came and what to try.
    """


class NotAvailableError(GmmscapeError, NotImplementedError):
    """A documented combination that this version does not offer yet."""
