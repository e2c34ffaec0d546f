"""One truth: which ends of a search are one minimum, and what refining makes of suspects."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.falsification import one_truth
from gmmscape.landscape.falsification.confirm import confirmed
from gmmscape.landscape.falsification.one_truth import Plan, _same, _Seen, searched
from gmmscape.landscape.points.descent import Descent
from gmmscape.structure.association import association


def test_ends_in_one_flat_valley_are_one_unless_they_read_otherwise():
    """Two means on one center part at no curvature: at +-m the value is m^4 E[x^4] / 12 higher, to m^6."""
    truth = gs.Mixture.location([0.0], 1.0)
    descent = Descent(lab.Population(truth), 2, 1.0)
    middle = descent.coarse(np.zeros((2, 1)))

    def ended(m):
        local = middle.local.relocated(np.array([[-m], [m]]))
        return replace(middle, local=local, nll=descent.objective(local, 1e-12).derivatives(local).nll)

    end = ended(0.03)
    assert end.nll - ended(0.0).nll == pytest.approx(0.03**4 / 4, rel=0.01)
    known = _Seen(ended(0.0), np.ones((2, 1)) / 2, 0.0, 0.0, 1)
    assert _same(end, known, truth, 1.0, 0.25)
    assert not _same(end, replace(known, curvature=0.1), truth, 1.0, 0.25)  # no valley: 0.03 is far
    assert not _same(end, replace(known, defect=0.3), truth, 1.0, 0.25)  # of another kind
    assert not _same(ended(0.3), known, truth, 1.0, 0.25)  # of another value


@pytest.mark.parametrize(("outcome", "n_minima"), [("confirmed", 1), ("refuted", 0)])
def test_suspects_that_refining_joins_are_one(monkeypatch, outcome, n_minima):
    """Two ends beside the minimum that straddles -5, 0, 5, where the defect is 0.5."""
    truth = gs.Mixture.location([-5.0, 0.0, 5.0], 1.0)
    descent = Descent(lab.Population(truth), 2, 1.0)
    found = descent.coarse(np.array([[-3.6], [3.6]]))
    ends = [replace(found, local=found.local.relocated(found.local.means + aside)) for aside in (0.05, -0.05)]
    seen = [
        _Seen(end, association(end.mixture, truth), 0.49, 0.01, hits)
        for end, hits in zip(ends, (3, 4), strict=True)
    ]
    monkeypatch.setattr(one_truth, "_explored", lambda *_: (seen, Counter()))
    judged = lambda *given: confirmed(*given)._replace(outcome=outcome)  # noqa: E731
    monkeypatch.setattr(one_truth, "confirmed", judged)
    result = searched(truth, 2, 0, np.random.default_rng(0), Plan(2, 1e-6, None, True))
    (suspect,) = result.suspects
    assert suspect.means == pytest.approx(found.means, abs=1e-5)
    assert suspect.defect == pytest.approx(0.5, abs=1e-9)
    assert suspect.hits == 7
    assert [reading.hits for reading in result.minima] == [7] * n_minima
    assert result.lost == ({} if n_minima else {"no minimum": 7})
