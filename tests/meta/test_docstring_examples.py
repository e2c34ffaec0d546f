"""The examples in docstrings run, and print what they say."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import pkgutil
from types import ModuleType

import pytest

import gmmscape

#: Modules with dear examples, left to the nightly run.
SLOW = (
    "gmmscape.landscape.comparison.against_size",
    "gmmscape.landscape.phases.diagram",
    "gmmscape.landscape.threshold.threshold",
    "gmmscape.proof.birth",
    "gmmscape.proof.separation_curve",
    "gmmscape.proof.structure_report",
)


def modules() -> list[str]:
    walked = (one.name for one in pkgutil.walk_packages(gmmscape.__path__, "gmmscape."))
    # A module of this name starts the command line; those of the torch engine need the extra that it is.
    left_out = "torch_" if importlib.util.find_spec("torch") is None else "__main__"
    return sorted(name for name in walked if not name.rpartition(".")[2].startswith(("__main__", left_out)))


def examples(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder().find(module) if test.examples]


def test_there_are_examples_where_users_look():
    with_examples = {test.name for name in modules() for test in examples(importlib.import_module(name))}
    assert {
        "gmmscape.structure.structure.decode",
        "gmmscape.estimator.gaussian_mixture.GaussianMixture",
    } <= with_examples


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in modules()]
)
def test_examples_print_what_they_say(name: str):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for test in examples(importlib.import_module(name)):
        printed: list[str] = []
        failed, _ = doctest.DocTestRunner(optionflags=flags).run(test, out=printed.append)
        assert not failed, "".join(printed)
