"""Check a certificate: read it, compute everything anew, and refuse what does not follow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gmmscape.exceptions import CertificateError
from gmmscape.verifier.births import check_birth
from gmmscape.verifier.bounds import check_bound
from gmmscape.verifier.census import check_census
from gmmscape.verifier.points import check_point

CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "gmmscape-certificate": check_point,
    "gmmscape-birth-certificate": check_birth,
    "gmmscape-census": check_census,
    "gmmscape-global-bound": check_bound,
}
HEADER = ("format", "format_version", "gmmscape_version", "digest")


def verify(path: str | Path) -> bool:
    """Check a certificate: that of a critical point, a birth, a bound or a census.

    Everything is computed anew from the problem in the file, with nothing of the prover, in arithmetic of its
    own: whole numbers of Python, and for global bounds sums of floats whose roundings are accounted for.

    Parameters
    ----------
    path : str or Path
        The file that a certificate's `to_json` wrote.

    Returns
    -------
    bool
        True: all statements of the certificate are proved; of a census what its `proved` says. Cost: about
        ten times that of the proof.

    Raises
    ------
    CertificateError
        If a statement does not follow, or the file was changed or is no certificate.
    OSError
        If the file cannot be read.
    """
    data = Path(path).read_bytes()
    try:
        content = json.loads(data, parse_constant=_refused, parse_float=_as_written, object_pairs_hook=_once)
        if content["format"] not in CHECKS or content["format_version"] != 1:
            raise ValueError(
                f"{content['format']!r} is no certificate that this version checks: pass one of a point, a "
                "birth, a census or a bound, as `gmmscape prove --certificates FOLDER` writes them"
            )
        rest = {key: value for key, value in content.items() if key not in HEADER}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
        if hashlib.sha256(text.encode()).hexdigest() != content["digest"]:
            raise ValueError("it was changed after it was written: its digest is another")
        CHECKS[content["format"]](rest)
    except (
        ValueError,
        LookupError,
        TypeError,
        ArithmeticError,
        AttributeError,
        RecursionError,
        MemoryError,
    ) as error:
        raise CertificateError(f"{path} proves nothing: {error}") from error
    return True


def _as_written(text: str) -> float:
    """A float; only its shortest text is let in, so that no digit can change without the number."""
    number = float(text)
    if repr(number) != text:
        raise ValueError(f"{text} is not as it was written")
    return number


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands there twice")
    return dict(pairs)
