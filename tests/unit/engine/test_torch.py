"""The torch engine on PyTorch's CPU device: against the reference, in blocks, to the bit, end to end."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from tests.unit.engine.test_passes import FAMILIES, SHAPES, assert_same_statistics, farthest, problem

import gmmscape as gs
from gmmscape import engine, lab
from gmmscape.engine import reference
from gmmscape.engine.extension import instruction_sets
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from marks import rest_slow

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from gmmscape.engine import torch_data, torch_device, torch_engine  # noqa: E402

KINDS = ("spherical", "diag", "tied", "full")


@pytest.fixture(autouse=True)
def on_the_cpu() -> Iterator[None]:
    with engine.using("torch", device="cpu"):
        yield


@pytest.fixture
def by_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """No loop of EM runs natively: every pass is one of this engine."""
    monkeypatch.setattr(torch_engine, "SMALL_PASS", -1)


def scatter_of(family: str) -> str:
    return "none" if family == "location" else family


def compared(
    family: str, X: np.ndarray, weights: np.ndarray, mixture: gs.Mixture, tolerance: float, scatter: str = ""
) -> None:
    scatter = scatter or scatter_of(family)
    ours = engine.hold(X, weights).statistics(mixture.parameters, scatter)
    theirs = reference.statistics(X.astype(np.float64), weights, mixture.parameters, scatter)
    assert_same_statistics(ours, theirs, mixture, tolerance=tolerance, length=farthest(X, mixture))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one tile, and of 64 rows where deviations are kept."""
    monkeypatch.setitem(torch_device.LARGEST_ARRAY, "cpu", 1)


# Statistics


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("n", "d", "k"), SHAPES)
def test_statistics_agree_with_the_reference(family: str, n: int, d: int, k: int):
    X, weights, mixture = problem(family, n, d, k)
    compared(family, X, weights, mixture, 1e-12)
    compared(family, X, np.broadcast_to(1.0 / n, (n,)), mixture, 1e-12)
    compared(family, X, 1e-200 * weights, mixture, 1e-12)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("spread", "condition", "offset"),
    [(1e2, 4.0, 0.0), (1e4, 4.0, 0.0), (2.0, 1e8, 0.0), (1e4, 1e8, 0.0), (2.0, 4.0, 1e8), (1e2, 1e4, 1e6)],
)
def test_digits_survive_hard_conditioning(family: str, spread: float, condition: float, offset: float):
    for n, d, k in ((1500, 2, 4), (1200, 6, 5), (600, 22, 3)):
        X, weights, mixture = problem(family, n, d, k, spread=spread, condition=condition)
        compared(family, X + offset, weights, mixture.shifted(offset), 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_scatter_of_another_kind_than_the_covariances(kind: str):
    X, weights, mixture = problem(kind, 500, 3, 3)
    for scatter in ("none", *KINDS):
        compared(kind, X, weights, mixture, 1e-12, scatter)


def test_covariances_about_far_new_means_keep_their_digits():
    rng = np.random.default_rng(3)
    X = rng.normal(3e5, 1.0, (500, 2))
    for kind, covariances in (
        ("full", np.tile(1e10 * np.eye(2), (2, 1, 1))),
        ("diag", np.full((2, 2), 1e10)),
        ("tied", 1e10 * np.eye(2)),
        ("spherical", np.full(2, 1e10)),
    ):
        mixture = gs.Mixture([0.5, 0.5], [[-1e5, -1e5], [2.2e5, 2.2e5]], covariances, kind)
        compared(kind, X, np.ones(500), mixture, 1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_components_without_weight_take_nothing(family: str):
    X, weights, mixture = problem(family, 300, 2, 3)
    empty = gs.Mixture([0.4, 0.0, 0.6], mixture.means, mixture.covariances, mixture.covariance_type)
    found = engine.hold(X, weights).statistics(empty.parameters, scatter_of(family))
    assert found.mass[1] == 0.0
    assert np.isfinite(found.mean).all()
    compared(family, X, weights, empty, 1e-12)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("power", [-30, 30])
def test_the_unit_of_length_changes_nothing(family: str, power: int):
    X, weights, mixture = problem(family, 700, 3, 4)
    s = 2.0**power
    scaled = gs.Mixture(
        mixture.weights, s * mixture.means, s * s * mixture.covariances, mixture.covariance_type
    )
    for rows in (X, X.astype(np.float32)):
        here = engine.hold(rows, weights).statistics(mixture.parameters, scatter_of(family))
        there = engine.hold(rows * rows.dtype.type(s), weights).statistics(
            scaled.parameters, scatter_of(family)
        )
        np.testing.assert_allclose(there.mean / s, here.mean, rtol=1e-6 if rows.dtype == "f4" else 1e-13)
        np.testing.assert_allclose(there.mass, here.mass, rtol=1e-6 if rows.dtype == "f4" else 1e-13)


def test_rows_count_from_the_origin():
    X, weights, mixture = problem("full", 400, 3, 4)
    origin = np.array([1e8, -3.0, 0.5])
    there = engine.hold(X + origin, weights, origin).statistics(mixture.parameters, "full")
    here = engine.hold((X + origin) - origin, weights).statistics(mixture.parameters, "full")
    np.testing.assert_array_equal(there.mean, here.mean)
    assert there.log_likelihood == here.log_likelihood


def test_rows_out_of_every_reach_are_left_to_the_reference():
    X = np.array([[0.0], [1e200], [-1e200]])
    mixture = gs.Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 1.0], "spherical")
    held, p = engine.hold(X, np.ones(3)), mixture.parameters
    theirs = reference.statistics(X, np.ones(3), p, "none")
    np.testing.assert_array_equal(held.statistics(p, "none").mass, theirs.mass)
    np.testing.assert_allclose(held.responsibilities(p), reference.responsibilities(X, p), rtol=1e-15)
    assert np.isneginf(held.log_density(p)[1:]).all()
    with engine.using("reference"):
        other = engine.hold(X, np.ones(3))
    for one, same in zip(held.coverage(p, 0.1), other.coverage(p, 0.1), strict=True):
        np.testing.assert_array_equal(one, same)
    np.testing.assert_array_equal(held.rounding(p), other.rounding(p))


