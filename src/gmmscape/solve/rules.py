"""The rules that every solver keeps, here and in the compiled loop (``src/native``)."""

from __future__ import annotations

#: An EM step that raises the NLL by more than RISE (1 + |NLL|) is refused: rounding in a covariance near
#: singularity.
RISE = 1e-10
#: A column of the data this many times as wide as a component is narrow resolves nothing inside it.
NARROWEST = 1e15
#: Points before the current one, joined by plain EM steps, that an extrapolation is made from.
TRAIL = 2


def stop_reason(reason: str, *, starved: bool) -> str:
    """Return why a solver stopped: a plateau where it stopped by itself with components out of reach."""
    return "plateau" if starved and reason in ("converged", "max_iter") else reason
