"""Best star partitions against the enumeration of all of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gmmscape.structure.partition import best_stars, components


def every_star_partition(k, k_star):
    """Yield all covers of means and centers by disjoint stars, as boolean tables of the pairs inside.

    Each mean chooses one center or none; each center left over chooses one mean. Duplicates do no harm.
    """
    for owner in product(range(k_star), repeat=k):
        for keeper in product(range(k), repeat=k_star):
            inside = np.zeros((k, k_star), dtype=bool)
            inside[range(k), owner] = True
            many_fit_one = inside.copy()
            for s in range(k_star):
                if not many_fit_one[:, s].any():
                    many_fit_one[keeper[s], s] = True
            if all(_is_star(part, many_fit_one) for part in components(many_fit_one)):
                yield many_fit_one


def _is_star(part, inside):
    means, centers = part
    return min(len(means), len(centers)) == 1 and inside[np.ix_(means, centers)].all()


@pytest.mark.parametrize(("k", "k_star"), [(1, 1), (1, 3), (3, 1), (2, 2), (2, 3), (3, 2), (3, 3), (2, 4)])
def test_smallest_defect_of_random_tables(k, k_star):
    rng = np.random.default_rng(k + 10 * k_star)
    partitions = list(every_star_partition(k, k_star))
    for trial in range(20):
        table = rng.dirichlet(np.full(k, 0.3), size=k_star).T
        if trial % 4 == 0:
            table = np.round(table, 1)  # ties
        stars, defect = best_stars(table)
        assert defect == min(table[~inside].max(initial=0.0) for inside in partitions)
        assert sorted(i for means, _ in stars for i in means) == list(range(k))
        assert sorted(s for _, centers in stars for s in centers) == list(range(k_star))
        assert all(min(len(means), len(centers)) == 1 for means, centers in stars)
        inside = np.zeros(table.shape, dtype=bool)
        for means, centers in stars:
            inside[np.ix_(means, centers)] = True
        assert table[~inside].max(initial=0.0) == defect


def test_components_of_a_graph():
    edges = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], dtype=bool)
    found = sorted(components(edges))
    assert found == [([], [1]), ([], [3]), ([0, 1], [0]), ([2], [2]), ([3], [])]


def test_many_components_without_enumeration():
    """Fifty means in a known structure, hidden by a relabelling and by noise below the threshold."""
    rng = np.random.default_rng(3)
    table = rng.uniform(0, 0.01, size=(50, 40))
    owner = np.concatenate([np.arange(40), np.zeros(10, dtype=int)])
    table[np.arange(50), owner] = 0.2
    order = rng.permutation(50)
    stars, defect = best_stars(table[order])
    assert defect < 0.01
    assert sorted(len(means) for means, _ in stars) == [1] * 39 + [11]
