"""The compiled kernels against SciPy and mpmath."""

from __future__ import annotations

import threading
import time

import mpmath
import numpy as np
import pytest
from scipy.special import logsumexp

from gmmscape.engine import _native
from gmmscape.logsumexp import logsumexp_rows

INF, NAN = np.inf, np.nan
EPS = np.finfo(np.float64).eps


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (5, 3), (1000, 40)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0, 1e5, 1e300])
def test_agrees_with_scipy(rng: np.random.Generator, shape: tuple[int, int], scale: float):
    matrix = scale * rng.standard_normal(shape)
    result = _native.logsumexp_rows(matrix)
    assert result.dtype == np.float64
    assert result.shape == (shape[0],)
    # The sum of m terms loses at most m eps, the shift back one rounding of the largest entry.
    tolerance = 4 * EPS * (shape[1] + np.abs(matrix).max(axis=1))
    assert np.all(np.abs(result - logsumexp(matrix, axis=1)) <= tolerance)


@pytest.mark.parametrize(
    "row",
    [
        [0.0, -40.0],
        [-40.0, 0.0, -45.0],
        [0.0, -700.0],
        [-745.0, -746.0],
        [800.0, 1.0, 799.0],
        [3.0, 3.0, 3.0],
    ],
)
def test_agrees_with_mpmath_to_the_last_digits(row: list[float]):
    with mpmath.workdps(400):
        exact = mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(x)) for x in row))
        error = abs(mpmath.mpf(float(_native.logsumexp_rows(np.array([row]))[0])) - exact) / abs(exact)
        assert error <= 4 * EPS


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([], -INF),
        ([-INF], -INF),
        ([-INF, -INF, -INF], -INF),
        ([-INF, 1.5], 1.5),
        ([1.5, -INF], 1.5),
        ([INF], INF),
        ([INF, 0.0, INF], INF),
        ([INF, -INF], INF),
        ([-INF, INF, -INF], INF),
        ([NAN], NAN),
        ([NAN, 0.0], NAN),
        ([0.0, NAN], NAN),
        ([NAN, -INF], NAN),
        ([-INF, NAN], NAN),
        ([NAN, INF], NAN),
        ([INF, NAN], NAN),
        ([1e308, -1e308], 1e308),
        ([-1e308, -1e308], -1e308),
        ([np.finfo(float).max, np.finfo(float).max], np.finfo(float).max),
    ],
)
def test_edge_cases(row: list[float], expected: float):
    # A row of ordinary numbers on either side: no row may spoil another.
    matrix = np.array([[0.0] * len(row), row, [1.0] * len(row)])
    result = _native.logsumexp_rows(matrix)
    np.testing.assert_array_equal(result[1], expected)
    if row:
        np.testing.assert_allclose(result[[0, 2]], [np.log(len(row)), np.log(len(row)) + 1.0], rtol=4 * EPS)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (4, 0)])
def test_empty_matrices(shape: tuple[int, int]):
    result = _native.logsumexp_rows(np.empty(shape))
    np.testing.assert_array_equal(result, np.full(shape[0], -INF))
    np.testing.assert_array_equal(logsumexp_rows(np.empty(shape)), result)


def test_reads_read_only_input_and_leaves_it_alone(rng: np.random.Generator):
    matrix = rng.standard_normal((6, 4))
    before = matrix.copy()
    matrix.flags.writeable = False
    expected = _native.logsumexp_rows(before)
    np.testing.assert_array_equal(_native.logsumexp_rows(matrix), expected)
    np.testing.assert_array_equal(matrix, before)


def test_result_is_writable_and_outlives_the_input():
    result = _native.logsumexp_rows(np.zeros((3, 2)))
    result += 1.0
    np.testing.assert_allclose(result, np.log(2.0) + 1.0)


def test_rows_do_not_depend_on_their_neighbours(rng: np.random.Generator):
    matrix = 30 * rng.standard_normal((50, 9))
    alone = np.concatenate([_native.logsumexp_rows(row[None, :]) for row in matrix])
    np.testing.assert_array_equal(_native.logsumexp_rows(matrix), alone)


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((4, 6)).T,
        np.zeros((4, 6))[:, ::2],
        np.zeros((4, 6))[::-1],
        np.zeros((4, 6), dtype=np.float32),
        np.zeros((4, 6), dtype=np.int64),
        np.zeros((4, 6), dtype=np.complex128),
        np.zeros((4, 6), dtype=">f8"),
        np.zeros(4),
        np.zeros((2, 2, 2)),
        [[0.0, 1.0]],
        None,
    ],
    ids=lambda matrix: f"{getattr(matrix, 'dtype', matrix)}-{getattr(matrix, 'shape', '')}",
)
def test_other_input_is_rejected_not_copied(matrix: object):
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _native.logsumexp_rows(matrix)


def test_other_threads_run_meanwhile():
    """While the kernel works, a Python thread makes progress: the GIL is released."""
    matrix = np.zeros((2_000_000, 4))
    ticks: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        start = time.perf_counter()
        _native.logsumexp_rows(matrix)
        end = time.perf_counter()
    finally:
        stop.set()
        thread.join()
    # Ticks strictly inside: a kernel that held the lock would have let none through.
    inside = [t for t in ticks if start + 0.1 * (end - start) < t < end - 0.1 * (end - start)]
    assert inside