# Single precision


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("spread", [1.0, 10.0, 1e2])
def test_single_precision_agrees_with_its_cast(family: str, spread: float):
    """Within the feature form's limit, 512, log densities err by eps/2 times that: 3e-5, at the worst row."""
    worst = 512 * np.finfo(np.float32).eps / 2
    for n, d, k in ((1500, 2, 4), (1500, 8, 6), (600, 22, 3)):
        X, weights, mixture = problem(family, n, d, k, spread=spread)
        single = X.astype(np.float32)
        ours = engine.hold(single, weights).statistics(mixture.parameters, scatter_of(family))
        theirs = reference.statistics(
            single.astype(np.float64), weights, mixture.parameters, scatter_of(family)
        )
        assert abs(ours.log_likelihood - theirs.log_likelihood) <= worst * theirs.weight
        deviation = np.sqrt(np.diagonal(mixture.full_covariances(), axis1=1, axis2=2))
        seen = theirs.mass > 1e-3 * theirs.weight
        assert (np.abs(ours.mean - theirs.mean) / deviation)[seen].max() <= worst
        assert ours.mean.dtype == ours.mass.dtype == np.float64
        if theirs.scatter is not None and ours.scatter is not None:
            size = np.abs(theirs.scatter).max()
            assert np.abs(ours.scatter - theirs.scatter).max() <= worst * size


def test_rows_stay_in_single_precision_and_are_computed_in_it():
    X, weights, mixture = problem("full", 900, 2, 3)
    held = engine.hold(X.astype(np.float32), weights)
    assert isinstance(held, torch_engine.TorchRows)
    assert held._data.columns.dtype == torch.float32
    single = held.statistics(mixture.parameters, "full")
    double = engine.hold(X.astype(np.float32).astype(np.float64), weights).statistics(
        mixture.parameters, "full"
    )
    assert 0 < abs(single.log_likelihood - double.log_likelihood) < 1e-5 * double.weight


def test_sums_of_many_single_precision_rows_are_those_of_double():
    """Added up in float32, 3e5 equal masses would be off by eps times their number."""
    n = 300_000
    X = np.random.default_rng(0).standard_normal((n, 1)).astype(np.float32)
    mixture = gs.Mixture([1.0], [[0.0]], [[1.0]], "diag")
    found = engine.hold(X).statistics(mixture.parameters, "diag")
    assert found.mass[0] == pytest.approx(1.0, abs=1e-13)
    assert found.mean[0, 0] == pytest.approx(X.mean(dtype=np.float64), abs=1e-8)


