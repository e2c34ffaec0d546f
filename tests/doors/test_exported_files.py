"""Tables as programs export them: read right, or refused by line, column and remedy."""

from __future__ import annotations

import bz2
import io
import lzma

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.tables.read import read_table
from gmmscape.tables.text import _Reading

X = np.array([[1.5, -2.25], [1200.5, 0.125], [3.0, 4.5], [0.75, -8.0]])
NAMES = ("height", "mass")


@pytest.fixture
def table(tmp_path):
    def read(content, **options):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, **options)

    return read


def german(value):
    return repr(value).replace(".", ",")


def lines_of(header, delimiter, form=repr, end="\n", before=""):
    rows = [delimiter.join(map(form, row)) for row in X.tolist()]
    return before + end.join([header, *rows]) + end


R_ROWS = "".join(f'"{i}",{a!r},{b!r}\n' for i, (a, b) in enumerate(X.tolist(), 1))
TEXTS = {
    "Excel, CSV UTF-8": lines_of("height,mass", ",", end="\r\n").encode("utf-8-sig"),
    "Excel, German": lines_of("height;mass", ";", german, end="\r\n").encode("cp1252"),
    "Excel, German, UTF-16 tabs": lines_of("height\tmass", "\t", german, end="\r\n").encode("utf-16"),
    "UTF-16 without a mark": lines_of("height\tmass", "\t", end="\r\n").encode("utf-16-le"),
    "UTF-32": lines_of("height,mass", ",").encode("utf-32"),
    "lines of white space": lines_of("height mass", " ").replace("\n", "\n   \n"),
    "Excel, sep line": lines_of("height;mass", ";", end="\r\n", before="sep=;\r\n"),
    "sep line in quotes": lines_of("height|mass", "|", before='"sep=|"\n'),
    "old Mac": lines_of("height,mass", ",", end="\r"),
    "tabs, CRLF": lines_of("height\tmass", "\t", end="\r\n"),
    "trailing delimiter": lines_of("height,mass,", ",").replace("\n", ",\n").replace(",,\n", ",\n"),
    "trailing delimiter, rows only": lines_of("height;mass", ";").replace("\n", ";\n").replace("s;\n", "s\n"),
    "R write.csv": '"","height","mass"\n' + R_ROWS,
    "R write.table": '"height" "mass"\n' + R_ROWS.replace(",", " "),
    "R write.csv2": '"";"height";"mass"\n' + R_ROWS.replace(",", ";").replace(".", ","),
    "R write.table, named rows": '"height" "mass"\n'
    + "".join(f'"car {i}" {a!r} {b!r}\n' for i, (a, b) in enumerate(X.tolist())),
    "pandas to_csv": ",height,mass\n"
    + "".join(f"{7 - i},{a!r},{b!r}\n" for i, (a, b) in enumerate(X.tolist())),
    "pandas, read and written again": "Unnamed: 0,height,mass\n"
    + "".join(f"{i},{a!r},{b!r}\n" for i, (a, b) in enumerate(X.tolist())),
    "all quoted": '"height","mass"\n' + "".join(f'"{a!r}","{b!r}"\n' for a, b in X.tolist()),
    "mixed quoting": '"height",mass\n' + "".join(f'"{a!r}", {b!r} \n' for a, b in X.tolist()),
    "French, spaces between thousands": "height;mass\n1,5;-2,25\n1\u202f200,5;0,125\n3;4,5\n0,75;-8\n",
    "units, second line": lines_of("height,mass\ncm,kg", ","),
    "units, in brackets": lines_of("height,mass\n(cm),[kg/m^2]", ","),
    "lines of delimiters below": lines_of("height,mass", ",") + ",\n,\n",
    "minus signs of typesetters": lines_of("height,mass", ",").replace("-", "\u2212"),
    "white space, decimal commas": lines_of("height mass", "  ", german),
    "bzip2": bz2.compress(lines_of("height,mass", ",").encode()),
    "xz": lzma.compress(lines_of("height,mass", ",").encode()),
}
OPTIONS = {
    "French, spaces between thousands": {"thousands": " "},
}


