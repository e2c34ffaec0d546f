"""The component of each row as CSV, the likelihood of rows, and rows drawn from a fit."""

from __future__ import annotations

import csv
import io
import json
import sys

import numpy as np
import pytest

from doors.commandline import failed, inside
from doors.fits.cases import X, as_sklearn, content_of, write_table

HEADER = ["line", "label", "probability", "uncertainty", "log_density"]


def table_of(text):
    header, *rows = csv.reader(io.StringIO(text))
    return header, rows


@pytest.fixture
def typed(monkeypatch):
    """Standard input that holds a text."""

    def put(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return put


def test_labels_are_those_of_the_mixture(clusters, good):
    done = inside("predict", good, clusters)
    assert done.returncode == 0
    assert done.stderr.startswith("240 rows labelled by 4 components\nnext: ")
    header, rows = table_of(done.stdout)
    assert header == HEADER
    values = np.array(rows, dtype=float)
    model = as_sklearn(content_of(good))
    assert values[:, 0].tolist() == list(range(2, 242))
    assert values[:, 1].tolist() == model.predict(X).tolist()
    assert values[:, 2] == pytest.approx(model.predict_proba(X).max(axis=1), rel=1e-12)
    assert values[:, 4] == pytest.approx(model.score_samples(X), rel=1e-9)
    others = np.sort(model.predict_proba(X), axis=1)[:, :-1].sum(axis=1)
    assert values[:, 3] == pytest.approx(others, rel=1e-6)
    assert (values[:, 3] > 0).any()


def test_unclear_rows_are_counted(clusters, good, tmp_path):
    centers = np.array(content_of(good)["means"])
    file = write_table(tmp_path / "new.csv", [centers[0], (centers[0] + centers[1]) / 2, centers[1]])
    assert "next: use the labels" in inside("predict", good, clusters).stderr
    between = inside("predict", good, file)
    certain = np.array(table_of(between.stdout)[1], dtype=float)[:, 2]
    expected = "look at the 1 row whose" if certain[1] < 0.9 else "use the labels"
    assert expected in between.stderr


def test_the_same_from_fit_a_file_and_standard_streams(clusters, good, tmp_path, typed):
    plain = inside("predict", good, clusters).stdout
    out = tmp_path / "labels.csv"
    for _ in range(2):  # what it wrote itself is replaced
        done = inside("predict", good, clusters, "--out", out)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("240 rows labelled")
        assert out.read_text() == plain
    fit = inside("fit", clusters, "-k", 4, "--covariance-prior", 0, "--labels", "-")
    assert fit.stdout == plain
    assert fit.stderr.startswith("verdict: ")
    typed(clusters.read_bytes())
    assert inside("predict", good, "-").stdout == plain
    typed(good.read_bytes())
    assert inside("predict", "-", clusters).stdout == plain
    typed(b"")
    failed(inside("predict", "-", "-"), 2, "standard input (-) holds one thing")
    typed(b"x,y\n1,2\n")
    failed(inside("predict", "-", clusters), 3, "standard input")


def test_rows_go_through_pipes(clusters, typed):
    plain = inside("fit", clusters, "-k", 4, "--json", "-").stdout
    typed(clusters.read_bytes())
    assert inside("fit", "-", "-k", 4, "--json", "-").stdout == plain


def test_all_columns_come_with_the_labels(good, tmp_path):
    file = tmp_path / "mixed.csv"
    file.write_text('day;y;label;x\n2024-01-01;"3,5";"a;b";12\n\n2024-01-02;NA;c;1\n2024-01-03;0,5;d;0\n')
    observed = inside("predict", good, file)
    assert "1 row with missing values: judged by what is observed" in observed.stderr
    assert all(row[1] for row in table_of(observed.stdout)[1])
    done = inside("predict", good, file, "--with-columns", "--drop-missing")
    header, rows = table_of(done.stdout)
    assert header == ["day", "y", "label", "x", *(f"gmmscape_{name}" for name in HEADER[1:])]
    assert [row[:4] for row in rows] == [
        ["2024-01-01", "3,5", "a;b", "12"],
        ["2024-01-02", "NA", "c", "1"],
        ["2024-01-03", "0,5", "d", "0"],
    ]
    assert rows[1][4:] == [""] * 4
    assert "dropped for missing values (y 1): line 4" in done.stderr
    assert "not used, as the model has no such column: day, label" in done.stderr
    plain = table_of(inside("predict", good, file, "--drop-missing").stdout)[1]
    assert [row[0] for row in plain] == ["2", "4", "5"]
    assert [row[1:] for row in plain] == [row[4:] for row in rows]


def test_columns_in_letters_of_windows_come_with_the_labels_and_arrays_do_not(good, tmp_path):
    file = tmp_path / "towns.csv"
    file.write_bytes("x,y,town\n12,3,K\u00f6ln\n1,0,Ulm\n".encode("cp1252"))
    done = inside("predict", good, file, "--with-columns")
    assert [row[2] for row in table_of(done.stdout)[1]] == ["K\u00f6ln", "Ulm"]
    np.save(tmp_path / "rows.npy", X)
    failed(
        inside("predict", good, tmp_path / "rows.npy", "--columns", "1,2", "--with-columns"),
        2,
        "--with-columns: ",
        "is no text",
    )


def test_columns_that_the_model_needs_are_named(good, tmp_path):
    file = write_table(tmp_path / "other.csv", X, header="x,z")
    failed(inside("predict", good, file), 3, "lacks y", "fitted on columns x, y", "has x, z", "--columns")
    assert inside("predict", good, file, "--columns", "x,z").returncode == 0


def test_nothing_of_others_is_overwritten(clusters, good, tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("my,own\n1,2\n")
    for command in (["predict", good, clusters, "--out"], ["fit", clusters, "-k", 2, "--labels"]):
        failed(inside(*command, mine), 2, "is not labels that gmmscape wrote", "--force")
        failed(inside(*command, clusters, "--force"), 2, "written onto FILE")
    failed(inside("sample", good, "--out", mine), 2, "--force")
    failed(inside("sample", good, "--out", good), 2, "written onto MODEL")
    assert mine.read_text() == "my,own\n1,2\n"
    assert inside("sample", good, "--out", mine, "--force", "-n", 1).returncode == 0
    assert mine.read_text().startswith("x,y,component\n")


def test_predictions_as_json(clusters, good, tmp_path):
    done = inside("predict", good, clusters, "--json", "-")
    content = json.loads(done.stdout)
    assert content["format"] == "gmmscape-labels"
    assert content["labels"] == as_sklearn(content_of(good)).predict(X).tolist()
    assert content["lines"] == list(range(2, 242))


def test_scores(clusters, good, tmp_path):
    done = inside("score", good, clusters, "--json", tmp_path / "score.json")
    content, fit = content_of(tmp_path / "score.json"), content_of(good)
    for name in ("log_likelihood", "bic", "aic"):
        assert content[name] == pytest.approx(fit[name], rel=1e-12)
    density = as_sklearn(fit).score_samples(X)
    assert content["log_density"] == pytest.approx(density, rel=1e-9)
    assert content["standard_error"] == pytest.approx(density.std(ddof=1) / np.sqrt(len(X)), rel=1e-9)
    assert done.stdout.startswith(f"log-likelihood {fit['log_likelihood']:.8g} of 240 rows")
    assert f"least likely: line {np.argmin(density) + 2} " in done.stdout


def test_scores_of_weighted_rows_are_those_of_repeated_ones(good, tmp_path):
    weights = np.random.default_rng(0).integers(0, 3, size=len(X))
    weighted = write_table(tmp_path / "w.csv", np.column_stack([X, weights]), "x,y,n")
    repeated = write_table(tmp_path / "r.csv", np.repeat(X, weights, axis=0))
    assert (
        inside("score", good, weighted, "--weights-column", "n", "--json", tmp_path / "w.json").returncode
        == 0
    )
    assert inside("score", good, repeated, "--json", tmp_path / "r.json").returncode == 0
    ours, same = content_of(tmp_path / "w.json"), content_of(tmp_path / "r.json")
    for name in ("log_likelihood", "per_row", "standard_error", "bic", "aic", "total"):
        assert ours[name] == pytest.approx(same[name], rel=1e-9)


def test_samples_are_those_of_the_seed(good, tmp_path):
    def drawn(*options):
        header, rows = table_of(inside("sample", good, "-n", 2000, *options).stdout)
        assert header == ["x", "y", "component"]
        return np.array(rows, dtype=float)

    one = drawn("--seed", 1)
    assert np.array_equal(one, drawn("--seed", 1))
    assert not np.array_equal(one, drawn("--seed", 2))
    content = content_of(good)
    for i, (weight, mean) in enumerate(zip(content["weights"], content["means"], strict=True)):
        rows = one[one[:, 2] == i, :2]
        # Of each: a share within 5 standard errors, and a mean within 5 of unit variances.
        assert abs(len(rows) / 2000 - weight) < 5 * np.sqrt(weight * (1 - weight) / 2000)
        assert np.abs(rows.mean(axis=0) - mean).max() < 5 * 1.3 / np.sqrt(len(rows))
    (tmp_path / "mixture.json").write_text('{"centers": [[0, 0, 0]], "sigma": 1}')
    assert inside("sample", tmp_path / "mixture.json", "-n", 1).stdout.startswith("column1,column2,column3,")
    (tmp_path / "mixture.json").write_text("{")
    failed(inside("sample", tmp_path / "mixture.json", "-n", 1), 3, "mixture.json", "JSON")


def test_missing_values_are_used_dropped_or_refused(good, tmp_path):
    file = tmp_path / "gaps.csv"
    rows = [f"{x!r},{y!r}" for x, y in X.tolist()]
    rows[3:5] = ["NA,1", "NA,"]
    file.write_text("x,y\n" + "\n".join(rows) + "\n")
    used = inside("fit", file, "-k", 4, "--json", tmp_path / "fit.json", "--labels", tmp_path / "labels.csv")
    assert "missing values: 1 value" in used.stdout
    assert "1 row without any value left out: line 6" in used.stderr
    labels = table_of((tmp_path / "labels.csv").read_text())[1]
    assert len(labels) == 240
    assert labels[3][1] == labels[2][1]
    assert labels[4] == ["6", "", "", "", ""]
    dropped = inside("fit", file, "-k", 4, "--drop-missing", "--json", tmp_path / "dropped.json")
    assert "2 of 240 rows dropped for missing values (x 2, y 1): lines 5, 6" in dropped.stderr
    assert content_of(tmp_path / "dropped.json")["n_samples"] == 238
    empty = tmp_path / "empty.csv"
    empty.write_text("x,y\n,\nNA,NA\n")
    failed(inside("predict", good, empty), 3, "no row has a value")
    failed(inside("map", file, "-k", 4, "--sigma", 1), 3, "line 5, column x", "--drop-missing")


def test_other_words_for_missing_values(tmp_path):
    file = tmp_path / "coded.csv"
    file.write_text("x,y\n" + "".join(f"{i % 7}.5,{i * i % 11}\n" for i in range(40)) + "-999,3\n1,unknown\n")
    options = ["--missing-value", "-999", "--missing-value", "unknown", "--drop-missing"]
    done = inside("fit", file, "-k", 1, *options, "--json", tmp_path / "fit.json")
    assert content_of(tmp_path / "fit.json")["n_samples"] == 40
    assert "(x 1, y 1): lines 42, 43" in done.stderr
    failed(inside("fit", file, "-k", 1), 3, "line 43, column y: 'unknown' is no number")


def test_rows_of_the_background_are_labelled_so(tmp_path):
    far = np.random.default_rng(0).uniform(-60, 60, size=(40, 2))
    file = write_table(tmp_path / "noisy.csv", np.vstack([X, far]))
    options = [
        "-k",
        4,
        "--background",
        "box",
        "--json",
        tmp_path / "fit.json",
        "--labels",
        tmp_path / "l.csv",
    ]
    assert inside("fit", file, *options).returncode == 0
    done = inside("predict", tmp_path / "fit.json", file)
    assert done.stdout == (tmp_path / "l.csv").read_text()
    labels = np.array(table_of(done.stdout)[1], dtype=float)[:, 1]
    noise = int((labels == -1).sum())
    assert 30 <= noise <= 45
    assert set(labels[:240]) >= {0, 1, 2, 3}
    assert f"background  {noise} " in done.stderr
    content = content_of(tmp_path / "fit.json")
    inside("score", tmp_path / "fit.json", file, "--json", tmp_path / "score.json")
    for name in ("log_likelihood", "bic", "aic"):
        assert content_of(tmp_path / "score.json")[name] == pytest.approx(content[name], rel=1e-9)
    failed(inside("fit", file, *options[:4], "--standardize"), 2, "--background", "--standardize")
