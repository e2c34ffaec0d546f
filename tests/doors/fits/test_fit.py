"""gmmscape fit from outside: what it prints and writes, and how it ends."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import failed, gmmscape, inside
from doors.fits.cases import FIELDS, KINDS, ML, X, as_sklearn, best, content_of, fitted, write_table


def test_the_main_job(clusters, tmp_path):
    result = gmmscape("fit", clusters, "-k", 4, "--json", tmp_path / "fit.json")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    verdict, then, _, facts, numbers, *_ = result.stdout.splitlines()
    assert verdict.startswith("verdict: no better fit found - ")
    assert then == "next: use this fit"
    assert facts == "fit: 4 components, full covariances, 240 rows of 2 columns (x, y)"
    assert numbers.startswith("log-likelihood -")
    assert result.stdout.count("verdict") == 1
    content = content_of(tmp_path / "fit.json")
    assert set(content) >= FIELDS
    assert (content["format"], content["format_version"]) == ("gmmscape-fit", 2)
    assert content["gmmscape_version"] == gs.__version__
    assert (content["seed"], content["init_params"]) == (0, "kmeans")
    assert (content["n_samples"], content["n_features"], content["n_components"]) == (240, 2, 4)
    assert content["feature_names"] == ["x", "y"]
    assert (content["reg_covar"], content["covariance_floor"]) == (0.0, None)
    assert content["floor_active"] is False
    assert content["converged"] is True
    assert content["stop_reason"] == "converged"
    assert content["n_iter"] > 0
    assert 0 <= content["gradient_norm"] <= 1e-6
    assert content["verdict"] == "no better fit found"
    assert (content["polish_gain"], content["escape_gain"]) == (0.0, 0.0)
    assert (content["moves"], content["alternatives"], content["warnings"]) == ([], [], [])
    assert [component["kind"] for component in content["components"]] == ["exact"] * 4
    assert [component["weight"] for component in content["components"]] == content["weights"]


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_those_of_scikit_learn(kind, clusters, tmp_path):
    content = fitted(clusters, tmp_path / "fit.json", "-k", 4, "--covariance", kind)
    extra, shape = KINDS[kind]
    model = as_sklearn(content)
    assert content["covariance_type"] == kind
    assert model.covariances_.shape == shape
    assert model.means_.shape == (4, 2)
    assert sum(content["weights"]) == pytest.approx(1, abs=1e-15)
    assert content["nll"] == pytest.approx(-model.score(X), rel=1e-12)
    assert content["log_likelihood"] == pytest.approx(model.score(X) * 240, rel=1e-12)
    assert content["bic"] == pytest.approx(model.bic(X), rel=1e-12)
    assert content["aic"] == pytest.approx(model.aic(X), rel=1e-12)
    free = 3 + 8 + extra
    assert content["bic"] == pytest.approx(-2 * content["log_likelihood"] + free * np.log(240), rel=1e-14)
    # The parameters are within about 1e-6 of the optimum, where the likelihood has no slope.
    assert content["log_likelihood"] == pytest.approx(best(kind), rel=1e-9)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_file(clusters, tmp_path):
    """In another process too; another seed takes EM elsewhere."""
    options = ["-k", 4, "--init-params", "random_from_data", "--no-escape", "--seed"]
    first = fitted(clusters, tmp_path / "first.json", *options, 5)
    result = gmmscape("fit", clusters, *ML, *options, 5, "--json", tmp_path / "second.json")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "second.json").read_bytes() == (tmp_path / "first.json").read_bytes()
    assert fitted(clusters, tmp_path / "third.json", *options, 6)["means"] != first["means"]


def test_quiet_prints_the_verdict(clusters, tmp_path):
    model = tmp_path / "fit.json"
    commands = [
        ["fit", clusters, "-k", 1, "--json", model],
        ["diagnose", model, clusters, "--json", tmp_path / "diagnosis.json"],
        ["repair", model, clusters, "--model", tmp_path / "repaired.json"],
    ]
    for command in commands:
        first = inside(*command).stdout.splitlines()[0]
        command[-1].unlink()
        result = inside(*command, "--quiet")
        assert (result.returncode, result.stdout, result.stderr) == (0, first + "\n", "")
        assert first.startswith("verdict: no better fit found - ")
        assert command[-1].exists()


def test_iterations_that_run_out_exit_1(clusters, tmp_path):
    options = ["-k", 4, "--init-params", "random_from_data", "--no-escape", "--max-iter", 1]
    result = gmmscape("fit", clusters, *options, "--json", tmp_path / "fit.json")
    assert (result.returncode, result.stderr) == (1, "")
    assert "\nnot converged: --max-iter reached after 1 iteration\n" in result.stdout
    assert "\nnext: the iterations ran out first: raise --max-iter\n" in result.stdout
    content = content_of(tmp_path / "fit.json")
    assert (content["converged"], content["stop_reason"], content["n_iter"]) == (False, "max_iter", 1)
    assert content["gradient_norm"] > 1e-6
    assert content["verdict"] == "cannot tell"
    assert isinstance(content["bic"], float)


def test_degenerate_fits_exit_1_and_have_no_bic(tmp_path):
    """One of the two clusters is one point."""
    rows = np.vstack([np.random.default_rng(0).normal(size=(60, 2)), np.full((20, 2), 30.0)])
    file, model, out = write_table(tmp_path / "data.csv", rows), tmp_path / "fit.json", tmp_path / "out.json"
    content = fitted(file, model, "-k", 2, code=1)
    assert (content["bic"], content["aic"]) == (None, None)
    assert content["floor_active"] is True
    assert content["verdict"] == "cannot tell"
    assert sorted(component["kind"] for component in content["components"]) == ["collapsed", "exact"]
    assert "floor" in content["warnings"][0]
    assert "bic is not told" in inside("fit", file, "-k", 2, *ML).stdout
    assert inside("diagnose", model, file, "--json", out).returncode == 0
    assert content_of(out)["input_state"] == "degenerate"
    assert inside("repair", model, file, "--model", out).returncode == 1
    assert content_of(out)["bic"] is None


def test_a_point_is_a_cluster_under_a_prior(tmp_path):
    """The same rows: the component on the point has the width that the prior leaves it, and a likelihood."""
    rows = np.vstack([np.random.default_rng(0).normal(size=(60, 2)), np.full((20, 2), 30.0)])
    file, out = write_table(tmp_path / "data.csv", rows), tmp_path / "fit.json"
    assert inside("fit", file, "-k", 2, "--json", out).returncode == 0
    content = content_of(out)
    assert content["covariance_prior"]["rows"] > 0
    assert np.isfinite(content["bic"])
    assert sorted(component["kind"] for component in content["components"]) == ["exact", "exact"]
    assert min(np.linalg.eigvalsh(content["covariances"]).ravel()) > 0


def test_rows_all_alike_need_a_floor(tmp_path):
    file = write_table(tmp_path / "data.csv", np.ones((4, 2)))
    failed(inside("fit", file, "-k", 1), 3, "rows equal")
    content = fitted(file, tmp_path / "fit.json", "-k", 2, "--reg-covar", 1, code=1)
    assert content["bic"] is None
    assert content["means"] == [[1.0, 1.0]] * 2


def test_floors_hold_covariances_up(clusters, tmp_path):
    """The clusters have variance 1; floors of the model hold for its repair, unless others are given."""
    model, out = tmp_path / "fit.json", tmp_path / "out.json"
    content = fitted(clusters, model, "-k", 4, "--reg-covar", 4, code=1)
    assert content["reg_covar"] == 4.0
    assert content["floor_active"] is True
    assert content["covariances"] == pytest.approx(np.tile(4 * np.eye(2), (4, 1, 1)), rel=1e-12, abs=1e-12)
    assert inside("repair", model, clusters, "--model", out).returncode == 1
    assert content_of(out)["reg_covar"] == 4.0
    assert content_of(out)["covariances"] == pytest.approx(np.array(content["covariances"]), abs=1e-12)
    assert inside("repair", model, clusters, "--model", out, "--reg-covar", 0).returncode == 0
    assert content_of(out)["reg_covar"] == 0.0
    assert content_of(out)["log_likelihood"] == pytest.approx(best(), rel=1e-9)

    content = fitted(clusters, model, "-k", 4, "--covariance-floor", 0.1, code=1)
    assert content["covariance_floor"] == 0.1
    floors = 0.1 * X.var(axis=0)
    assert content["covariances"] == pytest.approx(np.tile(np.diag(floors), (4, 1, 1)), rel=1e-12, abs=1e-9)
    assert inside("repair", model, clusters, "--model", out, "--covariance-floor", 0).returncode == 0
    assert content_of(out)["covariance_floor"] == 0.0
    assert content_of(out)["log_likelihood"] == pytest.approx(best(), rel=1e-9)


def test_a_wild_row_is_named_by_its_line(tmp_path):
    rows = np.random.default_rng(0).normal(np.repeat([[0.0, 0.0], [9.0, 0.0]], 40, axis=0))
    lines = [f"{a},{b}" for a, b in rows]
    lines.insert(16, "1e12,0")
    (tmp_path / "rows.csv").write_text("east,north\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    result = gmmscape("fit", tmp_path / "rows.csv", "-k", 2)
    assert "rows set aside: 1 row lies" in result.stdout
    assert "line 19;" in result.stdout
    assert result.stderr == ""


@pytest.mark.filterwarnings("ignore:Glyph")  # of pictures that are laid out before
def test_letters_that_no_font_has_are_told(clusters, tmp_path):
    table, pictures = tmp_path / "rows.csv", [tmp_path / f"{name}.png" for name in ("far", "near")]
    for name, picture in zip(("\U00012000\U00012001", "height"), pictures, strict=True):  # cuneiform
        write_table(table, X, header=f"{name},y")
        result = inside("fit", table, "-k", 4, "--plot", picture, "--quiet")
        assert result.returncode == 0
        assert ("the font lacks some letters" in result.stderr) == (name != "height")
        assert picture.read_bytes().startswith(b"\x89PNG")
