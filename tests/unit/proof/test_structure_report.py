"""Reports of proved minima, beside bounds."""

import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NoResultError

TRUTH = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)


@pytest.fixture(scope="module")
def report():
    return lab.structure_report(
        TRUTH, 3, bounds={"many-fit-one": lambda q: 0.23, "exact": lambda q: 1e-9}, n_starts=4, rng=0
    )


def test_minima_are_proved_with_their_structure(report):
    assert report.all_structured
    assert [str(lab.Structure.of_pairs(c.blocks)) for c in report.certificates] == [
        "0>0  1>1  2>2",
        "0>0,1  1,2>2",
    ]
    assert report.separation == 6.0


def test_errors_are_compared_with_bounds(report):
    assert report.minima[0].verdicts == ("proved within",) * 3
    assert report.minima[1].verdicts == ("no bound", "proved beyond", "proved within")
    assert "proved beyond" in str(report)


@pytest.mark.slow
def test_conditions():
    never = lab.structure_report(TRUTH, 3, condition=lambda q: q.separation > 9, n_starts=0, rng=0)
    assert never.condition_holds is False
    assert "does not hold" in str(never)


def test_a_truth_is_a_mixture():
    with pytest.raises(InvalidParameterError, match="truth"):
        lab.structure_report([-3, 3], 2)


@pytest.mark.parametrize("end", ["callback", "ctrl-c"])
def test_what_is_proved_before_it_ends_is_kept(end, monkeypatch):
    def ended(*arguments):
        raise NoResultError("not proved") if end == "callback" else KeyboardInterrupt

    monkeypatch.setattr("gmmscape.proof.structure_report.certify", ended)
    pair = gs.Mixture.location([-2.0, 2.0], 1.0)
    found = lab.structure_report(
        pair, 2, n_starts=1, rng=0, callback=lambda event: end == "callback" and event.stage == "prove"
    )
    assert (found.stop_reason, len(found.minima)) == ("interrupted", 1 if end == "callback" else 0)


def test_flat_minima_are_told():
    report = lab.structure_report(gs.Mixture.location([0.0], 1.0), 2, n_starts=2, rng=0)
    assert report.certificates == ()
    assert not report.all_structured
    assert "not proved" in str(report)


def test_truths_in_space():
    """Two centers are on a line wherever they are."""
    truth = gs.Mixture.location([[0.0, 0.0, 0.0], [2.0, 1.0, -1.5]], 1.0)
    found = lab.structure_report(truth, 2, n_starts=1, rng=0)
    assert len(found.certificates) == 1
    assert found.certificates[0].span == 1
