"""What a fit prints."""

from __future__ import annotations

import re
from typing import Any

import pytest

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
