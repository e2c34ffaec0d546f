"""What stands around the numbers in exported files: comments, titles, totals, signs, words for nothing."""

from __future__ import annotations

import gzip
import io
import re
import zipfile

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.tables.read import read_table

NAN = float("nan")


@pytest.fixture
def table(tmp_path):
    def read(content, **options):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, missing="keep", **options)

    return read


def rows_of(n, form="{i},{a}\n"):
    return "".join(form.format(i=i, a=f"{i * i % 7}.5") for i in range(n))


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        ("# x,y\n1.0e+00,2.0\n3.0,4.0\n", "x y", [[1, 2], [3, 4]]),  # numpy.savetxt
        ("# made by us\n#x y\n1 2\n3 4\n", "x y", [[1, 2], [3, 4]]),  # gnuplot
        ("% run 7\n% of 2024\nx;y\n1;2\n", "x y", [[1, 2]]),
        ("#,x\n7,2\n9,4\n", "# x", [[7, 2], [9, 4]]),
        ("%fat,x\n7,2\n9,4\n", "%fat x", [[7, 2], [9, 4]]),
        ("# 2024\n1\n2\n", "column1", [[1], [2]]),
        (",,\n,,\na,b,c\n1,2,3\n", "a b c", [[1, 2, 3]]),
        ("a,b,,\n1,2,,\n3,4,,\n", "a b", [[1, 2], [3, 4]]),
        ("a||b\n1||2\n", "a b", [[1, 2]]),
        (",a,b\nid,,\n0,1.5,2\n1,3,4\n", "a b", [[1.5, 2], [3, 4]]),
        ("2019,2020\n1.5,2.5\n", "2019 2020", [[1.5, 2.5]]),
        ("x y\n1.5D+03 2.5d-01\n.5D0 4.\n", "x y", [[1500, 0.25], [0.5, 4]]),
        ("x,y\n.A,1\n._,.z\n2,#NULL!\n", "x y", [[NAN, 1], [NAN, NAN], [2, NAN]]),
        ("x;y\n#NV;1,5\n#WERT!;\u2013\n2;1\n", "x y", [[NAN, 1.5], [NAN, NAN], [2, 1]]),
        ("x,y\n1.#QNAN,1\n-nan(ind),2\n3,4\n", "x y", [[NAN, 1], [NAN, 2], [3, 4]]),
        ("x,y\n\u20131.5,2\n3,\u22124\n", "x y", [[-1.5, 2], [3, -4]]),
        ("x,y\r\n1,2\r\n\x1a", "x y", [[1, 2]]),
        ("<DATE>,<OPEN>\n1,2\n", "<DATE> <OPEN>", [[1, 2]]),
    ],
)
def test_it_is_read_right(text, names, values, table):
    found = table(text)
    assert found.names == tuple(names.split())
    assert np.array_equal(found.values, values, equal_nan=True)


def test_a_quoted_name_with_a_comma_over_decimal_commas(table):
    found = table('"size, cm"\n"1,5"\n"2,25"\n')
    assert (found.names, found.values.tolist()) == (("size, cm",), [[1.5], [2.25]])
    with pytest.raises(gs.DataError, match="line 2, where no cell is a number"):
        table("x|y\n1|2\n", delimiter=",")


def test_lakhs_and_crores(table):
    text = 'a,b\n"1,23,456.5",2\n'
    assert table(text, thousands=",").values.tolist() == [[123456.5, 2.0]]
    with pytest.raises(gs.DataError, match=r"'1,23,456\.5' has separators of thousands; pass thousands=','"):
        table(text)
    with pytest.raises(gs.DataError, match=r"'12,34,567,890'"):
        table('a,b\n"12,34,567,890",2\n', thousands=",")


