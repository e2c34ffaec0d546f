"""What a fit prints."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from marks import rest_slow
from unit.estimator.cases import BAD_MEANS, X, model, planted


def _printed(capsys: pytest.CaptureFixture[str], **options: Any) -> list[str]:
    model(means_init=BAD_MEANS, **options).fit(X)
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


def test_nothing_is_printed_unasked(capsys: pytest.CaptureFixture[str]):
    assert _printed(capsys) == []
    assert _printed(capsys, verbose=False) == []


def test_verbose_prints_where_the_search_stands(capsys: pytest.CaptureFixture[str]):
    lines = _printed(capsys, verbose=1)
    wanted = r"gmmscape fit: moves \d+, round 1, log-likelihood \+ prior per row -[\d.]+, [\d.]+ s"
    assert any(re.fullmatch(wanted, line) for line in lines)
    rounds = [line for line in lines if "iteration" not in line]
    assert rounds  # iterations are seen where a stage begins, and every two seconds
    assert len(lines) < len(rounds) + planted("full", escape=False).n_iter_
    assert _printed(capsys, verbose=True)


def test_verbose_2_prints_iterations(capsys: pytest.CaptureFixture[str]):
    options: dict[str, Any] = {"verbose": 2, "escape": False}
    each = _printed(capsys, verbose_interval=1, **options)
    assert len(each) == planted("full", escape=False).n_iter_
    assert re.fullmatch(
        r"gmmscape fit: em 0 of 1, iteration 1, log-likelihood \+ prior per row -[\d.]+, [\d.]+ s", each[0]
    )
    every = _printed(capsys, verbose_interval=10, **options)
    assert len(every) == len(each) // 10
    assert every[0].startswith("gmmscape fit: em 0 of 1, iteration 10, ")


def test_a_fit_with_too_few_components_says_so(rng: np.random.Generator):
    X = rng.normal(np.repeat([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0], [40.0, 40.0]], 100, axis=0))
    few = gs.GaussianMixture(3, random_state=0).fit(X)
    assert "next: compare with" in str(few.document())
    assert "more components" in str(few.document()) or "4 components" in str(few.document())
    assert "next: use this fit" in str(gs.GaussianMixture(4, random_state=0).fit(X).document())


@pytest.mark.parametrize("seed", rest_slow([0, 1, 2, 3], 1))
def test_select_and_diagnose_agree_on_the_number(seed: int):
    """Zeros that a component of their own takes: what BIC chooses is not sent back for another number.

    With the prior in the value that is compared, the diagnosis asked for 4 where BIC chose 5 (seeds 0 and 1).
    """
    rng = np.random.default_rng(seed)
    centers = np.repeat([[0.0, 2.0], [40.0, 20.0], [0.0, 40.0], [40.0, 60.0]], 300, axis=0)
    X = rng.normal(centers, [[4.0, 1.5]])
    X[:, 1] = np.where(X[:, 1] < 0.0, 0.0, X[:, 1])
    chosen = gs.select(X, range(3, 7), rng=0)
    diagnosis = gs.diagnose(chosen.best.to_estimator(), X, rng=0)
    assert diagnosis.suggested_n_components == chosen.best_n_components


def test_a_constant_column_has_no_spread(rng: np.random.Generator):
    X = np.column_stack([rng.normal(np.repeat([0.0, 30.0], 100)), np.full(200, 7.0)])
    lines = str(gs.GaussianMixture(2, random_state=0).fit(X).document()).splitlines()
    rows = [line.split() for line in lines if line.strip().startswith(("0 ", "1 "))]
    assert [row[-1] for row in rows[:2]] == ["0", "0"]
