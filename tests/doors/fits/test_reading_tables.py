"""How a table is read: columns, delimiters, headers, weights."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from doors.commandline import failed, inside
from doors.fits.cases import X, content_of, fitted, judged, write_table


def test_models_find_their_columns_by_name(clusters, good, tmp_path):
    rows = [f"{y!r},c{i},{x!r}" for i, (x, y) in enumerate(X.tolist())]
    other = tmp_path / "other.csv"
    other.write_text("\n".join(["y,label,x", *rows]) + "\n")
    nll = content_of(good)["nll"]
    out = tmp_path / "out.json"
    assert judged("diagnose", good, other, out).returncode == 0
    assert content_of(out)["value_before"] == pytest.approx(nll, rel=1e-12)
    assert judged("diagnose", good, other, out, "--columns", "1,3").returncode == 0
    assert content_of(out)["value_before"] > nll + 1  # as they stand in the file
    assert judged("repair", good, other, out).returncode == 0
    assert content_of(out)["feature_names"] == ["x", "y"]


def test_names_in_another_order_put_no_column_in_the_place_of_another(clusters, good, tmp_path):
    out = tmp_path / "out.json"
    plain = judged("diagnose", good, clusters, out).stdout
    assert judged("diagnose", good, clusters, out, "--columns", "y,x").stdout == plain


@pytest.fixture(scope="module")
def wide(folder):
    """Columns a to d of numbers and a label."""
    values = np.random.default_rng(0).normal(size=(50, 4)) * [1, 2, 3, 4] + [10, 20, 30, 40]
    lines = [",".join(map(repr, row)) + f",kind{i % 3}" for i, row in enumerate(values.tolist())]
    (folder / "wide.csv").write_text("\n".join(["a,b,c,d,label", *lines]) + "\n")
    return folder / "wide.csv", values


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--columns", "b"], "b"),
        (["--columns", "c,a"], "ca"),
        (["--columns", "c", "--columns", "a,2"], "cab"),
        (["--drop", "5", "--drop", "a", "--drop", "b"], "cd"),
        (["--columns", "2-4"], "bcd"),
        (["--columns", "4,a-b,1-2"], None),
        (["--columns", "4,1-2"], "dab"),
        (["--drop", "label"], "abcd"),
        (["--drop", "5,1-2"], "cd"),
        (["--columns", "1-3", "--drop", "b"], "ac"),
    ],
)
def test_columns_are_chosen(options, names, wide, tmp_path):
    file, values = wide
    if names is None:
        failed(inside("fit", file, "-k", 1, *options), 2, "--columns 'a-b'")
        return
    content = fitted(file, tmp_path / "fit.json", "-k", 1, *options)
    chosen = values[:, ["abcd".index(name) for name in names]]
    assert content["feature_names"] == list(names)
    assert content["means"] == pytest.approx(chosen.mean(axis=0)[None], rel=1e-13)
    covariance = np.cov(chosen.T, bias=True).reshape(1, len(names), len(names))
    assert content["covariances"] == pytest.approx(covariance, rel=1e-12, abs=1e-12)


def test_all_columns_are_used_by_default(wide):
    failed(inside("fit", wide[0], "-k", 1), 3, "line 2", "column label", "'kind0'")


@pytest.mark.parametrize(("option", "delimiter"), [("|", "|"), ("tab", "\t"), ("space", "  "), (";", ";")])
def test_delimiters(option, delimiter, clusters, tmp_path):
    """The same file as with commas; a wrong delimiter is noticed."""
    file = write_table(tmp_path / "table", X, f"x{delimiter}y", delimiter)
    content = fitted(clusters, tmp_path / "commas.json", "-k", 1)
    assert fitted(file, tmp_path / "fit.json", "-k", 1, "--delimiter", option) == content
    failed(inside("fit", file, "-k", 1, "--delimiter", ","), 3, "line 2")


def test_the_first_line_may_be_data(tmp_path):
    """A line that begins with text looks like a header."""
    file = tmp_path / "data.csv"
    file.write_text("".join(f"row{i},{i},{i * i + 7}\n" for i in range(30)))
    options = ["-k", 1, "--columns", "2-3"]
    content = fitted(file, tmp_path / "fit.json", *options)
    assert (content["n_samples"], content["feature_names"]) == (29, ["0", "7"])
    content = fitted(file, tmp_path / "fit.json", *options, "--no-header")
    assert (content["n_samples"], content["feature_names"]) == (30, ["column2", "column3"])
    assert content["means"][0] == pytest.approx([14.5, 7 + np.mean(np.arange(30.0) ** 2)], rel=1e-13)


def test_models_of_files_without_names(tmp_path):
    file, out = write_table(tmp_path / "data.csv", X, header=None), tmp_path / "out.json"
    content = fitted(file, tmp_path / "fit.json", "-k", 4)
    assert (content["n_samples"], content["feature_names"]) == (240, ["column1", "column2"])
    assert judged("diagnose", tmp_path / "fit.json", file, out).returncode == 0
    assert content_of(out)["value_before"] == pytest.approx(content["nll"], rel=1e-12)


def test_gzipped_files(clusters, good, tmp_path):
    file = tmp_path / "clusters.csv.gz"
    file.write_bytes(gzip.compress(clusters.read_bytes()))
    assert fitted(file, tmp_path / "fit.json", "-k", 4) == content_of(good)


def test_integer_weights_are_repeated_rows(clusters, tmp_path):
    options = ["-k", 4, "--no-escape"]
    weights = np.random.default_rng(0).integers(0, 4, size=240)
    weighted = write_table(tmp_path / "weighted.csv", np.column_stack([X, weights]), "x,y,n")
    repeated = write_table(tmp_path / "repeated.csv", np.repeat(X, weights, axis=0))
    ours = fitted(weighted, tmp_path / "weighted.json", *options, "--weights-column", "n")
    same = fitted(repeated, tmp_path / "repeated.json", *options)
    assert ours["feature_names"] == ["x", "y"]
    for number in ("log_likelihood", "nll", "bic", "aic"):
        assert ours[number] == pytest.approx(same[number], rel=1e-9)
    order, other = np.argsort(ours["means"], axis=0)[:, 0], np.argsort(same["means"], axis=0)[:, 0]
    for name in ("weights", "means", "covariances"):
        # Both are within about tol, 1e-6 of a standard deviation, of the optimum.
        assert np.array(ours[name])[order] == pytest.approx(np.array(same[name])[other], rel=1e-5, abs=1e-5)
    plain = fitted(clusters, tmp_path / "plain.json", *options)
    assert abs(plain["nll"] - ours["nll"]) > 1e-3

    model, out = tmp_path / "weighted.json", tmp_path / "out.json"
    assert judged("diagnose", model, weighted, out).returncode == 0
    assert content_of(out)["value_before"] != pytest.approx(ours["nll"], rel=1e-6)
    assert judged("diagnose", model, weighted, out, "--weights-column", "3").returncode == 0
    assert content_of(out)["value_before"] == pytest.approx(ours["nll"], rel=1e-12)
    assert judged("repair", model, weighted, out, "--weights-column", "n").returncode == 0
    assert content_of(out)["log_likelihood"] == pytest.approx(ours["log_likelihood"], rel=1e-9)


@pytest.mark.parametrize(
    ("weights", "words"),
    [([1, -1, 1], ["line 3, column n", "-1 is negative"]), ([0, 0, 0], ["zero everywhere"])],
)
def test_unusable_weights_exit_3(weights, words, tmp_path):
    file = write_table(tmp_path / "data.csv", np.column_stack([X[:3], weights]), "x,y,n")
    failed(inside("fit", file, "-k", 1, "--weights-column", "n"), 3, *words)
