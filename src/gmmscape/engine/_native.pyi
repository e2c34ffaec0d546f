from collections.abc import Callable
from typing import Any

from gmmscape.arrays import FloatArray, IntArray

Rows = FloatArray

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
def coverage(
    isa: str,
    kind: str,
    log_constants: FloatArray,
    means: FloatArray,
    factors: FloatArray,
    x: Rows,
    origin: FloatArray | None,
    threshold: float,
    threads: int,
) -> tuple[IntArray, IntArray, FloatArray, FloatArray] | None: ...
def derivatives(
    isa: str,
    log_constants: FloatArray,
    means: FloatArray,
    factors: FloatArray,
    x: Rows,
    origin: FloatArray | None,
    weights: FloatArray | None,
    weight: float,
    hessian: bool,
    threads: int,
) -> tuple[float, FloatArray, FloatArray, FloatArray | None] | None: ...
def hessian_product(
    isa: str,
    log_constants: FloatArray,
    means: FloatArray,
    factors: FloatArray,
    x: Rows,
    origin: FloatArray | None,
    weights: FloatArray | None,
    weight: float,
    direction: FloatArray,
    threads: int,
) -> FloatArray | None: ...
def rounding(
    isa: str,
    kind: str,
    log_constants: FloatArray,
    means: FloatArray,
    factors: FloatArray,
    x: Rows,
    origin: FloatArray | None,
    weights: FloatArray | None,
    weight: float,
    constant: float,
    shift: float,
    threads: int,
) -> FloatArray | None: ...
def em(
    isa: str,
    kind: str,
    location: bool,
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    x: Rows,
    origin: FloatArray | None,
    row_weights: FloatArray | None,
    row_weight: float,
    ranges: IntArray | None,
    floor: FloatArray,
    spread: FloatArray,
    scale: FloatArray,
    log_unit: float,
    resolution: float,
    tol: float,
    max_iter: int,
    accelerate: bool,
    gradient: bool,
    target: float,
    screen: int,
    outlook: int,
    seconds: float | None,
    threads: int,
    watch: Callable[[int, int, float], Any] | None,
) -> tuple[FloatArray, FloatArray, FloatArray, list[tuple[int, float, float, bool, FloatArray]], bool]: ...
def machine_limit(isa: str, what: str, repetitions: int, x: FloatArray | None) -> float: ...
