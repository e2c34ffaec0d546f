"""Trajectories of EM, gradient flow and Newton's method, and how fast EM is at their ends."""

from gmmscape.landscape.dynamics.rate import Rate
from gmmscape.landscape.dynamics.result import Trajectory
from gmmscape.landscape.dynamics.trajectory import trajectory

__all__ = ["Rate", "Trajectory", "trajectory"]
