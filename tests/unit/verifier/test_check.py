"""Certificates are proved, and refused when anything in them is changed or wrong."""

import ast
import json
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
import gmmscape.verifier
from gmmscape import lab
from gmmscape.exceptions import CertificateError
from gmmscape.proof.balls import precision
from gmmscape.proof.birth import _attempt
from gmmscape.proof.certificate import digest_of
from gmmscape.proof.moving import PathProblem
from marks import rest_slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A certificate of a truth, of a saddle, of rows, and of a birth."""
    folder = tmp_path_factory.mktemp("certificates")
    land = lab.Landscape(lab.Population(gs.Mixture.location([-2.0, 2.0], 1.0)), 2)
    lab.certify([-2.0, 2.0], land).to_json(folder / "minimum.json")
    lab.certify([0.0, 0.0], land).to_json(folder / "saddle.json")
    rows = np.random.default_rng(0).normal([[0.0], [5.0]], 1.0, (2, 6)).reshape(-1, 1)
    sample = lab.Landscape(lab.Sample(rows, np.arange(1, 13)), 2, sigma=1.0)
    lab.certify(sample.descend([0.0, 5.0]), sample).to_json(folder / "rows.json")
    birth = lab.birth(
        lambda D: gs.Mixture.location([-0.5, 0.5, D], 1.0), [((0,), (0, 1)), ((1, 2), (2,))], (3.0, 9.0)
    )
    lab.certify_birth(birth).to_json(folder / "birth.json")
    return folder


@pytest.mark.parametrize("name", ["minimum", "saddle", "rows", "birth"])
def test_certificates_are_proved(folder, name):
    assert lab.verify(folder / f"{name}.json") is True


@pytest.mark.parametrize("name", ["minimum", "rows", "birth"])
def test_random_corruptions_are_refused(folder, name, tmp_path):
    """Any byte of the file changed, added or lost, in the header too unless it says the same."""
    draw, data = random.Random(0), (folder / f"{name}.json").read_bytes()
    refused = 0
    for _ in range(170):
        place = draw.randrange(len(data))
        changed = bytearray(data)
        how = draw.choice(["change", "drop", "add", "digit"])
        if how == "drop":
            del changed[place]
        elif how == "add":
            changed.insert(place, draw.randrange(33, 127))
        elif how == "digit":
            place = draw.choice([i for i, byte in enumerate(data) if chr(byte).isdigit()])
            changed[place] = ord(str((int(chr(data[place])) + draw.randrange(1, 10)) % 10))
        else:
            changed[place] ^= 1 << draw.randrange(7)
        before, after = json.loads(data), _parsed(bytes(changed))
        if after is not None and {**after, "gmmscape_version": ""} == {**before, "gmmscape_version": ""}:
            continue  # white space, or the version of the program, of which nothing is claimed
        (tmp_path / "c.json").write_bytes(bytes(changed))
        with pytest.raises(CertificateError, match="proves nothing"):
            lab.verify(tmp_path / "c.json")
        refused += 1
    assert refused > 130


def _parsed(data):
    try:
        return json.loads(data)
    except ValueError:
        return None


def shifted(text, by):
    return str(float(Fraction(text)) + by)


#: Claims that are wrong, with a digest that fits them.
LIES = {
    "a saddle as a minimum": ("saddle", lambda c: c.update(index=0)),
    "a minimum as a saddle": ("minimum", lambda c: c.update(index=1)),
    "another truth": ("minimum", lambda c: c["problem"]["centers"][1].__setitem__(0, 2.001)),
    "other weights": ("minimum", lambda c: c["problem"].update(weights=[0.5, 0.501])),
    "another sigma": ("minimum", lambda c: c["problem"].update(sigma=1.0001)),
    "more means": ("minimum", lambda c: c["problem"].update(n_components=3)),
    "a box elsewhere": ("minimum", lambda c: c["point"].__setitem__(0, "-1.9")),
    "a box too wide": ("minimum", lambda c: c.update(radius="3")),
    "two points in one box": ("saddle", lambda c: c.update(radius="2.5")),
    "a tight box wider than the box": ("minimum", lambda c: c.update(tight_radius="0.5")),
    "a smaller nll": ("minimum", lambda c: c.update(nll=[shifted(x, -1e-9) for x in c["nll"]])),
    "another kl": ("saddle", lambda c: c.update(kl=[shifted(x, 1e-9) for x in c["kl"]])),
    "no errors": ("minimum", lambda c: c.update(errors=[])),
    "a smaller error": ("saddle", lambda c: c.update(errors=[["0", "1e-3"]] * 2)),
    "a smaller defect": ("minimum", lambda c: c.update(defect=["0", "1e-6"])),
    "another structure": ("minimum", lambda c: c.update(blocks=[{"means": [0], "centers": [0, 1]},
                                                               {"means": [1], "centers": []}])),
    "blocks that miss a mean": ("minimum", lambda c: c.update(blocks=[{"means": [0], "centers": [0, 1]}])),
    "a strip with a pole": ("minimum", lambda c: c["rule"].update(strip=0.9)),
    "a coarse rule": ("minimum", lambda c: c["rule"].update(step=1.0)),
    "a short rule": ("minimum", lambda c: c["rule"].update(reach=4.0)),
    "no digits": ("minimum", lambda c: c.update(bits=8)),
    "less than no digits": ("minimum", lambda c: c.update(bits=-10)),
    "endless digits": ("minimum", lambda c: c.update(bits=10**9)),
    "an endless number": ("minimum", lambda c: c.update(radius="1e99999999")),
    "no decimal number": ("minimum", lambda c: c.update(radius="1/64")),
    "numbers in strings": ("minimum", lambda c: c["problem"].update(sigma="1")),
    "an error of less than it is": ("saddle", lambda c: c.update(errors=[["1", "1.99999999999"]] * 2)),
    "ends of a path that do not fit": ("birth", lambda c: c["problem"].update(low=c["problem"]["low"][:2])),
    "another row": ("rows", lambda c: c["problem"]["rows"][3].__setitem__(0, 9.0)),
    "another weight of a row": ("rows", lambda c: c["problem"]["weights"].__setitem__(3, 0.5)),
    "rows with a divergence": ("rows", lambda c: c.update(kl=["0", "1"])),
    "another birth": ("birth", lambda c: c["point"].__setitem__(-1, shifted(c["point"][-1], 1e-9))),
    "a birth on another path": ("birth", lambda c: c["problem"]["high"].__setitem__(2, 9.001)),
    "a birth of another null vector": ("birth", lambda c: c["normal"].__setitem__(0, 0.9)),
}  # fmt: skip


@pytest.mark.parametrize("lie", rest_slow(list(LIES), len(LIES) - 2))
def test_wrong_claims_are_refused(folder, lie, tmp_path):
    name, change = LIES[lie]
    content = json.loads((folder / f"{name}.json").read_text())
    change(content)
    header = ("format", "format_version", "gmmscape_version")
    content["digest"] = digest_of({key: content[key] for key in content if key not in header})
    (tmp_path / "lie.json").write_text(json.dumps(content))
    with pytest.raises(CertificateError, match="proves nothing"):
        lab.verify(tmp_path / "lie.json")


@pytest.mark.slow
def test_a_fold_of_saddles_is_no_birth_of_a_minimum(tmp_path, monkeypatch):
    """Two means in one place between two centers far off have a negative curvature, whatever else is born."""
    born = lab.birth(
        lambda D: gs.Mixture.location([-0.5, 0.5, D], 1.0), [((0,), (0, 1)), ((1, 2), (2,))], (3.0, 9.0)
    )
    low, high = (-0.5, 0.5, 3.0, 18.0, 22.0), (-0.5, 0.5, 9.0, 18.0, 22.0)
    problem = PathProblem((1.0,) * 5, (3.0, 9.0), low, high, 1.0, 1.0, 5)
    normal = (*born.direction.ravel().tolist(), 0.0, 0.0)
    start = [*born.means.ravel().tolist(), 20.0, 20.0, *normal, born.parameter]
    with precision(104):
        assert _attempt(problem, [Fraction(x) for x in start], normal, 72) is None
        monkeypatch.setattr("gmmscape.proof.birth._others_positive", lambda known, normal: True)
        certificate = _attempt(problem, [Fraction(x) for x in start], normal, 72)
    assert certificate is not None
    certificate.to_json(tmp_path / "fold.json")
    with pytest.raises(CertificateError, match="another curvature"):
        lab.verify(tmp_path / "fold.json")


@pytest.mark.slow
def test_a_mean_that_belongs_nowhere_makes_no_structure(tmp_path):
    """Its associations are next to zero, outside all blocks too, wherever it is counted."""
    land = lab.Landscape(lab.Population(gs.Mixture.location([-12.0, 12.0], 1.0)), 3)
    certificate = lab.certify([-12.0, 0.0, 12.0], land)
    assert not certificate.is_structured
    certificate.to_json(tmp_path / "c.json")
    assert lab.verify(tmp_path / "c.json")
    content = json.loads((tmp_path / "c.json").read_text())
    content["blocks"] = [{"means": [0, 1], "centers": [0]}, {"means": [2], "centers": [1]}]
    content["errors"][1] = ["11.9", "12.1"]
    header = ("format", "format_version", "gmmscape_version")
    content["digest"] = digest_of({key: content[key] for key in content if key not in header})
    (tmp_path / "lie.json").write_text(json.dumps(content))
    with pytest.raises(CertificateError, match="share in its centers"):
        lab.verify(tmp_path / "lie.json")


@pytest.mark.parametrize("text", ["", "{}", "[1]", "nonsense", '{"format": "gmmscape-atlas"}', '{"a": NaN}'])
def test_files_that_are_no_certificate(text, tmp_path):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(CertificateError, match="proves nothing"):
        lab.verify(tmp_path / "c.json")


def test_a_name_that_stands_there_twice_proves_nothing(folder, tmp_path):
    """Readers differ in which of two claims they take: a file has one."""
    text = (folder / "minimum.json").read_text()
    (tmp_path / "c.json").write_text(text.replace("{", '{"index": 5, ', 1))
    with pytest.raises(CertificateError, match="a name stands there twice"):
        lab.verify(tmp_path / "c.json")


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        lab.verify(tmp_path / "none.json")


def test_the_verifier_is_small_and_alone():
    """It imports the standard library, its own files and the exceptions; a referee can read it."""
    lines = Counter()
    for file in Path(gmmscape.verifier.__file__).parent.glob("*.py"):
        tree = ast.parse(file.read_text())
        texts = {
            line
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)
            for line in range(node.body[0].lineno, node.body[0].end_lineno + 1)
        }
        for number, line in enumerate(file.read_text().splitlines(), 1):
            lines[file.stem] += (
                bool(line.strip()) and not line.strip().startswith("#") and number not in texts
            )
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("gmmscape"):
                assert node.module.startswith(("gmmscape.verifier.", "gmmscape.exceptions"))
    shared = sum(lines[name] for name in ("check", "interval", "krawczyk", "objective"))
    assert shared < 400
    assert all(lines[name] < 220 for name in ("points", "births", "bounds", "census"))
