"""``gmmscape birth``: where a bad minimum of three centers on a line begins to exist."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.shared.births import FOLLOWED, birth_in, birth_options
from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.options import max_seconds_option
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.landscape.paths.birth import birth
from gmmscape.landscape.paths.birth_result import BirthPoint


@click.command("birth", cls=FileCommand)
@birth_options
@output_options(BirthPoint)
@max_seconds_option
def birth_command(max_seconds: float | None, **options: Any) -> None:
    """Find the separation at which a spurious minimum is born.

    Three means are fitted to three centers. The minimum with one mean on the first two centers and two means
    on the third is followed from HI downwards to the fold at which it disappears. `gmmscape prove birth`
    proves where that is.

    \b
    Example:
      gmmscape birth --shape equal
    """
    outputs, (path, bracket) = outputs_of(options), birth_in(options)
    with progress("following", quiet=outputs.quiet) as callback:
        found = birth(path, FOLLOWED, bracket, max_seconds=max_seconds, callback=callback)
    outputs.write(found, found.plot)
