"""Certificate: what is proved about one critical point, as plain data that anyone can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Self

from gmmscape import jsonfile
from gmmscape.proof.balls import float_ends, rounded_down, rounded_up, text_of
from gmmscape.results.records import Record
from gmmscape.results.text import counted
from gmmscape.threads import cached_property

Interval = tuple[Fraction, Fraction]


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 digest of a content, its own entry left out."""
    return jsonfile.digest_of({key: value for key, value in content.items() if key != "digest"})


def checked_digest(content: Mapping[str, Any]) -> None:
    """Raise ValueError where the digest of a content read from a file is another."""
    header = ("format", "format_version", "gmmscape_version")
    if content["digest"] != digest_of({key: content[key] for key in content if key not in header}):
        raise ValueError("its digest does not fit its content: it was changed after it was written")


def interval_text(interval: Interval | None) -> list[str] | None:
    """Return an interval as files hold it: two decimal numbers."""
    return None if interval is None else [text_of(interval[0]), text_of(interval[1])]


def interval_of(content: Sequence[str] | None) -> Interval | None:
    """Return the interval that a file holds."""
    if content is None:
        return None
    low, high = content
    return Fraction(low), Fraction(high)


class Proof(Record):
    """A record of what is proved, with a digest of its content in its file."""

    def proved_content(self) -> dict[str, Any]:
        """Return the content without its digest.

        Returns
        -------
        dict
            Plain numbers, lists and strings.
        """
        raise NotImplementedError

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings, and the digest of all others.

        Returns
        -------
        dict
            What `to_json` writes below its header.
        """
        content = self.proved_content()
        return {**content, "digest": digest_of(content)}


@dataclass(frozen=True, eq=False)
class Certificate(Proof):
    """What is proved about one critical point of the NLL of k means, weights 1/k, covariances sigma^2 I.

    Ends of intervals are exact decimal fractions, or floats rounded outward. Coordinates run over the means
    and, within each, over the dimensions.

    Attributes
    ----------
    problem : dict
        Truth or rows, and fit.
    point : tuple of Fraction
        Middle of the boxes, k d coordinates.
    radius : Fraction
        The box reaches so far along each coordinate: in it there is exactly one critical point.
    tight_radius : Fraction
        So does a smaller one that holds the critical point.
    index : int
        Number of negative eigenvalues of the Hessian there; 0 of a minimum.
    nll_ends : tuple of Fraction
        Between which the NLL of the critical point is, in nats per unit mass.
    kl_ends : tuple of Fraction or None
        The same of its divergence from the truth; None for a sample.
    blocks : list of dict or None
        Means and centers of each block of the structure; None for a sample.
    error_ends : tuple of tuple of Fraction
        Between which each mean's approximation error is, in sigma: its distance from the weighted average of
        the centers of its block, or from the nearest center where the block is no star. Empty for a sample.
    defect_ends : tuple of Fraction or None
        Between which the largest association outside the blocks is; None for a sample.
    rule : dict or None
        Step, strip and reach of the trapezoid rule, which whoever checks may use.
    bits : int
        Binary digits that the proof was computed with.
    span : int or None
        Where truths lie on a line (1) or in a plane (2) of their space: the point is the only critical one in
        the box whose means lie there, too. Its index is that in all dimensions. None where all count.
    """

    format: ClassVar[str] = "gmmscape-certificate"

    problem: dict[str, Any]
    point: tuple[Fraction, ...]
    radius: Fraction
    tight_radius: Fraction
    index: int
    nll_ends: Interval
    kl_ends: Interval | None
    blocks: list[dict[str, list[int]]] | None
    error_ends: tuple[Interval, ...]
    defect_ends: Interval | None
    rule: dict[str, float] | None
    bits: int
    span: int | None = None

    @property
    def box(self) -> list[Interval]:
        """Ends of the box along each coordinate, exact fractions."""
        return [(x - self.radius, x + self.radius) for x in self.point]

    @property
    def tight_box(self) -> list[Interval]:
        """The same of the smaller box that holds the critical point."""
        return [(x - self.tight_radius, x + self.tight_radius) for x in self.point]

    @property
    def kl(self) -> tuple[float, float] | None:
        """Divergence from the truth (lo, hi), in nats; None for a sample."""
        return None if self.kl_ends is None else float_ends(*self.kl_ends)

    @property
    def nll(self) -> tuple[float, float]:
        """Negative log-likelihood (lo, hi), in nats per unit mass."""
        return float_ends(*self.nll_ends)

    @property
    def errors(self) -> list[tuple[float, float]]:
        """Approximation error (lo, hi) of each mean, in sigma."""
        return [float_ends(*ends) for ends in self.error_ends]

    @property
    def defect(self) -> tuple[float, float] | None:
        """Largest association outside the blocks (lo, hi); None for a sample."""
        return None if self.defect_ends is None else float_ends(*self.defect_ends)

    @property
    def is_minimum(self) -> bool:
        """Whether the critical point is a strict local minimum."""
        return self.index == 0

    @property
    def tau(self) -> float:
        """Largest association outside the blocks that a structured fit may have."""
        return 0.5 / self.problem["n_components"]

    @property
    def is_structured(self) -> bool | None:
        """Whether it is proved that the fit has this structure; None for a sample."""
        if self.defect is None or self.blocks is None:
            return None
        stars = all(min(len(block["means"]), len(block["centers"])) == 1 for block in self.blocks)
        return stars and self.defect[1] <= self.tau

    @property
    def _where(self) -> str:
        """Line or plane that all means lie on."""
        if len(set(map(tuple, self.problem["centers"]))) == 1:
            return "on the line through the center along the first axis"
        return "on the line of the centers" if self.span == 1 else "in the plane of the centers"

    @cached_property
    def proved(self) -> list[str]:
        """The statements that are proved, one sentence each."""
        sigma = self.problem["sigma"]
        what = "strict local minimum" if self.is_minimum else f"critical point of index {self.index}"
        where = "" if self.span is None else f" whose means lie {self._where}"
        said = [
            f"the box of radius {rounded_down(self.radius, 3)} "
            f"({rounded_down(self.radius / Fraction(sigma), 3)} sigma) about the point holds exactly one "
            f"critical point{where}, a {what}",
            f"each coordinate of it is within {rounded_up(self.tight_radius, 3)} of the point",
            f"its nll is between {self.nll[0]!r} and {self.nll[1]!r} nats",
        ]
        if self.kl is not None:
            said.append(f"its kl from the truth is between {self.kl[0]!r} and {self.kl[1]!r} nats")
        for i, (low, high) in enumerate(self.error_ends):
            said.append(
                f"the approximation error of mean {i} is between {rounded_down(low, 6)} and "
                f"{rounded_up(high, 6)} sigma"
            )
        if self.defect is not None and self.blocks is not None:
            blocks = "  ".join(
                f"{','.join(map(str, block['means'])) or '-'}>{','.join(map(str, block['centers'])) or '-'}"
                for block in self.blocks
            )
            word = (
                "it has the structure" if self.is_structured else "it is not proved to have a structure; as"
            )
            said.append(
                f"{word} {blocks} the largest association outside is at most {rounded_up(self.defect[1], 3)}"
            )
        return said

    def __str__(self) -> str:
        what = "strict local minimum" if self.is_minimum else f"critical point of index {self.index}"
        kl = "" if self.kl is None else f", kl {self.kl[0]:.10g}"
        head = f"proved: {what}{kl}, with {counted(len(self.proved), 'statement')}"
        return "\n".join([head, *(f"  {sentence}" for sentence in self.proved)])

    def proved_content(self) -> dict[str, Any]:
        """Return the content without its digest.

        Returns
        -------
        dict
            Plain numbers, lists and strings.
        """
        return {
            "problem": self.problem,
            "point": [text_of(x) for x in self.point],
            "radius": text_of(self.radius),
            "tight_radius": text_of(self.tight_radius),
            "index": self.index,
            "nll": interval_text(self.nll_ends),
            "kl": interval_text(self.kl_ends),
            "blocks": self.blocks,
            "errors": [interval_text(ends) for ends in self.error_ends],
            "defect": interval_text(self.defect_ends),
            "rule": self.rule,
            "bits": self.bits,
            "span": self.span,
        }

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the certificate that `content` described; ValueError where its digest is another."""
        checked_digest(content)
        nll = interval_of(content["nll"])
        assert nll is not None
        errors = tuple(interval for ends in content["errors"] if (interval := interval_of(ends)))
        return cls(
            content["problem"],
            tuple(map(Fraction, content["point"])),
            Fraction(content["radius"]),
            Fraction(content["tight_radius"]),
            int(content["index"]),
            nll,
            interval_of(content["kl"]),
            content["blocks"],
            errors,
            interval_of(content["defect"]),
            content["rule"],
            int(content["bits"]),
            content.get("span"),
        )
