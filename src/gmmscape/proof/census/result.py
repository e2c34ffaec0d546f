"""Census: an atlas of which it is proved that it is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.proof.balls import rounded_up
from gmmscape.proof.certificate import Certificate, checked_digest, digest_of
from gmmscape.results.fields import plain
from gmmscape.results.text import counted
from gmmscape.validation import whole_number

Box = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Census(Atlas):
    """The critical points of a population's landscape on a line, with a proof that there are no others.

    Attributes
    ----------
    minima : tuple of CriticalPoint
        Sorted by NLL, as computed in float64.
    candidates : tuple of CandidateOutcome
        What became of each candidate structure tried.
    untried : int
        Candidate structures not tried.
    n_components : int
        Number of fitted means.
    sigma : float
        Standard deviation of the fit and of the truth's components.
    truth : Mixture
        The truth.
    data : None
        Of a sample alone.
    seed : int
        Seed of the exploration.
    starts : int
        Random starts done.
    ends : dict of str to int
        How these ended.
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    saddles : tuple of CriticalPoint
        Critical points of index 1 and more, sorted by NLL.
    edges : tuple of Edge
        Which minima the saddles of index 1 join.
    rounds : int
        Rounds of the search for saddles.
    moves : tuple of Moves
        Moves in minima, and what they led to.
    weights : {"equal"}
        Fitted weights.
    certificates : tuple of Certificate
        Of each critical point that is proved, in the order of `minima`, then `saddles`, which have them too.
    complete : bool
        Whether it is proved that every critical point is, up to relabelling, that of one certificate.
    reach : float
        Beyond the outermost centers, in sigma: no critical point has a mean farther out.
    boxes : int
        Boxes of means that were looked at.
    undecided : tuple of box
        Boxes of ascending means, a pair (lo, hi) for each mean, which hold all other critical points, if
        there are any. None where `complete`.
    """

    format: ClassVar[str] = "gmmscape-census"
    version: ClassVar[int] = 1
    older_versions: ClassVar[tuple[int, ...]] = ()

    certificates: tuple[Certificate, ...] = ()
    complete: bool = False
    reach: float = 0.0
    boxes: int = 0
    undecided: tuple[Box, ...] = ()

    @classmethod
    def of(cls, atlas: Atlas, **proved: Any) -> Self:
        """Return the census that an atlas and what is proved of it make.

        Parameters
        ----------
        atlas : Atlas
            The points that were found.
        **proved : object
            The other attributes.

        Returns
        -------
        Census
            With all of these.
        """
        given = {field.name: getattr(atlas, field.name) for field in fields(Atlas)} | proved
        for name in ("minima", "saddles"):
            given[name] = tuple(_attached(point, proved.get("certificates", ())) for point in given[name])
        return cls(**given)

    @property
    def proved(self) -> list[str]:
        """The statements that are proved, one sentence each, beside those of the certificates."""
        found = len(self.certificates)
        reach = rounded_up(self.reach, 6)
        said = [f"no critical point has a mean more than {reach} sigma beyond the outermost centers"]
        if found > 1:
            said.append(f"no two of the {found} certificates are of one critical point or its relabellings")
        if self.complete:
            least = sum(certificate.is_minimum for certificate in self.certificates)
            said.append(
                f"up to relabelling there are exactly {counted(found, 'critical point')}, "
                f"{counted(least, 'minimum', 'minima')} among them: those of the certificates"
            )
        elif self.stop_reason == "completed":
            said.append(
                "every other critical point lies, up to relabelling, in "
                f"{counted(len(self.undecided), 'undecided box', 'undecided boxes')}"
            )
        return said

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            Keys of an atlas, certificates, complete, reach, boxes, undecided, and the digest of all others.
        """
        names = [field.name for field in fields(self) if field.name not in _OF_ATLAS]
        content = {**super().content(), **{name: plain(getattr(self, name)) for name in names}}
        for point in (*content["minima"], *content["saddles"]):
            point.pop("certificate", None)  # it is among the certificates
        return {**content, "digest": digest_of(content)}

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the census that `content` described; ValueError where its digest is another."""
        checked_digest(content)
        return cls.of(
            Atlas.from_content(content),
            certificates=tuple(map(Certificate.from_content, content["certificates"])),
            complete=bool(content["complete"]),
            reach=float(content["reach"]),
            boxes=whole_number("boxes", content["boxes"]),
            undecided=tuple(
                tuple((float(low), float(high)) for low, high in box) for box in content["undecided"]
            ),
        )

    def __str__(self) -> str:
        points = counted(len(self.certificates), "critical point")
        if self.complete:
            head = f"proved: exactly {points} up to relabelling, and no others"
        elif self.stop_reason != "completed":
            head = f"not proved to be complete: stopped early ({self.stop_reason})"
        elif self.undecided:
            boxes = counted(len(self.undecided), "box", "boxes")
            head = f"not proved to be complete: {points} proved, {boxes} undecided beside flat points"
        else:
            head = f"proved: {points} up to relabelling, and no others; the atlas lists points that are none"
        return f"{head}\n{super().__str__()}"


def _attached(point: CriticalPoint, certificates: Sequence[Certificate]) -> CriticalPoint:
    """The point with its certificate; as it is where none fits."""
    for certificate in certificates:
        try:
            return point.with_certificate(certificate)
        except InvalidParameterError:
            continue
    return point


_OF_ATLAS = {field.name for field in fields(Atlas)}
