"""Phase diagrams: the numbers of minima, births and thresholds between cells, and how the work is run."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import FormatError, InvalidParameterError
from gmmscape.landscape.phases import Crossing
from gmmscape.plot.landscapes.phase import chained, segments_of
from gmmscape.results import read
from gmmscape.work import kept_file

XS, YS = np.linspace(1.0, 4.0, 4), np.linspace(5.0, 13.0, 5)


def line(radius: float, place: float) -> gs.Mixture:
    return gs.Mixture.location([-radius, radius, place], 1.0)


@pytest.fixture(scope="module")
def found() -> lab.PhaseDiagram:
    return lab.phase(line, XS, YS, 3, verify=0.2, rng=0)


@pytest.mark.slow
def test_counts_and_kinds_are_those_of_explorations(found: lab.PhaseDiagram):
    for i, j in ((0, 0), (0, 3), (2, 0), (2, 2), (4, 1), (4, 3)):
        atlas = lab.Landscape(lab.Population(line(XS[j], YS[i])), 3).explore(5, n_starts=32)
        assert found.counts[i, j] == len(atlas.minima)
        decodings = [point.decoding for point in atlas.minima if point.decoding is not None]
        unstructured = sum(not decoding.is_structured for decoding in decodings)
        assert found.kinds["unstructured"][i, j] == unstructured
        best = min(found.minima[i][j], key=lambda minimum: minimum.nll)
        assert best.nll == pytest.approx(atlas.minima[0].nll, abs=1e-5)
        assert best.defect == pytest.approx(decodings[0].defect, abs=1e-4)
    assert set(found.counts.ravel().tolist()) == {1, 2}
    assert sum(found.kinds.values()).tolist() == found.counts.tolist()
    assert (found.checked, found.disagreed, found.lost, found.supplied) == (4, 0, 0, 0)


@pytest.mark.slow
def test_births_are_those_of_birth_on_a_bracket_of_its_own(found: lab.PhaseDiagram):
    structure = [((0,), (0, 1)), ((1, 2), (2,))]
    born = [b for b in found.births if b.kind == "0>0,1  1,2>2"]
    for radius in (2.0, 3.0):
        (at,) = [b for b in born if b.x == radius and b.cells[0][1] == b.cells[1][1]]
        fold = lab.birth(lambda D, R=radius: line(R, D), structure, (2 * radius + 2, 2 * radius + 8))
        assert abs(at.y - fold.parameter) <= 10 * (at.error + fold.error)
        assert at.event == fold.kind == "fold"
        assert np.array(at.means).ravel() == pytest.approx(np.sort(fold.means.ravel()), abs=1e-6)
        (row, column), (other, _) = at.cells
        assert YS[other] < at.y < YS[row]
        assert found.kinds[at.kind][row, column] == 1 + found.kinds[at.kind][other, column]


@pytest.mark.slow
def test_defects_are_the_threshold_where_they_are_said_to_cross(found: lab.PhaseDiagram):
    assert found.thresholds
    for at in found.thresholds:
        decoding = lab.decode(np.array(at.means), line(at.x, at.y))
        # A millionth of a cell, times the steepness of the defect over one, which is below 1.
        assert decoding.defect == pytest.approx(0.5 / 3, abs=1e-5)


@pytest.mark.slow
def test_a_pitchfork_is_found_where_birth_finds_it():
    """Two means on three equally spaced centers (law 9); the second parameter is the standard deviation."""

    def spaced(separation: float, sigma: float) -> gs.Mixture:
        return gs.Mixture.location(separation * np.array([-1.0, 0.0, 1.0]), sigma)

    found = lab.phase(spaced, [5.0, 5.4, 5.9], [1.0, 1.1], 2, rng=0)
    assert found.counts.tolist() == [[1, 1, 2], [1, 1, 1]]
    places = {(b.event, round(b.x / b.y, 7)) for b in found.births}
    assert places == {("pitchfork", 5.4026195)}


@pytest.mark.slow
def test_a_minimum_next_to_its_fold_is_not_missed():
    """Its basin is so small there that descents on a coarse rule leave it; following finds it."""
    structure = [((0, 1), (0,)), ((2,), (1, 2))]
    radius = 6.0
    fold = lab.birth(lambda share: line(radius, 30 - share), structure, (5.0, 15.0)).parameter
    # Cells a ten-thousandth and a half below the fold in D: the minimum is in both.
    found = lab.phase(line, [radius, 6.2], [29.5 - fold, 30 - fold - 1e-4], 3, verify=0, rng=0)
    assert found.kinds["0,1>0  2>1,2"].tolist() == [[1, 1], [1, 1]]
    (near,) = [m for m in found.minima[1][0] if m.kind == "0,1>0  2>1,2"]
    assert 0 < near.curvature < 2e-3
    assert found.lost == 0


@pytest.mark.slow
def test_in_the_plane():
    def triangle(base: float, height: float) -> gs.Mixture:
        return gs.Mixture.location([[-base / 2, 0.0], [base / 2, 0.0], [0.0, height]], 1.0)

    found = lab.phase(triangle, [4.0, 8.0], [3.0, 7.0], 2, rng=0, verify=0.5)
    for i, y in enumerate(found.ys):
        for j, x in enumerate(found.xs):
            atlas = lab.Landscape(lab.Population(triangle(x, y)), 2).explore(3, n_starts=16)
            assert found.counts[i, j] == len(atlas.minima)
    assert found.births
    assert found.disagreed == found.lost == 0


@pytest.mark.slow
def test_the_end_is_found_where_steps_become_too_short():
    # Just above this pitchfork the branch's steps shrink without one ever going beyond it.
    def triangle(base: float, height: float) -> gs.Mixture:
        return gs.Mixture.location([[-base / 2, 0.0], [base / 2, 0.0], [0.0, height]], 1.0)

    diagram = lab.phase(triangle, [6.6, 9.4], [1.0, 3.8], 2, verify=0, thresholds=False, rng=0)
    assert diagram.lost == 0
    ends = [b for b in diagram.births if b.x == 9.4 and 1.0 < b.y < 3.8]
    assert ends
    assert {b.event for b in ends} == {"pitchfork"}


@pytest.mark.slow
def test_processes_and_resumption_change_nothing(tmp_path):
    xs, ys, file = [2.0, 3.0], [8.0, 10.0, 12.0], tmp_path / "c.json"
    whole = lab.phase(line, xs, ys, 3, verify=0.3, rng=1)
    parallel = lab.phase(lambda R, D: line(R, D), xs, ys, 3, verify=0.3, rng=1, n_jobs=2)
    assert parallel.to_dict() == whole.to_dict()
    seen = []

    def stop(event):
        seen.append(event.stage)
        return event.stage == "births"

    part = lab.phase(line, xs, ys, 3, verify=0.3, rng=1, callback=stop, checkpoint=file)
    assert part.stop_reason == "interrupted"
    assert part.counts.tolist() == whole.counts.tolist()
    assert len(part.births) < len(whole.births)
    kept = kept_file.read(file)
    kept.done["row 0"][0][0][1] = 123.0  # recognisable: it is not computed again
    kept_file.write(kept, file, keep=False)
    rest = lab.phase(line, xs, ys, 3, verify=0.3, rng=1, checkpoint=file)
    assert rest.minima[0][0][0].nll == 123.0
    assert (rest.births, rest.thresholds) == (whole.births, whole.thresholds)
    assert lab.phase(line, xs, ys, 3, verify=0.3, checkpoint=file).seed == 1
    with pytest.raises(InvalidParameterError, match="another rng"):
        lab.phase(line, xs, ys, 3, rng=2, checkpoint=file)
    with pytest.raises(InvalidParameterError, match="another path"):
        lab.phase(lambda R, D: line(R, D + 1e-9), xs, ys, 3, rng=1, checkpoint=file)
    with pytest.raises(InvalidParameterError, match="another n_components"):
        lab.phase(line, xs, ys, 2, rng=1, checkpoint=file)
    file.write_text("{}")
    with pytest.raises(FormatError, match=r"c\.json"):
        lab.phase(line, xs, ys, 3, rng=1, checkpoint=file)


def test_an_end_before_the_first_row_is_no_result_but_an_empty_one():
    found = lab.phase(line, XS, YS, 3, max_seconds=1e-9)
    assert found.stop_reason == "time_limit"
    assert found.counts[0].all()
    assert not found.counts[1:].any()
    assert "time_limit" in str(found)
    assert f"not searched: {(found.counts == 0).sum()} cells" in str(found)
    assert "0 in" not in str(found)
    labels = [text.get_text() for text in found.plot().ax_.get_legend().get_texts()]
    assert labels[0] == "not searched"


@pytest.mark.slow
def test_what_it_says_and_draws(found: lab.PhaseDiagram, tmp_path):
    pytest.importorskip("matplotlib")
    text = str(found)
    assert "4 x 5 cells" in text
    assert "checked 4 cells by random starts: 0 had lacked a minimum" in text
    found.to_json(tmp_path / "p.json")
    assert json.loads((tmp_path / "p.json").read_text())["counts"] == found.counts.tolist()
    picture = found.plot(x="R", y="D")
    assert isinstance(picture, gs.plot.PhaseDisplay)
    assert set(picture.births_) == {b.kind for b in found.births}
    curves = [curve for lines in picture.births_.values() for curve in lines.get_segments()]
    drawn = {tuple(point) for curve in curves for point in curve.tolist()}
    assert drawn
    assert drawn <= {(b.x, b.y) for b in found.births}
    assert picture.ax_.get_xlabel() == "R"
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_ctrl_c_keeps_what_was_found_and_files_keep_births(tmp_path):
    def interrupt(event):
        raise KeyboardInterrupt

    found = lab.phase(line, [1.0, 2.0], [5.0, 6.0], 2, callback=interrupt)
    assert found.stop_reason == "interrupted"
    birth = Crossing(1.5, 5.0, "fold", "0>0,1  1>2", 1e-9, ((0, 0), (0, 1)), ((1.0,), (2.0,)))
    made = replace(found, births=(birth,))
    made.to_json(tmp_path / "p.json")
    assert read(tmp_path / "p.json").births == (birth,)
    assert set(made.plot().births_) == {"0>0,1  1>2"}


def test_points_of_a_curve_are_joined_square_by_square():
    up = [(0.5, 0.0, 0, 0, 0, 1), (0.5, 1.0, 1, 0, 1, 1), (0.5, 2.0, 2, 1, 2, 0), (9.0, 9.5, 9, 9, 8, 9)]
    segments, lone = segments_of(up)
    assert sorted(sorted(point[1] for point in segment) for segment in segments) == [[0, 1], [1, 2]]
    assert lone.tolist() == [[9.0, 9.5]]
    (curve,) = chained(segments)
    assert curve[:, 1].tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"path": 3}, "path"),
        ({"path": lambda x, y: [x, y]}, "Mixture"),
        ({"path": lambda x, y: gs.Mixture.location([0.0, x, y][: 2 + (y > 6)], 1.0)}, "number of components"),
        ({"path": lambda x, y: gs.Mixture(None, [[0.0], [x]], [1.0, 2.0], "spherical")}, "sigma"),
        ({"xs": [1.0]}, "xs"),
        ({"ys": [2.0, 1.0]}, "ys"),
        ({"xs": [1.0, np.nan]}, "xs"),
        ({"n_components": 0}, "n_components"),
        ({"verify": 2.0}, "verify"),
        ({"births": 1}, "births"),
        ({"n_starts": 0}, "n_starts"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"callback": 1}, "callback"),
        ({"sigma": -1.0}, "sigma"),
        ({"checkpoint": "no/such/file.json"}, "folder"),
    ],
)
def test_what_cannot_be_used_is_named(change: dict, words: str):
    arguments = {"path": line, "xs": XS, "ys": YS, "n_components": 3, **change}
    with pytest.raises(InvalidParameterError, match=words):
        lab.phase(arguments.pop("path"), arguments.pop("xs"), arguments.pop("ys"), **arguments)
