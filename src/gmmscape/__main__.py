"""``python -m gmmscape``: the command line."""

from gmmscape.cli import main

main()
