"""Certificates of truths on a line of space are proved, and refused where line, index or boxes are wrong."""

import json
from fractions import Fraction

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import CertificateError
from gmmscape.proof.balls import precision
from gmmscape.proof.certificate import digest_of
from gmmscape.proof.certify import Aim, _attempt
from gmmscape.proof.problem import PopulationProblem
from gmmscape.proof.reduced import reduced, start_of
from gmmscape.structure.structure import decode
from gmmscape.verifier.interval import Interval
from gmmscape.verifier.span import Span

AXIS = np.array([0.375, -0.5, 0.75])


@pytest.fixture(scope="module")
def certificates():
    """A minimum of one mean, and a saddle whose two means part along all three axes."""
    found = {}
    for name, tau, at in [("minimum", 1.0, [0.0]), ("saddle", 1.5, [0.0, 0.0])]:
        truth = gs.Mixture([0.5, 0.5], np.outer([-1.0, 1.0], AXIS), [tau**2] * 2, "spherical")
        land = lab.Landscape(lab.Population(truth), len(at), 1.0)
        found[name] = lab.certify(np.outer(at, AXIS), land)
    return found


@pytest.mark.parametrize("name", ["minimum", "saddle"])
def test_certificates_are_proved(certificates, name, tmp_path):
    certificates[name].to_json(tmp_path / "c.json")
    assert lab.verify(tmp_path / "c.json") is True


def moved(text, by):
    return f"{int(float(text) * 10**12 + by * 10**12)}e-12"


def off(content, by):
    """Move the first mean at right angles to the line."""
    content["point"][:2] = [moved(content["point"][0], 4 * by), moved(content["point"][1], 3 * by)]


#: Claims that are wrong, with a digest that fits them, and what is said of them.
LIES = {
    "an index along the line only": ("saddle", lambda c: c.update(index=1), "index"),
    "an index of one axis out of it": ("saddle", lambda c: c.update(index=2), "index"),
    "a saddle as a minimum": ("saddle", lambda c: c.update(index=0), "index"),
    "a minimum as a saddle": ("minimum", lambda c: c.update(index=2), "index"),
    "no span": ("saddle", lambda c: c.update(span=None), "plane or on a line"),
    "a span of two dimensions": ("saddle", lambda c: c.update(span=2), "span"),
    "a span of none": ("saddle", lambda c: c.update(span=0), "span"),
    "a span that is no number": ("saddle", lambda c: c.update(span=True), "span"),
    "a center off the line": (
        "saddle",
        lambda c: c["problem"]["centers"].append([0.1, 0.2, 0.3]) or c["problem"]["weights"].append(0.5),
        "the centers span more",
    ),
    "another line": ("saddle", lambda c: c["problem"]["centers"][1].__setitem__(0, 0.5), "not on the line"),
    "a mean off the line": ("saddle", lambda c: off(c, 1e-9), "not on the line"),
    "a mean elsewhere on it": ("saddle", lambda c: c.update(point=["375e-4", "-5e-2", "75e-3"] * 2), "box"),
    "a box too wide": ("saddle", lambda c: c.update(radius="6e-2"), "box"),
    "the kl of the line alone": (
        "saddle", lambda c: c.update(kl=[moved(x, -0.43907) for x in c["kl"]]), "kl",
    ),
    "the nll of the line alone": (
        "minimum", lambda c: c.update(nll=[moved(x, -np.log(2 * np.pi) - 1) for x in c["nll"]]), "nll",
    ),
    "a smaller error": ("saddle", lambda c: c.update(errors=[["0", "1e-3"]] * 2), "error"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_wrong_claims_are_refused(certificates, lie, tmp_path):
    name, change, why = LIES[lie]
    certificates[name].to_json(tmp_path / "lie.json")
    content = json.loads((tmp_path / "lie.json").read_text())
    change(content)
    header = ("format", "format_version", "gmmscape_version")
    content["digest"] = digest_of({key: content[key] for key in content if key not in header})
    (tmp_path / "lie.json").write_text(json.dumps(content))
    with pytest.raises(CertificateError, match=rf"proves nothing: .*{why}"):
        lab.verify(tmp_path / "lie.json")


def test_centers_in_one_place_have_the_line_along_the_first_axis():
    place = [Fraction(1), Fraction(2)]
    (along,) = Span([place, place], 1).coordinates([Fraction(4), Fraction(7)])
    assert along.lo <= 3 << Interval.bits <= along.hi < 4 << Interval.bits


def test_rows_have_no_span(tmp_path):
    rows = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.0]])
    sample = lab.Landscape(lab.Sample(rows), 1, sigma=1.0)
    lab.certify(rows.mean(axis=0)[None], sample).to_json(tmp_path / "c.json")
    assert lab.verify(tmp_path / "c.json")
    content = json.loads((tmp_path / "c.json").read_text())
    content["span"] = 1
    header = ("format", "format_version", "gmmscape_version")
    content["digest"] = digest_of({key: content[key] for key in content if key not in header})
    (tmp_path / "c.json").write_text(json.dumps(content))
    with pytest.raises(CertificateError, match="rows have no centers"):
        lab.verify(tmp_path / "c.json")


def test_certificates_without_the_word_are_of_all_dimensions(tmp_path):
    """As written before there were spans."""
    line = lab.Landscape(lab.Population(gs.Mixture.location([-1.0, 1.0], 1.0)), 1)
    lab.certify([[0.0]], line).to_json(tmp_path / "c.json")
    content = json.loads((tmp_path / "c.json").read_text())
    del content["span"]
    header = ("format", "format_version", "gmmscape_version")
    content["digest"] = digest_of({key: content[key] for key in content if key not in header})
    (tmp_path / "c.json").write_text(json.dumps(content))
    assert lab.verify(tmp_path / "c.json")
    assert lab.Certificate.from_json(tmp_path / "c.json").span is None


@pytest.mark.slow
def test_a_plane_in_space(tmp_path):
    """A saddle from which two means part along both axes of the plane and the one across, in few digits."""
    centers, means = np.array([[0, 0, 0], [1.5, 0.25, 0], [0, 1, 1.0]]), np.full((2, 3), [0.5, 5 / 12, 1 / 3])
    truth = gs.Mixture(np.full(3, 1 / 3), centers, [2.25] * 3, "spherical")
    whole = PopulationProblem((1.0,) * 3, tuple(map(tuple, centers.tolist())), 1.5, 1.0, 2)
    plane = reduced(whole, means)
    with precision(62):
        aim = Aim(decode(means, truth, sigma=1.0).structure, None, False)
        found = _attempt(plane, start_of(plane, means), aim, 30)
    assert (found.span, found.index) == (2, 3)
    found.to_json(tmp_path / "c.json")
    assert lab.verify(tmp_path / "c.json")
    content = json.loads((tmp_path / "c.json").read_text())
    for change in ({"index": 2}, {"span": 1}):
        lie = {key: content[key] for key in content if not key.endswith(("format", "version", "digest"))}
        lie.update(change)
        (tmp_path / "lie.json").write_text(json.dumps({**content, **lie, "digest": digest_of(lie)}))
        with pytest.raises(CertificateError, match=r"the index is another|the centers span more"):
            lab.verify(tmp_path / "lie.json")