@pytest.mark.parametrize("kind", TEXTS)
def test_it_is_read_right(kind, table):
    found = table(TEXTS[kind], **OPTIONS.get(kind, {}))
    assert found.names == NAMES
    assert np.array_equal(found.values, X)


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("Excel, German", "decimal commas"),
        ("R write.csv", "no name, names or counts the rows and is left out; keep_index=True"),
        ("R write.table", "row names names or counts the rows and is left out"),
        ("pandas, read and written again", "column Unnamed: 0 names or counts"),
        ("units, second line", "line 2 is taken for units: height in cm, mass in kg"),
        ("lines of delimiters below", "2 lines with delimiters only"),
    ],
)
def test_what_was_guessed_is_told(kind, note, table):
    notes = table(TEXTS[kind]).notes
    assert any(note in one for one in notes), notes


@pytest.mark.parametrize("second", ["1,12", "12,m", "1,2", "NA,2"])
def test_a_row_of_data_is_no_line_of_units(second, table):
    text = f"a,b\n{second}\n3,4\n"
    if second == "12,m":
        with pytest.raises(gs.DataError, match="line 2, column b: 'm' is no number"):
            table(text)
    else:
        assert len(table(text, missing="keep").values) == 2


def test_plain_files_need_no_notes(table):
    assert table(TEXTS["Excel, CSV UTF-8"]).notes == ()
    assert table(TEXTS["tabs, CRLF"]).notes == ()


