"""What an engine is: it holds rows, and computes sums and densities of mixtures over them.

An engine is written by implementing `Engine` and `Held`, most easily by deriving from
`engine.held.HeldRows`, and made known by `engine.register`. All arrays are local to the origin that the
rows were held with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.engine.parameters import Parameters
from gmmscape.statistics import Information, LocationDerivatives, ScoreMoments, SufficientStatistics
from gmmscape.weights import Weights

#: Rows as engines take them: float64 or float32.
Rows = NDArray[np.floating[Any]]


class Coverage(NamedTuple):
    """Responsibilities of at least some threshold, component after component, each with its rows in order.

    Attributes
    ----------
    ends : ndarray of int, shape (k + 1,)
        Entries ``ends[i]`` to ``ends[i + 1]`` are those of component i.
    row : ndarray of int
        Which row.
    posterior : ndarray of float
        Its responsibility.
    rest : ndarray of float
        One minus it, without losing digits.
    """

    ends: IntArray
    row: IntArray
    posterior: FloatArray
    rest: FloatArray


class Rounding(NamedTuple):
    """Estimated rounding errors of the NLL and of the largest entries of its derivatives in the means."""

    nll: float
    gradient: float
    hessian: float


@dataclass(frozen=True)
class SecondOrder:
    """When steps of a quadratic model take the place of EM's, and how they are made (solve.second_order).

    Attributes
    ----------
    after, window : int
        Iterations before the first, and over which lengths of EM steps are compared.
    largest, dearest : int, float
        Coordinates, and passes that it costs, up to which the Hessian is formed.
    price : float
        Passes until convergence beside three Hessians.
    products_price, product_cost : float
        Passes until convergence where the Hessian is not formed; those of a product with it.
    secants, products : int
        For which a Hessian serves; of which a step is made at most where none is formed.
    rough, exact : float
        Residual of such a step, and of one with the Hessian, as a share of the gradient.
    correction : float
        Radius of a second step after one that fell poorly, as a share of its length.
    reach : float
        EM steps that the region is longer than where products begin.
    trial, payback : float
        Passes after which products are to have earned as much as EM did; iterations of EM for each that they
        took, where they have not.
    rest : int
        Iterations of EM after it had nothing to say.
    radius, least_radius : float
        Of its region at first, and below which it is given up.
    longest : float
        Change of one coordinate from which on a step is too long.
    acceptable, poor, no_fall : float
        Shares of the predicted fall that are enough, and too little for the region; relative fall that is
        rounding.
    """

    after: int
    window: int
    largest: int
    dearest: float
    price: float
    products_price: float
    product_cost: float
    secants: int
    products: int
    rough: float
    exact: float
    correction: float
    reach: float
    trial: float
    payback: float
    rest: int
    radius: float
    least_radius: float
    longest: float
    acceptable: float
    poor: float
    no_fall: float


@dataclass(frozen=True)
class Truncation:
    """When rows meet only the components that matter to them, and what may be left out (effort.truncation).

    Attributes
    ----------
    least_components : int
        Below which every row meets every component.
    block_rows, wide_block_rows : int
        Rows that have one list of components; where columns are many.
    left_out : float
        Share of a row that all left-out components have together at most.
    light : float
        Mass, as a share of the average, below which a component is left out nowhere.
    pays : float
        Work, as a share of that of a whole pass, up to which this is done; counted, never timed.
    sample_rows, sample_blocks, sample_components : int
        Of which it is asked before whether it pays.
    sorting : float
        Operations that sorting takes a row.
    shortest_wait, longest_wait : int
        Passes after a try that found that it does not pay; twice as many after each.
    most_bytes : int
        Memory that the order of the rows may take, with copies of them. Where it is not enough for copies,
        rows are fetched from where they lie; where not for the order, this is not done.
    """

    least_components: int
    block_rows: int
    wide_block_rows: int
    left_out: float
    light: float
    pays: float
    sample_rows: int
    sample_blocks: int
    sample_components: int
    sorting: float
    shortest_wait: int
    longest_wait: int
    most_bytes: int


@dataclass(frozen=True, eq=False)
class EmTask:
    """EM from many starts, one thread a start, without coming back to Python in between.

    Attributes
    ----------
    kind : {"spherical", "diag", "tied", "full"}
        Covariances.
    means_only : bool
        Whether covariances stay as they are.
    weights, means, covariances : ndarray of shape (b, k), (b, k, d), (b, ...)
        The b starts; covariances as a mixture stores them, with b in front.
    floor : ndarray of shape (d,)
        Least variance of each column, or zeros.
    spread : ndarray of shape (d,)
        Standard deviations of the columns.
    scale : ndarray of shape (d, d)
        Rows times it are in the data's own units, in which extrapolations are measured.
    unit : float
        Densities are per unit^d.
    resolution : float
        Mass below which the rows tell nothing about a component.
    narrowest : float
        A component this many times as narrow as a column is wide has collapsed.
    largest_rise : float
        A rise of the value by more than this, relative to one plus its size, is beyond rounding.
    tol, max_iter, accelerate
        As for `solve.EM`.
    free_weights : bool
        Whether the weights are free where covariances are not; they are where covariances are.
    gradient : bool
        Gradient descent with the step sigma^2 instead, held covariances only, of rows whose weights sum to
        one: each mean goes its mass times the EM step. `tol` is still the length of the EM step.
    flow_step : float
        Of the gradient: follow its flow by Runge and Kutta's steps of that many sigma^2; 0 for descent.
    target, screen, outlook : float, int, int
        A start is given up where, after `screen` iterations, going on at the last one's pace for `outlook`
        more would not lead to `target`.
    max_seconds : float or None
        Time for all of them.
    ranges : ndarray of int, shape (b, 2), or None
        First row of each start, and the one after its last; None for all rows.
    second_order : SecondOrder or None
        When steps may be those of a quadratic model of the objective; None for EM alone.
    prior_mass : ndarray of shape (b,), or None
        Mass of the rows that each covariance is given beside its own, for each start; None for none.
    prior_scale : ndarray of shape (d, d), or None
        Their covariance.
    watch : callable or None
        Called some twenty times a second with the starts that have ended, the iterations of all, and the
        value of the one that moved last; returning True stops.
    each_iteration : bool
        Whether it is to see each iteration, which takes longer.
    background : ndarray of shape (n,) or None
        Log density of a background at each row, per unit^d; its weight is the best one at each point. Without
        second order.
    background_weight, background_steps : float, int
        Relative change of that weight at which it is found, and the most steps to it.
    truncation : Truncation or None
        When rows meet only the components that matter to them; None for never.
    keep : bool
        Whether what each run needs to go on is kept.
    resume : object or None
        Where one start is: the `memory` of a run on the same rows, from where it stopped. The parameters of
        the start are not used then, and `max_iter` counts from there.
    """

    kind: str
    means_only: bool
    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    floor: FloatArray
    spread: FloatArray
    scale: FloatArray
    unit: float
    resolution: float
    narrowest: float
    largest_rise: float
    tol: float
    max_iter: int
    accelerate: bool
    free_weights: bool = False
    gradient: bool = False
    flow_step: float = 0.0
    target: float = np.inf
    screen: int = 0
    outlook: int = 0
    max_seconds: float | None = None
    ranges: IntArray | None = None
    prior_mass: FloatArray | None = None
    prior_scale: FloatArray | None = None
    second_order: SecondOrder | None = None
    watch: Callable[[int, int, float], Any] | None = None
    each_iteration: bool = False
    background: FloatArray | None = None
    background_weight: float = 0.0
    background_steps: int = 0
    truncation: Truncation | None = None
    keep: bool = False
    resume: Any = None


class Work(NamedTuple):
    """What a run cost: plain passes over the rows, passes with a Hessian, and products with one.

    `densities` are those of the plain passes, in rows times components: as many as passes, unless some were
    truncated.
    """

    passes: int
    hessians: int
    products: int
    densities: float


class EmRun(NamedTuple):
    """Where one start ended: parameters, and for each what `solve.Solution` says.

    `value` is NLL and penalty, per unit^d. `end` is a stop reason, or "given_up", "not_begun", or
    "out_of_reach" where only a loop in Python can go on, because some row has no density. `memory` is what
    the engine needs to go on, if the task asked for it.
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    end: str
    value: float
    step: float
    starved: bool
    history: FloatArray
    work: Work
    memory: Any = None


