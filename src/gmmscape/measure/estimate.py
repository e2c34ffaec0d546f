"""Numbers that carry their own error."""

from __future__ import annotations

from typing import NamedTuple


class Estimate(float):
    """A float with a stated absolute error; arithmetic gives plain floats.

    Attributes
    ----------
    error : float
        Estimated absolute error, in the unit of the number. An estimate, not a proof.
    """

    error: float

    def __new__(cls, value: float, error: float) -> Estimate:
        """Attach an error to a value."""
        self = super().__new__(cls, value)
        self.error = float(error)
        return self

    def __reduce__(self) -> tuple[type[Estimate], tuple[float, float]]:
        return Estimate, (float(self), self.error)


class Errors(NamedTuple):
    """Estimated absolute errors of the NLL and of the largest entry of its derivatives.

    Attributes
    ----------
    nll : float
        In nats.
    gradient : float
        In nats per unit of length.
    hessian : float
        In nats per squared unit of length.
    """

    nll: float
    gradient: float
    hessian: float