def test_one_number_with_a_decimal_comma_or_two_whole_ones(table):
    """One column never becomes two without a word; what the caller says, or other data, settles it."""
    text, pairs = "0,126\n-1,302\n0,64\n1,7\n", [[0, 126], [-1, 302], [0, 64], [1, 7]]
    assert table(text, decimal=",").values.tolist() == [[0.126], [-1.302], [0.64], [1.7]]
    assert table(text, delimiter=",").values.tolist() == pairs
    assert table("a,b\n" + text).values.tolist() == pairs
    assert table("5,30\n6,7\n").values.tolist() == [[5, 30], [6, 7]]  # no decimals end in zero
    for other in ("1,5,7\n2,05,3\n", "1.5,05\n2,7\n", "1,-05\n2,7\n"):
        assert table(other).notes == ()


def test_what_ends_no_line(table):
    """A form feed, and characters that Python's splitlines takes for ends of lines."""
    for mark in ("\f", "\x85", "\u2028", "\u2029"):
        assert table(f"a,b\n1,2{mark}\n3,4\n").values.tolist() == [[1, 2], [3, 4]]
        with pytest.raises(gs.DataError, match="line 2: 3 cells"):
            table(f"a,b\n1,2{mark}3,4\n5,6\n")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("# x,y\n1,2\n", "line 1: the names are read without the # before them"),
        ("# a\n#b\nx,y\n1,2\n", "lines 1, 2 begin with # and are skipped"),
        (",,\na,b,c\n1,2,3\n", "1 line with delimiters only above the table skipped"),
        ("a,b,\n1,2,,\n3,4,,\n", "left out, as no name and no value stands there: column3"),
        (",a,b\nid,,\n0,1.5,2\n", r"line 2 names the index \(id\) and is skipped"),
        ("2019,2020\n1,2\n", r"line 1 \(2019, 2020, ...\) is taken for data; pass header=True"),
        ("1,2\n3,4\n", "lines as 1,2 are read as two whole numbers; pass decimal=',' if they are one"),
        ("2019,2020\n1.5,2.5\n", r"line 1 \(2019, 2020, ...\) is taken for names"),
        ("x,id\n" + rows_of(12, "{a},{i}\n"), "column id may number the rows; drop=id"),
        ("x,case_no\n" + rows_of(12, "{a},{i}1\n"), "column case_no may number the rows"),
        ("x,y\n-999,1.5\n" + rows_of(12), "column x has the value -999, .* missing_words=-999 takes it"),
        ("x,y\n" + rows_of(12, "{a},{i}7\n") + "99,1\n", "column x has the value 99, which"),
        ("day,x\n" + rows_of(12, "202401{i:02},{a}\n").replace("20240100", "20240112"), "may hold dates"),
    ],
)
def test_what_was_guessed_is_told(text, note, table):
    notes = table(text).notes
    assert any(re.search(note, one) for one in notes), notes
    assert len(notes) <= 2


def test_columns_of_measurements_are_not_suspected(table):
    rising = "time,x\n" + rows_of(12, "{i}1,{a}\n")  # rises, and is called otherwise
    falling = "id,x\n" + "".join(f"{20 - i},{i % 3}.5\n" for i in range(12))
    eight = "n,x\n" + rows_of(12, "99{i:02}1399,{a}\n")  # of eight digits, and no day
    nines = "x,y\n" + rows_of(12, "{i}0,{a}\n") + "99,1\n-999,2.5\n-998,2.5\n"  # among others
    late = "id,x\n" + "".join(f"{min(i, 31)},{i % 3}.5\n" for i in range(40))  # rises at first
    for text in (rising, falling, eight, nines, late):
        assert table(text).notes == ()


