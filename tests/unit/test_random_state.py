"""rng by scikit-learn's name for it: everywhere, and not both."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab

CENTERS = [0.0, 9.0, 30.0]
X = np.random.default_rng(29).normal(CENTERS, 1.0, (40, 3)).reshape(-1, 1)
MIXTURE = gs.Mixture.location(CENTERS, 1.0)


def _taking_rng() -> dict[str, Any]:
    """What is public and takes an rng, by name."""
    found = {}
    for module in (gs, lab):
        for name in dir(module):
            thing = getattr(module, name)
            members = {name: thing} if inspect.isfunction(thing) else {}
            if inspect.isclass(thing):
                members = {f"{name}.{n}": m for n, m in inspect.getmembers(thing, inspect.isfunction)}
            for full, one in members.items():
                public = not full.split(".")[-1].startswith("_")
                rng = inspect.signature(one).parameters.get("rng")
                # A seed, and not a Generator alone.
                if public and rng is not None and rng.annotation == "Any":
                    found[full] = one
    return found


PUBLIC = _taking_rng()


def test_there_are_some():
    assert {"diagnose", "repair", "select", "local_optima", "falsify", "Mixture.sample"} <= set(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_function_knows_both_names(name: str):
    """It says so before it looks at anything else."""
    with pytest.raises(gs.InvalidParameterError, match="pass either rng or random_state, not both"):
        PUBLIC[name](None, rng=0, random_state=0) if "." in name else PUBLIC[name](rng=0, random_state=0)


def test_both_names_mean_the_same():
    np.testing.assert_array_equal(MIXTURE.sample(5, random_state=3)[0], MIXTURE.sample(5, 3)[0])
    options: dict[str, Any] = {"n_starts": 3, "escape": False}
    one, other = (gs.local_optima(X, 2, **options, **{name: 4}) for name in ("rng", "random_state"))
    assert one.to_dict() == other.to_dict()
    fits = [gs.GaussianMixture(3, **{name: 5}).fit(X) for name in ("rng", "random_state")]
    np.testing.assert_array_equal(fits[0].means_, fits[1].means_)


def test_a_random_state_is_drawn_from():
    state = np.random.RandomState(7)
    first, second = MIXTURE.sample(5, state)[0], MIXTURE.sample(5, state)[0]
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, MIXTURE.sample(5, rng=np.random.RandomState(7))[0])


def test_a_positional_rng_counts():
    with pytest.raises(gs.InvalidParameterError, match="not both"):
        MIXTURE.sample(5, 3, random_state=3)
