"""Exit codes that say how a fit ended."""

from __future__ import annotations

from gmmscape.estimator.document import FitDocument


def exit_code(document: FitDocument) -> int:
    """Return 0 for a good fit, 1 for one that is not converged or degenerate, 4 for an interrupted one."""
    if document.solution.stop_reason == "interrupted":
        return 4
    return 0 if document.solution.converged and not document.degenerate else 1
