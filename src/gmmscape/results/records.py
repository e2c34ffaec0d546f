"""Record: what every result can do - go into a JSON file and come back, be compared, be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np

from gmmscape.exceptions import FormatError
from gmmscape.jsonfile import read_json, with_digest, without_digest, write_json
from gmmscape.results.fields import arguments, names_of, plain, same
from gmmscape.results.text import PARTS, Printing, folded, printed
from gmmscape.validation import choice, positive_integer
from gmmscape.version import VERSION

#: Where the class of each format lives; a module is imported when a file of its format is read.
HOMES = {
    "gmmscape-atlas": "landscape.atlas.atlas",
    "gmmscape-basins": "landscape.basins.result",
    "gmmscape-birth": "landscape.paths.birth_result",
    "gmmscape-birth-certificate": "proof.birth",
    "gmmscape-calibration": "diagnosis.evidence",
    "gmmscape-census": "proof.census.result",
    "gmmscape-certificate": "proof.certificate",
    "gmmscape-chosen-fit": "selection.result",
    "gmmscape-comparison": "landscape.comparison.result",
    "gmmscape-component-report": "diagnosis.result",
    "gmmscape-critical-point": "landscape.points.critical_point",
    "gmmscape-decoding": "structure.structure",
    "gmmscape-diagnosed-fit": "diagnosis.fit",
    "gmmscape-diagnosis": "diagnosis.result",
    "gmmscape-divergence": "mixture",
    "gmmscape-evidence": "diagnosis.evidence",
    "gmmscape-falsification": "landscape.falsification.result",
    "gmmscape-finding": "diagnosis.findings",
    "gmmscape-fit": "estimator.document",
    "gmmscape-followed-minimum": "landscape.threshold.result",
    "gmmscape-free-atlas": "landscape.freedom.atlas",
    "gmmscape-free-point": "landscape.freedom.point",
    "gmmscape-global-bound": "proof.bound.result",
    "gmmscape-kmeans-atlas": "landscape.quantisation.atlas",
    "gmmscape-kmeans-point": "landscape.quantisation.point",
    "gmmscape-labels": "prediction.labels",
    "gmmscape-local-optimum": "optima.result",
    "gmmscape-mixture": "mixture",
    "gmmscape-nonparametric-fit": "proof.bound.nonparametric",
    "gmmscape-optima": "optima.result",
    "gmmscape-path-profile": "landscape.atlas.profile",
    "gmmscape-phase": "landscape.phases.result",
    "gmmscape-proved-minimum": "proof.structure_report",
    "gmmscape-proved-separation": "proof.separation_curve",
    "gmmscape-proved-separation-curve": "proof.separation_curve",
    "gmmscape-realisation": "landscape.realisation.result",
    "gmmscape-repair": "diagnosis.repair",
    "gmmscape-score": "prediction.score",
    "gmmscape-searched-truth": "landscape.falsification.one_truth",
    "gmmscape-selection": "selection.result",
    "gmmscape-separation-curve": "landscape.paths.error_curve",
    "gmmscape-share-curve": "landscape.falsification.share_curve",
    "gmmscape-size-curve": "landscape.comparison.size_curve",
    "gmmscape-solution": "solve.result",
    "gmmscape-standard-errors": "inference.result",
    "gmmscape-structure": "structure.structure",
    "gmmscape-structure-report": "proof.structure_report",
    "gmmscape-suspect": "landscape.falsification.suspect",
    "gmmscape-theorem-table": "landscape.theorems.result",
    "gmmscape-threshold": "landscape.threshold.result",
    "gmmscape-trajectory": "landscape.dynamics.result",
    "gmmscape-tried-move": "moves.search",
}
_CLASSES: dict[str, type[Record]] = {}


class Record:
    """A result that can be written to a JSON file and read back; a frozen dataclass derives from it.

    Two of one class are equal where their fields are; a field with ``compare=False`` does not count. Numbers
    that are not finite are null in files, and infinite when they come back.
    """

    #: Name of the format in files.
    format: ClassVar[str]
    #: Version of the format that is written.
    version: ClassVar[int] = 1
    #: Older versions that are read too.
    older_versions: ClassVar[tuple[int, ...]] = ()
    #: Fields that have another name in files.
    names_in_files: ClassVar[Mapping[str, str]] = {}
    #: Fields that files do not hold, and properties that they hold besides, for readers of JSON.
    left_out_of_files: ClassVar[tuple[str, ...]] = ()
    told_in_files: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "format" in cls.__dict__:
            _CLASSES[cls.format] = cls

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings, without the header that files have.

        Returns
        -------
        dict
            One entry for each field; what is not finite is None.
        """
        names = [name for name in names_of(type(self)) if name not in self.left_out_of_files]
        return {
            self.names_in_files.get(name, name): plain(getattr(self, name))
            for name in (*names, *self.told_in_files)
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Self:
        """Return the result that `content` described.

        Parameters
        ----------
        content : mapping
            As the method `content` returns it.

        Returns
        -------
        Record
            Equal to the one that was described.

        Raises
        ------
        KeyError, TypeError, ValueError, IndexError, AttributeError
            If it is damaged.
        """
        return cls._restored(content)

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return what `from_content` returns; classes that write more or less than their fields define it."""
        return cls(**cls._fields_in(content))

    @classmethod
    def _fields_in(cls, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields that `content` holds."""
        return arguments(cls, content, cls.names_in_files, cls.left_out_of_files)

    def to_dict(self) -> dict[str, Any]:
        """Return what `to_json` writes below its digest: plain numbers, lists and strings.

        Returns
        -------
        dict
            Keys "format", "format_version", "gmmscape_version", and one for each attribute; what is not
            finite is None.
        """
        header = {"format": self.format, "format_version": self.version, "gmmscape_version": VERSION}
        return {**header, **self.content()}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return the result that `to_dict` described.

        Parameters
        ----------
        content : mapping
            As `to_dict` returns it.

        Returns
        -------
        Record
            Equal to the one that was described.

        Raises
        ------
        FormatError
            If it describes something else, in another version, or is damaged: with a digest, changed at all.
        """
        return cls._read(content, "the dictionary")

    def file_content(self) -> dict[str, Any]:
        """Return what files of it hold: `to_dict`, with a digest that finds any change.

        Returns
        -------
        dict
            With "sha256" as its last key; a proof, which has a digest of its own, as it is.
        """
        content = self.to_dict()
        return content if "digest" in content else with_digest(content)

    def to_json(self, path: str | Path) -> None:
        """Write the result to a JSON file, whole or not at all.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced once the new one is complete.

        Raises
        ------
        InvalidParameterError
            If the path cannot be that of a file.
        OSError
            If the file cannot be written.
        """
        write_json(self.file_content(), path)

    def to_text(self, *, width: int | None = None, verbose: bool = False, show: Iterable[str] = ()) -> str:
        """Return what `str` does, to a width and with more or less of it.

        Parameters
        ----------
        width : int, optional
            Cells of a line: wide tables are broken into blocks of columns, sentences between words. By
            default lines are as long as it takes.
        verbose : bool, default=False
            Whether details are told: what was tried, and what a verdict rests on.
        show : iterable of str, default=()
            What is shown in full: "columns", "components" and "covariances" of a fit.

        Returns
        -------
        str
            Its first line says what was found.

        Raises
        ------
        InvalidParameterError
            If `show` names something else, or `width` is no positive integer.
        """
        cells = None if width is None else positive_integer("width", width)
        with printed(Printing(cells, bool(verbose), _shown(show))):
            return folded(str(self))

    @classmethod
    def from_json(cls, path: str | Path) -> Self:
        """Read what `to_json` has written.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Record
            Equal to the one that was written.

        Raises
        ------
        FormatError
            If the file is no JSON, holds something else, in another version, or is damaged: with a digest,
            changed at all.
        OSError
            If it cannot be read.
        """
        return cls._read(read_json(path), str(path))

    @classmethod
    def _read(cls, content: Any, where: str) -> Self:
        cls._check(content, where)
        told = without_digest(content, where)
        try:
            # What does not fit together shows here, rather than wherever it is used: as an error, or as
            # numbers that no computation can go on with.
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                found = cls.from_content(told)
                _ = str(found), found.content()
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise FormatError(f"{where} holds a damaged {cls.format!r}: {error!r}") from error
        return found

    @classmethod
    def _check(cls, content: Any, where: str) -> None:
        """Raise FormatError unless the header is that of a version of this format."""
        found = format_of(content, where, f"a {cls.format!r} is wanted")
        if found != cls.format:
            raise FormatError(f"{where} holds a {found!r}: a {cls.format!r} is wanted")
        if content.get("format_version") not in (*cls.older_versions, cls.version):
            read = " or ".join(map(str, (*cls.older_versions, cls.version)))
            raise FormatError(
                f"{where} holds a {found!r} of format_version={content.get('format_version')!r}: "
                f"this version of gmmscape reads {read}"
            )

    @property
    def fitted_part(self) -> Any:
        """What of it can be diagnosed: a model with a `mixture`, or centers; None where nothing can."""
        return None

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(same(getattr(self, name), getattr(other, name)) for name in self._compared())

    def _compared(self) -> tuple[str, ...]:
        """Names of what must be equal."""
        return tuple(field.name for field in fields(cast("Any", self)) if field.compare)

    def __hash__(self) -> int:
        values = [getattr(self, name) for name in self._compared()]
        # Numbers and words tell results apart well enough; NaN, equal to NaN here, has a hash of its own.
        plainly = [value for value in values if isinstance(value, str | int | float) and value == value]
        return hash((type(self), *plainly))

    def to_html(self, data: Any = None, *, columns: Sequence[str] | None = None) -> str:
        """Return a report: one self-contained HTML page that says what was found and what to do.

        Parameters
        ----------
        data : array_like of shape (n, d), optional
            The rows, which most results do not hold: drawn in the pictures, many of them thinned.
        columns : sequence of str, optional
            Names of the columns; those that the result knows, or those of a table, by default.

        Returns
        -------
        str
            A whole HTML document, the result as JSON inside. It loads nothing, and the same result and rows
            give the same text.

        Raises
        ------
        DataError
            If `data` is no finite (n, d) matrix.
        InvalidParameterError
            If `columns` are not as many as the data have.
        """
        return reports().page_html(self, self._rows(data, columns))

    def _rows(self, data: Any, columns: Sequence[str] | None) -> Any:
        """Return what a report may draw; classes that hold rows pass their own."""
        return reports().rows_of(data, columns)

    def _repr_html_(self) -> str:
        """Return what notebooks show: the short form of the report."""
        return reports().compact_html(self, self._rows(None, None))


def reports() -> Any:
    """Return the package that makes reports: it knows all results, and is loaded when one is asked for."""
    return import_module("gmmscape.report")


def _shown(show: Iterable[str]) -> frozenset[str]:
    names = [show] if isinstance(show, str) else list(show)
    return frozenset(choice("show", name, PARTS) for name in names)


def read(path: str | Path) -> Any:
    """Read any file that a result has written.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Record
        Of the class whose `to_json` has written it.

    Raises
    ------
    FormatError
        If the file is no JSON, names no format or one that this version does not know, or is damaged.
    OSError
        If it cannot be read.
    """
    return record_of(read_json(path), str(path))


def record_of(content: Any, where: str) -> Record:
    """Return the result that the content of a file describes; raises FormatError where it describes none."""
    found = format_of(content, where)
    if found not in HOMES:
        raise FormatError(f"{where} holds a {found!r}, a format that this version of gmmscape does not know")
    return class_of(found)._read(content, where)


def class_of(name: str) -> type[Record]:
    """Return the class of a format that `HOMES` lists."""
    if name not in _CLASSES:
        import_module(f"gmmscape.{HOMES[name]}")
    return _CLASSES[name]


def format_of(content: Any, where: str, remedy: str = "pass a file that gmmscape wrote") -> str:
    """Return the format that the content of a file names; raises FormatError where it names none."""
    found = content.get("format") if isinstance(content, Mapping) else None
    if not isinstance(found, str):
        raise FormatError(f"{where} names no format: {remedy}")
    return found
