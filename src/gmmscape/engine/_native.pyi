from gmmscape.arrays import FloatArray, IntArray
from gmmscape.engine.protocol import EmTask, Truncation

Rows = FloatArray
_Run = tuple[int, float, float, bool, FloatArray, tuple[int, int, int, float]]
_Sums = tuple[float, float, FloatArray, FloatArray, FloatArray]
_Moments = tuple[float, float, FloatArray, FloatArray, FloatArray]

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
) -> _Sums | None: ...
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
def nearest(
    isa: str,
    kind: str,
    log_constants: FloatArray,
    means: FloatArray,
    factors: FloatArray,
    x: Rows,
    origin: FloatArray | None,
    threads: int,
) -> IntArray: ...

class RowOrder: ...

def order(
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
    truncation: Truncation,
    threads: int,
) -> RowOrder | None: ...
def ordered_statistics(
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
    order: RowOrder,
    threads: int,
) -> _Sums | None: ...
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
def information(
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
    missing: bool,
    threads: int,
) -> tuple[_Moments, FloatArray | None] | None: ...
def missing_product(
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
    direction: FloatArray,
    threads: int,
) -> _Moments | None: ...
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
    x: Rows,
    origin: FloatArray | None,
    row_weights: FloatArray | None,
    row_weight: float,
    task: EmTask,
    threads: int,
    patterns: list[tuple[IntArray, FloatArray, FloatArray | None, FloatArray | None, float]] = ...,
) -> tuple[FloatArray, FloatArray, FloatArray, list[_Run], bool]: ...
def em_fields() -> list[str]: ...
def second_order_fields() -> list[str]: ...
def truncation_fields() -> list[str]: ...
def machine_limit(isa: str, what: str, repetitions: int, x: FloatArray | None) -> float: ...
