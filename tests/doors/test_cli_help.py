"""The help of the command line: it lists what there is, and loads nothing for it."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from gmmscape.cli.app import COMMANDS, app
from gmmscape.cli.prove import PROOFS, prove_command

LOADED = """
import sys
from click.testing import CliRunner
from gmmscape.cli.app import app
result = CliRunner().invoke(app, sys.argv[1:])
assert result.exit_code == 0, result.output
print("numpy" in sys.modules)
"""


def loads_numpy(*arguments: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip() == "True"


def test_the_list_of_commands_loads_none_of_them():
    assert not loads_numpy("--help")


@pytest.mark.slow
def test_the_probe_sees_a_command_that_is_loaded():
    assert loads_numpy("fit", "--help")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_each_command_says_of_itself(name: str):
    command = app.get_command(click.Context(app), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(200) == COMMANDS[name]


@pytest.mark.parametrize("name", PROOFS)
def test_the_list_of_proofs_says_what_each_command_says_of_itself(name: str):
    command = prove_command.get_command(click.Context(prove_command), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(200) == PROOFS[name]


@pytest.mark.slow
def test_the_list_of_proofs_loads_none_of_them():
    assert not loads_numpy("prove", "--help")
    assert loads_numpy("prove", "minima", "--help")


TIMED = """
import sys, time
from gmmscape.cli.app import app
try:
    app(sys.argv[1:])
finally:
    print(time.process_time(), file=sys.stderr)
"""


def test_the_list_of_commands_takes_little_time():
    """Processor time of the whole process: by the clock a busy machine would count too."""
    best = min(
        float(subprocess.run([sys.executable, "-c", TIMED, "--help"], capture_output=True, text=True).stderr)
        for _ in range(3)
    )
    assert best < 0.3
