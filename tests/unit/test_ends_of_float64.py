"""What is computed at the ends of float64: infinite where that is said, never NaN, and without a warning."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES, FULL, TIED, kind_named
from gmmscape.diagnosis.foreign_rows import foreign_rows
from gmmscape.families import NO_FLOOR, Floor, family_named
from gmmscape.matching import match_means
from gmmscape.measure import Sample
from gmmscape.measure.resolution import rounding_step
from gmmscape.measure.rows import WeightedRows
from gmmscape.mixture.background import background_of
from gmmscape.moves.component_rows import Parts
from gmmscape.moves.left_out_gain import LeftOutGain
from gmmscape.moves.moves import merged
from gmmscape.moves.nesting import close_pairs
from gmmscape.moves.removals import merging_bounds
from gmmscape.objective import Objective, step_sizes
from gmmscape.solve import left_out_log_densities
from gmmscape.solve.acceleration import extrapolate
from gmmscape.statistics import SufficientStatistics
from gmmscape.validation import sample_weights


def two(kind: str, means: tuple[float, float], variance: float, d: int = 2) -> gs.Mixture:
    """Two components of half the weight each, whose covariances are a multiple of the identity."""
    stored = kind_named(kind).repeated(variance * np.eye(d), 2)
    return gs.Mixture([0.5, 0.5], np.repeat(np.array(means)[:, None], d, axis=1), stored, kind)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_lengths_that_no_number_holds_are_infinite(kind: str):
    far = two(kind, (1e300, -1e300), 1e-300)
    gaps, factors = far.means[1:] - far.means[:1], far.parameters.factors
    assert far.kind.lengths(gaps, factors, 0) == np.inf
    assert (far.kind.lengths_each(far.means - far.means[::-1], factors) == np.inf).all()
    assert np.isnan(far.kind.lengths(np.full((1, 2), np.nan), factors, 0))
    assert not len(close_pairs(far, 0.5))
    assert (step_sizes(far, two(kind, (-1e300, 1e300), 1e-300)) == np.inf).all()


def test_points_are_matched_at_any_distance():
    means = np.array([[0.0, 0.0], [1e200, 0.0]])
    order, distance = match_means(means, means[::-1] * 2.0)
    assert order.tolist() == [1, 0]
    assert distance == np.inf


def test_of_terms_without_a_number_a_length_is_none_either():
    factors = np.array([[[1e200, 1e200], [0.0, -1e200]]])
    assert FULL.lengths(np.array([[1e200, 1e200]]), factors, 0) == np.inf


def test_changes_of_covariances_that_no_number_holds_are_infinite():
    before = gs.Mixture([1.0], [[0.0, 0.0]], [[[1e-300, 0.9e-300], [0.9e-300, 1e-300]]], "full")
    after = gs.Mixture([1.0], [[0.0, 0.0]], [[[1e300, 0.9e300], [0.9e300, 1e300]]], "full")
    assert step_sizes(before, after) == np.inf


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
@pytest.mark.parametrize(("deviation", "unit"), [(1e-160, 1e160), (1e150, 1e-200)])
def test_log_scales_of_products_that_no_number_holds(kind: str, deviation: float, unit: float):
    factors = two(kind, (0.0, 1.0), deviation**2).parameters.factors
    expected = 2 * (np.log(unit) - np.log(deviation))
    np.testing.assert_allclose(kind_named(kind).log_scales(factors, unit, 2), expected, rtol=1e-6)


def test_a_floor_that_is_nothing_beside_a_variance_holds_nothing_up():
    covariances = np.array([[[1e10, 5e9], [5e9, 1e10]], [[1.0, 0.5], [0.5, 1.0]]])
    lifted, moved = FULL.lifted(covariances, np.full(2, 5e-324))
    assert not moved
    np.testing.assert_array_equal(lifted, covariances)
    assert not FULL.held_up(covariances, np.full(2, 5e-324), slice(None)).any()
    broken = np.array([[[1e100, 1e100], [1e100, 1e-300]]])
    assert FULL.lifted(broken, np.full(2, 5e-324))[0] is broken
    infinite = np.array([[np.inf, 1.0], [1.0, 1.0]])
    assert TIED.lifted(infinite, np.ones(2))[0] is infinite


def test_a_correlation_is_not_lost_because_variances_are_small():
    small = gs.Mixture([1.0], [[0.0, 0.0]], [[[1e-310, 0.0], [0.0, 1e-310]]], "full")
    assert not FULL.lost_in_rounding(small.covariances, small.parameters.factors)


@pytest.mark.parametrize("kind", ["diag", "spherical"])
def test_the_smallest_covariances_merge_into_one_that_is_positive(kind: str):
    fit = two(kind, (0.0, 0.0), 5e-324)
    assert (merged(fit.weights, fit.means, fit.covariances, fit.kind, np.array([[0, 1]]))[2] > 0.0).all()
    assert merging_bounds(fit, np.array([[0, 1]])) == 0.0


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_what_lies_infinitely_far_apart_is_merged_last(kind: str):
    assert merging_bounds(two(kind, (-1e200, 1e200), 1e-200), np.array([[0, 1]])) == np.inf


def test_parts_that_are_small_beside_others_have_their_mass():
    rows = WeightedRows(np.zeros((3, 1)), np.array([0.5, 0.5, 2.5e-24]), unit=1.0)
    parts = Parts(rows, np.array([0, 2, 2, 3]))
    assert parts.mass.tolist() == [1.0, 0.0, 2.5e-24]


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_rows_left_out_that_are_infinitely_far(kind: str):
    fit, points = two(kind, (0.0, 1.0), 1e-200), np.array([[0.0, 0.0], [1e150, -1e150]])
    found = left_out_log_densities(fit, points, np.full((2, 2), 0.5), 2.0, 1.0)
    assert np.isfinite(found[0])
    assert found[1] == -np.inf
    gain = LeftOutGain(Objective.near(Sample(points), family_named(kind, NO_FLOOR), fit)).gain(fit, fit)
    assert (gain.mean, gain.error) == (0.0, 0.0)


def test_components_of_next_to_no_weight_speak_for_no_row():
    fit = gs.Mixture([1.0, 5e-324], [[0.0], [0.0]], [1.0, 1.0], "spherical")
    found = left_out_log_densities(fit, np.zeros((1, 1)), np.array([[1.0, 1e-3]]), 9.0, 1.0)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("region", ["box", "hull"])
@pytest.mark.parametrize("scale", [np.array([1e200, 1e200]), np.array([1.7e308, 1e-100])])
def test_regions_of_no_volume_that_is_a_number(region: str, scale: np.ndarray):
    rows = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]) * scale
    with pytest.raises(gs.DataError, match="the volume of the region is not representable"):
        background_of(region, rows)


def test_a_hull_of_narrow_and_wide_columns_holds_its_rows():
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]) * [1e170, 1e-100]
    found = background_of("hull", rows)
    assert found is not None
    assert found.contains(rows).all()
    assert not found.contains(rows + np.array([2e170, 0.0])).any()
    with pytest.raises(
        gs.DataError, match="not representable"
    ):  # its volume is, the direction of its faces not
        background_of("hull", np.sign(rows) * [5e-324, 1e300])


def test_weights_next_to_nothing_beside_the_largest_are_none():
    assert sample_weights([1.7e308, 1e270, 5e-324], 3).each.tolist() == [1.0, 0.0, 0.0]
    assert sample_weights([1.0, 1e-30], 2).each[1] > 0.0


def test_components_that_are_left_no_row_end_in_an_error():
    nothing = SufficientStatistics(np.zeros(2), np.zeros((2, 1)), np.zeros(2), "spherical", 0.0, 1.0)
    family = family_named("spherical", NO_FLOOR)
    with pytest.raises(
        gs.InvalidParameterError, match="the background takes all: pass one of a larger volume"
    ):
        family.update(nothing, two("spherical", (0.0, 1.0), 1.0, d=1))


def test_a_fit_of_collinear_rows_without_a_floor():
    """Covariances whose determinants are zero: what mergers of them cost is no number."""
    X = np.array([[2.0, 4.0], *[[0.0, 0.0]] * 5, [0.25, 0.5], [1.0, 2.0]])
    options = {"covariance_floor": 0.0, "covariance_prior": 0.0, "reg_covar": 0.0, "max_iter": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        model = gs.GaussianMixture(2, init_params="k-means++", random_state=0, **options).fit(X)
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_floor_that_lifts_beyond_float64_makes_no_mixture():
    X = np.array([[0.0, 0.0], [0.0, 0.0], [1e141, 1e-59]])
    means = np.array([[0.0, 2.0], [0.0, 1.5], [0.0, 2.0]])
    model = (np.full(3, 1.0 / 3.0), means, 1e-12 * np.broadcast_to(np.eye(2), (3, 2, 2)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        try:
            found = gs.repair(model, X, covariance_type="full", rng=0)
        except gs.GmmscapeError:
            return
    assert np.isfinite(found.solution.mixture.covariances).all()


def test_steps_longer_than_numbers_are_not_extrapolated():
    sample, family = Sample(np.array([[0.0], [1e-3], [2e-3]])), family_named("diag", Floor(np.ones(1)))
    points = [two("diag", (0.0, mean), variance, d=1) for mean, variance in [(1, 1), (2, 1e180), (4, 1e200)]]
    assert extrapolate(Objective.near(sample, family, points[0]), *points) is None


def test_values_of_all_sizes_are_on_no_grid():
    """All numbers above 2^53 are whole multiples of the smallest."""
    assert rounding_step(np.array([0.0, 1e-155, 1e153])) == 0.0
    assert rounding_step(np.array([0.0, 0.5, 2.0])) == 0.5


def test_rows_of_a_model_of_another_size_are_foreign():
    def told_of(rows: list[float], variance: float) -> str | None:
        fit = two("diag", (3.0, 4.0), variance, d=1)
        sample = Sample(np.array(rows)[:, None])
        return foreign_rows(Objective.near(sample, family_named("diag", NO_FLOOR), fit), fit)

    told = told_of([0.0, 1e140, 2e140], 1e-300)
    assert told is not None
    assert "100 % of them lie more than" in told
    assert told_of([7.0, 7.0, 7.0], 5e-324) is not None


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_repair_from_an_infinite_value_gains_no_nan():
    model = (np.full(3, 1 / 3), np.array([[0.0], [1.0], [2.0]]), np.full(3, 5e-324))
    found = gs.repair(model, np.full((3, 1), -100.0), covariance_type="spherical", rng=0)
    json.dumps(found.to_dict(), allow_nan=False)
    assert "nan" not in str(found)


def test_a_model_out_of_reach_is_refused():
    model = (np.ones(1), np.array([[1e200]]), np.ones(1))
    with pytest.raises(gs.DataError, match="farther from them than numbers can tell"):
        gs.diagnose(model, np.array([[0.0], [1e-150], [2e-150]]), covariance_type="spherical")


def test_data_that_are_refused_leave_a_model_as_it_was():
    model = gs.GaussianMixture(1, escape=False).fit(np.array([[0.0], [1.0], [3.0]]))
    with pytest.raises(gs.DataError):
        model.fit(np.eye(3), sample_weight=[-1.0, 1.0, 1.0])
    assert model.n_features_in_ == 1
    assert model.predict([[0.0]]).tolist() == [0]
    unfitted = gs.GaussianMixture(1)
    with pytest.raises(gs.DataError):
        unfitted.fit(np.eye(3), sample_weight=[-1.0, 1.0, 1.0])
    assert not hasattr(unfitted, "n_features_in_")


def test_a_first_batch_that_is_refused_leaves_no_batch():
    model = gs.GaussianMixture(1, covariance_type="diag", reg_covar=5e-324)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for columns in (2, 1):
            with pytest.raises(gs.DataError, match="whose inverse square is not representable"):
                model.partial_fit(np.zeros((1, columns)))
            assert not hasattr(model, "means_")
