"""How sure the parameters of a fit are: standard errors, intervals, the bootstrap."""

from gmmscape.inference.result import Estimate, StandardErrors
from gmmscape.inference.standard_errors import standard_errors

__all__ = ["Estimate", "StandardErrors", "standard_errors"]
