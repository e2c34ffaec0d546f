"""Effort: how much is tried, in one record made of sections by subject.

Nothing here changes while the library works: functions read `EFFORT`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gmmscape.effort.atlas import AtlasEffort
from gmmscape.effort.basins import BasinsEffort, DynamicsEffort
from gmmscape.effort.diagnosis import DiagnosisEffort, InferenceEffort
from gmmscape.effort.falsification import FalsificationEffort
from gmmscape.effort.freedom import FreedomEffort
from gmmscape.effort.measure import BlockedEffort, MeasureEffort
from gmmscape.effort.moves import MovesEffort
from gmmscape.effort.paths import PathsEffort
from gmmscape.effort.phases import PhasesEffort
from gmmscape.effort.points import PointsEffort
from gmmscape.effort.proof import CensusEffort, ProofEffort
from gmmscape.effort.quantisation import QuantisationEffort
from gmmscape.effort.realisation import RealisationEffort
from gmmscape.effort.report import FilesEffort, ReportEffort
from gmmscape.effort.selection import SelectionEffort
from gmmscape.effort.solve import SolveEffort, TruncationEffort
from gmmscape.effort.structure import StructureEffort
from gmmscape.effort.theorems import TheoremEffort
from gmmscape.effort.threshold import ThresholdEffort


@dataclass(frozen=True)
class Effort:
    """How much is tried, by subject."""

    atlas: AtlasEffort = field(default_factory=AtlasEffort)
    basins: BasinsEffort = field(default_factory=BasinsEffort)
    blocked: BlockedEffort = field(default_factory=BlockedEffort)
    census: CensusEffort = field(default_factory=CensusEffort)
    diagnosis: DiagnosisEffort = field(default_factory=DiagnosisEffort)
    dynamics: DynamicsEffort = field(default_factory=DynamicsEffort)
    falsification: FalsificationEffort = field(default_factory=FalsificationEffort)
    files: FilesEffort = field(default_factory=FilesEffort)
    freedom: FreedomEffort = field(default_factory=FreedomEffort)
    inference: InferenceEffort = field(default_factory=InferenceEffort)
    measure: MeasureEffort = field(default_factory=MeasureEffort)
    moves: MovesEffort = field(default_factory=MovesEffort)
    paths: PathsEffort = field(default_factory=PathsEffort)
    phases: PhasesEffort = field(default_factory=PhasesEffort)
    points: PointsEffort = field(default_factory=PointsEffort)
    proof: ProofEffort = field(default_factory=ProofEffort)
    quantisation: QuantisationEffort = field(default_factory=QuantisationEffort)
    realisation: RealisationEffort = field(default_factory=RealisationEffort)
    report: ReportEffort = field(default_factory=ReportEffort)
    selection: SelectionEffort = field(default_factory=SelectionEffort)
    solve: SolveEffort = field(default_factory=SolveEffort)
    structure: StructureEffort = field(default_factory=StructureEffort)
    theorems: TheoremEffort = field(default_factory=TheoremEffort)
    threshold: ThresholdEffort = field(default_factory=ThresholdEffort)
    truncation: TruncationEffort = field(default_factory=TruncationEffort)


EFFORT = Effort()

__all__ = ["EFFORT", "Effort"]
