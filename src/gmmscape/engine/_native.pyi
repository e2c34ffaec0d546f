from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]

def instruction_sets() -> list[str]: ...
def logsumexp_rows(matrix: FloatArray) -> FloatArray: ...
def statistics(
    isa: str,
    kind: str,
    log_constants: FloatArray,
    means: FloatArray,
    factors: FloatArray,
    x: Rows,
    origin: FloatArray | None,
    weights: FloatArray | None,
    weight: float,
    scatter: str,
    threads: int,
) -> tuple[float, float, FloatArray, FloatArray, FloatArray] | None: ...
def posterior(
    isa: str,
    kind: str,
    log_constants: FloatArray,
    means: FloatArray,
    factors: FloatArray,
    x: Rows,
    origin: FloatArray | None,
    threads: int,
    responsibilities: bool,
) -> FloatArray | None: ...
