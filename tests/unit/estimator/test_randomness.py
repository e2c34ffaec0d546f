"""Seeds, random states and workers: when a fit has the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unit.estimator.cases import BAD_MEANS, ROUGH, X, assert_same_fit, model, planted, two_kinds


def test_a_seed_gives_the_same_bits():
    options: dict[str, Any] = {"init_params": "random_from_data", "n_init": 2}
    assert_same_fit(model(**options).fit(X), model(**options).fit(X))
    starts = {model(random_state=s, **ROUGH).fit(X).history_[0] for s in range(4)}
    assert len(starts) > 1


@pytest.mark.parametrize("kind", [np.random.RandomState, np.random.default_rng])
def test_random_states_and_generators(kind: Any):
    first = model(init_params="random_from_data", random_state=kind(7)).fit(X)
    assert_same_fit(first, model(init_params="random_from_data", random_state=kind(7)).fit(X))


@pytest.mark.parametrize("kind", [np.random.RandomState, np.random.default_rng])
def test_a_generator_moves_on(kind: Any):
    estimator = model(random_state=kind(7), **ROUGH)
    assert len({estimator.fit(X).history_[0] for _ in range(4)}) > 1


def test_a_random_state_is_read_as_scikit_learn_reads_it():
    """RandomState(3) at its start is what the integer 3 stands for."""
    one = model(random_state=3, **ROUGH).fit(X)
    assert_same_fit(one, model(random_state=np.random.RandomState(3), **ROUGH).fit(X))


def test_the_number_of_workers_does_not_matter():
    options: dict[str, Any] = {"init_params": "random_from_data", "n_init": 3, "covariance_type": "spherical"}
    one, two = (model(n_jobs=n, **options).fit(X) for n in (1, 2))
    assert_same_fit(one, two)
    assert one.diagnosis_.to_dict() == two.diagnosis_.to_dict()
    assert_same_fit(one, model(n_jobs=None, **options).fit(X))


@two_kinds
def test_threads_of_the_search_do_not_matter(kind: str):
    """From a start that is given: no starts to share, only the search."""
    two = model(n_jobs=2, covariance_type=kind, means_init=BAD_MEANS).fit(X)
    assert_same_fit(two, planted(kind))
    assert two.diagnosis_.to_dict() == planted(kind).diagnosis_.to_dict()
