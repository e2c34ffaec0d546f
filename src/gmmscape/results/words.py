"""Sentences that results say, by what they are about."""

from __future__ import annotations

#: Why a solver stopped, with what the user can do about it.
STOP_REASONS = {
    "converged": "the EM step is shorter than tol",
    "max_iter": "the iterations ran out first: raise max_iter",
    "time_limit": "the time budget ran out first: raise max_seconds",
    "plateau": "a component has no data near it, or its free weight has gone to zero, so its gradient is "
    "below what float64 resolves: start it nearer to the data",
    "degenerate": "a covariance collapsed onto too few rows: set covariance_floor or use fewer components",
    "interrupted": "stopped by the user or a callback; the best point so far is kept",
}
#: Why a search ended before it was through.
ENDINGS = {
    "time_limit": "the time budget ran out: raise max_seconds",
    "interrupted": "the search was interrupted",
    "effort_limit": "a fit spends no more on its search than its EM allows: `repair` tries what is left",
}
#: Kinds of component, as a diagnosis finds them.
KINDS_OF_COMPONENT = {
    "exact": "one component on one cluster, as far as the best fit in hand tells",
    "one-fits-many": "sits on several clusters, which a better fit or one with more components keeps apart",
    "many-fit-one": "shares one cluster with others: together they describe it",
    "nested": "lies within two standard deviations of another component: core and halo of one cluster",
    "background": "lies behind several others: rows that belong to no cluster",
    "mixed": "covers one cluster of the better fit, but neither all of it nor it alone",
    "not examined": "nothing was tried: whether it is right is not known",
    "collapsed": "the rows give it no covariance: it rests on a floor or on too few different rows",
}
#: How the warning begins of a fit that was kept as it came.
INTO_COLLAPSE = "EM leads from this fit into a collapse"
#: How the reason begins where a model is of other data.
OF_OTHER_ROWS = "the model was not fitted on these rows"
#: What is listed instead, where no start ended in an optimum.
INSTEAD_OF_OPTIMA = {
    "not converged": "no start has converged: what is listed is where they stood",
    "saddle": "no start ended in an optimum: what is listed are saddles, and small disturbances lead away",
    "degenerate": "every start ended with a collapsed component: the likelihoods listed do not compare; use "
    "fewer components, a simpler covariance_type or a higher covariance_floor",
}
