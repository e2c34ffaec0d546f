"""Candidate structures: complete, without repetition, and as many as the formula says."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.structure.candidates import count_candidates, starting_means
from gmmscape.structure.structure import block_average
from marks import tuples_rest_slow

SIZES = [(k, k_star) for k in range(1, 6) for k_star in range(1, 6)]


def structures_by_brute_force(k, k_star):
    """All unions of stars, as frozensets of (centers, number of means), from all assignments."""
    found = set()
    for owner in product(range(k), repeat=k_star):  # center s belongs to mean owner[s]
        for home in product(range(k_star), repeat=k):  # mean i belongs to center home[i] if it owns none
            owned = {i: tuple(s for s in range(k_star) if owner[s] == i) for i in range(k)}
            blocks = {i: centers for i, centers in owned.items() if centers}
            extra = {i: home[i] for i in range(k) if i not in blocks}
            sizes = dict.fromkeys(blocks.values(), 1)
            legal = True
            for center in extra.values():
                if (center,) not in sizes:
                    legal = False
                    break
                sizes[(center,)] += 1
            if legal:
                found.add(frozenset(sizes.items()))
    return found


def bell_formula(k, k_star):
    """The count of the design, from an explicit enumeration of set partitions."""
    total = 0
    for partition in _partitions(list(range(k_star))):
        b, s = len(partition), sum(len(block) == 1 for block in partition)
        if s >= 1 and k >= b:
            total += comb(k - b + s - 1, s - 1)
        elif s == 0 and k == b:
            total += 1
    return total


def _partitions(items):
    if not items:
        yield []
        return
    first, *rest = items
    for smaller in _partitions(rest):
        yield [[first], *smaller]
        for i, block in enumerate(smaller):
            yield [*smaller[:i], [first, *block], *smaller[i + 1 :]]


@pytest.mark.parametrize(("k", "k_star"), [size for size in SIZES if size[0] <= 4 and size[1] <= 4])
def test_all_of_them_and_each_once(k, k_star):
    listed = [structure.orbit for structure in lab.candidates(k, k_star)]
    assert len(set(listed)) == len(listed)
    assert set(listed) == structures_by_brute_force(k, k_star)


@pytest.mark.parametrize(("k", "k_star"), [*SIZES, (9, 8), (4, 9)])
def test_count_formula(k, k_star):
    assert count_candidates(k, k_star) == bell_formula(k, k_star)
    if k <= 6:
        assert len(lab.candidates(k, k_star)) == count_candidates(k, k_star)


@pytest.mark.parametrize(("k", "k_star"), SIZES)
def test_contiguous_ones_are_those_whose_blocks_are_runs(k, k_star):
    def runs(structure):
        return all(b.centers == tuple(range(b.centers[0], b.centers[-1] + 1)) for b in structure.blocks)

    listed = lab.candidates(k, k_star, contiguous=True)
    assert [s.orbit for s in listed if runs(s)] == [s.orbit for s in listed]
    assert {s.orbit for s in listed} == {s.orbit for s in lab.candidates(k, k_star) if runs(s)}
    assert len(listed) == count_candidates(k, k_star, contiguous=True)


def test_kinds_follow_from_the_sizes():
    kinds = {str(s): [b.kind for b in s.blocks] for s in lab.candidates(3, 3, contiguous=True)}
    assert kinds == {
        "0>0,1  1,2>2": ["one-fits-many", "many-fit-one"],
        "0,1>0  2>1,2": ["many-fit-one", "one-fits-many"],
        "0>0  1>1  2>2": ["exact", "exact", "exact"],
    }


def test_too_many_is_an_error_that_says_how_many():
    count = count_candidates(12, 12)
    with pytest.raises(gs.InvalidParameterError, match=str(count)):
        lab.candidates(12, 12)
    assert len(lab.candidates(9, 9, contiguous=True)) == count_candidates(9, 9, contiguous=True)


@pytest.mark.parametrize(
    ("k", "k_star", "n"), tuples_rest_slow([(1, 500, 1), (2, 15, 2**14 - 1), (1000, 1, 1), (1000, 2, 999)], 2)
)
def test_few_structures_of_many_centers_or_means_take_no_time(k, k_star, n):
    """The partitions into more blocks than there are means are never walked through."""
    assert len(lab.candidates(k, k_star)) == count_candidates(k, k_star)
    assert count_candidates(k, k_star) == n
    assert len(lab.candidates(min(k, 3), 200, contiguous=True)) == count_candidates(min(k, 3), 200, True)


@pytest.mark.parametrize("bad", [0, -1, 2.0, "3", True])
def test_sizes_must_be_positive_integers(bad):
    with pytest.raises(gs.InvalidParameterError, match="n_components="):
        lab.candidates(bad, 3)
    with pytest.raises(gs.InvalidParameterError, match="k_star="):
        lab.candidates(3, bad)


def test_starting_means_sit_at_their_blocks():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0, [0.5, 0.25, 0.25])
    structure = next(s for s in lab.candidates(3, 3) if str(s) == "0>0,1  1,2>2")
    means = starting_means(structure, truth, 1.0)[:, 0]
    assert means[0] == pytest.approx((0.5 * -3 + 0.25 * 3) / 0.75)
    assert means[1:].mean() == pytest.approx(12.0)
    assert means[1] != means[2]
    assert np.array_equal(block_average((2,), truth), [12.0])
