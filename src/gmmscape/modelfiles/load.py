"""Saving and loading: which class a file is of, and that nothing else is written over."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from gmmscape.effort import EFFORT
from gmmscape.exceptions import FormatError, GmmscapeError, InvalidParameterError
from gmmscape.jsonfile import begins_as_json, read_json
from gmmscape.modelfiles.archive import Content, check_regular, is_archive, read_archive, write_archive
from gmmscape.modelfiles.encoding import Encoder, decoded, decoded_document
from gmmscape.version import VERSION
from gmmscape.wholefile import writable_target

#: Begins the header.
MARK = {"format": "gmmscape-model", "format_version": 1}
#: Where the classes live that model files hold; imported when one is read.
CLASSES = {"GaussianMixture": "gmmscape.estimator", "Mixture": "gmmscape.mixture"}
#: Formats of JSON files that are models, and what they are read as.
OF_JSON = {"gmmscape-fit": "GaussianMixture", "gmmscape-mixture": "Mixture"}


def save(
    path: str | Path, kind: str, document: dict[str, Any], parameters: dict[str, Any], *, force: bool
) -> None:
    """Write a model of a class in `CLASSES`; see `Mixture.save` and `GaussianMixture.save`."""
    target = writable_target(path)
    if not force and target.exists() and target.stat().st_size and not is_archive(target):
        raise InvalidParameterError.of(
            "path", str(path), "a file is there that is no model file: name another, or pass force=True"
        )
    encoder = Encoder()
    header = {
        **MARK,
        "gmmscape_version": VERSION,
        "class": kind,
        "parameters": {name: encoder.value(name, value) for name, value in parameters.items()},
        "document": encoder.document(document),
    }
    write_archive(path, header, encoder.arrays)


def load(path: str | Path) -> Any:
    """Return the model that a file holds.

    Parameters
    ----------
    path : str or Path
        As written by ``model.save``, ``mixture.save`` or ``gmmscape fit --save``; the JSON of a fit or a
        mixture is read too.

    Returns
    -------
    GaussianMixture or Mixture
        What was saved. Predictions are the same to the last bit.

    Raises
    ------
    FormatError
        If the file is damaged, cut short, changed, of a later version or of another kind; pickles, compressed
        members and arrays that claim more than is there are refused before anything of their size is read.
    OSError
        If it cannot be read.

    Notes
    -----
    Nothing in a file is run, so that one from a stranger can do no more than be wrong. Memory is that of the
    model. The checksums find damage; they are no signature.

    Examples
    --------
    >>> import gmmscape as gs, tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "truth.gmm"
    >>> gs.Mixture.location([-3, 3, 12], sigma=1.0).save(path)
    >>> gs.load(path).separation
    6.0
    """
    check_regular(path)
    with Path(path).open("rb") as file:
        begin = file.read(64)
    if begins_as_json(begin, objects_only=True):
        return _from_json(path)
    content = read_archive(path)
    try:
        return _restored(content)
    except FormatError as error:
        raise FormatError(f"{path} holds no usable model: {error}") from error
    except (GmmscapeError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise FormatError(f"{path} holds no usable model: {error!r}") from error


def _restored(content: Content) -> Any:
    header = content.header
    if header.get("format") != MARK["format"]:
        raise FormatError(f"its header says format={header.get('format')!r}: {MARK['format']!r} is wanted")
    version = header.get("format_version")
    if version != MARK["format_version"]:
        raise FormatError(
            f"it has format_version={version!r}, and this version of gmmscape reads "
            f"{MARK['format_version']}: it was "
            f"written by gmmscape {header.get('gmmscape_version')}, so update gmmscape"
        )
    kind = header.get("class")
    if kind not in CLASSES:
        raise FormatError(f"it holds a {kind!r}, which is not known")
    parameters = decoded(header["parameters"], content)
    document = decoded_document(header["document"], content)
    if not isinstance(parameters, dict) or not isinstance(document, dict):
        raise FormatError("parameters and document must be objects")
    return _class_named(kind).from_saved(document, parameters)


def _from_json(path: str | Path) -> Any:
    found = read_json(path, most_bytes=EFFORT.files.json_bytes)
    told = found.get("format", "gmmscape-mixture") if isinstance(found, dict) else None
    kind = OF_JSON.get(told) if isinstance(told, str) else None
    if kind is None:
        raise FormatError(
            f"{path} is JSON and no model: pass a fit or a mixture; gmmscape.results.read reads all results"
        )
    return _class_named(kind).from_json(path)


def _class_named(kind: str) -> Any:
    return getattr(import_module(CLASSES[kind]), kind)