def test_windows_names_are_kept_and_the_guess_is_told(table):
    found = table("Gr\u00f6\u00dfe;Gewicht\n1,5;2\n".encode("cp1252"))
    assert found.names == ("Gr\u00f6\u00dfe", "Gewicht")
    assert found.values.tolist() == [[1.5, 2.0]]
    assert "Windows-1252" in found.notes[0]
    assert table("\u03b1;\u03b2\n1;2\n".encode("iso8859-7"), encoding="iso8859-7").names == (
        "\u03b1",
        "\u03b2",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-8-sig"])
def test_a_mark_is_no_part_of_a_name_whatever_encoding_is_said(encoding, table):
    mark = "" if encoding == "utf-8-sig" else "\ufeff"
    assert table(f"{mark}a,b\n1,2\n".encode(encoding), encoding=encoding).names == ("a", "b")


def test_a_letter_of_windows_far_down_is_read_too(table):
    """Long after the layout was found out from what is UTF-8."""
    rows = "".join(f"{i % 7}.5,x\n" for i in range(5000))
    found = table(("a,place\n" + rows + "3,M\u00fcnchen\n").encode("cp1252"), drop="place")
    assert found.values.shape == (5001, 1)
    assert "Windows-1252" in found.notes[0]


def test_names_with_units_commas_and_line_ends(table):
    found = table('"height (cm)","mass, dry","two\nlines"\n1,2,3\n4,5,6\n')
    assert found.names == ("height (cm)", "mass, dry", "two lines")
    assert tuple(found.lines) == (3, 4)
    text = '"height (cm)","mass, dry"\n1,2\n'
    assert table(text, columns="height").names == ("height (cm)",)
    assert table(text, columns="mass, dry").values.tolist() == [[2.0]]
    assert table(text, columns='"mass, dry",height').values.tolist() == [[2.0, 1.0]]


@pytest.mark.parametrize("first", [0, 1])
def test_a_column_that_counts_the_rows_is_left_out_and_told(first, table):
    rows = "".join(f"{i},{i * i % 7}.5\n" for i in range(first, first + 12))
    found = table("station,level\n" + rows)
    assert found.names == ("level",)
    assert f"column station counts the rows ({first} to {first + 11}) and is left out" in found.notes[0]
    for options in ({"keep_index": True}, {"columns": "station,level"}):
        kept = table("station,level\n" + rows, **options)
        assert kept.names == ("station", "level")
        assert kept.notes == ()


def test_columns_that_count_nothing_stay(table):
    ten = "".join(f"{2 * i},{i}.5\n" for i in range(12))
    assert table("a,b\n" + ten).names == ("a", "b")
    assert table("a\n" + "".join(f"{i}\n" for i in range(20))).names == ("a",)
    few = "".join(f"{i},{i}.5\n" for i in range(3))
    assert table("a,b\n" + few).names == ("a", "b")


def test_names_that_pandas_gives(table):
    assert table(",0,1\n0,1.5,2\n1,3,4\n").names == ("0", "1")
    found = table("0,1\n1.5,2\n3,4\n")
    assert (found.names, found.values.tolist()) == (("0", "1"), [[1.5, 2.0], [3.0, 4.0]])
    assert "taken for names" in found.notes[0]
    assert len(table("0,1\n1,0\n1,1\n").values) == 3


def test_thousands_are_read_where_that_is_said(table):
    for text, mark in (("a;b\n1.234,5;2\n", "."), ("a\tb\n1'234.5\t2\n", "'"), ('a,b\n"1,234.5",2\n', ",")):
        assert table(text, thousands=mark).values.tolist() == [[1234.5, 2.0]]
    with pytest.raises(gs.DataError, match=r"line 2, column a: '1,23' has a decimal comma|no number"):
        table('a,b\n"1,23",2\n', thousands=",")


def test_a_point_among_decimal_commas_is_no_number(table):
    with pytest.raises(gs.DataError, match=r"line 3, column b: '2.5' has a decimal point where decimal=','"):
        table("a;b\n1,5;2\n1,5;2.5\n", decimal=",")


def test_comments_and_comment_like_lines(table):
    assert table("# made by us\na,b\n1,2\n# later\n3,4\n", comment="#").values.tolist() == [[1, 2], [3, 4]]
    assert table("#\n1,2\n3,4\n").values.tolist() == [[1, 2], [3, 4]]
    with pytest.raises(gs.DataError, match=r"line 3: 1 cell .*comment='#'"):
        table("a,b\n1,2\n# made by us\n")


MISSING = "a,b\n1,2\nNA,3\n4,?\n5,6\n7,.\n,8\n"


def test_missing_values_are_refused_dropped_or_kept(table):
    with pytest.raises(
        gs.DataError, match=r"line 3, column a: a missing value \('NA'\); .*missing='drop'.*4 rows"
    ):
        table(MISSING)
    dropped = table(MISSING, missing="drop")
    assert dropped.values.tolist() == [[1.0, 2.0], [5.0, 6.0]]
    assert (tuple(dropped.lines), dropped.dropped) == ((2, 5), (3, 4, 6, 7))
    assert "4 of 6 rows dropped for missing values (a 2, b 2): lines 3, 4, 6, 7" in dropped.notes[0]
    kept = table(MISSING, missing="keep")
    assert np.isnan(kept.values).sum() == 4
    assert tuple(kept.lines) == (2, 3, 4, 5, 6, 7)


def test_words_and_numbers_of_ones_own_for_missing_values(table):
    text = "a,b\n1,2\n-999,3\n4,unknown\n5,6\n"
    found = table(text, missing="keep", missing_words=["-999", "Unknown"])
    assert np.isnan(found.values).sum(axis=0).tolist() == [1, 1]
    assert table("a,b\n1,2\n-999.0,3\n", missing="drop", missing_words="-999").values.tolist() == [[1.0, 2.0]]
    with pytest.raises(gs.DataError, match="every row has a missing value"):
        table("a,b\n1,\n,3\n", missing="drop")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,12%\n", "line 3, column b: '12%' has a percent sign"),
        ("a,b\n\u20ac5,2\n", "line 2, column a: '\u20ac5' has a sign of currency.*drop=a"),
        ("a,b\n1,2\n$5.20,3\n", "line 3, column a: .*sign of currency"),
        ("day,b\n2024-03-01,2\n", "line 2, column day: '2024-03-01' is a date or time.*drop=day"),
        ("day,b\n01.03.2024 12:30,2\n", "line 2, column day: .*date or time"),
        ("day,b\n3/1/24,2\n", "line 2, column day: .*date or time"),
        ("a,b\nTRUE,2\n", "line 2, column a: 'TRUE' is a truth value"),
        ("a,b\n12 kg,2\n", "line 2, column a: '12 kg' has a unit"),
        (
            'a,b\n"1,234,567",2\n',
            "line 2, column a: '1,234,567' has separators of thousands; pass thousands=','",
        ),
        ("a;b\n1.234.567;2\n", "line 2, column a: .*thousands='.' and decimal=','"),
        ("a;b\n1,5;2\n1.234,5;2\n", "line 3, column a: .*pass thousands='.'"),
        ("a;b\n1.5;2\n1,5;2\n", "line 3, column a: '1,5' has a decimal comma; pass decimal=','"),
        ('a,b\n1,2\n"3,4\n5,6\n', "line 3"),
        ('a,b\n1,2\n3,"4\n5,6\n', "line 3, column b: .* runs over several lines: is a quotation mark left"),
        ("My data,,\na,b,c\n1,2,3\n", "line 2, where no cell is a number .do lines stand above the names"),
        ("a,b\n1,2\n3,4,5\n", "line 3: 3 cells where the first line has 2; a decimal comma"),
        ('"a,b\n' + "5,6\n" * 60, "line 1: each line stands in one pair of quotation marks; remove them"),
        ("h m\na 1 2\na 3 4\n", "line 2: the table seems to begin here"),
        ("wing length body\n1 2\n3 4\n", "line 2: 2 cells where the first line has 3; names with spaces"),
    ],
)
def test_what_is_no_number_is_named_with_a_remedy(text, message, table):
    with pytest.raises(gs.DataError, match=message):
        table(text)


