"""Certificates: what is proved of points, births and whole landscapes, in which time, and what is refused."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sklearn.cluster import KMeans
from sklearn.datasets import load_iris

import gmmscape as gs
from benchmarks.data import suite
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape import lab
from gmmscape.exceptions import CertificateError, NoResultError

STRUCTURE = (((0,), (0, 1)), ((1, 2), (2,)))
#: Critical points of (-3, 3, 12) with three means: about where they are, and their index.
POINTS = {
    "truth": ([-3.0, 3.0, 12.0], 0),
    "bad minimum": ([-0.006991, 11.753777, 12.218717], 0),
    "two on the pair": ([-0.003993, -0.003993, 11.992692], 1),
    "two on the third": ([-0.005736, 11.98913, 11.98913], 1),
    "on the way": ([-0.125695, 9.499358, 12.258391], 1),
    "all together": ([4.0, 4.0, 4.0], 2),
}
#: True weights, centers, number of means; the truth's sigma is 1.1, the fit's 1.
UNEQUAL = {
    "(2, 3)": ((0.2, 0.3, 0.5), (-12.0, 0.0, 15.6), 2),
    "(4, 3)": ((0.2, 0.3, 0.5), (-6.0, 0.0, 7.8), 4),
    "(3, 5)": ((0.2, 0.3, 0.1, 0.15, 0.25), (-14.0, -3.0, 0.0, 9.0, 20.0), 3),
}
CORRUPTIONS = 500


def cases(small: bool) -> Iterator[Case]:
    """Yield points, spacings, other weights, births, samples, corruptions and censuses."""
    for name in ("bad minimum",) if small else POINTS:
        yield Case(f"point: {name}", partial(_point, *POINTS[name]))
    for distance in (12,) if small else (11, 12, 16, 24, 40):
        yield Case(f"spacing: {distance}", partial(_spaced, float(distance)))
    yield Case("below the birth", _below)
    for name in ("(2, 3)",) if small else UNEQUAL:
        yield Case(f"weights: {name}", partial(_unequal, *UNEQUAL[name]))
    yield Case("birth: equal", partial(_birth, _equal, (9.0, 12.0)))
    for radius in () if small else (1.0, 2.0, 3.0, 4.5, 6.0):
        yield Case(
            f"birth: pair {radius:g}",
            partial(_birth, partial(_pair, radius), (2 * radius + 2, 2 * radius + 8)),
        )
    yield Case("rows: iris", _iris)
    yield Case("corruptions", partial(_corruptions, 60 if small else CORRUPTIONS))
    if small:
        yield Case("census: (-2, 2)", partial(_census, (-2.0, 2.0), True))
        return
    yield Case("rows: s1", _s1)
    yield Case("census: (-3, 3, 12)", partial(_census, (-3.0, 3.0, 12.0), True))
    for distance in (10.04, 10.1):
        yield Case(f"census: spacing {distance}", partial(_census, (-distance, 0.0, distance), False))


def _equal(distance: float) -> gs.Mixture:
    return gs.Mixture.location([-distance, 0.0, distance], 1.0)


def _pair(radius: float, place: float) -> gs.Mixture:
    return gs.Mixture.location([-radius, radius, place], 1.0)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What work returns, and its processor time."""
    began = time.process_time()
    found = work()
    return found, time.process_time() - began


