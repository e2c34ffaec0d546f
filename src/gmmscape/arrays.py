"""Names of array types, for annotations, and of what is raised of arrays in damaged files."""

from __future__ import annotations

from tokenize import TokenError
from typing import Any

import numpy as np

# Not as NDArray: of NumPy 2.5 on that is an alias, which does not say at run time what it stands for, and
# fields of results are restored by their types.
FloatArray = np.ndarray[tuple[Any, ...], np.dtype[np.floating[Any]]]
ComplexArray = np.ndarray[tuple[Any, ...], np.dtype[np.complexfloating[Any, Any]]]
IntArray = np.ndarray[tuple[Any, ...], np.dtype[np.integer[Any]]]
BoolArray = np.ndarray[tuple[Any, ...], np.dtype[np.bool_]]

#: What NumPy raises of the header of an array that is damaged: it reads it as a text of Python.
HEADER_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TokenError,
    TypeError,
    ValueError,
)
