"""Checks of user input: what passes unchanged, and what every refusal says."""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from gmmscape.exceptions import DataError, GmmscapeError, InvalidParameterError
from gmmscape.validation import (
    choice,
    data_matrix,
    finite_array,
    generator,
    mean_matrix,
    optional_seconds,
    positive_integer,
    probability_weights,
    real_number,
    sample_weights,
)


def refusal(error: type[GmmscapeError], function: Any, *args: Any, **kwargs: Any) -> str:
    """Return the message with which a check refuses its arguments."""
    with pytest.raises(error) as caught:
        function(*args, **kwargs)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, GmmscapeError)
    return str(caught.value)


@pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(9), 10**30])
def test_positive_integer_accepts(value: Any):
    result = positive_integer("n", value)
    assert type(result) is int
    assert result == value


@pytest.mark.parametrize("value", [0, -1, 1.0, 2.5, "3", None, True, np.True_, np.float64(2), [1], 1j])
def test_positive_integer_refuses(value: Any):
    message = refusal(InvalidParameterError, positive_integer, "n_starts", value)
    assert message == f"n_starts={value!r}: pass an integer of at least 1"


@pytest.mark.parametrize(("value", "good"), [(0, True), (-1, False)])
def test_positive_integer_with_another_minimum(value: int, good: bool):
    if good:
        assert positive_integer("n", value, minimum=0) == 0
    else:
        assert "n=-1: pass an integer of at least 0" in refusal(
            InvalidParameterError, positive_integer, "n", value, minimum=0
        )


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.25), np.int16(4), Fraction(1, 8), 5e-324, 1e308])
def test_real_number_accepts(value: Any):
    result = real_number("tol", value)
    assert type(result) is float
    assert result == value


@pytest.mark.parametrize(
    "value", [0, 0.0, -1e-300, np.nan, np.inf, -np.inf, "1", None, True, np.False_, 1j, Decimal(1), [1.0]]
)
def test_real_number_refuses(value: Any):
    message = refusal(InvalidParameterError, real_number, "tol", value)
    assert message == f"tol={value!r}: pass a finite number above 0"


def test_real_number_at_its_minimum():
    assert real_number("x", 2.0, minimum=2.0, strict=False) == 2.0
    message = refusal(InvalidParameterError, real_number, "x", 1.5, minimum=2.0, strict=False)
    assert message == "x=1.5: pass a finite number of at least 2"
    refusal(InvalidParameterError, real_number, "x", 2.0, minimum=2.0)


def test_choice():
    assert choice("method", "em", ("newton", "em")) == "em"


@pytest.mark.parametrize("value", ["EM", "", None, 1, ["em"], {"em"}])
def test_choice_refuses_and_lists_what_is_legal(value: Any):
    message = refusal(InvalidParameterError, choice, "method", value, ("newton", "em"))
    assert message == f"method={value!r}: choose one of 'newton', 'em'"


@pytest.mark.parametrize(("value", "expected"), [(None, None), (0, 0.0), (2, 2.0), (0.5, 0.5)])
def test_optional_seconds_accepts(value: Any, expected: float | None):
    assert optional_seconds("max_seconds", value) == expected


@pytest.mark.parametrize("value", [-1, -1e-9, np.inf, np.nan, "5", False])
def test_optional_seconds_refuses(value: Any):
    message = refusal(InvalidParameterError, optional_seconds, "max_seconds", value)
    assert message.startswith(f"max_seconds={value!r}: ")


def test_generator_of_a_seed_and_of_a_generator():
    given = np.random.default_rng(5)
    assert generator(given) is given
    assert generator(5).random() == np.random.default_rng(5).random()
    assert generator(None).random() != generator(None).random()


@pytest.mark.parametrize("value", [-1, 1.5, "seed", object])
def test_generator_refuses(value: Any):
    assert refusal(InvalidParameterError, generator, value).startswith(f"rng={value!r}: pass None")


@pytest.mark.parametrize(
    ("value", "ndim"),
    [([1, 2], (1,)), ([[1.0], [2.0]], (1, 2)), (np.arange(3, dtype=np.int8), (1,)), (4, (0,)), ([], (1,))],
)
def test_finite_array_is_a_new_float64_array(value: Any, ndim: tuple[int, ...]):
    result = finite_array("x", value, ndim=ndim)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, value)


