"""The view of what happens along a path: births, thresholds, errors, profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gmmscape.report.blocks import number, plain_text, table
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.curves import Curve, curves
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import ending, provenance, title_of
from gmmscape.report.views.diagnosis import upper


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a path."""
    picture = PICTURES[record.format](record)
    ended = ending(getattr(record, "stop_reason", "completed"))
    lines = str(record).splitlines()
    return Page(
        title=title_of(record),
        verdict=upper(lines[0]) + ".",
        next_step=upper(ended),
        picture=picture,
        brief_picture=picture,
        sections=[
            Section("Means there", [_means(record)]),
            Section("In full", [plain_text(record)], brief=len(lines) > 1),
        ],
        provenance=list(provenance(record, rows)),
    )


def _means(record: Any) -> Any:
    means = getattr(record, "means", None)
    if means is None or np.ndim(means) != 2 or not len(means):
        return None
    head = ["mean", *(f"coordinate {j}" for j in range(means.shape[1]))]
    return table(
        "Means of the minimum",
        head,
        [[i, *(number(float(x), 8) for x in mean)] for i, mean in enumerate(means)],
    )


def _birth(record: Any) -> Any:
    k, d = record.branch_means.shape[1:]
    lines = [
        Curve(
            f"mean {i}" + (f", coordinate {j}" if d > 1 else ""),
            record.branch_parameters,
            record.branch_means[:, i, j],
        )
        for i in range(k)
        for j in range(d)
    ]
    marks = [(float(record.parameter), record.kind)]
    return curves(
        "Means of the minimum on the way to its birth",
        lines[:16],
        "parameter of the path",
        "coordinate",
        marks=marks,
        dots=False,
    )


def _threshold(record: Any) -> Any:
    lines = [
        Curve(f"{i}, from {one.origin}: {one.end}", one.parameters, one.defects)
        for i, one in enumerate(record.followed[:12])
    ]
    marks = [(float(record.parameter), f"threshold: {record.kind}")]
    return curves(
        "Defect of each minimum that was followed", lines, "parameter of the path", "defect", marks=marks
    )


def _followed(record: Any) -> Any:
    lines = [Curve("defect", record.parameters, record.defects)]
    return curves("Defect of the minimum on the way", lines, "parameter of the path", "defect")


def _separation(record: Any) -> Any:
    xs = [point.separation for point in record.points]
    names = record.points[0].errors if record.points else ()
    lines = [Curve(name, xs, [point.errors[name] for point in record.points]) for name in names]
    lines += [Curve(f"{name}, law 5", xs, values, dashed=True) for name, values in record.laws.items()]
    return curves(
        "Errors of the structure against the separation", lines, "separation, sigma", "error, sigma"
    )


def _proved_separation(record: Any) -> Any:
    proved = [i for i, point in enumerate(record.points) if point.certificate is not None]
    points = [record.points[i] for i in proved]
    xs = [point.separation for point in points]
    values = ([point.error[1] for point in points], [point.half_gap[1] for point in points])
    names = ("one-fits-many error", "many-fit-one half-gap")
    lines = [Curve(f"{name}, proved", xs, ys) for name, ys in zip(names, values, strict=True)]
    laws = record.laws.items()
    lines += [Curve(f"{name}, order by law 5", xs, order[proved], dashed=True) for name, order in laws]
    return curves("Proved errors against the separation", lines, "separation, sigma", "error, sigma")


def _profile(record: Any) -> Any:
    values = record.nll if record.kl is None else record.kl
    what = "NLL, nats" if record.kl is None else "KL from the truth, nats"
    marks = [(float(record.length[record.top]), "highest point")]
    lines = [Curve("objective", record.length, values)]
    return curves(
        "The objective along the path", lines, "length of the path, sigma", what, marks=marks, dots=False
    )


#: The picture of each format.
PICTURES: dict[str, Callable[[Any], Any]] = {
    "gmmscape-birth": _birth,
    "gmmscape-threshold": _threshold,
    "gmmscape-followed-minimum": _followed,
    "gmmscape-separation-curve": _separation,
    "gmmscape-proved-separation-curve": _proved_separation,
    "gmmscape-path-profile": _profile,
}
