"""Engines: what computes statistics, densities and derivatives of the rows that they hold.

`info` tells which one computes: compiled kernels, the reference engine in NumPy that they are tested against,
or PyTorch on a card. The environment variables GMMSCAPE_ENGINE (native, reference, torch), GMMSCAPE_ISA
(baseline, avx2, avx512) and GMMSCAPE_DEVICE (cpu, cuda, cuda:1) choose, and `using` does for a while.
`register` makes another one known.
"""

from gmmscape.arrays import FloatArray
from gmmscape.engine.choice import Info, current, info, register, using
from gmmscape.engine.held import HeldRows
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.protocol import (
    Coverage,
    EmRun,
    EmRuns,
    EmTask,
    Engine,
    Held,
    Rounding,
    Rows,
    SecondOrder,
    Truncation,
    Work,
)
from gmmscape.engine.reference import BLOCK_ROWS
from gmmscape.engine.rounding import extent
from gmmscape.weights import Weights


def hold(X: Rows, weights: Weights | FloatArray | None = None, origin: FloatArray | None = None) -> Held:
    """Hand rows over to the engine that computes now.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows, float64 or float32.
    weights : Weights or ndarray of shape (n,), optional
        Non-negative; equal ones that sum to one by default.
    origin : ndarray of shape (d,), optional
        What is subtracted where rows are read; parameters count from there.

    Returns
    -------
    Held
        The rows, on which sums and densities are computed.
    """
    if weights is None:
        weights = Weights.equal(max(len(X), 1))
    elif not isinstance(weights, Weights):
        weights = Weights.of(weights)
    return current().hold(X, weights, origin)


__all__ = [
    "BLOCK_ROWS",
    "Coverage",
    "EmRun",
    "EmRuns",
    "EmTask",
    "Engine",
    "Held",
    "HeldRows",
    "Info",
    "Parameters",
    "Rounding",
    "Rows",
    "SecondOrder",
    "Truncation",
    "Weights",
    "Work",
    "current",
    "extent",
    "hold",
    "info",
    "register",
    "using",
]
