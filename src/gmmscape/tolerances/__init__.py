"""Tolerances: what counts as equal, small, flat or significant, in one record made of sections by subject.

Nothing here changes while the library works: functions read `TOLERANCES`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gmmscape.tolerances.atlas import AtlasTolerances
from gmmscape.tolerances.basins import BasinsTolerances, DynamicsTolerances
from gmmscape.tolerances.comparison import ComparisonTolerances
from gmmscape.tolerances.diagnosis import DiagnosisTolerances, InferenceTolerances
from gmmscape.tolerances.falsification import FalsificationTolerances
from gmmscape.tolerances.freedom import FreedomTolerances
from gmmscape.tolerances.measure import MeasureTolerances
from gmmscape.tolerances.moves import MovesTolerances
from gmmscape.tolerances.optima import OptimaTolerances
from gmmscape.tolerances.paths import PathsTolerances
from gmmscape.tolerances.phases import PhasesTolerances
from gmmscape.tolerances.points import PointsTolerances
from gmmscape.tolerances.quantisation import QuantisationTolerances
from gmmscape.tolerances.realisation import RealisationTolerances
from gmmscape.tolerances.selection import SelectionTolerances
from gmmscape.tolerances.solve import SolveTolerances
from gmmscape.tolerances.structure import StructureTolerances
from gmmscape.tolerances.theorems import TheoremTolerances
from gmmscape.tolerances.threshold import ThresholdTolerances


@dataclass(frozen=True)
class Tolerances:
    """What counts as equal, small, flat or significant, by subject."""

    atlas: AtlasTolerances = field(default_factory=AtlasTolerances)
    basins: BasinsTolerances = field(default_factory=BasinsTolerances)
    comparison: ComparisonTolerances = field(default_factory=ComparisonTolerances)
    diagnosis: DiagnosisTolerances = field(default_factory=DiagnosisTolerances)
    dynamics: DynamicsTolerances = field(default_factory=DynamicsTolerances)
    falsification: FalsificationTolerances = field(default_factory=FalsificationTolerances)
    freedom: FreedomTolerances = field(default_factory=FreedomTolerances)
    inference: InferenceTolerances = field(default_factory=InferenceTolerances)
    measure: MeasureTolerances = field(default_factory=MeasureTolerances)
    moves: MovesTolerances = field(default_factory=MovesTolerances)
    optima: OptimaTolerances = field(default_factory=OptimaTolerances)
    paths: PathsTolerances = field(default_factory=PathsTolerances)
    phases: PhasesTolerances = field(default_factory=PhasesTolerances)
    points: PointsTolerances = field(default_factory=PointsTolerances)
    quantisation: QuantisationTolerances = field(default_factory=QuantisationTolerances)
    realisation: RealisationTolerances = field(default_factory=RealisationTolerances)
    selection: SelectionTolerances = field(default_factory=SelectionTolerances)
    solve: SolveTolerances = field(default_factory=SolveTolerances)
    structure: StructureTolerances = field(default_factory=StructureTolerances)
    theorems: TheoremTolerances = field(default_factory=TheoremTolerances)
    threshold: ThresholdTolerances = field(default_factory=ThresholdTolerances)


TOLERANCES = Tolerances()

__all__ = ["TOLERANCES", "Tolerances"]