# Densities, coverage


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_densities_and_responsibilities_agree(family: str, dtype: type):
    for n, d, k in ((1, 1, 1), (700, 2, 3), (1100, 9, 5)):
        X, _, mixture = problem(family, n, d, k, spread=20.0)
        held, X = engine.hold(X.astype(dtype)), X.astype(dtype).astype(np.float64)
        density, shares = held.log_density(mixture.parameters), held.responsibilities(mixture.parameters)
        wanted = reference.log_density(X, mixture.parameters)
        np.testing.assert_allclose(density, wanted, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(shares, reference.responsibilities(X, mixture.parameters), atol=1e-13)
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-15)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("n", "d", "k", "threshold"), [(700, 2, 3, 0.01), (3000, 3, 40, 1e-6), (65, 1, 1, 0.5)]
)
def test_coverage_is_the_responsibilities_from_the_threshold_on(
    family: str, n: int, d: int, k: int, threshold: float
):
    X, _, mixture = problem(family, n, d, k, spread=1.0)
    found = engine.hold(X).coverage(mixture.parameters, threshold)
    full = engine.hold(X).responsibilities(mixture.parameters)
    component, row = np.nonzero(threshold <= full.T)
    np.testing.assert_array_equal(np.repeat(np.arange(k), np.diff(found.ends)), component)
    np.testing.assert_array_equal(found.row, row)
    np.testing.assert_array_equal(found.posterior, full[row, component])
    np.testing.assert_allclose(found.rest, 1.0 - full[row, component], atol=1e-14)


def test_what_is_left_beside_a_component_keeps_its_digits():
    _, _, mixture = problem("spherical", 10, 1, 2, spread=0.0)
    far = mixture.parameters._replace(means=np.array([[0.0], [14.0]]))
    found = engine.hold(np.zeros((1, 1))).coverage(far, 0.01)
    other = engine.hold(np.zeros((1, 1))).responsibilities(far)[0, 1]
    assert 0 < other < 1e-18
    assert found.rest[0] == pytest.approx(other, rel=1e-12)


# Blocks, bits, precision


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_rows_at_the_ends_of_blocks_count_once(family: str, beyond: int, dtype: type):
    n = 2 * torch_data.TILE_ROWS + beyond
    X, weights, mixture = problem(family, n, 2, 3)
    X = X.astype(dtype)
    assert len(list(engine.hold(X)._data.blocks(5))) == 2 + (beyond > 0)
    compared(family, X, weights, mixture, 1e-12 if dtype is np.float64 else 1e-4)
    X[-1] += 300.0  # a block in the centred form beside one in the feature form
    compared(family, X, weights, mixture, 1e-11 if dtype is np.float64 else 1e-4)


class Watching(torch.overrides.TorchFunctionMode):
    """Largest tensor that is made, and how often the host waits for the device."""

    WAITS = frozenset({"item", "cpu", "numpy", "tolist", "__bool__", "__float__", "__int__", "nonzero"})

    def __init__(self) -> None:
        super().__init__()
        self.largest, self.waits = 0, 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        name = getattr(function, "__name__", "")
        self.waits += name in self.WAITS
        # What is only another view of the rows does not count.
        if isinstance(found, torch.Tensor) and found._base is None:
            self.largest = max(self.largest, found.numel())
        return found


