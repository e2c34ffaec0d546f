"""Proved errors of three equally spaced centers, over their separation."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NoResultError
from gmmscape.proof.separation_curve import _told

CERTIFY = "gmmscape.proof.separation_curve.certify"


@pytest.fixture(name="curve", scope="module")
def two_separations():
    return lab.proved_error_against_separation([11.0, 9.0, 11.0])


def refused(*arguments):
    raise NoResultError("not proved: for the sake of the test")


def interrupted(*arguments):
    raise KeyboardInterrupt


@pytest.mark.slow
def test_each_separation_has_its_state(curve):
    assert [(point.separation, point.state) for point in curve.points] == [
        (9.0, "no minimum found"),
        (11.0, "proved"),
    ]
    assert (curve.missing, curve.stop_reason, len(curve.certificates)) == ([9.0], "completed", 1)
    assert (curve.points[0].error, curve.points[0].half_gap, curve.points[0].defect) == (None, None, None)


def test_ends_hold_what_is_measured(curve):
    measured = lab.error_against_separation(
        lambda D: gs.Mixture.location([-D, 0.0, D], 1.0), [((0,), (0, 1)), ((1, 2), (2,))], [11.0]
    ).points[0]
    point = curve.points[1]
    for ends, value in (
        (point.error, measured.errors["one-fits-many error"]),
        (point.half_gap, measured.errors["many-fit-one half-gap"]),
        (point.defect, measured.defect),
    ):
        assert ends[0] < ends[1] < ends[0] + 1e-13
        assert value == pytest.approx(ends[0], abs=1e-9)


def test_law_5_stands_beside_them(curve):
    separations = np.array([9.0, 11.0])
    assert curve.laws["one-fits-many error"] == pytest.approx(np.exp(-(separations**2) / 32), rel=1e-12)
    half_gap = np.sqrt(separations) * np.exp(-(separations**2) / 64)
    assert curve.laws["many-fit-one half-gap"] == pytest.approx(half_gap, rel=1e-12)
    (row,) = [line.split() for line in str(curve).splitlines() if line.startswith("  11")]
    assert row == ["11", "0.0265005", "1.16", "0.402012", "0.803", "0.00635859", "proved"]
    assert str(curve).startswith("1 of 1 minimum proved; none found at 9\n")


def test_the_certificate_is_of_this_minimum(curve):
    (certificate,) = curve.certificates
    assert certificate.problem["centers"] == [[-11.0], [0.0], [11.0]]
    assert certificate.is_minimum
    assert certificate.is_structured


@pytest.mark.slow
def test_weights_are_those_of_the_truth():
    curve = lab.proved_error_against_separation([11.0], [0.2, 0.3, 0.5])
    assert curve.certificates[0].problem["weights"] == [0.2, 0.3, 0.5]
    assert curve.points[0].error[1] < 0.004  # equal weights: 0.0265
    assert curve.laws == {}
    assert "law 5" not in str(curve)


def test_a_table_and_a_picture(curve):
    frame = curve.to_frame()
    assert list(frame.index) == [9.0, 11.0]
    assert list(frame.columns)[:3] == ["state", "error_low", "error_high"]
    assert tuple(frame.loc[11.0, ["half_gap_low", "half_gap_high"]]) == curve.points[1].half_gap
    assert frame.loc[9.0].isna().sum() == 6
    display = curve.plot()
    assert display.missing_.get_xdata().tolist() == [9.0]
    assert display.lines_["defect"].get_ydata().tolist() == [curve.points[1].defect[1]]
    assert set(display.laws_) == set(curve.laws)
    assert curve.plot(law=False).laws_ == {}


def test_what_is_not_proved_has_its_reason(monkeypatch):
    monkeypatch.setattr(CERTIFY, refused)
    curve = lab.proved_error_against_separation([11.0])
    assert (curve.points[0].state, curve.missing, curve.certificates) == ("not proved", [], [])
    assert str(curve.points[0]).endswith("for the sake of the test")
    with pytest.raises(InvalidParameterError, match="no minimum is proved"):
        curve.plot()


def test_a_point_of_another_kind_is_not_taken_for_it(monkeypatch):
    saddle = SimpleNamespace(is_minimum=False, is_structured=True)
    monkeypatch.setattr(CERTIFY, lambda *arguments: saddle)
    (point,) = lab.proved_error_against_separation([11.0]).points
    assert (point.state, point.certificate) == ("not proved", None)
    assert "not proved to be a minimum of this structure" in str(point)


def test_ends_that_have_no_digit_in_common_are_both_told():
    assert [_told(ends) for ends in (None, (0.123456, 0.123457), (1.0, 2.0))] == ["", "0.12346", "1 to 2"]


def test_what_is_proved_is_kept(monkeypatch):
    seen = []

    def watch(event):
        seen.append((event.stage, event.done, event.total))
        return event.stage == "prove"

    stopped = lab.proved_error_against_separation([8.0, 9.0], callback=watch)
    assert [point.separation for point in stopped.points] == [8.0]
    assert stopped.stop_reason == "interrupted"
    assert seen == [("follow", 1, 2), ("follow", 2, 2), ("prove", 1, 2)]
    over = lab.proved_error_against_separation([8.0, 9.0], max_seconds=0.0)
    assert (over.points, over.stop_reason) == ((), "time_limit")
    monkeypatch.setattr(CERTIFY, interrupted)
    at_once = lab.proved_error_against_separation([9.0, 11.0])
    assert ([point.separation for point in at_once.points], at_once.stop_reason) == ([9.0], "interrupted")


@pytest.mark.parametrize("separations", [[], [0.0, 11.0], [-11.0], [np.nan]])
def test_separations_are_positive(separations):
    with pytest.raises(InvalidParameterError, match="separations"):
        lab.proved_error_against_separation(separations)


def test_weights_are_three():
    with pytest.raises(InvalidParameterError, match="weights"):
        lab.proved_error_against_separation([11.0], [0.5, 0.5])
