"""A mixture as a dictionary and as a JSON file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from gmmscape.exceptions import FormatError
from gmmscape.jsonfile import read_json, without_digest
from gmmscape.mixture.background import Background
from gmmscape.mixture.parts import MixtureParts
from gmmscape.modelfiles.load import save
from gmmscape.results.records import Record


class Written(MixtureParts, Record):
    """Reading and writing, as every result does it."""

    def content(self) -> dict[str, Any]:
        """Return what `to_dict` returns: a mixture within a result names its format too.

        Returns
        -------
        dict
            Keys format, format_version, covariance_type, weights, means, covariances, feature_names where
            columns have names, and background where there is one.
        """
        names = {} if self.feature_names is None else {"feature_names": list(self.feature_names)}
        return {
            "format": self.format,
            "format_version": self.version,
            "covariance_type": self.covariance_type,
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "covariances": self.covariances.tolist(),
            **names,
            **({} if self.background is None else {"background": self.background.content()}),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return a dictionary that `from_dict` and JSON understand.

        Returns
        -------
        dict
            Keys format, format_version, covariance_type, weights, means, covariances, and feature_names where
            columns have names.
        """
        return self.content()

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the mixture to a model file, whole or not at all; `gmmscape.load` reads it.

        Parameters
        ----------
        path : str or Path
            Name of the file, usually ending in ``.gmm``. A model file that is there is replaced.
        force : bool, default=False
            Whether a file of another kind is replaced too.

        Raises
        ------
        InvalidParameterError
            If the path cannot be that of a file, or a file of another kind is there.
        OSError
            If the file cannot be written.
        """
        save(path, "Mixture", self.to_dict(), {}, force=force)

    @classmethod
    def from_saved(cls, document: Mapping[str, Any], parameters: Mapping[str, Any]) -> Self:
        """Return the mixture that a model file holds; called by `gmmscape.load`.

        Parameters
        ----------
        document : mapping
            As `to_dict` returned it.
        parameters : mapping
            Empty.

        Returns
        -------
        Mixture
            Equal to the one that was saved.

        Raises
        ------
        FormatError
            If something is missing or not known.
        """
        if parameters:
            raise FormatError(f"a mixture has no parameters {sorted(parameters)}")
        return cls.from_dict(document)

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the mixture that `content` described."""
        return cls.from_dict(content)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return the mixture that a dictionary describes.

        Parameters
        ----------
        content : mapping
            As written by `to_dict`; or, for the location family by hand, ``{"centers": [...],
            "sigma": s}`` with optional ``"weights"``.

        Returns
        -------
        Mixture
            The mixture.

        Raises
        ------
        FormatError
            If a key is missing, unknown or of a later format version.
        InvalidParameterError
            If the numbers do not make a mixture.
        """
        return cls._read(content, "the dictionary")

    @classmethod
    def from_json(cls, path: str | Path) -> Self:
        """Read a mixture from a JSON file.

        Parameters
        ----------
        path : str or Path
            File with the dictionary that `from_dict` describes.

        Returns
        -------
        Mixture
            The mixture.

        Raises
        ------
        FormatError
            If the file is no JSON or describes no mixture.
        """
        return cls._read(read_json(path), str(path))

    @classmethod
    def _read(cls, content: Any, where: str) -> Self:
        if not isinstance(content, Mapping):
            raise FormatError(f"a mixture is an object with named fields, not {type(content).__name__}")
        if "format" in content:
            cls._check({"format_version": cls.version, **content}, where)
        content = without_digest(content, where)
        if "centers" in content:
            _check_keys(content, required={"centers", "sigma"}, optional={"weights"})
            return cls.location(content["centers"], content["sigma"], content.get("weights"))
        fields = {"weights", "means", "covariances", "covariance_type"}
        _check_keys(
            content, required=fields, optional={"format", "format_version", "feature_names", "background"}
        )
        if not isinstance(content.get("feature_names"), list | tuple | None):
            raise FormatError("feature_names must be a list of names")
        if content["weights"] is None:  # which a call takes for equal ones; a file says what they are
            raise FormatError("weights=None: write the weight of each component")
        return cls(
            **{field: content[field] for field in fields},
            feature_names=content.get("feature_names"),
            background=Background.from_content(content.get("background")),
        )


def _check_keys(content: Mapping[str, Any], *, required: set[str], optional: set[str]) -> None:
    missing = required - content.keys()
    unknown = content.keys() - required - optional
    if missing or unknown:
        raise FormatError(
            f"a mixture needs the fields {sorted(required)} (optional: {sorted(optional)}); "
            f"missing: {sorted(missing)}, unknown: {sorted(unknown)}"
        )