def test_finite_array_copies():
    given = np.ones(3)
    assert not np.shares_memory(finite_array("x", given, ndim=(1,)), given)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abc", "means='abc': pass an array of real numbers"),
        ([[1, 2], [3]], "means=[[1, 2], [3]]: pass an array of real numbers"),
        ([1j], "means=[1j]: pass an array of real numbers"),
        ([object], "means=[<class 'object'>]: pass an array of real numbers"),
        (5.0, "means has shape (): pass an array with ndim 1 or 2"),
        (np.zeros((1, 1, 1)), "means has shape (1, 1, 1): pass an array with ndim 1 or 2"),
        ([0.0, np.nan, np.inf], "means has 2 entries that are not finite, the first at (1,): nan; "),
        ([[0.0, 1.0], [-np.inf, 1.0]], "means has 1 entries that are not finite, the first at (1, 0): -inf"),
        ([None, 1.0], "means has 1 entries that are not finite, the first at (0,): nan"),
    ],
    ids=str,
)
def test_finite_array_refuses(value: Any, expected: str):
    assert refusal(InvalidParameterError, finite_array, "means", value, ndim=(1, 2)).startswith(expected)


def test_long_values_are_shortened_in_messages():
    message = refusal(InvalidParameterError, positive_integer, "n", "x" * 1000)
    assert message.startswith("n='xxx")
    assert "...: pass an integer" in message
    assert len(message) < 130


def test_mean_matrix_of_a_vector_is_a_column():
    assert mean_matrix("centers", [1, 2, 3]).shape == (3, 1)
    assert mean_matrix("centers", [[1, 2, 3]], n_features=3).shape == (1, 3)


@pytest.mark.parametrize(
    ("value", "n_features", "expected"),
    [
        ([], None, "centers has shape (0, 1): pass at least one point"),
        (np.zeros((2, 0)), None, "centers has shape (2, 0): pass at least one point"),
        ([1, 2], 2, "centers has shape (2, 1): pass an array of shape (k, 2)"),
        ([[1, 2, 3]], 2, "centers has shape (1, 3): pass an array of shape (k, 2)"),
    ],
    ids=str,
)
def test_mean_matrix_refuses(value: Any, n_features: int | None, expected: str):
    message = refusal(InvalidParameterError, mean_matrix, "centers", value, n_features=n_features)
    assert message.startswith(expected)


def test_probability_weights():
    np.testing.assert_array_equal(probability_weights("weights", None, 4), [0.25] * 4)
    np.testing.assert_array_equal(probability_weights("weights", [0, 1], 2), [0.0, 1.0])
    nearly = probability_weights("weights", [0.5, 0.5 + 9e-9], 2)
    assert nearly.sum() == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([0.5, 0.5 + 2e-8], "weights sum to 1.00000002: "),
        ([1.0, 1.0], "weights sum to 2: pass weights that sum to 1"),
        ([0.0, 0.0], "weights sum to 0: "),
        ([1.2, -0.2], "weights[1]=-0.2: "),
        ([1.0], "weights has 1 entries where 2 are needed"),
        ([[0.5, 0.5]], "weights has shape (1, 2)"),
        ([np.nan, 1.0], "weights has 1 entries that are not finite"),
    ],
    ids=str,
)
def test_probability_weights_refuse(value: Any, expected: str):
    assert refusal(InvalidParameterError, probability_weights, "weights", value, 2).startswith(expected)


