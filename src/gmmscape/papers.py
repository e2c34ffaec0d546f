"""The papers behind what was computed, to be cited."""

from __future__ import annotations

from typing import Any, NamedTuple

from gmmscape.version import VERSION


class Paper(NamedTuple):
    """A paper, and what of it is used here.

    Attributes
    ----------
    key : str
        Of the BibTeX entry.
    used_for : str
        What is made with it.
    authors, title, journal, volume, pages, year : str
        As in the entry; pages may be empty.
    """

    key: str
    used_for: str
    authors: str
    title: str
    journal: str
    volume: str
    pages: str
    year: str

    def bibtex(self) -> str:
        """Return the entry."""
        fields = {
            "author": self.authors,
            "title": f"{{{self.title}}}",
            "journal": self.journal,
            "volume": self.volume,
            "pages": self.pages,
            "year": self.year,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"% {self.used_for}", f"@article{{{self.key},", *lines, "}"])


STRUCTURE = Paper(
    "chen2024local",
    "what local minima look like: one-fits-many and many-fit-one",
    "Chen, Yudong and Song, Dogyoon and Xi, Xumei and Zhang, Yuqian",
    "Local Minima Structures in Gaussian Mixture Models",
    "IEEE Transactions on Information Theory",
    "70",
    "",
    "2024",
)
EM = Paper(
    "dempster1977maximum",
    "EM",
    "Dempster, A. P. and Laird, N. M. and Rubin, D. B.",
    "Maximum Likelihood from Incomplete Data via the EM Algorithm",
    "Journal of the Royal Statistical Society B",
    "39",
    "1--38",
    "1977",
)
SQUAREM = Paper(
    "varadhan2008simple",
    "extrapolation of EM",
    "Varadhan, Ravi and Roland, Christophe",
    "Simple and Globally Convergent Methods for Accelerating the Convergence of Any EM Algorithm",
    "Scandinavian Journal of Statistics",
    "35",
    "335--353",
    "2008",
)
INFORMATION = Paper(
    "louis1982finding",
    "the exact Hessian",
    "Louis, Thomas A.",
    "Finding the Observed Information Matrix when Using the EM Algorithm",
    "Journal of the Royal Statistical Society B",
    "44",
    "226--233",
    "1982",
)
TRUST_REGION = Paper(
    "gould1999solving",
    "steps of the quadratic model",
    "Gould, Nicholas I. M. and Lucidi, Stefano and Roma, Massimo and Toint, Philippe L.",
    "Solving the Trust-Region Subproblem Using the Lanczos Method",
    "SIAM Journal on Optimization",
    "9",
    "504--525",
    "1999",
)
PRIOR = Paper(
    "fraley2007bayesian",
    "the prior of the covariances",
    "Fraley, Chris and Raftery, Adrian E.",
    "Bayesian Regularization for Normal Mixture Estimation and Model-Based Clustering",
    "Journal of Classification",
    "24",
    "155--181",
    "2007",
)
SPLIT_AND_MERGE = Paper(
    "ueda2000smem",
    "splitting and merging components",
    "Ueda, Naonori and Nakano, Ryohei and Ghahramani, Zoubin and Hinton, Geoffrey E.",
    "SMEM Algorithm for Mixture Models",
    "Neural Computation",
    "12",
    "2109--2128",
    "2000",
)
MERGERS = Paper(
    "runnalls2007kullback",
    "the bound that mergers are ranked by",
    "Runnalls, Andrew R.",
    "Kullback-Leibler Approach to Gaussian Mixture Reduction",
    "IEEE Transactions on Aerospace and Electronic Systems",
    "43",
    "989--999",
    "2007",
)
LEFT_OUT = Paper(
    "friedman1989regularized",
    "densities of rows left out, by a change of rank one",
    "Friedman, Jerome H.",
    "Regularized Discriminant Analysis",
    "Journal of the American Statistical Association",
    "84",
    "165--175",
    "1989",
)
BIC = Paper(
    "schwarz1978estimating",
    "BIC",
    "Schwarz, Gideon",
    "Estimating the Dimension of a Model",
    "The Annals of Statistics",
    "6",
    "461--464",
    "1978",
)
ICL = Paper(
    "biernacki2000assessing",
    "ICL",
    "Biernacki, Christophe and Celeux, Gilles and Govaert, Gerard",
    "Assessing a Mixture Model for Clustering with the Integrated Completed Likelihood",
    "IEEE Transactions on Pattern Analysis and Machine Intelligence",
    "22",
    "719--725",
    "2000",
)
GRAPH = Paper(
    "becker1997topology",
    "the disconnectivity graph",
    "Becker, Oren M. and Karplus, Martin",
    "The Topology of Multidimensional Potential Energy Surfaces: Theory and Application to Peptide Structure "
    "and Kinetics",
    "The Journal of Chemical Physics",
    "106",
    "1495--1517",
    "1997",
)
SADDLES = Paper(
    "cerjan1981finding",
    "the search for saddles",
    "Cerjan, Charles J. and Miller, William H.",
    "On Finding Transition States",
    "The Journal of Chemical Physics",
    "75",
    "2800--2806",
    "1981",
)
FOLDS = Paper(
    "moore1980calculation",
    "births and thresholds, where minima fold",
    "Moore, G. and Spence, A.",
    "The Calculation of Turning Points of Nonlinear Equations",
    "SIAM Journal on Numerical Analysis",
    "17",
    "567--576",
    "1980",
)

_FITTED = (STRUCTURE, EM, SQUAREM, INFORMATION, TRUST_REGION)
_SEARCHED = (*_FITTED, SPLIT_AND_MERGE, MERGERS, LEFT_OUT)
#: What a result, by the name of its format, rests on; an estimator is a "gmmscape-fit".
_BEHIND = {
    "gmmscape-fit": (*_SEARCHED, PRIOR),
    "gmmscape-diagnosis": _SEARCHED,
    "gmmscape-repair": _SEARCHED,
    "gmmscape-optima": (*_SEARCHED, PRIOR),
    "gmmscape-selection": (*_SEARCHED, PRIOR, BIC, ICL),
    "gmmscape-atlas": (STRUCTURE, SADDLES, GRAPH),
    "gmmscape-birth": (STRUCTURE, FOLDS),
    "gmmscape-threshold": (STRUCTURE, FOLDS),
}


def citation(result: Any = None) -> str:
    """Return what to cite, as BibTeX: this software, and the papers behind what was computed.

    Parameters
    ----------
    result : estimator or result, optional
        What is used in the work: a `GaussianMixture`, or anything that `diagnose`, `repair`, `select`,
        `local_optima` or the laboratory returns. The papers of all methods by default.

    Returns
    -------
    str
        One entry each, with a comment that says what it is cited for.

    Examples
    --------
    >>> import gmmscape as gs
    >>> print(gs.citation(gs.Mixture(None, [[0.0], [9.0]], [1.0, 1.0], "spherical")).splitlines()[0])
    % the software
    """
    name = getattr(result, "format", "gmmscape-fit")
    if result is None:
        papers = list(dict.fromkeys(paper for behind in _BEHIND.values() for paper in behind))
    else:
        papers = list(_BEHIND.get(name, (STRUCTURE,)))
    return "\n\n".join([_software(), *(paper.bibtex() for paper in papers)]) + "\n"


def _software() -> str:
    return "\n".join(
        [
            "% the software",
            "@software{gmmscape,",
            "  author = {{The gmmscape developers}},",
            "  title = {{gmmscape: fitting Gaussian mixture models and charting their likelihood "
            "landscapes}},",
            f"  version = {{{VERSION}}},",
            "}",
        ]
    )