class EmRuns(NamedTuple):
    """Runs of all starts, in their order, and whether Ctrl-C ended them."""

    runs: list[EmRun]
    interrupted: bool


class Held(Protocol):
    """Rows as an engine holds them: handed over once, and computed with many times.

    Bits depend on the rows, the parameters and the engine alone, not on the number of threads.
    """

    def statistics(self, parameters: Parameters, scatter: str) -> SufficientStatistics:
        """Return the sufficient statistics at a mixture; `scatter` is the kind accumulated, or "none".

        Cost O(n k d) for "none", "spherical" and "diag", O(n k d^2) for "tied" and "full".
        """
        ...

    def order(self, parameters: Parameters, scatter: str, truncation: Truncation) -> Any | None:
        """Return an order of the rows in which passes at mixtures like this one are truncated, or None.

        It depends on the rows and what is given alone; None where such passes do not pay, or are not known.
        """
        ...

    def ordered_statistics(self, parameters: Parameters, scatter: str, order: Any) -> SufficientStatistics:
        """Return the sufficient statistics at a mixture by a pass in an `order` of these rows."""
        ...

    def log_density(self, parameters: Parameters) -> FloatArray:
        """Return the log density of the mixture at each row, shape (n,); -inf where it underflows."""
        ...

    def responsibilities(self, parameters: Parameters) -> FloatArray:
        """Return the posterior probability of each component at each row, shape (n, k)."""
        ...

    def coverage(self, parameters: Parameters, threshold: float) -> Coverage:
        """Return the responsibilities that are at least a positive threshold; memory for those alone."""
        ...

    def nearest(self, parameters: Parameters) -> IntArray:
        """Return the component of largest joint density at each row, shape (n,); the first of equal ones."""
        ...

    def derivatives(self, parameters: Parameters, *, hessian: bool) -> LocationDerivatives:
        """Return value, gradient and Hessian of the NLL in the means, for equal spherical covariances."""
        ...

    def joint_derivatives(self, parameters: Parameters, *, hessian: bool) -> LocationDerivatives:
        """Return value, gradient and Hessian in the means and in sigma times the log weights."""
        ...

    def information(self, parameters: Parameters, scatter: str, *, missing: bool) -> Information:
        """Return what makes value, gradient and, with the `missing` information, Hessian of any family.

        `scatter` says of which kind the covariances are that are free, or "none". Of the missing information
        what products of responsibilities below 1e-15 add may be left out. Cost of a pass with moments of y,
        O(n k d^2) for "tied" and "full"; the missing information adds O(n p^2 m), for p components that share
        a row and m monomials of y of degree four at most, two for "none" and "tied".
        """
        ...

    def missing_product(self, parameters: Parameters, scatter: str, direction: FloatArray) -> ScoreMoments:
        """Return the missing information times a direction (m,), as moments of y; at most three passes."""
        ...

    def rounding(self, parameters: Parameters, *, joint: bool = False) -> Rounding:
        """Return estimated rounding errors of the value and of its derivatives in the means."""
        ...

    def em(self, task: EmTask) -> EmRuns | None:
        """Return where EM leads from each start; None where Python has to drive the iterations."""
        ...

    def taken(self, rows: Any, weights: FloatArray | None = None) -> Held:
        """Return some rows, a slice or their numbers, with their own weights or others."""
        ...


class Engine(Protocol):
    """What computes.

    Attributes
    ----------
    name : str
        By which it is chosen.
    isa : str or None
        Instruction set, where that can be chosen.
    """

    @property
    def name(self) -> str:
        """By which it is chosen."""
        ...

    @property
    def isa(self) -> str | None:
        """Instruction set, where that can be chosen."""
        ...

    def hold(self, X: Rows, weights: Weights, origin: FloatArray | None = None) -> Held:
        """Return rows, float64 or float32, with their weights; `origin` is subtracted where they are read."""
        ...
