"""Deliberate faults in the mathematics, each one change of the source: what the fast suite has to notice."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One change of a file.

    Attributes
    ----------
    what : str
        In words.
    file : str
        Below `src/gmmscape`.
    before, after : str
        A text that is there once, and what stands there instead.
    tests : tuple of str
        Files or folders below `tests` whose fast tests are run, the first one first.
    """

    what: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


REFERENCE = "engine/reference.py"
ENGINE = ("unit/engine", "reference/test_mpmath.py")
LAWS = ("unit/landscape/test_laws.py", "landscape/test_laws.py", "landscape/test_count_law.py")

FAULTS = (
    Fault(
        "means move by a whole gap when statistics are merged",
        "statistics.py",
        "mean = np.where(self.mass[:, None] > 0, self.mean + share[:, None] * gap, other.mean)",
        "mean = np.where(self.mass[:, None] > 0, self.mean + gap, other.mean)",
        ("unit/test_statistics.py", *ENGINE),
    ),
    Fault(
        "scatter between merged parts has the whole mass",
        "statistics.py",
        "between = self.mass * share",
        "between = self.mass",
        ("unit/test_statistics.py", *ENGINE),
    ),
    Fault(
        "the weight of the second part is dropped in a merge",
        "statistics.py",
        "weight=self.weight + other.weight",
        "weight=self.weight",
        ("unit/test_statistics.py", *ENGINE),
    ),
    Fault(
        "the log density has twice the constant of a Gaussian",
        "engine/parameters.py",
        "self.log_determinants - 0.5 * d * LOG_2PI",
        "self.log_determinants - d * LOG_2PI",
        ENGINE,
    ),
    Fault(
        "squared distances count whole",
        REFERENCE,
        "return parameters.log_constants - 0.5 * squared_distances(X, parameters)",
        "return parameters.log_constants - squared_distances(X, parameters)",
        ENGINE,
    ),
    Fault(
        "responsibilities are normalised along the wrong axis",
        REFERENCE,
        "posterior /= posterior.sum(axis=1, keepdims=True)",
        "posterior /= posterior.sum(axis=0, keepdims=True)",
        ENGINE,
    ),
    Fault(
        "weights of rows are dropped from the statistics",
        REFERENCE,
        "posterior *= weights[:, None]",
        "posterior *= 1.0",
        ENGINE,
    ),
    Fault(
        "the spread enters the Hessian with the wrong sign",
        REFERENCE,
        "weighted[:, i].sum() * np.eye(d) - spread",
        "weighted[:, i].sum() * np.eye(d) + spread",
        ENGINE,
    ),
    Fault(
        "the shift is forgotten in log-sum-exp",
        "logsumexp.py",
        "return shift + np.log(",
        "return np.log(",
        ("unit/landscape/realisation", "unit/proof/bound"),
    ),
    Fault(
        "the effective number of rows is that of the heaviest",
        "weights.py",
        "float(self.each.sum() ** 2 / (self.each @ self.each))",
        "float(self.each.sum() / self.each.max())",
        ("unit/measure", "unit/estimator/test_sample_weights.py", "unit/diagnosis"),
    ),
    Fault(
        "the prior's mass is missing in the denominator",
        "families/free_covariance.py",
        "/ (own + self.prior.mass)",
        "/ own",
        ("unit/families/test_covariance_prior.py", "unit/families", "unit/test_families.py"),
    ),
    Fault(
        "one parameter too many is counted",
        "families/free_covariance.py",
        "self.kind.n_parameters(k, d) + k - 1",
        "self.kind.n_parameters(k, d) + k",
        ("unit/families", "unit/selection/test_select.py", "unit/estimator"),
    ),
    Fault(
        "the floor is skipped",
        "families/free_covariance.py",
        "return self.floor.clip(covariances, self.kind)",
        "return covariances, False",
        ("unit/test_families.py", "unit/families"),
    ),
    Fault(
        "a part of the rows has the whole prior",
        "families/free_covariance.py",
        "self if self.prior is None else self.under(self.prior.on_part(share))",
        "self",
        ("unit/families/test_covariance_prior.py", "unit/families", "unit/selection", "unit/moves"),
    ),
    Fault(
        "the floor is the smaller of its two parts",
        "families/floor.py",
        "np.maximum(reg_covar, covariance_floor",
        "np.minimum(reg_covar, covariance_floor",
        ("unit/test_families.py", "unit/families", "unit/estimator"),
    ),
    Fault(
        "contrasts of weights do not sum to zero",
        "families/location.py",
        "basis[j + 1, j] = -(j + 1.0)",
        "basis[j + 1, j] = -1.0",
        ("unit/test_families.py", "unit/families", "unit/solve", "landscape/test_free_weights.py"),
    ),
    Fault(
        "sizes of components forget the number of columns",
        "families/log_variances.py",
        "(sums / profile).sum(axis=1) / (d * mass)",
        "(sums / profile).sum(axis=1) / mass",
        ("unit/families",),
    ),
    Fault(
        "a triangular inverse has the wrong sign below its diagonal",
        "covariances/cholesky.py",
        "-last @ (roots",
        "last @ (roots",
        ("unit/test_covariances.py", "unit/test_covariance_kinds.py"),
    ),
    Fault(
        "a linear map subtracts its offset",
        "mixture/linear_map.py",
        "mixture.means @ matrix.T + offset",
        "mixture.means @ matrix.T - offset",
        ("unit/mixture",),
    ),
    Fault(
        "the box of a background moves on one side only",
        "mixture/background.py",
        "lower=self.lower + offset, upper=self.upper + offset",
        "lower=self.lower + offset",
        ("unit/mixture", "unit/measure", "unit/estimator"),
    ),
    Fault(
        "the background's weight is forgotten in its density",
        "mixture/background.py",
        "np.log(self.weight) + self.log_densities_inside(X)",
        "self.log_densities_inside(X)",
        ("unit/measure", "unit/mixture", "unit/estimator"),
    ),
    Fault(
        "structure is read at three times the level",
        "structure/structure.py",
        "level = 0.5 / fit.n_components",
        "level = 1.5 / fit.n_components",
        ("unit/structure", "reference"),
    ),
    Fault(
        "averages of centers forget the weights",
        "structure/structure.py",
        "weights=weights if weights.any() else None",
        "weights=None",
        ("unit/structure", *LAWS),
    ),
    Fault(
        "an edge that is turned round keeps its relabelling",
        "landscape/atlas/edges.py",
        "back = None if self.relabelling is None else inverse(self.relabelling)",
        "back = self.relabelling",
        ("unit/landscape/atlas/test_edges.py", "unit/landscape/atlas", "landscape/test_graph.py"),
    ),
    Fault(
        "relabellings are composed in the wrong order",
        "landscape/atlas/edges.py",
        "return tuple(second[j] for j in first)",
        "return tuple(first[j] for j in second)",
        ("unit/landscape/atlas/test_edges.py", "unit/landscape/atlas", "landscape/test_graph.py"),
    ),
    Fault(
        "barriers forget that both values have errors",
        "landscape/atlas/edges.py",
        "return Estimate(value - other, _error(value) + _error(other))",
        "return Estimate(value - other, _error(value))",
        ("unit/landscape/atlas/test_edges.py", "unit/landscape/atlas", "landscape/test_graph.py"),
    ),
    Fault(
        "the lowest pass is the highest",
        "landscape/atlas/edges.py",
        "sorted({edge.saddle for edge in edges}, key=lambda one: saddles[one])",
        "sorted({edge.saddle for edge in edges}, key=lambda one: -saddles[one])",
        ("unit/landscape/atlas/test_edges.py", "unit/landscape/atlas", "landscape/test_graph.py"),
    ),
    Fault(
        "eigenvalues of a split have the wrong sign",
        "landscape/laws/crowding.py",
        "(1.0 - np.linalg.eigvalsh(matrix) / sigma**2)",
        "(1.0 + np.linalg.eigvalsh(matrix) / sigma**2)",
        LAWS,
    ),
    Fault(
        "the predicted divergence has a logarithm of the wrong sign",
        "landscape/laws/structures.py",
        "(ratio - 1.0 - np.log(ratio))",
        "(ratio - 1.0 + np.log(ratio))",
        (*LAWS, "unit/landscape/realisation"),
    ),
    Fault(
        "the predicted divergence forgets how many means share a block",
        "landscape/laws/structures.py",
        "np.log(k * weight / len(block.means))",
        "np.log(k * weight)",
        (*LAWS, "unit/landscape/realisation"),
    ),
    Fault(
        "the stability of a cut is twice itself",
        "landscape/laws/cuts.py",
        "gap / (4.0 * sigma)",
        "gap / (2.0 * sigma)",
        (*LAWS, "landscape/test_cut_centers.py"),
    ),
    Fault(
        "the count of points has no signs",
        "landscape/laws/count.py",
        "* (-1) ** positive_integer",
        "* 1 ** positive_integer",
        LAWS,
    ),
    Fault(
        "errors fall off half as fast with the separation",
        "landscape/laws/separation.py",
        "np.exp(-(u**2) / 32)",
        "np.exp(-(u**2) / 64)",
        LAWS,
    ),
    Fault(
        "entropy is taken off instead of added",
        "selection/criteria.py",
        "bic + 2.0 * n * entropy",
        "bic - 2.0 * n * entropy",
        ("unit/selection",),
    ),
    Fault(
        "held-out rows lose their weights",
        "selection/folds.py",
        "float(sample.weights[out].sum())",
        "float(len(out) / len(sample))",
        ("unit/selection/test_folds.py", "unit/selection"),
    ),
    Fault(
        "an accelerated step is half a step",
        "solve/acceleration.py",
        "x + 2 * alpha * s + alpha * alpha * t",
        "x + alpha * s + alpha * alpha * t",
        ("unit/solve",),
    ),
    Fault(
        "errors of a rule are a millionth of what is measured",
        "measure/quadrature.py",
        "* TOLERANCES.measure.safety",
        "* 1e-6 * TOLERANCES.measure.safety",
        ("unit/measure", "statistical"),
    ),
    Fault(
        "a divergence counts all dimensions as left out",
        "measure/divergence.py",
        "left_out = (d - r) * (",
        "left_out = d * (",
        ("unit/measure/test_divergence.py", "unit/measure", "unit/mixture"),
    ),
    Fault(
        "the degree of a point counts rising directions",
        "landscape/points/degree.py",
        "values[~soft] < 0",
        "values[~soft] > 0",
        ("landscape/test_count_law.py", "unit/landscape"),
    ),
    Fault(
        "squares of scores are centred on one side",
        "inference/information.py",
        "return second - cross - cross.T + total",
        "return second - cross + total",
        ("unit/inference/test_scatter_of_scores.py", "unit/inference"),
    ),
    Fault(
        "profile intervals reach for twice the rise",
        "inference/profile.py",
        "0.5 * z**2 / self._n",
        "z**2 / self._n",
        ("unit/inference",),
    ),
    Fault(
        "a removal is dearer by its squared share",
        "moves/removals.py",
        "between = total * share * (1.0 - share)",
        "between = total * share * share",
        ("unit/moves/test_removals.py", "unit/moves"),
    ),
    Fault(
        "errors of gains are those of single rows",
        "moves/left_out_gain.py",
        "np.sqrt(variance / self.n)",
        "np.sqrt(variance)",
        ("unit/moves", "unit/diagnosis"),
    ),
    Fault(
        "means are matched along the wrong axis",
        "matching.py",
        "np.linalg.norm(means[order] - reference, axis=1)",
        "np.linalg.norm(means[order] - reference, axis=0)",
        ("unit/test_matching.py", "unit/landscape"),
    ),
    Fault(
        "second moments of a panel forget a cross term",
        "landscape/quantisation/line_cells.py",
        "second + 2.0 * middle * first",
        "second + middle * first",
        ("unit/landscape/quantisation",),
    ),
    Fault(
        "a proof accepts boxes that are not mapped into themselves",
        "proof/contraction.py",
        "row * radius < exact(EFFORT.proof.margin) * radius",
        "row * radius < exact(1000) * radius",
        ("unit/proof/test_contraction.py", "unit/proof"),
    ),
    Fault(
        "a proof counts rising directions",
        "proof/contraction.py",
        "negative += bool(value < 0)",
        "negative += bool(value > 0)",
        ("unit/proof",),
    ),
    Fault(
        "the verifier counts rising directions",
        "verifier/krawczyk.py",
        "found += pivot.hi < 0",
        "found += pivot.lo > 0",
        ("unit/verifier",),
    ),
    Fault(
        "the verifier forgets how far a step leads",
        "verifier/krawczyk.py",
        "(step + total(x.size() for x in left) * r).hi < r.lo",
        "(total(x.size() for x in left) * r).hi < r.lo",
        ("unit/verifier",),
    ),
)