CALLS: dict[str, Callable] = {
    "statistics": lambda held, p: held.statistics(p, p.kind),
    "density": lambda held, p: held.log_density(p),
    "rounding": lambda held, p: held.rounding(p),
    "information": lambda held, p: held.information(p, p.kind, missing=True),
    "product": lambda held, p: held.missing_product(p, "none", np.ones(p.means.size + len(p.means))),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", rest_slow(["diag", "full"], 1))
@pytest.mark.parametrize("spread", rest_slow([1.0, 1e3], 1))
def test_memory_is_that_of_blocks_and_the_host_does_not_wait_for_each(
    call: str, kind: str, spread: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(torch_device.LARGEST_ARRAY, "cpu", 1 << 16)
    k, seen = 20, {}
    for n in (30_000, 90_000):
        X, weights, mixture = problem(kind, n, 2, k, spread=spread)
        held = engine.hold(X, weights)
        CALLS[call](held, mixture.parameters)  # what is kept with the rows comes first
        with Watching() as watched:
            CALLS[call](held, mixture.parameters)
        # One number a row is what densities return; a block may be a whole tile of some features.
        assert watched.largest <= max(n, 1 << 16, torch_data.TILE_ROWS * (5 + 3 * k)) < n * k
        seen[n] = watched.waits
    assert seen[30_000] == seen[90_000] > 0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("family", FAMILIES)
def test_bits_are_the_same_every_time_and_for_any_threads(family: str, dtype: type):
    X, weights, mixture = problem(family, 60_000, 3, 9)
    X[::7] *= 40.0  # both forms
    before, found = torch.get_num_threads(), []
    try:
        torch.use_deterministic_algorithms(True)
        for threads in (1, 2, 1):
            torch.set_num_threads(threads)
            held, p = engine.hold(X.astype(dtype), weights), mixture.parameters
            passed = held.statistics(p, scatter_of(family))
            scores = held.information(p, scatter_of(family), missing=True)
            found.append([*vars(passed).values(), *scores.moments, scores.missing, held.log_density(p)])
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(False)
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, same)


@pytest.fixture
def precision_is_restored() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.usefixtures("precision_is_restored")
@pytest.mark.parametrize("allowed", ["high", "medium"])
def test_products_are_exact_within_and_as_before_afterwards(allowed: str):
    rng = np.random.default_rng(0)
    a, b = (torch.from_numpy(rng.standard_normal((64, 64)).astype(np.float32)) for _ in range(2))
    exact = a.double() @ b.double()
    torch.set_float32_matmul_precision(allowed)
    with torch_device.exact_products():
        assert not torch.backends.cuda.matmul.allow_tf32  # what products on cards ask
        assert float((a @ b - exact).abs().max()) < 1e-4
    with pytest.raises(KeyError), torch_device.exact_products():
        raise KeyError
    assert torch.get_float32_matmul_precision() == allowed
    assert torch.backends.cuda.matmul.allow_tf32


@pytest.mark.usefixtures("precision_is_restored")
@pytest.mark.skipif(
    not hasattr(torch.backends.cuda.matmul, "fp32_precision"), reason="the names of PyTorch from 2.9 on"
)
def test_newer_names_of_precision_are_restored_too():
    place = torch.backends.cuda.matmul
    place.fp32_precision = "tf32"
    with torch_device.exact_products():
        assert not place.allow_tf32
        assert place.fp32_precision == "ieee"
    assert place.fp32_precision == "tf32"


@pytest.mark.usefixtures("precision_is_restored")
def test_the_older_name_of_precision_is_enough(monkeypatch: pytest.MonkeyPatch):
    torch.set_float32_matmul_precision("high")
    monkeypatch.setattr(torch.backends.cuda, "matmul", object())  # as before PyTorch 2.9
    with torch_device.exact_products():
        assert torch.get_float32_matmul_precision() == "highest"
    assert torch.get_float32_matmul_precision() == "high"


@pytest.mark.usefixtures("precision_is_restored")
def test_threads_that_leave_early_allow_nothing_to_the_others():
    torch.set_float32_matmul_precision("high")
    inside = torch_device._EXACT
    inside.enter()
    inside.enter()
    inside.leave()
    assert torch.get_float32_matmul_precision() == "highest"
    inside.leave()
    assert torch.get_float32_matmul_precision() == "high"


def test_rows_go_to_another_process_without_what_the_device_holds():
    X, weights, mixture = problem("full", 400, 2, 3)
    held = engine.hold(X, weights)
    before = held.statistics(mixture.parameters, "full")
    copy = pickle.loads(pickle.dumps(held))
    assert "_data" not in vars(copy)
    np.testing.assert_array_equal(copy.statistics(mixture.parameters, "full").scatter, before.scatter)


def test_rows_that_do_not_fit_on_a_card_are_said_not_to(monkeypatch: pytest.MonkeyPatch):
    def full(*args: object, **kwargs: object) -> None:
        raise torch.cuda.OutOfMemoryError("full")

    held = engine.hold(np.zeros((3, 2)))
    monkeypatch.setattr(torch, "empty", full)
    with pytest.raises(NotAvailableError, match="3 x 2 numbers do not fit on cpu: take a larger one, or"):
        held.log_density(gs.Mixture.location([[0.0, 0.0]], 1.0).parameters)


def test_rows_in_another_order_of_bytes_or_memory_are_the_same():
    X, weights, mixture = problem("full", 300, 2, 3)
    wanted = engine.hold(X, weights).statistics(mixture.parameters, "full")
    X.flags.writeable = False
    for rows in (X, X.astype(">f8"), np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]):
        found = engine.hold(rows, weights).statistics(mixture.parameters, "full")
        np.testing.assert_array_equal(found.scatter, wanted.scatter)


