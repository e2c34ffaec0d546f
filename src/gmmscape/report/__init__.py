"""Reports: a result as one self-contained HTML page, and its short form for notebooks.

A page is made of a `Page` (what is said) that the views make from records by their format, and of pictures,
which take plain numbers. Nothing here needs more than NumPy and the standard library.
"""

from gmmscape.report.compact import compact_html
from gmmscape.report.document import page_html
from gmmscape.report.rows import Rows, rows_of

__all__ = ["Rows", "compact_html", "page_html", "rows_of"]