@pytest.mark.parametrize(
    "X",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]], dtype=np.int32),
        np.array([[1, 2], [3, 4]], dtype=np.float32),
        np.array([[1, 2], [3, 4]], dtype=">f8"),
        np.array([[1, 2], [3, 4]], dtype=object),
        np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]),
        np.arange(1.0, 9.0).reshape(4, 2)[:2],
        np.array([[0.0, 1.0, 0.0, 2.0], [0.0, 3.0, 0.0, 4.0]])[:, 1::2],
    ],
    ids=["list", "int32", "float32", "big-endian", "object", "fortran", "view", "strided"],
)
def test_data_matrix_is_contiguous_float64(X: Any):
    result = data_matrix(X)
    assert result.dtype == np.dtype("=f8")
    assert result.flags.c_contiguous
    np.testing.assert_array_equal(result, [[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        ([1.0, 2.0], "Y has shape (2,) where (n_samples, n_features) is needed: "),
        (3.0, "Y has shape () where"),
        (np.zeros((2, 2, 2)), "Y has shape (2, 2, 2) where"),
        (np.zeros((0, 2)), "Y has shape (0, 2): pass at least one row and one column"),
        (np.zeros((2, 0)), "Y has shape (2, 0): pass at least one row and one column"),
        (scipy.sparse.csr_matrix(np.eye(2)), "Y is sparse: pass a dense array"),
        (scipy.sparse.coo_array(np.eye(2)), "Y is sparse: pass a dense array"),
        (np.array([[1j, 0.0]]), "Y is complex: pass real numbers"),
        ([[1 + 0j, 0.0]], "Y is complex: pass real numbers"),
        ([["a", "b"]], "Y cannot be read as numbers"),
        (np.array([[1.0, "red"]], dtype=object), "Y cannot be read as numbers"),
        ([[OrderedDict(), 1.0]], "Y cannot be read as numbers"),
        (
            [[0.0, 1.0], [2.0, np.nan], [np.inf, 0.0]],
            "Y has 2 entries that are NaN or infinite, the first in row 1, column 1: remove or impute",
        ),
        ([[None, 1.0]], "Y has 1 entries that are NaN or infinite, the first in row 0, column 0"),
        ([[1.0, 2.0, 3.0]], "Y has shape (1, 3) where the model has n_features=2"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_data_matrix_refuses(X: Any, expected: str):
    assert refusal(DataError, data_matrix, X, name="Y", n_features=2).startswith(expected)


def test_sample_weights_keep_ratios_and_sum_to_one():
    np.testing.assert_array_equal(sample_weights(None, 4), [0.25] * 4)
    np.testing.assert_allclose(sample_weights([1, 2, 0, 5], 4), [0.125, 0.25, 0.0, 0.625], rtol=1e-15)


@pytest.mark.parametrize("scale", [1e-323, 1e-310, 1.0, 1e307])
def test_sample_weights_of_any_size(scale: float):
    weights = sample_weights([scale, 2 * scale, 0.0, scale], 4)
    np.testing.assert_allclose(weights, [0.25, 0.5, 0.0, 0.25], rtol=1e-15)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1.0, 2.0], "sample_weight has shape (2,) where (3,) is needed"),
        ([[1.0], [1.0], [1.0]], "sample_weight has shape (3, 1) where (3,)"),
        ([1.0, -1.0, 2.0], "sample_weight[1]=-1.0: "),
        ([1.0, 2.0, np.nan], "sample_weight[2]=nan: "),
        ([np.inf, 1.0, 1.0], "sample_weight[0]=inf: "),
        ([0.0, 0.0, 0.0], "sample_weight is zero everywhere"),
    ],
    ids=str,
)
def test_sample_weights_refuse(value: Any, expected: str):
    assert refusal(DataError, sample_weights, value, 3).startswith(expected)


def test_checks_never_write_to_what_they_get():
    X, weights = np.ones((3, 2)), np.array([1.0, 2.0, 5.0])
    X.flags.writeable = weights.flags.writeable = False
    data_matrix(X)
    sample_weights(weights, 3)
    probability_weights("weights", weights / 8.0, 3)
    np.testing.assert_array_equal(weights, [1.0, 2.0, 5.0])


@pytest.mark.parametrize("text", [["1", "2"], np.array(["1", "2"]), np.array(["1", 2.0], dtype=object)])
def test_text_is_no_number_even_if_it_looks_like_one(text: Any):
    with pytest.raises(InvalidParameterError, match="x="):
        finite_array("x", text, ndim=(1,))
    with pytest.raises(DataError, match="sample_weight"):
        sample_weights(text, 2)
    with pytest.raises(DataError, match="Y"):
        data_matrix(np.array([text, text]), name="Y")


@pytest.mark.parametrize(
    "value", [np.array([1 + 2j]), np.array(["2020-01-01"], dtype="datetime64[D]"), [10**400]]
)
def test_values_that_do_not_fit_are_refused_with_our_errors(value: Any):
    with pytest.raises(InvalidParameterError, match="x"):
        finite_array("x", value, ndim=(1,))
    with pytest.raises(DataError, match="sample_weight"):
        sample_weights(value, 1)
    with pytest.raises(DataError, match="Y"):
        data_matrix([value], name="Y")


def test_ragged_rows_and_huge_integers():
    with pytest.raises(DataError, match="Y cannot be read"):
        data_matrix([[1, 2], [3]], name="Y")
    with pytest.raises(InvalidParameterError, match="x="):
        real_number("x", 10**400)


def test_the_remedy_for_a_vector_names_the_argument():
    with pytest.raises(DataError, match=r"Y.reshape\(-1, 1\)"):
        data_matrix([1.0, 2.0], name="Y")


def test_what_is_masked_is_no_number():
    masked = np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])
    with pytest.raises(DataError, match=r"sample_weight\[1\]=nan"):
        sample_weights(masked, 3)
    with pytest.raises(InvalidParameterError, match=r"1 entries that are not finite, the first at \(1,\)"):
        finite_array("x", masked, ndim=(1,))
    np.testing.assert_array_equal(sample_weights(np.ma.masked_array([1, 2, 1]), 3), [0.25, 0.5, 0.25])