def archived(name):
    import tarfile

    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return content.getvalue()


def zipped(*names):
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            zipped("[Content_Types].xml", "xl/workbook.xml"),
            r"Excel workbook \(.xlsx\).*save the sheet as CSV",
        ),
        (zipped("mimetype", "content.xml"), "OpenDocument"),
        (zipped("a.csv"), "a ZIP archive of a.csv, .*unpack it"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "a picture"),
        (b"%PDF-1.7\n1 0 obj", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "old Excel workbook"),
        (b"\x80\x04\x95\0\0", "a pickle.*can run any code"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b'{"format": "gmmscape-fit"}', "is JSON"),
        (b"SQLite format 3\0", "SQLite"),
        (zipped("word/document.xml"), "a Word document.*save its table as CSV"),
        (archived("a.csv"), "a TAR archive.*unpack it"),
        (b",,\n,,\n", "is empty: pass a file with one row of numbers a line"),
        (b"\x93NUMPY\x01\0", "damaged file of NumPy"),
        (bz2.compress(b"1 2\n" * 99)[:-9], "damaged bzip2"),
        (lzma.compress(b"1 2\n" * 99)[:-9], "damaged xz"),
        (b"1,2\n\x01\x02,3\n", "control characters"),
    ],
)
def test_what_is_no_table_is_named(content, message, table):
    with pytest.raises(gs.DataError, match=message):
        table(content)


def test_arrays_of_numpy(tmp_path):
    np.save(tmp_path / "x.npy", X)
    assert np.array_equal(read_table(tmp_path / "x.npy").values, X)
    np.savez(tmp_path / "x.npz", X=X, labels=np.zeros((1, 1, 3)))
    assert np.array_equal(read_table(tmp_path / "x.npz", columns="2").values, X[:, 1:])
    np.savez(tmp_path / "columns.npz", height=X[:, 0], mass=X[:, 1])
    assert read_table(tmp_path / "columns.npz").names == NAMES
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(gs.DataError, match="can run any code"):
        read_table(tmp_path / "objects.npy")
    np.save(tmp_path / "holes.npy", np.array([[1.0, 2.0], [np.nan, 3.0]]))
    with pytest.raises(gs.DataError, match="row 2, column column1: a missing value"):
        read_table(tmp_path / "holes.npy")


def test_columns_and_weights_of_arrays(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.rec.fromarrays([X[:, 0], X[:, 1]], names="height,mass"))
    assert read_table(path).names == NAMES
    np.save(path, X[:, 0])
    assert read_table(path).values.tolist() == X[:, :1].tolist()
    np.save(path, np.abs(X))
    found = read_table(path, weights_column="2")
    assert (found.values.tolist(), found.weights.tolist()) == (
        np.abs(X[:, :1]).tolist(),
        np.abs(X[:, 1]).tolist(),
    )


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2, 2)), r"holds an array of shape \(2, 2, 2\): save one of shape"),
        (np.zeros((0, 2)), r"holds an array of shape \(0, 2\)"),
        (np.zeros((3, 2), complex), "column column1 holds no numbers but complex128"),
        (np.array([[1.0, np.inf]]), "row 1, column column2: inf is not finite"),
        (np.zeros(3, [("u", "f8", 2), ("v", "f8")]), r"column u holds no numbers but arrays of shape \(2,\)"),
        ({"a": np.zeros((3, 2)), "b": np.ones((3, 2))}, "holds the arrays a, b: save the rows alone"),
    ],
)
def test_arrays_that_are_no_table(array, message, tmp_path):
    path = tmp_path / "x.npz"
    with path.open("wb") as file:
        np.savez(file, **array) if isinstance(array, dict) else np.save(file, array)
    with pytest.raises(gs.DataError, match=message):
        read_table(path)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a\n1\n", {"decimal": ";"}, "decimal=';': pass '.' or ','"),
        ("a\n1\n", {"thousands": "x"}, "thousands='x': pass one of"),
        ("a\n1\n", {"thousands": ",", "decimal": ","}, "thousands=',': pass another mark than the decimal"),
        ("a\n1\n", {"encoding": "klingon"}, "encoding='klingon': pass the name of one"),
        ("\u00e9\n1\n", {"encoding": "ascii"}, "is not ascii: pass another encoding"),
        ("a\n1\n".encode("utf-16")[:-1], {}, "is not the UTF-16 that it says"),
        ("a,b,w\n1,2,3\n", {"weights_column": "1-2"}, "weights_column='1-2': it names 2 columns: name one"),
        ("a,w\n1,2\n3,\n", {"weights_column": "w"}, "line 3: the weight is missing; fill it in"),
        ("a\n1\n", {"callback": lambda event: True}, "reading was stopped after 1 rows"),
    ],
)
def test_what_is_said_of_a_text_has_to_fit(text, options, message, table):
    with pytest.raises(gs.GmmscapeError, match=message):
        table(text, **options)


