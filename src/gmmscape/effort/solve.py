"""How much is tried: the solvers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TruncationEffort:
    """How much is tried: passes in which rows meet only the components that matter to them."""

    #: Components below which every row meets all of them.
    least_components: int = 32
    #: Rows that have one list of components; where columns are many, so that cuts do not make blocks smaller.
    block_rows: int = 64
    wide_block_rows: int = 256
    #: Share of the work of a whole pass up to which it pays.
    pays: float = 0.6
    #: Rows, blocks and components of which it is asked before whether it pays.
    sample_rows: int = 256
    sample_blocks: int = 32
    sample_components: int = 8
    #: Operations that sorting takes a row, where a density takes 30 and two for each feature.
    sorting: float = 2000.0
    #: Passes after a try that found that it does not pay; twice as many after each.
    shortest_wait: int = 4
    longest_wait: int = 64
    #: Memory that the order of the rows may take, with copies of them: EM makes nothing of the data's size.
    most_bytes: int = 40 << 20


@dataclass(frozen=True)
class SolveEffort:
    """How much is tried: the solvers."""

    #: Steps in a row, refused or without halving the EM step, after which a point below tol is taken as it
    #: is.
    patience: int = 3
    #: Columns of a triangular matrix up to which it is inverted row by row.
    block_columns: int = 48
    secular_steps: int = 100
    #: Points before the current one, joined by plain EM steps, that an extrapolation is made from.
    trail: int = 2
    #: Iterations of EM after which steps of a quadratic model may be taken, where they are cheaper than what
    #: is left: lengths of EM steps are compared over so many iterations.
    second_order_after: int = 9
    shrinking_window: int = 8
    #: Coordinates, and passes that it costs, up to which the Hessian is formed.
    largest_hessian: int = 1000
    #: Rows times components times squared coordinates up to which it is formed where values are missing.
    incomplete_hessian: float = 2e9
    dearest_hessian: float = 30.0
    #: What the model costs until convergence, in passes: so much, and thrice its Hessian; where that is only
    #: multiplied with. What a product costs.
    model_price: float = 20.0
    products_price: float = 250.0
    product_cost: float = 1.4
    #: EM steps that the region of the model is longer than where products begin: they could be made in the
    #: time of a step by products.
    reach: float = 20.0
    #: Passes after which products are to have earned as much as EM did before; iterations of EM that follow
    #: for each pass, where they have not: a try that fails costs a third more at most.
    products_trial: float = 20.0
    payback: float = 3.0
    #: Secants that a Hessian serves for; products that a step is made of at most; the residual that is left
    #: of the gradient then, and where the Hessian is formed.
    secants: int = 20
    products: int = 60
    rough_step: float = 0.3
    exact_step: float = 1e-4
    #: Radius of a second step from where one fell poorly, as a share of its length: valleys that are curved
    #: let go further by two such steps than by short ones.
    correction: float = 0.5
    #: Iterations of EM after the model had nothing to say.
    rest: int = 10
    #: Turns in which shared sizes and profiles of covariances follow each other in an M-step, and sweeps of
    #: rotations of shared axes: what is left over is made up for in the next.
    covariance_iterations: int = 10
    axes_sweeps: int = 2
    #: Starting means are looked for among this many rows, drawn at random where there are more.
    start_rows: int = 200_000
    #: Distances that many starts are chosen by, in an array at a time: as many as a cache holds.
    distances_together: int = 100_000
    #: Means beyond which the nearest is found by a tree.
    tree_means: int = 256
    #: Rows, and starts, from which the prior of the covariances is found; one start where rows are plenty.
    prior_rows: int = 2_000
    least_prior_rows: int = 500
    #: Size of a pass over these rows beyond which the prior is that of the data's own covariance.
    prior_pass: int = 1_000_000_000
    #: The same for each second of a time budget.
    prior_pass_rate: float = 300_000.0
    #: Rows times components times columns from which on an iteration of k-means is work for several threads.
    shared_pass: int = 1_000_000
    #: Rows times components times columns that k-means starts from in a second, for fits that have no more.
    kmeans_rate: float = 5e7
    prior_starts: int = 2
    prior_rounds: int = 4
    #: Rows a component, times the fewest that its covariance can be estimated from and one, below which the
    #: data are asked what the prior is worth.
    scarce_rows: int = 25
    #: Square matrices of all columns that a fit holds at its peak, the least of what was measured: of the
    #: data; for each full covariance, with its scatter, factors, and what a quadratic model is made of; for
    #: each full one beyond the first in a search for moves; for a tied one; for each component of other kinds
    #: in a search that splits it. Bytes that are always there.
    data_matrices: int = 12
    matrices_of_full: int = 22
    matrices_of_searches: int = 42
    matrices_of_tied: int = 10
    matrices_of_parts: int = 6
    bytes_always_there: int = 20_000_000
    #: The share of a batch in the average of stepwise EM is its share of all rows so far to this power; of
    #: batches of one size the step sizes are t^-0.6, between the 1/2 and 1 that convergence asks for.
    stepwise_exponent: float = 0.6
