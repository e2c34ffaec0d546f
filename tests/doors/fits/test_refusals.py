"""What gmmscape fit, diagnose and repair refuse, and with which exit code."""

from __future__ import annotations

import json
import os
import pickle

import pytest

from doors.commandline import failed, gmmscape, inside
from doors.fits.cases import X, both, content_of, judged, write_table
from marks import tuples_rest_slow


@pytest.mark.parametrize(
    ("text", "k", "words"),
    [
        (None, 2, ["No such file"]),
        ("x,kind\n1,2\n3,red\n", 2, ["line 3", "column kind", "'red'"]),
        ("x,y\n1,2\n3\n4,5\n", 2, ["line 3", "1 cell where the first line has 2"]),
        ("x,y\n1,2\n3,inf\n", 2, ["line 3", "column y", "not finite"]),
        ("x,y\n1,2\n3,1\n2,5\n", 4, ["-k 4", "only 3 rows"]),
        ("", 2, ["is empty"]),
        ("x,y\n", 2, ["header and no rows"]),
        ("x,y\n1,2\n", 1, ["one row"]),
    ],
)
def test_unusable_data_exit_3(text, k, words, tmp_path):
    file, out = tmp_path / "data.csv", tmp_path / "out.json"
    out.write_text('{"format": "gmmscape-fit"}')
    if text is not None:
        file.write_text(text)
    named = [] if "-k 4" in words or "one row" in words else ["data.csv"]
    failed(inside("fit", file, "-k", k, "--json", out), 3, *named, *words)
    assert out.read_text() == '{"format": "gmmscape-fit"}'


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-k", 0], ["-k", "'0' is no whole number from 1 on"]),
        (["-k", "two"], ["-k", "'two'"]),
        ([], ["Missing option", "-k"]),
        (["-k", 2, "--covariance", "round"], ["--covariance", "'round'", "spherical"]),
        (["-k", 2, "--init-params", "guess"], ["--init-params", "'guess'", "k-means++"]),
        (["-k", 2, "--nested", "maybe"], ["--nested", "'maybe'", "offer"]),
        (["-k", 2, "--seed", -1], ["--seed", "-1"]),
        (["-k", 2, "--n-init", 0], ["--n-init", "0"]),
        (["-k", 2, "--max-iter", 0], ["--max-iter", "0"]),
        (["-k", 2, "--json", ""], ["--json"]),
        (["-k", 2, "--json", "."], ["--json", "regular file"]),
        (["-k", 2, "--json", "no/such/folder/out.json"], ["--json", "no folder there"]),
        (["-k", 2, "--frobnicate"], ["--frobnicate"]),
    ],
)
def test_wrong_usage_exits_2_before_data_are_read(options, words, tmp_path):
    """The file does not exist, and the message does not say so."""
    result = inside("fit", tmp_path / "missing.csv", *options)
    failed(result, 2, *words)
    assert "missing.csv" not in result.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--reg-covar", -1], "'-1' is no number from 0 on"),
        (["--covariance-floor", "nan"], "'nan' is no number"),
        (["--tol", -1], "--tol"),
        (["--n-jobs", 0], "'0' are too few"),
        (["--columns", "z"], "--columns 'z'"),
        (["--drop", "3"], "--drop '3'"),
        (["--drop", "x,y"], "leave at least one column"),
        (["--delimiter", "ab"], "--delimiter 'ab'"),
    ],
)
def test_unusable_options_exit_2(options, word, clusters):
    failed(inside("fit", clusters, "-k", 2, *options), 2, word)


@pytest.mark.parametrize(
    ("command", "word"), [(["diagnose", "--json"], "--json"), (["repair", "--model"], "--model")]
)
def test_the_place_of_the_result_is_looked_at_first(command, word, tmp_path):
    name, option = command
    result = inside(
        name, tmp_path / "missing.json", tmp_path / "missing.csv", option, tmp_path / "no" / "out"
    )
    failed(result, 2, word, "no folder there")
    assert "missing" not in result.stderr