@pytest.mark.parametrize("label", ["", "Total", None])
def test_a_row_of_totals_is_no_data(label, table):
    rows = [(f"r{i}", i + 0.5, 3 * i + 1) for i in range(5)]
    sums = ("" if label is None else label, sum(r[1] for r in rows), sum(r[2] for r in rows))
    text = "kind,x,y\n" + "".join("{},{},{}\n".format(*row) for row in rows)
    assert len(table(text, drop="kind").values) == 5
    with pytest.raises(gs.DataError, match="line 7: it holds the sums of the rows above it; remove the row"):
        table(text + "{},{},{}\n".format(*sums), drop="kind")
    other = (sums[0], sums[1], sums[2] * 1.01)
    assert len(table(text + "{},{},{}\n".format(*other), drop="kind").values) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Report of 2024\n\na,b\n1,2\n3,4\n",
            r"line 3: the table seems to begin here \(a, b\); remove the 2 l",
        ),
        (
            "Device: X\nSerial: 4\ntime,temp\n1,2\n3,4\n",
            "line 3: the table seems .*remove the 2 lines above it",
        ),
        (
            '"Source","WB",\n\n"Name","60","61","62",\n"A",3,1,5,\n"B",2,2,7,\n',
            r"line 3: the table .*\(Name, 60, 61, 62\)",
        ),
        ('x,y\n1,1\n"2,2\n3,3\n', "line 3: 1 cell .*quotation mark left open"),
        ("Report,,\n,,\na,b,c\n1,2,3\n", "line 3, where no cell is a number"),
        ("a,b\n1,2\n\nSource: us\n", "line 4: 1 cell .*remove the line if it is no row"),
        ("a,b,c\n1,2,3\n1,2\n", "line 3: 2 cells .*a delimiter for each missing value"),
        ("a,b\n1,2\na,b\n3,4\n", "line 3: the names of the columns stand here again; remove the line"),
        ('"a,b"\n"1,2"\n"3,4"\n', "line 1: each line stands in one pair of quotation marks"),
        ('a,"b\n1,2\n', "line 1: there are names and no rows; is a quotation mark left open"),
        ("a^b\n1^2\n", "line 2, where no cell is a number .*delimiter="),
        (
            "0,126\n-1,302\n0,64\n1,7\n",
            "lines as 0,126 may be one .* decimal=',' or delimiter=','",
        ),
        ("1,50\n2,05\n", "lines as 1,50 may be one number with a decimal comma"),
        ("-0,5\n2,5\n", "lines as -0,5 may be one number with a decimal comma"),
        ("a,b\n****,2\n", r"missing_words='\*\*\*\*', or leave it out: drop=a"),
        ("a,b\n1,2\n3,oops\n", "line 3, column b: 'oops' is no number, as there were .*missing_words='oops'"),
        ("a,b\nJan-20,2\n", "line 2, column a: 'Jan-20' is a date"),
        ('a,b\n"January 2, 2024",2\n', "is a date"),
        ("a,b\n2020Q1,2\n", "is a date"),
        ("a,b\n(1.5),2\n", r"'\(1.5\)' is a negative number as accountants write it"),
        ("a,b\n1.5-,2\n", "'1.5-' is a negative number as accountants write it"),
        ('a,b\n="1.5",2\n', "has signs beside the number"),
        ("a,b\n<0.5,2\n", "has signs beside the number"),
        ("a,b\n\u200b1,2\n", r"a character that is not seen \('\\u200b1'\)"),
        ("a,b\n1,2\n3,\0\n" * 2000, "NUL bytes"),
        ("a,b\n" + "1,2\n" * 3000 + "\0\n", "line 3002: no text holds NUL bytes"),
        ("a,b\n" + "z" * 200_000 + ",2\n", "line 2: field larger .*quotation mark"),
        ("@relation iris\n@data\n1,2\n", "an ARFF file"),
        (" a | b\n---+---\n 1 | 2\n", "a table drawn with lines"),
        ("+---+\n| a |\n+---+\n", "a table drawn with lines"),
        ("<div>\n<table>", "a web page"),
        ("<svg xmlns='x'></svg>", "an XML file"),
        ("[\n  {\n", "JSON"),
        ("\\begin{tabular}{ll}\n", "a LaTeX file"),
        (gzip.compress(gzip.compress(b"1,2\n", mtime=0), mtime=0), "a compressed file within another"),
        (b"\x72\x02\x01\0" + b"\0" * 50, "a Stata file"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(text, message, table):
    with pytest.raises(gs.DataError, match=message):
        table(text)


def test_where_no_column_is_left_none_is_offered_to_be_left_out(table):
    with pytest.raises(gs.DataError, match="has a percent sign") as refused:
        table("a,b\n10%,20%\n")
    assert "drop=" not in str(refused.value)


def test_a_column_is_named_once(table):
    with pytest.raises(gs.InvalidParameterError, match="name column a once"):
        table("a,b\n1,2\n", columns=["a", "1-2"])
    assert table("a,b\n1,2\n", columns="b", drop=["a", "a"]).names == ("b",)


def claiming(shape):
    """The header of an array that is not there."""
    content = io.BytesIO()
    facts = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, facts)
    return content.getvalue()


