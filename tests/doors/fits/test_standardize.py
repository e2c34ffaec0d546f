"""Fits to standardised columns, told in the columns' own units."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import failed, inside
from doors.fits.cases import ML, X, content_of, fitted, write_table
from gmmscape.estimator.document import FitDocument

#: Units of the columns: one a million times the other.
UNITS = np.array([1e-3, 1e3])


@pytest.fixture(scope="module", name="uneven")
def in_uneven_units(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("uneven") / "uneven.csv", X * UNITS)


def rows_of(values):
    return values[np.argsort(np.asarray(values)[:, 0])]


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_units_of_columns_do_not_matter(kind, clusters, uneven, tmp_path):
    options = ["-k", 4, "--covariance", kind, "--standardize"]
    plain = fitted(clusters, tmp_path / "plain.json", *options)
    content = fitted(uneven, tmp_path / "uneven.json", *options)
    means = rows_of(np.array(plain["means"])) * UNITS
    assert rows_of(np.array(content["means"])) == pytest.approx(means, rel=1e-6, abs=1e-6 * UNITS.max())
    n, volume = len(X), np.log(UNITS).sum()
    assert content["log_likelihood"] == pytest.approx(plain["log_likelihood"] - n * volume, rel=1e-9)
    assert content["bic"] - plain["bic"] == pytest.approx(2 * n * volume, abs=1e-4)
    assert content["scaling"]["scale"] == pytest.approx(X.std(axis=0) * UNITS)
    assert content["scaling"]["center"] == pytest.approx(X.mean(axis=0) * UNITS)


def test_without_it_spherical_clusters_are_lost_in_uneven_units(uneven, tmp_path):
    """What the option is for: one variance for two columns of different units describes neither."""
    options = ["-k", 4, "--covariance", "spherical"]
    with_it = fitted(uneven, tmp_path / "with.json", *options, "--standardize")
    inside("fit", uneven, "--json", tmp_path / "without.json", *ML, *options)
    without = content_of(tmp_path / "without.json")
    assert with_it["log_likelihood"] > without["log_likelihood"] + 100


def test_the_likelihood_is_that_of_the_rows_in_their_units(uneven, tmp_path):
    for kind in ("full", "spherical"):
        file = tmp_path / f"{kind}.json"
        content = fitted(uneven, file, "-k", 4, "--covariance", kind, "--standardize")
        inside("score", file, uneven, "--json", tmp_path / "score.json")
        score = content_of(tmp_path / "score.json")
        for name in ("log_likelihood", "bic", "aic"):
            assert score[name] == pytest.approx(content[name], rel=1e-10)
        labels = inside("predict", file, uneven).stdout
        again = inside("fit", uneven, *ML, "-k", 4, "--covariance", kind, "--standardize", "--labels", "-")
        assert again.stdout == labels


def test_the_file_is_read_as_it_was_written(uneven, tmp_path):
    file = tmp_path / "fit.json"
    content = fitted(uneven, file, "-k", 4, "--covariance", "spherical", "--standardize")
    assert (content["family"], content["covariance_type"]) == ("spherical", "diag")
    document = FitDocument.from_json(file)
    assert document.file_content() == content
    assert "spherical covariances of standardised columns" in str(document)
    assert "x less " in str(document)
    variances = np.array(content["covariances"]) / np.array(content["scaling"]["scale"]) ** 2
    assert variances[:, 0] == pytest.approx(variances[:, 1], rel=1e-9)


def test_a_family_of_standardised_columns_is_not_judged_in_others(uneven, tmp_path):
    file = tmp_path / "fit.json"
    fitted(uneven, file, "-k", 4, "--covariance", "spherical", "--standardize")
    for command in (["diagnose", file, uneven], ["repair", file, uneven, "--model", "-"]):
        failed(inside(*command), 2, "spherical covariances in standardised columns")
    with pytest.raises(gs.NotAvailableError, match="spherical covariances in standardised"):
        gs.GaussianMixture.from_json(file)


def test_other_families_are_the_same_there(uneven, tmp_path):
    file = tmp_path / "fit.json"
    content = fitted(uneven, file, "-k", 4, "--covariance", "tied", "--standardize")
    judged = inside("diagnose", file, uneven, "--json", tmp_path / "diagnosis.json", "--covariance-prior", 0)
    assert judged.returncode == 0, judged.stderr
    assert content_of(tmp_path / "diagnosis.json")["value_before"] == pytest.approx(content["nll"], rel=1e-9)
    model = gs.GaussianMixture.from_json(file)
    del model.feature_names_in_
    assert model.score(X * UNITS) == pytest.approx(-content["nll"], rel=1e-9)


def test_pictures_reports_and_what_does_not_go_together(uneven, tmp_path):
    options = ["-k", 4, "--standardize", "--quiet"]
    done = inside("fit", uneven, *options, "--plot", tmp_path / "a.png", "--report", tmp_path / "a.html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.png").stat().st_size > 5000
    failed(inside("fit", uneven, *options, "--reg-covar", 1), 2, "--standardize", "--covariance-floor")


@pytest.mark.parametrize("kind", ["spherical", "EVE"])
def test_what_no_model_file_holds_is_refused_before_the_fit(kind, uneven, tmp_path):
    kept = tmp_path / "fit.gmm"
    arguments = ["fit", uneven, "-k", 2, "--standardize", "--no-escape", "--save", kept]
    failed(inside(*arguments, "--covariance", kind), 2, "use --json")
    assert not kept.exists()
    assert inside(*arguments, "--covariance", "VEE").returncode == 0
    assert kept.exists()


def test_missing_values_and_columns_of_one_value(tmp_path):
    values = np.column_stack([X * UNITS, np.full(len(X), 7.0)])
    file = tmp_path / "gaps.csv"
    cells = [[repr(x) for x in row] for row in values.tolist()]
    cells[3][0] = "NA"
    file.write_text("x,y,same\n" + "\n".join(map(",".join, cells)) + "\n")
    done = inside("fit", file, "-k", 4, "--standardize", "--json", tmp_path / "fit.json")
    assert content_of(tmp_path / "fit.json")["scaling"]["scale"][2] == 1.0
    assert "constant column" in done.stdout


def test_values_too_large_for_a_variance_are_refused(tmp_path):
    (tmp_path / "rows.csv").write_text("x,y\n1,1e200\n2,-1e200\n4,3e200\n")
    arguments = ["fit", "rows.csv", "-k", "1", "--standardize"]
    failed(inside(*arguments, cwd=tmp_path), 3, "column 'y' has values too large to be standardised")
