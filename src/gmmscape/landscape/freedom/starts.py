"""Fits that structures of the truth predict, and fits between two others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.freedom.descent import FreeDescent
from gmmscape.landscape.freedom.freedom import Freedom
from gmmscape.mixture import Mixture
from gmmscape.structure.candidates import candidates, count_candidates
from gmmscape.structure.structure import Structure


class Moments(NamedTuple):
    """Weight, mean and covariance of some centers of a truth together."""

    share: float
    mean: FloatArray
    covariance: FloatArray


def moments_of(truth: Mixture, centers: Sequence[int]) -> Moments:
    """Return what one component over these centers has."""
    at = list(centers)
    share = truth.weights[at].sum()
    inner = truth.weights[at] / share if share > 0 else np.full(len(at), 1.0 / len(at))
    middle = inner @ truth.means[at]
    away = truth.means[at] - middle
    covariance = np.einsum("s,sij->ij", inner, truth.full_covariances()[at])
    return Moments(float(share), middle, covariance + (inner[:, None] * away).T @ away)


def structures_of(descent: FreeDescent) -> list[Structure]:
    """Return the candidate structures that descents begin from: all, where they are not too many."""
    truth, k = descent.reference, descent.freedom.n_components
    if truth is None or count_candidates(k, truth.n_components) > EFFORT.atlas.all_candidates:
        return []
    return candidates(k, truth.n_components)


def of_structure(descent: FreeDescent, structure: Structure, rng: np.random.Generator) -> Mixture:
    """Return the fit that a structure predicts, in local coordinates.

    One that covers several centers has their moments; several on one center share its weight and its
    covariance, and lie aside of it.
    """
    truth = descent.reference
    assert truth is not None
    covers = [moments_of(truth, block.centers) for block in structure.blocks]
    blocks = [block.means for block in structure.blocks]
    aside = np.zeros((descent.freedom.n_components, truth.n_features))
    for cover, means in zip(covers, blocks, strict=True):
        for i in means if len(means) > 1 else ():
            aside[i] = EFFORT.freedom.aside * drawn(cover.covariance, rng)
    return of_blocks(descent, covers, blocks, aside)


def of_blocks(
    descent: FreeDescent,
    covers: Sequence[Moments],
    blocks: Sequence[Sequence[int] | IntArray],
    aside: FloatArray,
) -> Mixture:
    """Return the fit whose components of each block share what it covers, in local coordinates."""
    k, d = aside.shape
    mass, means, covariances = np.empty(k), np.empty((k, d)), np.empty((k, d, d))
    for cover, block in zip(covers, blocks, strict=True):
        at = list(block)
        mass[at], means[at], covariances[at] = cover.share / len(at), cover.mean, cover.covariance
    return descent.freedom.moment_matched(mass, means + aside - descent.measure.origin, covariances)


def drawn(covariance: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return one draw of a Gaussian about zero."""
    return np.linalg.cholesky(covariance) @ rng.standard_normal(len(covariance))


def between(freedom: Freedom, one: Mixture, other: Mixture, share: float) -> Mixture:
    """Return a fit on the way from one to another, whose components have the labels of the first.

    Means go straight, log weights too; covariances along the geodesic between them, which linear maps of
    the data leave one (Bhatia, Positive Definite Matrices, 2007).
    """
    logs = (1.0 - share) * np.log(one.weights) + share * np.log(other.weights)
    weights = np.exp(logs - logs.max())
    means = (1.0 - share) * one.means + share * other.means
    pairs = zip(one.full_covariances(), other.full_covariances(), strict=True)
    covariances = np.stack([_geodesic(a, b, share) for a, b in pairs])
    return freedom.moment_matched(weights / weights.sum(), means, covariances)


def _geodesic(a: FloatArray, b: FloatArray, share: float) -> FloatArray:
    root = np.linalg.cholesky(a)
    inner = np.linalg.solve(root, np.linalg.solve(root, b).T)
    values, vectors = np.linalg.eigh(0.5 * (inner + inner.T))
    turned = root @ vectors
    return (turned * values**share) @ turned.T
