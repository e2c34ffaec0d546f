"""Atoms: places and weights of a mixture with one sigma, and Newton's method for its likelihood."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.logsumexp import logsumexp_rows
from gmmscape.progress import Budget


class Atoms(NamedTuple):
    """Places (k, d), in sigma, and logarithms of the weights, which need not sum to one."""

    places: FloatArray
    logs: FloatArray


class Likelihood:
    """Minus the log-likelihood per unit mass of atoms, plus the sum of their weights, at best one.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        In sigma.
    masses : ndarray of shape (n,)
        Of the rows, sum one.
    """

    def __init__(self, rows: FloatArray, masses: FloatArray) -> None:
        self.rows, self.masses = rows, masses
        self.lightest = EFFORT.proof.lightest * float(masses.min())

    def _joint(self, atoms: Atoms) -> FloatArray:
        """Log of weight times density of each row at each atom, (n, k)."""
        squares = np.zeros((len(self.rows), len(atoms.places)))
        for a in range(self.rows.shape[1]):
            squares += (self.rows[:, a, None] - atoms.places[:, a]) ** 2
        return atoms.logs - 0.5 * squares

    def value(self, atoms: Atoms) -> float:
        """Return the objective, but for the constant of the density."""
        logs = logsumexp_rows(self._joint(atoms))
        return float(np.exp(atoms.logs).sum() - self.masses @ logs)

    def weighted(self, start: Atoms, budget: Budget) -> Atoms:
        """Return the atoms at given places with the best weights; those without weight are left out."""
        k = len(start.places)
        logs = self._joint(Atoms(start.places, np.zeros(k)))
        densities = np.exp(logs - logs.max(axis=1)[:, None])
        weights = np.exp(start.logs)
        value = weights.sum() - self.masses @ np.log(densities @ weights)
        for _ in range(EFFORT.proof.weight_steps):
            if budget.left == 0.0:
                break
            ratios = densities / (densities @ weights)[:, None]
            # Newton's model of the objective in the weights, least where none is negative.
            second = (ratios * self.masses[:, None]).T @ ratios
            unit = np.sqrt(np.maximum(second.diagonal(), np.finfo(np.float64).tiny))
            factor = cholesky(second / np.outer(unit, unit) + EFFORT.proof.ridge * np.eye(k))
            right = (2 * (self.masses @ ratios) - 1) / unit
            step = nnls(factor, solve_triangular(factor, right, trans=1))[0] / unit - weights
            share, new, found = 1.0, np.inf, weights
            while share > EFFORT.proof.ridge:
                # None falls to zero at once: a light row far from all others would lose its atom.
                found = np.maximum(weights + share * step, EFFORT.proof.kept_weight * weights)
                new = found.sum() - self.masses @ np.log(densities @ found)
                if new < value:
                    break
                share /= 2
            if not new < value - EFFORT.proof.weight_gain:
                break
            weights, value = found, new
        kept = weights > self.lightest
        return Atoms(start.places[kept], np.log(weights[kept]))

    def polished(self, atoms: Atoms, budget: Budget) -> Atoms:
        """Return the local minimum of the objective near some atoms, by damped steps of Newton's method."""
        k, d = atoms.places.shape
        value, damping = self.value(atoms), 0.0
        for _ in range(EFFORT.proof.polish_steps):
            slope, bend = self._derivatives(atoms)
            # Light atoms count as heavy ones do: each is seen in units of its weight.
            root = np.exp(0.5 * np.append(np.repeat(atoms.logs, d), atoms.logs))
            if np.abs(slope / root**2).max() < EFFORT.proof.polished or budget.left == 0.0:
                break
            curvatures, axes = np.linalg.eigh(bend / np.outer(root, root))
            along = axes.T @ (slope / root)
            lift = max(damping, EFFORT.proof.least_bend - curvatures[0], 0.0)
            for _ in range(EFFORT.proof.polish_steps):
                step = -axes @ (along / (curvatures + lift)) / root
                step *= min(1.0, 1.0 / np.abs(step).max())
                found = Atoms(atoms.places + step[: k * d].reshape(k, d), atoms.logs + step[k * d :])
                new = self.value(found)
                if new < value or (new <= value + EFFORT.proof.value_rounding and lift == 0.0):
                    break
                lift = 4 * lift + EFFORT.proof.least_bend
            else:
                break
            damping = lift / 8 if lift > EFFORT.proof.least_bend else 0.0
            atoms, value = found, new
        return atoms

    def _derivatives(self, atoms: Atoms) -> tuple[FloatArray, FloatArray]:
        """Gradient and Hessian in places, one after the other, and logarithms of the weights."""
        k, d = atoms.places.shape
        joint = self._joint(atoms)
        psi = np.exp(joint - logsumexp_rows(joint)[:, None])
        offsets = self.rows[:, None, :] - atoms.places
        pulls = np.concatenate([(psi[:, :, None] * offsets).reshape(len(psi), k * d), psi], axis=1)
        heavy = pulls * self.masses[:, None]
        slope = -heavy.sum(axis=0)
        bend = heavy.T @ pulls
        mass, weights = -slope[k * d :], np.exp(atoms.logs)
        second = np.einsum("n,nk,nka,nkb->kab", self.masses, psi, offsets, offsets, optimize=True)
        for j in range(k):
            own = slice(j * d, j * d + d)
            bend[own, own] = bend[own, own] + mass[j] * np.eye(d) - second[j]
            bend[own, k * d + j] += slope[own]
            bend[k * d + j, own] += slope[own]
            bend[k * d + j, k * d + j] += weights[j] - mass[j]
        slope[k * d :] += weights
        return slope, bend


def merged(atoms: Atoms, reach: float) -> Atoms:
    """Return atoms of which none is within reach of a heavier one: that has taken its weight."""
    weights: list[float] = np.exp(atoms.logs).tolist()
    order = np.argsort(-atoms.logs)
    places: list[Any] = []
    masses: list[float] = []
    for j in order.tolist():
        near = [i for i, place in enumerate(places) if np.linalg.norm(place - atoms.places[j]) < reach]
        if near:
            i = near[0]
            whole = masses[i] + weights[j]
            places[i] = (masses[i] * places[i] + weights[j] * atoms.places[j]) / whole
            masses[i] = whole
        else:
            places.append(atoms.places[j])
            masses.append(weights[j])
    return Atoms(np.array(places), np.log(masses))
