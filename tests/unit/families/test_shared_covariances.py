"""mclust's families at every door: fitted, left, diagnosed, kept, drawn; and what components share."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.unit.families.by_hand import FOURTEEN, NEW

import gmmscape as gs
from gmmscape.arrays import FloatArray
from gmmscape.families import different_families, family_named, family_names
from gmmscape.models import read_model
from gmmscape.moves.moves import Children, Move, Removal, Split, applied, applied_each

CENTERS = np.array([[0.0, 0.0], [12.0, 0.0], [40.0, 4.0]])
#: Five standard errors of the mean of the smallest cluster.
ERROR = 1.4
STUCK = np.array([[6.0, 0.0], [39.5, 4.0], [40.5, 4.0]])


@pytest.fixture(name="X")
def three_clusters(rng: np.random.Generator) -> FloatArray:
    roots = np.array([[[1.5, 0.4], [0.0, 0.7]], [[0.9, -0.3], [0.0, 1.4]], [[2.0, 0.0], [0.5, 1.0]]])
    sizes = (120, 90, 60)
    rows = [rng.standard_normal((n, 2)) @ root for n, root in zip(sizes, roots, strict=True)]
    return np.concatenate([own + center for own, center in zip(rows, CENTERS, strict=True)])


def shares(name: str, matrices: FloatArray) -> bool:
    """Whether matrices are of the family by its definition, to rounding."""
    volume, shape, orientation = name
    sizes = np.linalg.det(matrices) ** (1 / matrices.shape[-1])
    relative = matrices / sizes[:, None, None]
    forms = np.linalg.eigvalsh(relative)
    diagonal = np.diagonal(relative, axis1=1, axis2=2)
    turned = relative - diagonal[:, :, None] * np.eye(matrices.shape[-1])
    products = relative[:, None] @ relative[None]
    return (
        (volume == "V" or np.allclose(sizes, sizes[0]))
        and (shape == "V" or np.allclose(forms, forms[0]))
        and (shape != "I" or np.allclose(forms, 1.0))
        and (orientation != "I" or np.allclose(turned, 0.0))
        and (orientation != "E" or np.allclose(products, np.swapaxes(products, 0, 1)))
        and (not (shape == "E" and orientation in "IE") or np.allclose(relative, relative[0]))
    )


@pytest.mark.parametrize("name", FOURTEEN)
def test_components_share_what_the_name_says(name: str, X: FloatArray):
    model = gs.GaussianMixture(3, covariance_type=name, random_state=0).fit(X)
    fit = model.solution_.mixture
    matrices = fit.full_covariances()
    assert shares(name, matrices)
    # and no more than that: of wider families nothing is in it by chance
    assert [one for one in FOURTEEN if shares(one, matrices)] == [
        one
        for one in FOURTEEN
        if all("IEV".index(a) <= "IEV".index(b) for a, b in zip(name, one, strict=True))
    ]
    assert model.converged_
    assert np.all(np.diff(model.history_) <= 1e-9)
    np.testing.assert_allclose(np.sort(model.means_[:, 0]), CENTERS[:, 0], atol=ERROR)
    inverse = np.linalg.inv(model.covariances_) if model.covariances_.shape[-2:] == (2, 2) else None
    if inverse is not None:
        np.testing.assert_allclose(model.precisions_, inverse, rtol=1e-8)


@pytest.mark.parametrize("name", NEW)
def test_bad_optima_are_seen_and_left(name: str, X: FloatArray):
    model = gs.GaussianMixture(3, covariance_type=name, means_init=STUCK, escape=False).fit(X)
    assert gs.diagnose(model, X, rng=0).verdict == "bad optimum"
    repaired = gs.repair(model, X, rng=0)
    np.testing.assert_allclose(np.sort(repaired.model.means_[:, 0]), CENTERS[:, 0], atol=ERROR)
    assert repaired.model.covariance_type == name
    assert repaired.solution is not None
    assert shares(name, repaired.solution.mixture.full_covariances())
    assert gs.diagnose(repaired.model, X, rng=0).verdict == "no better fit found"


@pytest.mark.parametrize("name", NEW)
def test_files_say_the_family(name: str, X: FloatArray, tmp_path: Path):
    model = gs.GaussianMixture(3, covariance_type=name, random_state=0).fit(X)
    path = tmp_path / "fit.json"
    model.to_json(path)
    again = gs.GaussianMixture.from_json(path)
    assert again.covariance_type == name
    assert again.bic(X) == pytest.approx(model.bic(X), abs=1e-9)
    assert read_model(path).family == name
    assert f"{name} covariances" in str(model.document())
    assert gs.diagnose(path, X, rng=0).verdict == model.diagnosis_.verdict
    assert model.document().to_html(X).startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("name", ["EEI", "EVI", "VVE", "VEV"])
def test_optima_and_pictures(name: str, X: FloatArray):
    pytest.importorskip("matplotlib")
    found = gs.local_optima(X, 2, name, n_starts=6, rng=0)
    assert found.covariance_type == name
    assert found.plot().figure_ is not None
    assert gs.GaussianMixture(2, covariance_type=name, random_state=0).fit(X).plot(X).figure_ is not None


def test_other_names_are_kept_as_given_and_mean_the_same(X: FloatArray):
    named = gs.GaussianMixture(3, covariance_type="VVI", random_state=0).fit(X)
    plain = gs.GaussianMixture(3, covariance_type="diag", random_state=0).fit(X)
    assert named.get_params()["covariance_type"] == "VVI"
    np.testing.assert_array_equal(named.covariances_, plain.covariances_)
    assert gs.diagnose(named, X, covariance_type="diag", rng=0).verdict == "no better fit found"
    assert gs.select(X, [3], ("VVI", "EEE"), rng=0).best_covariance_type in ("diag", "tied")


@pytest.mark.slow
def test_all_families_are_compared_and_none_is_worse_than_a_narrower_one(X: FloatArray):
    found = gs.select(X[::2], [2], "all", rng=0, covariance_prior=0)
    assert {row["covariance_type"] for row in found.table} == set(family_names())
    total = {row["covariance_type"]: row["log_likelihood"] for row in found.table}
    names = {name: family_named(name).name for name in FOURTEEN}
    for name in FOURTEEN:
        for wider in FOURTEEN:
            if all("IEV".index(a) <= "IEV".index(b) for a, b in zip(name, wider, strict=True)):
                assert total[names[wider]] >= total[names[name]] - 0.02


@pytest.mark.slow
def test_what_is_chosen_is_what_the_rows_are_from(rng: np.random.Generator):
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in (0.2, 1.2, 2.3)]
    roots = [size * turn @ np.diag([2.0, 0.5]) for size, turn in zip((1.0, 1.8, 0.6), turns, strict=True)]
    X = np.concatenate([rng.standard_normal((250, 2)) @ root.T for root in roots])
    X += np.repeat([[0, 0], [14, 0], [0, 14]], 250, axis=0)
    assert gs.select(X, [3], "all", rng=0).best_covariance_type == "VEV"


def test_one_column_has_two_families(X: FloatArray):
    found = gs.select(X[:, :1], [3], "all", rng=0)
    assert len({row["covariance_type"] for row in found.table}) == 2
    assert set(different_families(FOURTEEN, 1)) == {"EII", "VII"}


@pytest.mark.parametrize("name", ["VVV", "EII", "VEI", "EVE", "VEV"])
def test_batches_lacking_values_and_files(name: str, X: FloatArray, rng: np.random.Generator, tmp_path: Path):
    online = gs.GaussianMixture(3, covariance_type=name, random_state=0)
    for _ in range(3):
        online.partial_fit(rng.permutation(X))
    assert shares(name, online.mixture_.full_covariances())
    lacking = X.copy()
    lacking[rng.integers(len(X), size=20), 0] = np.nan
    model = gs.GaussianMixture(3, covariance_type=name, random_state=0).fit(lacking)
    assert shares(name, model.mixture_.full_covariances())
    assert np.isfinite(model.impute(lacking)).all()
    model.save(tmp_path / "model.gmm")
    again = gs.load(tmp_path / "model.gmm")
    assert again.covariance_type == name
    np.testing.assert_array_equal(again.covariances_, model.covariances_)
    there = gs.from_mclust(model.to_mclust())
    assert gs.diagnose(there, X, covariance_type=name, rng=0).verdict == "no better fit found"


@pytest.mark.parametrize("name", NEW)
def test_matrices_of_other_programs_are_read_whatever_the_storage(name: str, X: FloatArray):
    fit = gs.GaussianMixture(3, covariance_type=name, random_state=0).fit(X).solution_.mixture
    printed = np.vectorize(lambda value: float(f"{value:.7g}"))(fit.full_covariances())
    model = (fit.weights, fit.means, printed)
    assert gs.diagnose(model, X, covariance_type=name, rng=0).verdict == "no better fit found"
    back = gs.repair(model, X, covariance_type=name, rng=0).model
    assert back[2].shape == (3, 2, 2)
    off = printed.copy()
    off[0] = [[1.0, 0.9], [0.9, 3.0]]
    with pytest.raises(gs.InvalidParameterError, match="not of that kind"):
        gs.diagnose((fit.weights, fit.means, off), X, covariance_type=name)


@pytest.mark.parametrize("name", NEW)
def test_units_do_not_matter_as_far_as_the_family_lets_them(name: str, X: FloatArray):
    scale = np.array([100.0, 0.01]) if name in ("EEI", "VEI", "EVI", "VEE", "EVV") else np.full(2, 30.0)
    options = {"covariance_type": name, "means_init": CENTERS, "escape": False, "tol": 1e-8}
    one = gs.GaussianMixture(3, **options).fit(X)
    other = gs.GaussianMixture(3, **{**options, "means_init": CENTERS * scale}).fit(X * scale)
    moved = one.solution_.mixture.full_covariances() * scale * scale[:, None]
    np.testing.assert_allclose(other.solution_.mixture.full_covariances(), moved, rtol=1e-4)


@pytest.mark.parametrize("name", NEW)
def test_hard_data_end_in_a_fit_or_a_word(name: str, rng: np.random.Generator):
    centers = rng.normal(0.0, 6.0, (3, 3))
    X = centers[rng.integers(3, size=80)] + rng.standard_normal((80, 3))
    options = {"covariance_type": name, "random_state": 0, "escape": False}
    for hard in (np.column_stack([X, np.full(80, 7.0)]), np.round(X), X[:, :1]):
        model = gs.GaussianMixture(3, **options).fit(hard)
        assert model.stop_reason_ == "converged"
        assert np.isfinite(model.score(hard))
    few = {"covariance_prior": 0.0, "covariance_floor": 0.0, **options, "escape": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = gs.GaussianMixture(3, **few).fit(X[:8])
    assert np.isfinite(model.lower_bound_)
    if model.stop_reason_ == "degenerate":
        assert model.diagnosis_.input_state == "degenerate"


@pytest.mark.parametrize("name", NEW)
def test_a_singular_start_of_maximum_likelihood_is_held_up_by_the_floor(name: str, rng: np.random.Generator):
    X = np.column_stack([rng.standard_normal((60, 2)) + 8.0 * rng.integers(2, size=(60, 1)), np.ones(60)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = gs.GaussianMixture(2, covariance_type=name, random_state=0, covariance_prior=0.0).fit(X)
    values = np.linalg.eigvalsh(model.solution_.mixture.full_covariances())
    assert values.min() >= 1e-6 * X.var(axis=0)[:2].min() * (1 - 1e-9)
    assert np.isfinite(model.score(X))


@pytest.mark.parametrize(
    ("name", "degenerate"), [("EEV", False), ("EEI", False), ("EEE", False), ("VEV", True), ("VVV", True)]
)
def test_few_rows_are_no_collapse_where_others_hold_them_up(
    name: str, degenerate: bool, rng: np.random.Generator
):
    X = np.concatenate([rng.standard_normal((60, 2)), [[30.0, 30.0], [30.2, 30.5]]])
    options = {"covariance_prior": 0.0, "escape": False, "means_init": [[0.0, 0.0], [30.0, 30.0]]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = gs.GaussianMixture(2, covariance_type=name, **options).fit(X)
    assert (model.diagnosis_.input_state == "degenerate") is degenerate


@pytest.mark.parametrize("name", NEW)
def test_moves_by_themselves_lead_into_the_family(name: str, X: FloatArray):
    family = family_named(name)
    here = gs.GaussianMixture(3, covariance_type=name, random_state=0).fit(X).mixture_
    kind, pair = family.kind, np.array([[[2.0, 0.3], [0.3, 0.5]], [[0.4, 0.0], [0.0, 1.0]]])
    children = Children(np.array([0.7, 0.3]), here.means[0] + [[-1.0, 0.0], [1.0, 0.5]], kind.stored(pair))
    shed = np.array([[0.2, 0.05], [0.05, 0.1]]) if kind.shared else None
    moves = [
        Move(Split(0, children, shed, 0.0, False), removal)
        for removal in (Removal((1, 2), 0.0), Removal((2,), 0.0))
    ]
    each = applied_each(here, family, moves)
    for i, move in enumerate(moves):
        alone = applied(here, family, [move])
        assert alone is not None
        assert shares(name, each.mixture(i).full_covariances())
        np.testing.assert_allclose(each.covariances[i], alone.covariances, rtol=1e-8, atol=1e-10)