def test_arrays_that_are_not_there(table, tmp_path):
    with pytest.raises(gs.DataError, match="more than the memory does"):
        table(claiming((10**12, 10)))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", "1,2")
    with pytest.raises(gs.DataError, match="a member is no array"):
        read_table(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("X.npy", claiming((10**13, 10)))
    with pytest.raises(gs.DataError, match=r"more than the memory does|damaged file of NumPy"):
        read_table(tmp_path / "x.npz")
    np.savez(tmp_path / "empty.npz")
    with pytest.raises(gs.DataError, match="an empty ZIP archive"):
        read_table(tmp_path / "empty.npz")


def test_columns_of_parquet_files(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    def read(**columns):
        parquet.write_table(arrow.table(columns), tmp_path / "x.parquet")
        return read_table(tmp_path / "x.parquet", missing="keep")

    found = read(a=[1.5, 2.0], b=[3, 4], __index_level_0__=["x", "y"])
    assert (found.names, found.values.tolist()) == (("a", "b"), [[1.5, 3.0], [2.0, 4.0]])
    assert "column __index_level_0__ names or counts the rows" in found.notes[0]
    assert read(a=arrow.array([2**64 - 1, 1], arrow.uint64())).values.tolist() == [[2.0**64], [1.0]]
    assert np.isnan(read(a=[1.0, 2.0], b=arrow.nulls(2)).values[:, 1]).all()
    twice = arrow.Table.from_arrays([arrow.array([1.0]), arrow.array([2.0])], names=["a", "a"])
    parquet.write_table(twice, tmp_path / "x.parquet")
    with pytest.raises(gs.DataError, match="names a more than once"):
        read_table(tmp_path / "x.parquet")


def test_types_of_parquet_columns(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from decimal import Decimal

    from pyarrow import parquet

    def read(column, **options):
        parquet.write_table(arrow.table({"a": np.arange(float(len(column))), "b": column}), tmp_path / "x")
        return read_table(tmp_path / "x", **options).values[:, 1].tolist()

    assert read(arrow.array([Decimal("1.25"), Decimal("-2.50")])) == [1.25, -2.5]
    assert read(arrow.array([1.5, 2.5, 1.5]).dictionary_encode()) == [1.5, 2.5, 1.5]
    assert read(arrow.array([1.5, None, 2.5]), missing="drop") == [1.5, 2.5]
    with pytest.raises(gs.DataError, match="row 2, column b: a missing value"):
        read(arrow.array([1.5, None]))
    for column, kind in (
        (arrow.array([[1.0], [2.0]]), "list"),
        (arrow.array([{"x": 1}, {"x": 2}]), "struct"),
        (arrow.array(["x", "y"]).dictionary_encode(), "dictionary"),
        (arrow.array([True, False]), "bool"),
    ):
        with pytest.raises(gs.DataError, match=f"column b holds no numbers but {kind}.*drop='b'"):
            read(column)
    with pytest.raises(gs.DataError, match="has no rows"):
        read(arrow.array([], arrow.float64()))
    rows = arrow.table({"a": np.arange(10.0) % 3, "b": np.arange(10.0) ** 2})
    for size in (1, 3, 10):
        parquet.write_table(rows, tmp_path / "x", row_group_size=size)
        assert np.array_equal(read_table(tmp_path / "x").values[:, 1], np.arange(10.0) ** 2)


def test_very_many_columns(table):
    names, cells = ",".join(f"c{i}" for i in range(100_000)), ",".join(["1.5"] * 100_000)
    found = table(f"{names}\n{cells}\n{cells}\n")
    assert found.values.shape == (2, 100_000)
    assert (found.values == 1.5).all()
