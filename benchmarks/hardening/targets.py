"""What reads files that may be anything: its small valid files, and what must hold of its answers."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pyarrow
import pyarrow.feather
import pyarrow.parquet

import gmmscape as gs
from benchmarks.hardening import distortions
from benchmarks.hardening.kinds import MODELS, bits_of, plane, result_of, rows
from gmmscape import lab
from gmmscape.jsonfile import DIGEST
from gmmscape.models import read_model
from gmmscape.tables.read import read_table
from gmmscape.work import kept_file

#: Seconds that the verifier may take for a certificate: what goes deeper is refused by its own clock.
CHECKING = 0.02
ODD = np.array([[1.5, 2.0], [-3.25, 1e-3], [1e6, 7.0], [0.1, -2.5]])


class Target(NamedTuple):
    """A reader.

    Attributes
    ----------
    files : callable
        Returns small valid files.
    distort : callable
        Makes one of them something else.
    read : callable
        From a path and a source of randomness to what was read.
    holds : callable
        Says whether what was read is as it must be.
    folder : bool
        Whether what is beside the file is removed before it is read again.
    """

    files: Callable[[], list[bytes]]
    distort: distortions.Distort
    read: Callable[[Path, Random], Any]
    holds: Callable[[Any], bool]
    folder: bool = False


def _texts() -> list[bytes]:
    cells = [[repr(float(x)) for x in row] for row in ODD]
    joined = ["\n".join(mark.join(row) for row in cells) + "\n" for mark in (",", ";", "\t", "|", " ", "  ")]
    named = [f"a,b [mm]\n{joined[0]}", f"x;y\n{joined[1]}", f'"first, one"\tsecond\n{joined[2]}']
    odd = [
        joined[1].replace(".", ","),
        "# made by hand\n# x y\n" + joined[4],
        "sep=;\n" + joined[1],
        "id,name,value\n1,one,2.5\n2,two,3.5\n3,three,4.5\n",
        "date,a\n2020-01-01,1\n2020-01-02,2\n",
        "a,b\n1,NA\n,2\n3,4\n",
        'a,b\r\n"1","2"\r\n"3","4"\r\n',
        "1.234,5;2.000,25\n3.000,1;4,5\n",
        "Title of a sheet\n\nx,y\n1,2\n3,4\n5,6\nTotal,9,12\n",
        "year,n\n1990,12\n1991,13\n1992,17\n",
        "5.1\n4.9\n4.7\n",
        "a,a\n1,2\n3,4\n",
    ]
    return [one.encode() for one in (*joined, *named, *odd)]


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _arrays() -> list[bytes]:
    named = np.array([(1.0, 2), (3.5, 4)], dtype=[("a", "<f8"), ("b", "<i4")])
    others = (ODD[:, 0], ODD.astype(np.float32), np.asfortranarray(ODD), ODD.astype(">f8"), named)
    return [_npy(one) for one in (ODD, *others, np.arange(8, dtype=np.uint8).reshape(4, 2))]


def _archives() -> list[bytes]:
    found = []
    kinds: tuple[tuple[Any, dict[str, Any]], ...] = (
        (np.savez, {"X": ODD}),
        (np.savez, {"a": ODD[:, 0], "b": ODD[:, 1]}),
        (np.savez_compressed, {"data": ODD, "labels": np.arange(4)}),
    )
    for write, arrays in kinds:
        stream = io.BytesIO()
        write(stream, **arrays)
        found.append(stream.getvalue())
    return found


def _compressed() -> list[bytes]:
    texts = _texts()[:8]
    zstd = [pyarrow.compress(texts[0], codec="zstd", asbytes=True)]
    return [pack(one) for pack in (gzip.compress, bz2.compress, lzma.compress) for one in texts] + zstd


def _columns() -> list[bytes]:
    table = pyarrow.table({"a": ODD[:, 0], "b": [1, 2, None, 4], "word": ["p", "q", "r", "s"]})
    plain = pyarrow.table({"a": ODD[:, 0], "b": ODD[:, 1].astype(np.float32)})
    found = []
    for one in (plain, table):
        for write in (pyarrow.parquet.write_table, partial(pyarrow.feather.write_feather, compression="lz4")):
            stream = io.BytesIO()
            write(one, stream)
            found.append(stream.getvalue())
    return found


def _models(ending: str) -> list[bytes]:
    found = []
    with tempfile.TemporaryDirectory(prefix="gmmscape-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind, write in MODELS.items():
            if kind.endswith(ending):
                write(Path(folder) / kind)
                found.append((Path(folder) / kind).read_bytes())
    return found


def _without_digests() -> list[bytes]:
    """Models in JSON as they were written by hand or by earlier versions, which have to be believed."""
    contents = [json.loads(one) for one in _models(".json")]
    contents.append({"centers": [-3, 3], "sigma": 1.0})
    contents.append({"centers": [[0, 1], [2, 3]], "sigma": 2, "weights": [0.5, 0.5]})
    return [
        json.dumps({name: one for name, one in content.items() if name != DIGEST}).encode()
        for content in contents
    ]


def _proofs() -> list[bytes]:
    pair = gs.Mixture.location([-2.0, 2.0], 1.0)
    land = lab.Landscape(lab.Population(pair), 2)
    proofs = [
        lab.certify(land.explore(0, n_starts=2).minima[0], land),
        lab.global_bound([0.0], rows(n=2), 1.0, max_seconds=0.0),
        lab.census(gs.Mixture.location([0.0], 1.0), 1, rng=0, max_seconds=0.0),
    ]
    return [json.dumps(one.to_dict()).encode() for one in proofs]


def _checkpoint(kind: str) -> list[bytes]:
    with tempfile.TemporaryDirectory(prefix="gmmscape-") as folder:
        result_of(kind, Path(folder) / "kept.json")
        return [(Path(folder) / "kept.json").read_bytes()]


def _every_checkpoint() -> list[bytes]:
    return [_checkpoint(kind)[0] for kind in ("repair", "select", "basins", "falsify")]


def _table(path: Path, rng: Random) -> Any:
    """A table, read as it is or with options that may not fit."""
    if rng.random() < 0.6:
        return read_table(path, missing=rng.choice(("refuse", "drop", "keep")))
    return read_table(
        path,
        columns=rng.choice((None, None, "1", "a", "1-2", "2,1")),
        drop=rng.choice((None, None, "1")),
        weights_column=rng.choice((None, None, None, "b")),
        keep_index=rng.random() < 0.5,
        missing=rng.choice(("refuse", "drop", "keep")),
        missing_words=rng.choice((None, "-", "1")),
        delimiter=rng.choice((None, None, ",", ";", " ", "\t")),
        header=rng.choice((None, None, True, False)),
        decimal=rng.choice((None, None, ".", ",")),
        thousands=rng.choice((None, None, ".", ",", " ", "'")),
        comment=rng.choice((None, None, "#", "%")),
        encoding=rng.choice((None, None, None, "utf-8", "utf-16", "latin-1")),
    )


def _table_holds(table: Any) -> bool:
    """Numbers are finite or missing, as many as are said, and are read again as they are written."""
    values, n = table.values, len(table.values)
    whole = values.dtype == np.float64 and values.shape == (n, len(table.names)) and n > 0
    told = len(table.lines) == n and not np.isinf(values).any()
    weights = np.ones(n) if table.weights is None else table.weights
    weighted = weights.shape == (n,) and bool(np.isfinite(weights).all())
    return whole and told and weighted and (np.isnan(values).any() or _same_again(values))


def _same_again(values: Any) -> bool:
    names = ",".join(f"c{i}" for i in range(values.shape[1]))
    text = "\n".join([names, *(",".join(map(repr, row)) for row in values.tolist())])
    with tempfile.NamedTemporaryFile(dir=MEMORY, suffix=".csv") as file:
        file.write(text.encode())
        file.flush()
        again = read_table(file.name, delimiter=",", header=True, decimal=".", keep_index=True)
    return again.values.tobytes() == values.tobytes()


def _blocks(path: Path, rng: Random) -> Any:
    blocks = gs.open_rows(path, missing=rng.choice(("refuse", "drop")), memory="300MB")
    return blocks.n_features, [(block.points, block.weights) for block in blocks.source.blocks()]


def _blocks_hold(found: Any) -> bool:
    d, blocks = found
    return all(one.ndim == 2 and one.shape[1] == d and np.isfinite(one).all() for one, _ in blocks)


def _model(path: Path, rng: Random) -> Any:
    return gs.load(path) if rng.random() < 0.5 else read_model(path)


def _model_holds(model: Any) -> bool:
    """A valid mixture of finite numbers, which is read again as it is written."""
    mixture = getattr(model, "mixture_", getattr(model, "mixture", model))
    if mixture is None:
        return bool(np.isfinite(model.centers).all())
    background = 0.0 if mixture.background is None else mixture.background.weight
    finite = all(np.isfinite(one).all() for one in (mixture.weights, mixture.means, mixture.covariances))
    sums = abs(mixture.weights.sum() + background - 1.0) < 1e-6 and mixture.weights.min() >= 0.0
    told = json.dumps(mixture.to_dict(), allow_nan=False)
    if not (finite and sums and gs.Mixture.from_dict(json.loads(told)) == mixture):
        return False
    if not isinstance(model, gs.GaussianMixture):
        return True
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="gmmscape-") as folder:
        model.save(Path(folder) / "again.gmm")
        return bits_of(gs.load(Path(folder) / "again.gmm")) == bits_of(model)


def _finite(content: str) -> bool:
    """Whether a result says no number that JSON cannot hold."""
    return json.dumps(json.loads(content), allow_nan=False) != ""


def _kept(kept: Any) -> bool:
    return isinstance(kept.task, str) and isinstance(kept.facts, dict) and isinstance(kept.done, dict)


#: Where files are written: in memory, where the system has such a folder.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
TARGETS = {
    "text": Target(_texts, distortions.of_text, _table, _table_holds),
    "compressed text": Target(_compressed, distortions.of_bytes, _table, _table_holds),
    "npy": Target(_arrays, distortions.of_arrays, _table, _table_holds),
    "npz": Target(_archives, distortions.of_archives, _table, _table_holds),
    "parquet and feather": Target(_columns, distortions.of_bytes, _table, _table_holds),
    "text in blocks": Target(_texts, distortions.of_text, _blocks, _blocks_hold),
    "npy in blocks": Target(_arrays, distortions.of_arrays, _blocks, _blocks_hold),
    "model file": Target(partial(_models, ".gmm"), distortions.of_archives, _model, _model_holds),
    "model in JSON": Target(_without_digests, distortions.of_json, _model, _model_holds),
    "certificate": Target(
        _proofs,
        distortions.of_proofs,
        lambda path, _: lab.verify(path, CHECKING),
        lambda found: found is True,
    ),
    "checkpoint": Target(
        _every_checkpoint, distortions.of_bytes, lambda path, _: kept_file.read(path), _kept
    ),
} | {
    f"checkpoint of {kind}": Target(
        partial(_checkpoint, kind),
        distortions.of_checkpoints,
        lambda path, _, kind=kind: result_of(kind, path),
        _finite,
        folder=True,
    )
    for kind in ("fit", "repair", "select", "explore", "falsify")
}


def distorted(target: Target, files: Sequence[bytes], rng: Random) -> bytes:
    """Return one of the files, distorted."""
    return target.distort(rng, rng.choice(files), files)


def prepare(target: Target, files: Sequence[bytes], path: Path) -> None:
    """Have loaded what readers load late, so that no execution is charged with it."""
    gs.GaussianMixture(1, random_state=0).fit(plane(n=5))
    for data in files:
        path.write_bytes(data)
        with warnings.catch_warnings(), suppress(gs.GmmscapeError):
            warnings.simplefilter("ignore")
            target.read(path, Random(0))
