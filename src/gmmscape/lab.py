"""The laboratory: landscapes of known mixtures and of samples, their minima, and laws about them.

Nothing here is needed to fit data; a researcher finds everything here: ``from gmmscape import lab``.
"""

from gmmscape.landscape import laws
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.atlas.profile import PathProfile
from gmmscape.landscape.basins import BasinShares, basins
from gmmscape.landscape.comparison import Comparison, SizeCurve, agreement_against_size, compare
from gmmscape.landscape.dynamics import Rate, Trajectory, trajectory
from gmmscape.landscape.falsification import (
    Falsification,
    ShareCurve,
    Suspect,
    falsify,
    unstructured_against_separation,
)
from gmmscape.landscape.freedom.atlas import FreeAtlas
from gmmscape.landscape.freedom.landscape import FreeLandscape
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.paths.birth import birth
from gmmscape.landscape.paths.birth_result import BirthPoint
from gmmscape.landscape.paths.error_curve import SeparationCurve, error_against_separation
from gmmscape.landscape.phases import PhaseDiagram, phase
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.quantisation.atlas import KMeansAtlas
from gmmscape.landscape.quantisation.landscape import KMeansLandscape
from gmmscape.landscape.quantisation.point import KMeansPoint
from gmmscape.landscape.realisation.result import Realisation
from gmmscape.landscape.theorems import BlockQuantities, TheoremTable, TruthQuantities, theorem_table
from gmmscape.landscape.threshold import StructureThreshold, structure_threshold
from gmmscape.measure import Population, Sample, density_nodes
from gmmscape.proof.birth import BirthCertificate, certify_birth
from gmmscape.proof.bound.global_bound import global_bound
from gmmscape.proof.bound.nonparametric import NonparametricFit, nonparametric
from gmmscape.proof.bound.result import GlobalBound
from gmmscape.proof.census.census import census
from gmmscape.proof.census.result import Census
from gmmscape.proof.certificate import Certificate
from gmmscape.proof.certified_atlas import certify_atlas
from gmmscape.proof.certify import certify
from gmmscape.proof.separation_curve import (
    ProvedSeparation,
    ProvedSeparationCurve,
    proved_error_against_separation,
)
from gmmscape.proof.structure_report import ProvedMinimum, StructureReport, structure_report
from gmmscape.structure import Block, Decoding, Structure, candidates, decode
from gmmscape.verifier.check import verify

__all__ = [
    "Atlas",
    "BasinShares",
    "BirthCertificate",
    "BirthPoint",
    "Block",
    "BlockQuantities",
    "Census",
    "Certificate",
    "Comparison",
    "CriticalPoint",
    "Decoding",
    "Falsification",
    "FreeAtlas",
    "FreeLandscape",
    "FreePoint",
    "GlobalBound",
    "KMeansAtlas",
    "KMeansLandscape",
    "KMeansPoint",
    "Landscape",
    "NonparametricFit",
    "PathProfile",
    "PhaseDiagram",
    "Population",
    "ProvedMinimum",
    "ProvedSeparation",
    "ProvedSeparationCurve",
    "Rate",
    "Realisation",
    "Sample",
    "SeparationCurve",
    "ShareCurve",
    "SizeCurve",
    "Structure",
    "StructureReport",
    "StructureThreshold",
    "Suspect",
    "TheoremTable",
    "Trajectory",
    "TruthQuantities",
    "agreement_against_size",
    "basins",
    "birth",
    "candidates",
    "census",
    "certify",
    "certify_atlas",
    "certify_birth",
    "compare",
    "decode",
    "density_nodes",
    "error_against_separation",
    "falsify",
    "global_bound",
    "laws",
    "nonparametric",
    "phase",
    "proved_error_against_separation",
    "structure_report",
    "structure_threshold",
    "theorem_table",
    "trajectory",
    "unstructured_against_separation",
    "verify",
]