def test_parquet_feather_and_zstd(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import feather, parquet

    (tmp_path / "damaged").write_bytes(b"PAR1garbage\0PAR1")
    with pytest.raises(gs.DataError, match="damaged Parquet"):
        read_table(tmp_path / "damaged")

    frame = arrow.table({"height": X[:, 0], "kind": ["a"] * len(X), "mass": [*X[:3, 1], None]})
    parquet.write_table(frame, tmp_path / "x.parquet")
    feather.write_feather(frame, tmp_path / "x.feather")
    for name in ("x.parquet", "x.feather"):
        found = read_table(tmp_path / name, drop="kind", missing="drop")
        assert (found.names, found.dropped, found.place) == (NAMES, (4,), "row")
        assert np.array_equal(found.values, X[:3])
        with pytest.raises(gs.DataError, match=r"column kind holds no numbers but string.*drop='kind'"):
            read_table(tmp_path / name, missing="drop")
    with arrow.CompressedOutputStream(str(tmp_path / "x.csv.zst"), "zstd") as file:
        file.write(TEXTS["old Mac"].encode())
    assert np.array_equal(read_table(tmp_path / "x.csv.zst").values, X)


def test_blocks_make_one_table(table, monkeypatch):
    """Records that quotation marks carry over lines, and rows read closely, meet those read at once."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 3)).round(6)
    rows = [",".join(map(repr, row)) for row in values.tolist()]
    rows[100] = '"{}\n",{},{}'.format(*values[100].tolist())
    rows[200:200] = ["", ",,"]
    text = "a,b,c\n" + "\n".join(rows) + "\n"
    whole = table(text)
    monkeypatch.setattr("gmmscape.tables.records.EFFORT", SmallBlocks)
    parts = table(text)
    assert np.array_equal(parts.values, whole.values)
    assert np.array_equal(whole.values, values)
    assert tuple(parts.lines) == tuple(whole.lines)
    assert whole.lines[101] == 104


class SmallBlocks:
    """Effort that reads a few lines at once."""

    class measure:  # noqa: N801
        characters_at_once = 500
        records_looked_at = 20
        joined_lines = 50


@pytest.mark.parametrize(
    ("text", "closely"),
    [
        ("a,b\n" + "1,2.5\n" * 50, 0),
        ("a;b\n" + "1;2,5\n" * 50, 0),
        ("a b\n" + "1 2.5\n" * 50, 0),
        ("name,a,b\n" + "x,1,2.5\n" * 50, 0),
        ("a,b,\n" + "1,2.5,\n" * 50, 0),
        ("a,b\n" + "1,2.5\n" * 25 + "NA,3\n" + "1,2.5\n" * 24, 1),
    ],
)
def test_only_lines_that_hold_more_than_numbers_are_read_closely(text, closely, table, monkeypatch):
    read, looked_at = _Reading._row, []
    monkeypatch.setattr(_Reading, "_row", lambda self, *a, **k: looked_at.append(1) or read(self, *a, **k))
    found = table(text, missing="keep", drop="name" if text.startswith("name") else None)
    assert found.values.shape == (50, 2)
    assert len(looked_at) == closely


def test_commas_between_white_space_are_decimal_ones(table):
    assert table("1,5 2,25 3,5\n2,5 3,5 4,5\n").values.tolist() == [[1.5, 2.25, 3.5], [2.5, 3.5, 4.5]]
