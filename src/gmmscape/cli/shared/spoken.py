"""What the library says, in the words of the command line: options for parameters, commands for functions."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Options of parameters that are called otherwise there.
CALLED = {
    "n_components": "-k",
    "covariance_type": "--covariance",
    "sample_weight": "--weights-column",
    "k_star": "--k-star",
    "missing_words": "--missing-value",
}
PARAMETERS = (
    *("covariance_prior", "covariance_floor", "reg_covar", "max_seconds", "max_iter", "n_init", "n_jobs"),
    *("n_starts", "init_params", "checkpoint", "columns", "drop", "delimiter", "tol", "sigma", "weights"),
    *("decimal", "thousands", "comment", "encoding", "weights_column", "method", "level", "n_bootstrap"),
    *("family", "centers", "bracket", "separation", "tau", "rtol", "d"),
)
#: What is said of a parameter and its value together.
SAID = {"missing='drop'": "--drop-missing", "keep_index=True": "--keep-index"}
COMMANDS = {"repair": "repair", "select": "select", "local_optima": "optima", "fit": "fit"}
#: How lines begin in which names of columns stand as they are: of tables, and of a fit's data.
WITH_NAMES = ("  ", "fit: ")
_GIVEN = re.compile(rf"\b({'|'.join((*CALLED, *PARAMETERS))})=")
_BARE = re.compile(
    rf"(?<![\w'-])({'|'.join(name for name in (*CALLED, *PARAMETERS) if '_' in name)})(?![\w=-])"
)
#: scikit-learn's words, as which code that greps them wants them.
_TOO_FEW = re.compile(r"Expected n_samples >= n_components but got n_components = (\d+), n_samples = (\d+)")
_NAMED = re.compile(rf"`({'|'.join(COMMANDS)})`")


def option_of(name: str) -> str:
    """Return the option that a parameter of the library is on the command line."""
    return CALLED.get(name, "--" + name.replace("_", "-"))


def of_an_error(message: str) -> str:
    """Return an error's message with options for the parameters it names."""
    message = _TOO_FEW.sub(r"-k \1 but FILE has only \2 rows", message)
    message = message.replace("X has", "FILE has").replace("n_samples=", "")
    for said, option in SAID.items():
        message = message.replace(said, option)
    return _in_options(_GIVEN.sub(lambda found: option_of(found[1]) + " ", message))


def in_options(text: str) -> str:
    """Return the text of a result with options and commands in its sentences; tables stay as they are."""
    return "\n".join(_lines(text.splitlines()))


def _lines(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield line if line.startswith(WITH_NAMES) else _in_options(line)


def _in_options(line: str) -> str:
    line = _BARE.sub(lambda found: option_of(found[1]), line)
    return _NAMED.sub(lambda found: f"`gmmscape {COMMANDS[found[1]]}`", line)