@pytest.mark.parametrize("rows", [slice(100, 300), slice(None, None, 3), np.array([5, 1, 5, 200])])
@pytest.mark.parametrize("sent", [False, True])
def test_taken_rows_are_rows_of_their_own(rows: slice | np.ndarray, sent: bool):
    X, weights, mixture = problem("full", 400, 2, 3)
    origin = np.array([1.0, -2.0])
    held = engine.hold(X, weights, origin)
    if sent:
        held.statistics(mixture.parameters, "none")
    ours = held.taken(rows).statistics(mixture.parameters, "full")
    theirs = reference.statistics(X[rows] - origin, weights[rows], mixture.parameters, "full")
    assert_same_statistics(ours, theirs, mixture, tolerance=1e-12, length=farthest(X, mixture))
    other = held.taken(rows, np.ones(len(X[rows])))
    assert other.statistics(mixture.parameters, "none").weight == pytest.approx(len(X[rows]))


# Which device


def test_it_tells_where_it_computes():
    assert engine.info()[:2] == ("torch", None)
    assert engine.info().device == "cpu"


def test_the_variable_names_the_device(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GMMSCAPE_DEVICE", "cpu")
    with engine.using("torch"):
        assert engine.info().device == "cpu"
    for name in ("abacus", "meta", "cpu:3"):
        monkeypatch.setenv("GMMSCAPE_DEVICE", name)
        with pytest.raises(InvalidParameterError, match=f"GMMSCAPE_DEVICE='{name}': choose cpu, cuda"):
            engine.using("torch").__enter__()
    monkeypatch.setenv("GMMSCAPE_DEVICE", "cuda:99")
    with pytest.raises(NotAvailableError, match="GMMSCAPE_DEVICE='cuda:99': the number of CUDA devices"):
        engine.using("torch").__enter__()
    with engine.using("reference"):  # which no device is chosen for
        assert engine.info().device == "cpu"
    with pytest.raises(InvalidParameterError, match="device='cuda': leave it out"):
        engine.using("reference", device="cuda").__enter__()


def test_the_card_is_the_default_where_there_is_one():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert torch_device.device_named("").type == expected


# End to end


@pytest.mark.skipif(not instruction_sets(), reason="the extension is not built")
def test_small_loops_run_natively_and_large_ones_do_not(monkeypatch: pytest.MonkeyPatch):
    X, _, _ = problem("full", 300, 2, 3)
    native = gs.GaussianMixture(3, random_state=0, escape=False).fit(X)
    monkeypatch.setattr(torch_engine, "SMALL_PASS", 300 * 3 * 4 - 1)
    calls = []
    statistics = torch_engine.TorchRows.statistics
    monkeypatch.setattr(
        torch_engine.TorchRows, "statistics", lambda *args: calls.append(args) or statistics(*args)
    )
    python = gs.GaussianMixture(3, random_state=0, escape=False).fit(X)
    assert len(calls) >= python.n_iter_
    assert python.lower_bound_ == pytest.approx(native.lower_bound_, abs=1e-9)


@pytest.mark.usefixtures("by_python")
@pytest.mark.parametrize("kind", rest_slow(KINDS, 1))
def test_it_serves_a_fit_and_a_diagnosis(kind: str):
    X = np.concatenate([problem(kind, 150, 2, 4)[0], problem(kind, 150, 2, 4)[0] + 12.0])
    found = gs.GaussianMixture(4, covariance_type=kind, random_state=0, escape=False).fit(X)
    with engine.using("reference"):
        wanted = gs.GaussianMixture(4, covariance_type=kind, random_state=0, escape=False).fit(X)
    assert found.lower_bound_ == pytest.approx(wanted.lower_bound_, abs=1e-7)
    np.testing.assert_allclose(found.means_, wanted.means_, atol=1e-2)
    assert gs.diagnose(found, X, rng=0).verdict in ("bad optimum", "no better fit found", "cannot tell")


def test_it_serves_an_exploration():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
    atlas = lab.Landscape(lab.Population(truth), 3).explore(0, n_starts=3)
    assert [round(minimum.kl, 6) for minimum in atlas.minima] == [0.0, 2.769105]
