"""The command line. Needs the [cli] extra; says so in one line where it is missing."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def main() -> None:
    """Run the ``gmmscape`` command."""
    if any(find_spec(name) is None for name in ("click", "rich")):
        print('the command line needs two more packages: pip install "gmmscape[cli]"', file=sys.stderr)
        raise SystemExit(2)
    from gmmscape.cli.shared.signals import ending_signals

    with ending_signals():
        try:
            from gmmscape.cli.app import run
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            raise SystemExit(4) from None
        run()
