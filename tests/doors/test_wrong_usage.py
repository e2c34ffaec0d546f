"""Wrong usages, and what each is told: what is wrong, where, and what to do."""

from __future__ import annotations

import gzip
import pickle
import shutil
from pathlib import Path

import pytest

from doors.commandline import failed, inside

TABLES = {
    "text.csv": "id,name,x\n1,a,2\n2,b,3\n",
    "short.csv": "x,y\n1,2\n3\n",
    "missing.csv": "x,y\n1,2\n3,\n",
    "comma.csv": "x;y\n1.5;2\n1,5;4\n",
    "empty.csv": "",
    "gaps.csv": "x,y\n,2\n3,4\n5,NA\n6,\n",
    "cell.csv": "x,y\n1,2\na,4\n",
    "marked.csv": "x,y\n1,2\n# stations\n3,4\n",
    "twice.csv": "x,x\n1,2\n",
    "equal.csv": "x,y\n1,2\n1,2\n1,2\n",
    "weights.csv": "x,w\n1,1\n2,-1\n3,1\n",
    "rows.csv": "east,north\n" + "".join(f"{i % 7}.5,{i % 5}.25\n" for i in range(39)),
    "other.json": '{"a": 1}',
    "notes.txt": "mine\n",
}
#: Arguments, the exit code, and what the message says.
WRONG = [
    (["fitt", "rows.csv"], 2, "there is no command 'fitt': did you mean fit?"),
    (["xyzzy"], 2, "there is no command 'xyzzy': choose one of fit, diagnose, repair"),
    (["fit", "rows.csv"], 2, "Say how many there are, as in -k 3; `gmmscape select` finds it out."),
    (["fit", "-k", "3"], 2, "Missing argument 'FILE'"),
    (["fit", "rows.csv", "-k", "1:5"], 2, "or compare several by `gmmscape select FILE -k 1:5`"),
    (
        ["fit", "rows.csv", "-k", "2", "--seed", str(2**70)],
        2,
        "too large: write a number up to 4294967295",
    ),
    (["fit", "rows.csv", "-k", "2", "--columns", "esat"], 2, "'esat': did you mean east? choose among east"),
    (["fit", "/dev/zero", "-k", "2"], 3, "/dev/zero is a device, which may have no end"),
    (["fit", "rows.csv", "-k", "2", "--json", "/dev/null"], 2, "'/dev/null': pass a regular file"),
    (["map", "gaps.csv", "-k", "1", "--sigma", "1"], 3, "line 2, column x: a missing value ('')"),
    (["map", "gaps.csv", "-k", "1", "--sigma", "1"], 3, "3 rows have missing values: x 1, y 2"),
    (
        ["fit", "cell.csv", "-k", "1"],
        3,
        "line 3, column x: 'a' is no number, as there were above it",
    ),
    (
        ["fit", "marked.csv", "-k", "1"],
        3,
        "lines that begin with # are comments where --comment '#' is passed",
    ),
    (["select", "rows.csv", "--k", "1:"], 2, "'1:' is no list of numbers: write 1:20"),
    (["fit", "rows.csv", "-k", "2", "--report", "other.json"], 2, "is not a report that gmmscape wrote"),
    (["fit", "rows.csv", "-k", "two"], 2, "'two' is no whole number from 1 on: write one, as in -k 3"),
    (["fit", "rows.csv", "-k", "2.5"], 2, "'2.5' is no whole number from 1 on"),
    (["fit", "rows.csv", "-k", "0"], 2, "'0' is no whole number from 1 on"),
    (["fit", "rows.csv", "-k", "50"], 3, "-k 50 but FILE has only 39 rows (of positive weight)"),
    (["fit", "rows.csv", "-k", "2", "--covariance", "round"], 2, "'round' is no family"),
    (["fit", "rows.csv", "-k", "2", "--columns", "z"], 2, "--columns 'z': choose among east, north, or by"),
    (["fit", "rows.csv", "-k", "2", "--drop", "1-2"], 2, "leave at least one column"),
    (
        ["fit", "rows.csv", "-k", "2", "--weights-column", "w"],
        2,
        "--weights-column 'w': choose among east, north",
    ),
    (
        ["fit", "weights.csv", "-k", "1", "--weights-column", "w"],
        3,
        "weights.csv, line 3, column w: the weight -1",
    ),
    (["fit", "nowhere.csv", "-k", "2"], 3, "nowhere.csv: No such file or directory"),
    (["fit", "folder", "-k", "2"], 3, "folder holds no files: name a folder that does"),
    (
        ["fit", "text.csv", "-k", "1"],
        3,
        "text.csv, line 2, column name: 'a' is no number; leave out what is text: --drop name",
    ),
    (["fit", "short.csv", "-k", "1"], 3, "short.csv, line 3: 1 cell where the first line has 2"),
    (["map", "missing.csv", "-k", "1", "--sigma", "1"], 3, "missing.csv, line 3, column y: a missing value"),
    (
        ["fit", "comma.csv", "-k", "1"],
        3,
        "comma.csv, line 3, column x: '1,5' has a decimal comma; pass --decimal ','",
    ),
    (["fit", "empty.csv", "-k", "1"], 3, "empty.csv is empty: pass a file with one row of numbers a line"),
    (["fit", "twice.csv", "-k", "1"], 3, "the header names x more than once: rename the columns"),
    (["fit", "equal.csv", "-k", "1"], 3, "all rows equal"),
    (["fit", "binary.csv", "-k", "1"], 3, "binary.csv is neither UTF-8 nor Windows-1252 text"),
    (["fit", "cut.csv.gz", "-k", "1"], 3, "cut.csv.gz is a damaged gzip file"),
    (["fit", "rows.csv", "-k", "2", "--json", "rows.csv"], 2, "--json would be written onto FILE (rows.csv)"),
    (
        ["fit", "rows.csv", "-k", "2", "--json", "notes.txt"],
        2,
        "is not JSON that gmmscape wrote: name another file, or",
    ),
    (
        ["fit", "rows.csv", "-k", "2", "--json", "no/x.json"],
        2,
        "there is no folder there that can be written to",
    ),
    (["fit", "rows.csv", "-k", "2", "--json", "folder"], 2, "pass a regular file: this is none"),
    (
        ["fit", "rows.csv", "-k", "2", "--max-seconds", "soon"],
        2,
        "'soon' is no number from 0 on: write one, as in",
    ),
    (["fit", "rows.csv", "-k", "2", "--tol", "-1"], 2, "'-1' is no number from 0 on"),
    (["fit", "rows.csv", "-k", "2", "--n-jobs", "0"], 2, "write a number from 1 on, or -1 for all cores"),
    (["fit", "rows.csv", "-k", "2", "--jsno", "a"], 2, "No such option '--jsno'"),
    (["fit", "rows.csv", "-k", "2", "--delimiter", "ab"], 2, "--delimiter 'ab': pass one character"),
    (["fit", "rows.csv", "-k", "2", "--covariance-prior", "lots"], 2, "write auto, or a number, 0 for none"),
    (
        ["diagnose", "rows.csv", "fit.json"],
        2,
        "fit.json is JSON and rows.csv is no model: MODEL comes before FILE",
    ),
    (["diagnose", "other.json", "rows.csv"], 3, "other.json holds no usable model"),
    (
        ["diagnose", "model.pkl", "rows.csv"],
        3,
        "model.pkl is a pickle or another binary file, which is not opened",
    ),
    (
        ["diagnose", "fit.json", "text.csv"],
        3,
        "text.csv lacks east, north: the model was fitted on columns east, north, and the file has id,",
    ),
    (["diagnose", "fit.json", "rows.csv", "--columns", "east"], 3, "FILE has 1 column where the model has 2"),
    (["repair", "fit.json", "rows.csv"], 2, "Missing option '--model'"),
    (["repair", "fit.json", "rows.csv", "--model", "fit.json"], 2, "--model would be written onto MODEL"),
    (["select", "rows.csv", "--k", "a:b"], 2, "'a:b' is no list of numbers: write 1:20, or 1,2,5:8"),
    (["select", "rows.csv", "--covariance", "fulll"], 2, "fulll: choose from full, tied, diag, spherical"),
    (
        ["optima", "rows.csv", "-k", "2", "--plot", "a.xyz"],
        2,
        "'a.xyz' is no name of a picture: let it end in .png",
    ),
    (
        ["optima", "rows.csv", "-k", "2", "--plot", "-"],
        2,
        "'-' is standard output, which takes text: name a file",
    ),
    (["optima", "rows.csv", "-k", "2", "--checkpoint", "other.json"], 3, "is no checkpoint"),
    (["map", "--centers=1,2"], 2, "--centers needs --sigma, the standard deviation of each component"),
    (["map", "--centers=1,2", "--sigma", "1,1"], 2, "the truth's is given by --true-sigma"),
    (["map", "--centers=1,2", "--sigma", "0", "--true-sigma", "0"], 2, "Invalid value for --true-sigma: 0.0"),
    (["map", "rows.csv", "-k", "2"], 2, "a FILE needs --sigma, the standard deviation of the fit\n"),
    (["phase", "--centers", "f(x)", "--x", "1:2:3", "--y", "1:2:3"], 2, "use x, y, numbers, + - * / **"),
    (["basins", "--centers=1,2", "--sigma", "1", "--means=3"], 2, "pass 2 numbers: 2 means of 1 coordinate"),
    (["demo", "--jsno"], 2, "No such option '--jsno'"),
]


@pytest.fixture(name="folder", scope="module")
def with_files(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("wrong")
    for name, text in TABLES.items():
        (folder / name).write_text(text)
    (folder / "folder").mkdir()
    (folder / "binary.csv").write_bytes(bytes(range(128, 256)))
    (folder / "cut.csv.gz").write_bytes(gzip.compress(TABLES["rows.csv"].encode())[:40])
    (folder / "model.pkl").write_bytes(pickle.dumps([1]))
    done = inside("fit", "rows.csv", "-k", 2, "--json", "fit.json", "--quiet", cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    return folder


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_it_is_told_what_to_do(arguments, code, said, folder, tmp_path):
    if any(argument.endswith(".xyz") for argument in arguments):
        pytest.importorskip("matplotlib")
    shutil.copytree(folder, tmp_path / "files")
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    failed(inside(*arguments, cwd=tmp_path / "files"), code, said)
    after = {file.name: file.read_bytes() for file in (tmp_path / "files").iterdir() if file.is_file()}
    assert after == before