def _checked(certificate: Any) -> float:
    """The processor time in which a certificate is verified."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json"
        certificate.to_json(path)
        proved, seconds = _timed(lambda: lab.verify(path))
    assert proved is True
    return seconds


def _told(certificate: Any, seconds: float, *, check: bool = True) -> dict[str, Any]:
    sigma = certificate.problem["sigma"]
    kl = certificate.kl
    return {
        "index": certificate.index,
        "radius": float(certificate.radius) / sigma,
        "kl": None if kl is None else list(kl),
        "errors": [list(ends) for ends in certificate.errors],
        "structured": certificate.is_structured,
        "bits": certificate.bits,
        "proof_seconds": seconds,
        "check_seconds": _checked(certificate) if check else None,
    }


def _point(means: list[float], index: int) -> dict[str, Any]:
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)
    certificate, seconds = _timed(lambda: lab.certify(means, land))
    return {**_told(certificate, seconds), "wanted": index}


def _spaced(distance: float) -> dict[str, Any]:
    land = lab.Landscape(lab.Population(_equal(distance)), 3)
    found = land.descend([-distance / 2, distance - 0.5, distance + 0.5])
    certificate, seconds = _timed(lambda: lab.certify(found, land))
    return {**_told(certificate, seconds), "wanted": 0}


def _below() -> dict[str, Any]:
    land = lab.Landscape(lab.Population(_equal(10.04)), 3)
    try:
        lab.certify([-5.11, 9.07, 10.49], land)
    except NoResultError as error:
        return {"certified": False, "why": str(error)}
    return {"certified": True, "why": ""}


def _unequal(weights: tuple[float, ...], centers: tuple[float, ...], k: int) -> dict[str, Any]:
    truth = gs.Mixture(weights, centers, [1.1**2] * len(centers), "spherical")
    land = lab.Landscape(lab.Population(truth), k, sigma=1.0)
    atlas = land.explore(0)
    proved, seconds = _timed(lambda: lab.certify_atlas(atlas, land))
    return {
        "minima": len(proved.minima),
        "proved": sum(point.proved for point in proved.minima),
        "flat": sum(point.flat and not point.proved for point in proved.minima),
        "proof_seconds": seconds,
    }


def _birth(path: Callable[[float], gs.Mixture], bracket: tuple[float, float]) -> dict[str, Any]:
    born = lab.birth(path, STRUCTURE, bracket)
    certificate, seconds = _timed(lambda: lab.certify_birth(born))
    low, high = certificate.parameter
    return {"parameter": [low, high], "proof_seconds": seconds, "check_seconds": _checked(certificate)}


def _iris() -> dict[str, Any]:
    land = lab.Landscape(lab.Sample(load_iris().data), 3, sigma=0.4)
    point = land.explore(0, n_starts=16).minima[0]
    certificate, seconds = _timed(lambda: lab.certify(point, land))
    return _told(certificate, seconds)


def _s1() -> dict[str, Any]:
    rows = suite("s1")[0]
    land = lab.Landscape(lab.Sample(rows), 15, sigma=35000.0)
    start = KMeans(15, n_init=10, random_state=0).fit(rows).cluster_centers_
    point = land.descend(start)
    certificate, seconds = _timed(lambda: lab.certify(point, land))
    return _told(certificate, seconds, check=False)


def _corruptions(n: int) -> dict[str, Any]:
    """Random changes of bytes of a certificate; those that leave its content as it was do not count."""
    land = lab.Landscape(lab.Population(gs.Mixture.location([-2.0, 2.0], 1.0)), 2)
    draw, accepted, same = random.Random(0), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json"
        lab.certify([-2.0, 2.0], land).to_json(path)
        data = path.read_bytes()
        before = {**json.loads(data), "gmmscape_version": ""}
        done = 0
        while done < n:
            changed = bytearray(data)
            place = draw.randrange(len(data))
            changed[place] = draw.randrange(256)
            try:
                after = {**json.loads(bytes(changed)), "gmmscape_version": ""}
            except (ValueError, TypeError):
                after = None
            if after == before:
                same += 1
                continue
            done += 1
            path.write_bytes(bytes(changed))
            with suppress(CertificateError):
                accepted += lab.verify(path)
    return {"corruptions": n, "accepted": accepted, "without_effect": same}


def _census(centers: tuple[float, ...], check: bool) -> dict[str, Any]:
    truth = gs.Mixture.location(list(centers), 1.0)
    found, seconds = _timed(lambda: lab.census(truth, len(centers), rng=0))
    return {
        "complete": found.complete,
        "minima": len(found.minima),
        "saddles": len(found.saddles),
        "certificates": len(found.certificates),
        "count_law": found.count_law,
        "boxes": found.boxes,
        "proof_seconds": seconds,
        "check_seconds": _checked(found) if check else None,
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what was proved, refused, and how long it took."""
    points = {name: row for name, row in done.items() if name.startswith(("point", "spacing", "rows"))}
    births = {name: row for name, row in done.items() if name.startswith("birth")}
    census = {name: row for name, row in done.items() if name.startswith("census")}
    weights = [row for name, row in done.items() if name.startswith("weights")]
    known = [row["kl"][1] - row["kl"][0] for row in points.values() if row["kl"]]
    return {
        "points": points,
        "births": births,
        "census": census,
        "certified": len(points),
        "as_wanted": sum(row["index"] == row.get("wanted", 0) for row in points.values()),
        "widest_kl": max(known),
        "minima": sum(row["minima"] for row in weights),
        "minima_proved": sum(row["proved"] for row in weights),
        "widest_birth": max(row["parameter"][1] - row["parameter"][0] for row in births.values()),
        "complete": sum(row["complete"] for row in census.values()),
        "below": done["below the birth"]["certified"],
        **{key: done["corruptions"][key] for key in ("corruptions", "accepted")},
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row for each certificate."""
    rows = [
        (
            name,
            f"index {row['index']}, alone within {short(row['radius'], 2)} sigma",
            short(row["proof_seconds"], 2),
            short(row["check_seconds"], 2),
        )
        for name, row in summary["points"].items()
    ]
    rows += [
        (
            name,
            f"at {row['parameter'][0]:.12f}",
            short(row["proof_seconds"], 2),
            short(row["check_seconds"], 2),
        )
        for name, row in summary["births"].items()
    ]
    rows += [
        (
            name,
            f"{'' if row['complete'] else 'not '}complete: {row['minima']} minima, {row['saddles']} saddles",
            short(row["proof_seconds"], 2),
            short(row["check_seconds"], 2),
        )
        for name, row in summary["census"].items()
    ]
    figures = {
        **{
            key: summary[key]
            for key in ("certified", "as_wanted", "minima", "minima_proved", "accepted", "corruptions")
        },
        "widest_kl": short(summary["widest_kl"], 2),
        "widest_birth": short(summary["widest_birth"], 2),
        "complete": summary["complete"],
        "censuses": len(summary["census"]),
    }
    return Shown(figures, ("certificate", "proved", "proof, s", "check, s"), rows)


PAGE = Page(
    question="""What is proved of critical points, births and whole landscapes, how long does it take, and
    is anything wrong accepted?""",
    setup="""All six critical points of (-3, 3, 12) with three means; the bad minimum of (-D, 0, D); truths
    of unequal weights and sigma 1.1 fitted with sigma 1; births; iris with three means and s1 with fifteen;
    random changes of a certificate; censuses. Seconds of one core.""",
    sentence="""{as_wanted} of {certified} points are certified with the index that is known, the widest KL
    is {widest_kl} nats; {minima_proved} of {minima} minima of other weights; births to {widest_birth}.
    {complete} of {censuses} censuses are complete. Of {corruptions} changed files {accepted} were
    accepted.""",
    claim="What is found can be proved, and checked by others",
    number="{as_wanted} of {certified} points, {complete} of {censuses} censuses; "
    "{accepted} of {corruptions} corruptions accepted",
    loses="equal fitted weights and one known sigma only; flat points; a line or the plane",
    shown=shown,
)


BENCHMARK = Benchmark("certificates of points, births and landscapes", cases, summary, PAGE)
