"""Rows as a device holds them: uploaded once, column by column, and read in blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.engine.protocol import Rows
from gmmscape.engine.torch_device import LARGEST_ARRAY, Tensor, on_device, on_host, torch
from gmmscape.engine.torch_sums import summed
from gmmscape.exceptions import NotAvailableError
from gmmscape.threads import cached_property
from gmmscape.weights import Weights

#: Rows whose distances from the middle are bounded together; blocks are multiples of it.
TILE_ROWS = 4096
#: Rows that are turned around and sent at a time.
SENT_ROWS = 1 << 18


class DeviceData:
    """Columns (d, n) in the precision that the rows came in, weights, and how far out the rows lie.

    Parameters
    ----------
    columns : Tensor of shape (d, n)
        On the device that computes.
    weights : Weights
        Of the rows.
    origin : ndarray of shape (d,), optional
        What is subtracted where rows are read.
    """

    def __init__(self, columns: Tensor, weights: Weights, origin: FloatArray | None) -> None:
        self.columns, self.device = columns, columns.device
        self.d, self.n = columns.shape
        self._weights = weights
        self._origin = None if origin is None else on_device(origin[:, None], self.device)

    @classmethod
    def sent(cls, X: Rows, weights: Weights, origin: FloatArray | None, device: Tensor) -> DeviceData:
        """Return rows (n, d) as that device holds them."""
        n, d = X.shape
        single = X.dtype == np.float32
        dtype = torch.float32 if single else torch.float64
        try:
            columns = torch.empty((d, n), dtype=dtype, device=device)
        except torch.cuda.OutOfMemoryError as error:
            raise NotAvailableError(
                f"{n} x {d} numbers do not fit on {device}: take a larger one, or GMMSCAPE_ENGINE=native"
            ) from error
        for start in range(0, n, SENT_ROWS):
            # A copy that PyTorch may write to, in the machine's order of bytes.
            part = np.array(X[start : start + SENT_ROWS].T, dtype="f4" if single else "f8", order="C")
            columns[:, start : start + SENT_ROWS] = torch.from_numpy(part)
        return cls(columns, weights, origin)

    def taken(self, rows: slice, weights: Weights) -> DeviceData:
        """Return a range of the rows with these weights; nothing is copied."""
        taken = object.__new__(DeviceData)
        taken.columns, taken.device = self.columns[:, rows], self.device
        taken.d, taken.n = taken.columns.shape
        taken._weights, taken._origin = weights, self._origin
        return taken

    @property
    def single(self) -> bool:
        """Whether rows are float32."""
        return self.columns.dtype == torch.float32

    def blocks(self, width: int) -> Iterator[slice]:
        """Yield ranges of whole tiles that cover all rows, `width` numbers a row being worked on."""
        tiles = max(1, LARGEST_ARRAY[self.device.type] // (width * TILE_ROWS))
        return parts_of(slice(0, self.n), tiles * TILE_ROWS)

    def small_blocks(self, width: int, rows: slice) -> Iterator[slice]:
        """Yield parts of a range of rows for work that takes `width` numbers a row."""
        return parts_of(rows, max(64, LARGEST_ARRAY[self.device.type] // width))

    def local(self, rows: slice) -> Tensor:
        """Return local coordinates of a block, (d, b), float64."""
        columns = self.columns[:, rows].double()
        return columns if self._origin is None else columns - self._origin

    @cached_property
    def _own(self) -> tuple[Tensor, float] | None:
        """Weights of their own, the largest of them one, and what to multiply by; None if all share one."""
        own = self._weights.own
        if own is None:
            return None
        largest = float(own.max(initial=0.0))
        scale = largest if largest > 0 else 1.0
        return on_device(own / scale, self.device), scale

    def weights(self, rows: slice) -> Tensor:
        """Return the weights of a block as `weight_unit` counts them: (b,), or None where all are one."""
        return None if self._own is None else self._own[0][rows]

    @property
    def weight_unit(self) -> float:
        """What sums with `weights` are to be multiplied by; float32 holds these, whatever the user's are."""
        return float(self._weights.common or 0.0) if self._own is None else self._own[1]

    @cached_property
    def total_weight(self) -> float:
        """The sum of the weights."""
        return float(self._weights.each.sum())

    @cached_property
    def spread(self) -> tuple[FloatArray, FloatArray]:
        """The middle of the rows and the root mean square of each column about it, one where that is zero."""
        middle = self._average(None)
        scale = np.sqrt(self._average(on_device(middle[:, None], self.device)))
        return middle, np.where((scale > 0) & np.isfinite(scale), scale, 1.0)

    def _average(self, about: Tensor) -> FloatArray:
        total = torch.zeros(self.d, dtype=torch.float64, device=self.device)
        for rows in self.blocks(self.d):
            x = self.local(rows)
            total += summed(x if about is None else (x - about).square())
        return on_host(total) / max(self.n, 1)

    @cached_property
    def radii(self) -> FloatArray:
        """The largest distance from the middle in each tile, in root mean squares of the columns."""
        middle, scale = (on_device(part[:, None], self.device) for part in self.spread)
        found = []
        for rows in self.blocks(self.d):
            squares = ((self.local(rows) - middle) / scale).square().sum(dim=0)
            missing = -len(squares) % TILE_ROWS
            found.append(torch.nn.functional.pad(squares, (0, missing)).view(-1, TILE_ROWS).amax(dim=1))
        return np.sqrt(on_host(torch.cat(found)))

    def farthest(self, rows: slice) -> float:
        """Return the largest distance from the middle in a block of whole tiles."""
        return float(self.radii[rows.start // TILE_ROWS : -(-rows.stop // TILE_ROWS)].max())


def parts_of(rows: slice, length: int) -> Iterator[slice]:
    """Yield a range of rows in parts of a length; the last may be shorter."""
    for start in range(rows.start, rows.stop, length):
        yield slice(start, min(start + length, rows.stop))