def test_repair_needs_a_place_for_the_result(clusters, good):
    failed(inside("repair", good, clusters), 2, "Missing option", "--model")


@both
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["model.json", "No such file"]),
        ("a,b\n1,2\n", ["model.json", "not a JSON file"]),
        ("", ["model.json", "not a JSON file"]),
        ("[1, 2]", ["model.json", "no model"]),
        (
            '{"format": "gmmscape-atlas", "format_version": 1, "minima": []}',
            ["model.json", "damaged 'gmmscape-atlas'"],
        ),
        ('{"format": "gmmscape-fit", "format_version": 3}', ["model.json", "format_version=3"]),
        ('{"format": "gmmscape-fit", "format_version": 1}', ["model.json", "lacks weights, means"]),
    ],
)
def test_unusable_models_exit_3(command, text, words, clusters, tmp_path):
    model = tmp_path / "model.json"
    if text is not None:
        model.write_text(text)
    failed(judged(command, model, clusters, tmp_path / "out.json"), 3, *words)
    assert not (tmp_path / "out.json").exists()


@both
@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("weights", [0.5, 0.6, 0.1, 0.1], "weights"),
        ("weights", ["a"] * 4, "weights"),
        ("means", None, "means"),
        ("covariances", [[[-1, 0], [0, 1]]] * 4, "positive definite"),
        ("covariance_type", "round", "'round'"),
        ("covariance_type", "diag", "shape"),
        ("reg_covar", -1, "reg_covar"),
        ("covariance_floor", "x", "covariance_floor"),
        ("feature_names", "xy", "feature_names"),
    ],
)
def test_models_with_broken_parameters_exit_3(command, field, value, word, clusters, good, tmp_path):
    model = tmp_path / "model.json"
    content = content_of(good)
    del content["sha256"]  # else it is the change that is noticed
    model.write_text(json.dumps({**content, field: value}))
    failed(judged(command, model, clusters, tmp_path / "out.json"), 3, "model.json", word)


class Payload:
    """What makes a folder when it is unpickled."""

    def __init__(self, sentinel):
        self.sentinel = str(sentinel)

    def __reduce__(self):
        return os.mkdir, (self.sentinel,)


@both
@pytest.mark.parametrize("protocol", [0, pickle.DEFAULT_PROTOCOL])
def test_pickles_are_refused_and_not_run(command, protocol, clusters, tmp_path):
    sentinel, model = tmp_path / "sentinel", tmp_path / "model.pkl"
    model.write_bytes(pickle.dumps(Payload(sentinel), protocol))
    pickle.loads(model.read_bytes())  # would run
    sentinel.rmdir()
    word = "is a pickle" if protocol else "not a JSON file"  # protocol 0 is text
    failed(judged(command, model, clusters, tmp_path / "out.json"), 3, "model.pkl", word)
    assert not sentinel.exists()


@both
def test_models_and_data_must_agree(command, good, tmp_path):
    out = tmp_path / "out.json"
    other = write_table(tmp_path / "other.csv", X, header="x,z")
    failed(judged(command, good, other, out), 3, "columns x, y", "other.csv", "--columns")
    failed(judged(command, good, other, out, "--columns", "x"), 3, "1 column where the model has 2")
    failed(judged(command, good, tmp_path / "missing.csv", out), 3, "missing.csv", "No such file")
    assert judged(command, good, other, out, "--columns", "x,z").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    tuples_rest_slow(
        [(["fit", "missing.csv", "-k", "2"], 3, "missing.csv"), (["fit", "missing.csv", "-k", "0"], 2, "-k")],
        1,
    ),
)
def test_exit_codes_of_processes(arguments, code, word, tmp_path):
    failed(gmmscape(*arguments, cwd=tmp_path), code, word)
