"""Check a certificate: read it, compute everything anew, and refuse what does not follow."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from gmmscape.exceptions import CertificateError
from gmmscape.verifier.births import check_birth
from gmmscape.verifier.bounds import check_bound
from gmmscape.verifier.census import check_census
from gmmscape.verifier.interval import Clock
from gmmscape.verifier.points import check_point

CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "gmmscape-certificate": check_point,
    "gmmscape-birth-certificate": check_birth,
    "gmmscape-census": check_census,
    "gmmscape-global-bound": check_bound,
}
#: Not under the digest: of the version of the program nothing is claimed.
HEADER = ("format", "format_version", "gmmscape_version", "digest")
#: What reading and checking raise of files that are damaged, or prove nothing.
ERRORS = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError, RecursionError, MemoryError)
ONE_AT_A_TIME = threading.Lock()  # the number of digits is shared by all intervals
# In a child of a fork it is free, whatever a thread that is not there was checking; Windows has no forks.
getattr(os, "register_at_fork", dict)(after_in_child=lambda: globals().update(ONE_AT_A_TIME=threading.Lock()))


def verify(path: str | Path, max_seconds: float | None = 3600.0) -> bool:
    """Check a certificate: that of a critical point, a birth, a bound or a census.

    Everything is computed anew from the problem in the file, with nothing of the prover, in arithmetic of its
    own: whole numbers of Python, and for global bounds sums of floats whose roundings are accounted for.

    Parameters
    ----------
    path : str or Path
        The file that a certificate's `to_json` wrote.
    max_seconds : float or None, default=3600
        What takes longer is refused, so that no file keeps its reader for days; None for any time.

    Returns
    -------
    bool
        True: all statements of the certificate are proved; of a census what its `proved` says. Cost: about
        ten times that of the proof.

    Raises
    ------
    CertificateError
        If a statement does not follow, the file was changed or is no certificate, or the time is up.
    OSError
        If the file cannot be read.
    """
    data = Path(path).read_bytes()
    with ONE_AT_A_TIME:
        Clock.until = inf if max_seconds is None else monotonic() + max_seconds
        try:
            _check(data)
        except TimeoutError:
            raise CertificateError(
                f"{path} is not checked within {max_seconds:g} seconds: pass a larger max_seconds"
            ) from None
        except ERRORS as error:
            raise CertificateError(f"{path} proves nothing: {error}") from error
        finally:
            Clock.until = inf
    return True


def _check(data: bytes) -> None:
    """Raise one of `ERRORS` where a file of these bytes proves nothing."""
    content = json.loads(data, parse_constant=_as_written, parse_float=_as_written, object_pairs_hook=_once)
    version = content["format_version"]
    if content["format"] not in CHECKS or type(version) is not int or version != 1:
        raise ValueError(
            f"{content['format']!r} is no certificate that this version checks: pass that of a point, "
            "a birth, a census or a bound, as `gmmscape prove --certificates FOLDER` writes them"
        )
    rest = {key: value for key, value in content.items() if key not in HEADER}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if hashlib.sha256(text.encode()).hexdigest() != content["digest"]:
        raise ValueError("it was changed after it was written: its digest is another")
    CHECKS[content["format"]](rest)


def _as_written(text: str) -> float:
    """A float; only its shortest text is let in, so that no digit can change without it, and no NaN."""
    number = float(text)
    if repr(number) != text:
        raise ValueError(f"{text} is not as it was written")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands there twice")
    return dict(pairs)
