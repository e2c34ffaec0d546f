"""Solvers: one loop, three algorithms, and the solution they return."""

from gmmscape.results.words import STOP_REASONS
from gmmscape.solve.batch import Patience, descend, descend_all, ends_of_all, pass_size
from gmmscape.solve.em import EM
from gmmscape.solve.em_on_parts import Small, ends_on_parts
from gmmscape.solve.gradient import GradientDescent, GradientFlow
from gmmscape.solve.left_out import left_out_log_densities
from gmmscape.solve.loop import Solver, run
from gmmscape.solve.many_starts import Crowd, crowd_ends, joined
from gmmscape.solve.memory import Memory
from gmmscape.solve.newton import Newton
from gmmscape.solve.prior_from_data import prior_from_data
from gmmscape.solve.regularity import AUTO, Regularity
from gmmscape.solve.result import CUT_SHORT, Solution
from gmmscape.solve.rules import stop_reason
from gmmscape.solve.second_order.curvature import Curvature, curvature, price
from gmmscape.solve.second_order.own_units import OwnUnits
from gmmscape.solve.spread_starts import spread_means
from gmmscape.solve.starts import (
    INIT_PARAMS,
    different_row_means,
    kmeans_plusplus_means,
    mixture_around,
    mixture_of_responsibilities,
    random_row_means,
    start_around,
)
from gmmscape.solve.stored import solution_of, state_of, stored, stored_state

__all__ = [
    "AUTO",
    "CUT_SHORT",
    "EM",
    "INIT_PARAMS",
    "STOP_REASONS",
    "Crowd",
    "Curvature",
    "GradientDescent",
    "GradientFlow",
    "Memory",
    "Newton",
    "OwnUnits",
    "Patience",
    "Regularity",
    "Small",
    "Solution",
    "Solver",
    "crowd_ends",
    "curvature",
    "descend",
    "descend_all",
    "different_row_means",
    "ends_of_all",
    "ends_on_parts",
    "joined",
    "kmeans_plusplus_means",
    "left_out_log_densities",
    "mixture_around",
    "mixture_of_responsibilities",
    "pass_size",
    "price",
    "prior_from_data",
    "random_row_means",
    "run",
    "solution_of",
    "spread_means",
    "start_around",
    "state_of",
    "stop_reason",
    "stored",
    "stored_state",
]
