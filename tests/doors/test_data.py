"""Text tables: what is read, and what is refused with line, column and remedy."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.tables.read import read_table

ROWS = [[1.5, -2.0], [3e-3, 4.0]]


@pytest.fixture
def table(tmp_path):
    def read(text, **options):
        path = tmp_path / "table.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_table(path, **options)

    return read


@pytest.mark.parametrize(
    "text",
    [
        "1.5,-2\n3e-3,4\n",
        "1.5, -2\r\n.003, +4.\r\n",
        "1.5\t-2\n3e-3\t4",
        "1.5;-2\n\n3e-3;4\n\n",
        "  1.5   -2\n 3e-3 \t4\n",
        '"1.5","-2"\n"3e-3","4"\n',
        "\ufeff1.5,-2\n3e-3,4\n",
        pytest.param(gzip.compress(b"1.5 -2\n3e-3 4\n"), id="gzip"),
    ],
)
def test_the_usual_forms(table, text):
    found = table(text)
    assert found.values.tolist() == ROWS
    assert found.names == ("column1", "column2")


def test_headers(table):
    assert table("x,y\n1,2\n").names == ("x", "y")
    assert table('"a, b";y\n1;2\n', delimiter=";").names == ("a, b", "y")
    assert table("1,2\n3,4\n", header=True).names == ("1", "2")
    assert table("x,\n1,2\n").names == ("x", "column2")
    assert len(table("NA,inf\n1,2\n", header=True).values) == 1


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"columns": "b"}, ("b",)),
        ({"columns": "3,1"}, ("c", "a")),
        ({"columns": "2-4"}, ("b", "c", "d")),
        ({"columns": ["d", "1-2"]}, ("d", "a", "b")),
        ({"drop": "a,3"}, ("b", "d")),
        ({"columns": "1-3", "drop": ["b"]}, ("a", "c")),
    ],
)
def test_columns_are_chosen_by_name_number_and_range(table, options, names):
    found = table("a,b,c,d\n1,2,3,4\n5,6,7,8\n", **options)
    values = found.values
    assert (found.names, tuple(found.lines)) == (names, (2, 3))
    assert values[1].tolist() == [5.0 + "abcd".index(name) for name in names]


def test_text_columns_do_no_harm_where_they_are_left_out(table):
    text = "size,kind\n1,red\n2,blue\n"
    assert table(text, drop="kind").values.tolist() == [[1.0], [2.0]]
    with pytest.raises(gs.DataError, match=r"line 2, column kind: 'red' is no number.*kind"):
        table(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("x,y\n", "header and no rows"),
        ("x,y\n1,2\n3\n", "line 3: 1 cell where the first line has 2"),
        ("1 2\n3 4 5\n", "line 2: 3 cells where the first line has 2"),
        ("1,2\n3,\n", "line 2, column column2: a missing value"),
        ("x\n1\nNA\n", "line 3, column x: a missing value .'NA'"),
        ("x,y\n1,2\n-,3\n", "line 3, column x: a missing value .'-'"),
        ("1,2\nnan,2\n", "line 2, column column1: a missing value"),
        ("1,2\n3,inf\n", "line 2, column column2: 'inf' is not finite"),
        ("1,2\n3,1e999\n", "line 2, column column2: '1e999' is not finite"),
        ("1.5;2\n1,5;2\n", "line 2, column column1: '1,5' has a decimal comma"),
        ("1;2\n1,500;2\n", "line 2, column column1: '1,500' may have a decimal comma or"),
        ("1,2\n1_000,2\n", "line 2, column column1: '1_000' is no number"),
        ("x,x\n1,2\n", "names x more than once"),
        ('x,y\n"1,2\n3,4\n', "line 2"),
        (b"1,2\n\xff\x81,3\n", "neither UTF-8 nor Windows-1252"),
        (b"1,2\n\0,3\n", "NUL"),
        pytest.param(gzip.compress(b"1 2\n")[:-6], "damaged gzip", id="cut gzip"),
        pytest.param(gzip.compress(b"1 2\n" * 99)[:10] + b"\xff" * 40, "damaged gzip", id="damaged gzip"),
    ],
)
def test_what_cannot_be_read_says_where(table, text, message):
    with pytest.raises(gs.DataError, match=message):
        table(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": "z"}, "columns='z'.*choose among a, b"),
        ({"columns": "3"}, "columns='3'.*1 to 2"),
        ({"columns": "2-1"}, "columns='2-1'"),
        ({"drop": "a,b"}, "drop='a,b'.*leave at least one"),
        ({"columns": []}, "columns=.*leave at least one"),
        ({"delimiter": "ab"}, "delimiter='ab'"),
    ],
)
def test_bad_options_are_named(table, options, message):
    with pytest.raises(gs.InvalidParameterError, match=message):
        table("a,b\n1,2\n", **options)


def test_lines_inside_quotes_count(table):
    with pytest.raises(gs.DataError, match="line 4, column x"):
        table('x,"two\nlines"\n1,2\nred,4\n')


def test_real_files(data_dir):
    for path in sorted((data_dir / "suite").glob("*.data.gz")):
        values = read_table(path).values
        assert np.array_equal(values, np.loadtxt(path, ndmin=2)), path
    for name, options, shape in [
        ("faithful", {}, (272, 2)),
        ("galaxies_mass", {}, (82, 1)),
        ("iris", {"drop": "Species"}, (150, 4)),
        ("gvhd_control", {}, (6809, 4)),
    ]:
        assert read_table(data_dir / "real" / f"{name}.csv", **options).values.shape == shape


def test_a_missing_file_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "nothing.csv")
