"""The number of components and the family, and what a selection promises of each fit."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import sklearn.mixture

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.selection.ladder import Ladder
from marks import rest_slow

CENTERS = np.array([[0, 0], [8, 0], [0, 8], [8, 8], [20, 20], [27, 20]])
X = np.repeat(CENTERS, 60, axis=0) + np.random.default_rng(3).normal(size=(360, 2))


@pytest.fixture(scope="module")
def found():
    return gs.select(X, range(1, 8), COVARIANCE_TYPES, rng=0)


@pytest.fixture(scope="module")
def by_likelihood():
    return gs.select(X, range(1, 8), COVARIANCE_TYPES, rng=0, covariance_prior=0)


def rows(found, kind):
    return [row for row in found.table if row["covariance_type"] == kind]


def likelihoods(found, kind="full"):
    return np.array([row["log_likelihood"] for row in rows(found, kind)])


def test_the_true_number_and_family_are_chosen(found):
    assert (found.best_n_components, found.best_covariance_type) == (6, "tied")  # spherical, and all alike
    assert [row["n_components"] for row in found.table if row["chosen"]] == [6]
    for kind in ("full", "diag", "spherical"):
        bic = [row["bic"] for row in rows(found, kind)]
        assert np.argmin(bic) == 5


@pytest.mark.slow
def test_the_likelihood_never_falls_where_that_of_plain_fits_does(by_likelihood):
    found = by_likelihood
    for kind in ("full", "tied", "diag", "spherical"):
        values = likelihoods(found, kind)
        assert np.all(np.diff(values) >= -1e-9 * len(X))
    # Negative control: EM from a start of its own for each number.
    falls = []
    for seed in range(3):
        plain = [
            gs.GaussianMixture(
                k,
                escape=False,
                covariance_prior=0.0,
                init_params="random",
                random_state=seed,
                max_iter=5000,
            )
            .fit(X)
            .score(X)
            for k in range(1, 7)
        ]
        falls.append(min(np.diff(plain)) * len(X))
        assert max(np.array(plain) * len(X) - likelihoods(found)[:6]) < 0.05
    assert min(falls) < -1.0


def test_a_wider_family_is_at_least_as_likely(by_likelihood):
    found = by_likelihood
    for narrow, wide in (("spherical", "diag"), ("diag", "full"), ("tied", "full")):
        assert np.all(likelihoods(found, wide) >= likelihoods(found, narrow) - 1e-9 * len(X))


def test_the_table_says_what_other_programs_compute(found):
    assert len(found.table) == 28
    for row in rows(found, "full")[:6]:
        mixture = found.fits["full", row["n_components"]].solution.mixture
        theirs = sklearn.mixture.GaussianMixture(mixture.n_components)
        theirs.weights_, theirs.means_, theirs.covariances_ = (
            mixture.weights,
            mixture.means,
            mixture.covariances,
        )
        theirs.precisions_cholesky_ = mixture.parameters.factors
        assert row["log_likelihood"] == pytest.approx(theirs.score(X) * len(X), rel=1e-10)
        assert row["bic"] == pytest.approx(theirs.bic(X), rel=1e-10)
        psi = theirs.predict_proba(X)
        entropy = -np.sum(psi * np.log(np.maximum(psi, 1e-300)))
        assert row["icl"] == pytest.approx(row["bic"] + 2 * entropy, rel=1e-9)
        assert row["heldout"] is None


def test_the_best_fit_becomes_an_estimator(found):
    model = found.best.to_estimator()
    assert isinstance(model, gs.GaussianMixture)
    assert isinstance(found.best, gs.solve.Solution)
    assert (model.n_components, model.covariance_type, model.n_features_in_) == (6, "tied", 2)
    best = next(row for row in found.table if row["chosen"])
    assert model.bic(X) == pytest.approx(best["bic"], rel=1e-10)
    assert len(np.unique(model.predict(X))) == 6
    assert model.diagnosis_.verdict == "no better fit found"
    assert gs.repair(model, X, rng=0).gain_total < 0.05


def test_it_is_json_and_text(found, tmp_path):
    found.to_json(tmp_path / "found.json")
    content = json.loads((tmp_path / "found.json").read_text())
    assert content["best_n_components"] == 6
    assert content["table"][3]["log_likelihood"] == found.table[3]["log_likelihood"]
    assert gs.Mixture.from_dict(content["mixture"]) == found.best.mixture
    first, then, _, head, *lines = str(found).splitlines()
    assert first == "6 components, tied covariances, by bic"
    assert then == "next: use the chosen fit"
    assert len([line for line in lines if line.split()[:2][-1].isdigit() or line.split()[0].isdigit()]) == 28
    assert [line.split()[1] for line in lines if line.startswith("  *  ")] == ["6"]
    assert head.split()[:2] == ["k", "covariance"]


def test_the_curve_is_drawn(found):
    pytest.importorskip("matplotlib")
    display = found.plot()
    np.testing.assert_array_equal(display.lines_["full"].get_xdata(), range(1, 8))
    np.testing.assert_array_equal(
        display.lines_["full"].get_ydata(), [row["bic"] for row in rows(found, "full")]
    )
    assert display.chosen_.get_xdata() == [6]
    with pytest.raises(gs.InvalidParameterError, match="criterion"):
        gs.plot.SelectionDisplay(found.table, "heldout")


def test_held_out_likelihood_is_that_of_folds():
    found = gs.select(X, [1, 5, 6, 7], criterion="heldout", rng=5, n_folds=4, covariance_prior=0)
    assert found.best_n_components == 6
    # One component has a closed form on each fold.
    fold = np.random.default_rng([found.seed, 6]).permutation(len(X)) % 4
    total = 0.0
    for number in range(4):
        seen = X[fold != number]
        mean, covariance = seen.mean(axis=0), np.cov(seen.T, bias=True)
        rest = X[fold == number] - mean
        squared = np.sum(rest @ np.linalg.inv(covariance) * rest, axis=1)
        total -= 0.5 * np.sum(squared + np.log(np.linalg.det(2 * np.pi * covariance)))
    assert found.table[0]["heldout"] == pytest.approx(total / len(X), rel=1e-9)
    # Beside what has been seen, rows held out are less likely.
    assert all(row["heldout"] < row["log_likelihood"] / len(X) for row in found.table)


@pytest.mark.slow
def test_icl_prefers_components_that_are_apart():
    rng = np.random.default_rng(0)
    skewed = np.concatenate([rng.normal(0, 1, 400), rng.normal(1.5, 3, 300), rng.normal(40, 1, 300)])[:, None]
    bic = gs.select(skewed, range(1, 5), rng=0)
    icl = gs.select(skewed, range(1, 5), criterion="icl", rng=0)
    assert (bic.best_n_components, icl.best_n_components) == (3, 2)


@pytest.mark.slow
def test_spikes_do_not_win_where_nothing_bounds_them():
    rng = np.random.default_rng(1)
    spiked = np.concatenate([rng.normal(size=200), np.full(12, 0.3)])[:, None]
    found = gs.select(spiked, range(1, 5), rng=0, covariance_prior=0)
    assert found.best_n_components == 1
    assert all(np.sqrt(found.fits["full", k].solution.mixture.covariances).min() > 0.01 for k in range(1, 5))
    # Negative control: with the floor a part of the model, the spike is the better density.
    taken = gs.select(spiked, range(1, 5), rng=0, covariance_prior=0, reg_covar=1e-6, least_rows=0)
    assert taken.best_n_components > 1
    assert taken.table[1]["log_likelihood"] > found.table[1]["log_likelihood"] + 20


def test_a_few_rows_far_off_win_only_where_they_are_enough():
    rows = np.concatenate([np.random.default_rng(0).normal(size=60), [50.0, 50.5]])[:, None]
    assert gs.select(rows, [1, 2], "tied", rng=0, covariance_prior=0).best_n_components == 1
    assert gs.select(rows, [1, 2], "tied", rng=0, covariance_prior=0, least_rows=2).best_n_components == 2


def test_where_all_but_one_component_are_refused_there_is_one():
    found = gs.select(np.repeat([[0.0], [1.0]], 20, axis=0), [1, 2], rng=0, covariance_prior=0)
    assert found.best_n_components == 1
    assert found.table[1]["bic"] < found.table[0]["bic"]
    assert found.table[1]["flags"] == ("refused", "on the floor")
    (only,) = gs.select(np.repeat([[0.0], [1.0]], 20, axis=0), [2], rng=0, covariance_prior=0).table
    assert only["chosen"]


def test_collinear_columns_hide_no_clusters():
    rows = np.concatenate([X[:120], X[:120].sum(axis=1)[:, None]], axis=1)
    found = gs.select(rows, [1, 2, 3], rng=0)
    assert found.best_n_components == 2
    assert not any(row["flags"] for row in found.table[:2])


def test_it_says_where_it_stands_if_asked(capsys):
    gs.select(X[:60], [1, 2], rng=0, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(
        "gmmscape select: up 0 of 2, round 1, covariance type full, n components 1, "
        "log-likelihood + prior per row -"
    )
    assert any(line.startswith("gmmscape select: down 1 of 2, round 1, ") for line in lines)


def test_weights_count_by_their_ratios_and_as_many_rows_as_they_stand_for():
    weights = np.random.default_rng(0).uniform(0.5, 1.5, len(X))
    one = gs.select(X, [5, 6], rng=0, sample_weight=weights)
    ten = gs.select(X, [5, 6], rng=0, sample_weight=10 * weights)
    effective = weights.sum() ** 2 / np.sum(weights**2)
    for a, b in zip(one.table, ten.table, strict=True):
        assert b["log_likelihood"] == pytest.approx(a["log_likelihood"])
        assert b["bic"] == pytest.approx(a["bic"])
        per_row = a["log_likelihood"] / effective
        price = a["n_parameters"] * np.log(effective)
        assert a["bic"] == pytest.approx(-2 * effective * per_row + price)


def test_numbers_may_have_gaps_and_any_order():
    found = gs.select(X, [7, 2, 6, 2], rng=0)
    assert [row["n_components"] for row in found.table] == [2, 6, 7]
    assert found.best_n_components == 6
    assert np.all(np.diff(likelihoods(found)) > 0)
    assert [row["n_components"] for row in gs.select(X, 3, rng=0).table] == [3]


def test_threads_and_calls_do_not_change_it():
    one, two = (gs.select(X, range(4, 7), rng=1, n_jobs=jobs) for jobs in (1, 2))
    assert one.to_dict() == two.to_dict()


def test_names_of_columns_are_kept():
    class Table:
        """As much of a data frame as is looked at."""

        columns = ("a", "b")

        def __array__(self, dtype=None, copy=None):
            return np.array(X, dtype=dtype)

    model = gs.select(Table(), [2], rng=0).best.to_estimator()
    assert list(model.feature_names_in_) == ["a", "b"]
    assert not hasattr(gs.select(X, [2], rng=0).best.to_estimator(), "feature_names_in_")


@pytest.mark.slow
def test_more_components_than_gain_anything_are_copies():
    found = gs.select(np.arange(24.0)[:, None], range(1, 5), rng=0, covariance_prior=0)
    values = likelihoods(found)
    assert np.all(np.diff(values) >= -1e-9)
    assert "nothing gained" in found.table[-1]["flags"]
    assert found.best_n_components == 1
    assert gs.select(np.arange(24.0)[:, None], range(1, 5), rng=0).best_n_components == 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 5, 6])
def test_refused_fits_do_not_get_worse_with_more_components(seed: int):
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(54.0, 6.0, 100), rng.normal(80.0, 6.0, 172), np.full(9, 60.0)])[:, None]
    found = gs.select(x, range(4, 11), rng=0, covariance_prior=0)
    assert any("refused" in row["flags"] or row["refused_log_likelihood"] for row in found.table)
    assert np.all(np.diff(likelihoods(found)) >= -1e-9)


def test_a_sound_fit_has_gained_something_beside_a_likelier_one_that_is_refused(
    monkeypatch: pytest.MonkeyPatch,
):
    climb = Ladder.climb

    def climbed(self, *arguments):
        climb(self, *arguments)
        rung, more = self.rungs[3], self.rungs[4]
        likelier = replace(rung.fit.solution, nll=more.nll - 1.0)
        self.rungs[3] = replace(rung, refusal="few rows", fit=replace(rung.fit, solution=likelier))

    monkeypatch.setattr(Ladder, "climb", climbed)
    flags = [row["flags"] for row in gs.select(X, [2, 3, 4], rng=0).table]
    assert flags == [(), ("refused", "few rows"), ()]


def test_few_different_rows_interrupt_nothing():
    found = gs.select(np.repeat(X[:6], 20, axis=0), range(1, 6), rng=0)
    assert found.stop_reason == "completed"
    assert len(found.table) == 5
    assert found.best_n_components == 1  # all others lie on the floor


class TestInterruption:
    def test_a_callback_sees_and_stops_it(self):
        seen = []

        def stop(event):
            seen.append(event)
            return event.detail["n_components"] == 4

        found = gs.select(X, range(1, 9), rng=0, callback=stop)
        assert found.stop_reason == "interrupted"
        assert {row["n_components"] for row in found.table} >= {1, 2, 3}
        assert found.best_n_components <= 4
        assert "interrupted" in str(found).splitlines()[0]
        assert all(a.seconds <= b.seconds for a, b in pairwise(seen))
        assert {(event.stage, event.detail["covariance_type"], event.detail["round"]) for event in seen} == {
            ("up", "full", 1)
        }

    def test_what_was_found_is_judged_when_held_out_rows_are_cut_short(self):
        found = gs.select(
            X, [1, 2], rng=0, criterion="heldout", callback=lambda event: event.stage == "heldout"
        )
        assert (found.stop_reason, found.criterion) == ("interrupted", "bic")

    def test_ctrl_c_returns_what_was_found(self):
        def press(event):
            if event.detail["n_components"] == 3:
                raise KeyboardInterrupt

        found = gs.select(X, range(1, 9), rng=0, callback=press)
        assert found.stop_reason == "interrupted"
        assert len(found.table) >= 2

    def test_no_time_is_an_error(self):
        with pytest.raises(gs.NoResultError, match="max_seconds"):
            gs.select(X, [2], max_seconds=0.0)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"n_components": []}, "n_components"),
        ({"n_components": [0, 1]}, "n_components"),
        ({"n_components": 2.5}, "n_components"),
        ({"n_components": "3"}, "n_components"),
        ({"covariance_types": ("ful",)}, "covariance_types"),
        ({"covariance_types": ()}, "covariance_types"),
        ({"covariance_types": 3}, "covariance_types"),
        ({"criterion": "aic"}, "criterion"),
        ({"nested": "maybe"}, "nested"),
        ({"n_init": 0}, "n_init"),
        ({"n_folds": 1}, "n_folds"),
        ({"least_rows": -1}, "least_rows"),
        ({"reg_covar": -1.0}, "reg_covar"),
        ({"max_seconds": -1.0}, "max_seconds"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"rng": "x"}, "rng"),
        ({"verbose": -1}, "verbose"),
    ],
)
def test_bad_parameters_are_named(arguments, word):
    with pytest.raises(gs.InvalidParameterError, match=word):
        gs.select(X[:20], **{"n_components": [1], **arguments})


@pytest.mark.parametrize(
    ("data", "word"),
    [(X[:5], "only 5 rows"), (X[:1], "2 at least"), (np.full((9, 1), np.nan), "no value")],
)
def test_data_that_do_not_do_are_refused(data, word):
    with pytest.raises(gs.DataError, match=word):
        gs.select(data, range(1, 7))


@pytest.mark.parametrize("criterion", rest_slow(["bic", "heldout"], 1))
def test_it_goes_on_from_its_checkpoint(tmp_path, criterion):
    options = {"covariance_types": ("spherical", "full"), "criterion": criterion, "n_folds": 2}
    whole = gs.select(X[:80], range(1, 5), rng=3, **options)
    file, seen = tmp_path / "kept.json", []

    def stop(event):
        return event.detail["covariance_type"] == "full" and event.detail["n_components"] == 3

    part = gs.select(X[:80], range(1, 5), rng=3, checkpoint=file, callback=stop, **options)
    assert part.stop_reason == "interrupted"
    rest = gs.select(X[:80], range(1, 5), checkpoint=file, callback=seen.append, **options)
    assert rest == whole
    assert not [
        event for event in seen if event.detail["covariance_type"] == "spherical" and event.stage == "up"
    ]
    with pytest.raises(gs.InvalidParameterError, match="another n_components"):
        gs.select(X[:80], range(1, 4), checkpoint=file, **options)
    with pytest.raises(gs.InvalidParameterError, match="another data"):
        gs.select(X[:70], range(1, 5), checkpoint=file, **options)
