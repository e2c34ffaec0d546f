"""Pictures of pages, made by the code that the pages show: what it draws stands where the page says so.

A page with a line ``<!-- picture: NAME.png, words for those who do not see it -->`` has its examples run in
order, and what they print compared with what the page shows. Its code has to save NAME.png.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from pages.examples import Session, examples_of

PLACE = re.compile(r"^<!-- picture: (\S+\.png), (.+?) -->$", re.MULTILINE | re.DOTALL)


def drawn(page: Path) -> tuple[str, dict[str, bytes]]:
    """Return the text of a page with its pictures in place, and these by the name of their file.

    Parameters
    ----------
    page : Path
        Whose examples are run, if it has places for pictures.

    Returns
    -------
    str
        The text of the page, with an image for each place.
    dict of str to bytes
        The images.
    """
    text = page.read_text(encoding="utf-8")
    wanted = [found[1] for found in PLACE.finditer(text)]
    if not wanted:
        return text, {}
    with tempfile.TemporaryDirectory() as scratch:
        session = Session.of(page, Path(scratch))
        for example in examples_of(text):
            session.check(example)
        pictures = {name: (Path(scratch) / name).read_bytes() for name in wanted}
    return PLACE.sub(lambda found: f"![{' '.join(found[2].split())}]({found[1]})", text), pictures
