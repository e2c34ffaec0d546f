"""``gmmscape prove``: the commands that prove what the laboratory finds."""

from __future__ import annotations

import click

from gmmscape.cli.shared.groups import CommandsWithDefault

#: Each command of the group, in the order of the help, with the first sentence of its own help.
PROOFS = {
    "minima": "Prove the minima of a known mixture, or of the rows of FILE.",
    "census": "Find all critical points of a known mixture on a line, and prove that these are all.",
    "bound": "Prove how far any mixture of one sigma can be above a fit to the rows of FILE.",
    "birth": "Prove at which separation a spurious minimum is born.",
}


@click.group("prove", cls=CommandsWithDefault, listed=PROOFS, package="gmmscape.cli.proofs", default="minima")
def prove_command() -> None:
    """Prove minima, that they are all, a birth, or how far a fit is from the best.

    Where no command is named, minima is meant: gmmscape prove FILE is gmmscape prove minima FILE, and its
    help is gmmscape prove minima -h. A FILE that is called like a command is given as ./census.

    All print what is proved, write certificates to the folder that --certificates names, and need the extra
    [proof]; `gmmscape verify` checks certificates without it.

    \b
    Example:
      gmmscape prove --centers=-3,3,12 --sigma 1 -k 3 --certificates proofs
    """
