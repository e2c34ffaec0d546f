"""Write stations.csv: where 1000 visitors of a park stood, around two lawns and three pairs of kiosks.

The lawns are wide, the kiosks narrow and close together in their pairs. A start from k-means spends
components on the lawns that the kiosks need: EM then ends with two components on a lawn and one on a pair of
kiosks.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

SEED = 1
#: East, north, standard deviation in meters, visitors.
LAWNS = [(0.0, 0.0, 9.0, 260), (60.0, 30.0, 8.0, 260)]
KIOSKS = [
    (-20.0, 50.0, 0.8, 80),
    (-13.0, 50.0, 0.8, 80),
    (30.0, -35.0, 0.9, 80),
    (37.0, -32.0, 0.9, 80),
    (20.0, 70.0, 0.7, 80),
    (20.0, 77.0, 0.7, 80),
]


def visitors() -> np.ndarray:
    """Return positions in meters, east and north of the gate, shape (1000, 2)."""
    rng = np.random.default_rng(SEED)
    parts = [rng.normal((east, north), spread, (count, 2)) for east, north, spread, count in LAWNS + KIOSKS]
    return rng.permutation(np.concatenate(parts))


def main() -> None:
    """Write the file beside this script."""
    rows = "".join(f"{east:.2f},{north:.2f}\n" for east, north in visitors())
    (Path(__file__).parent / "stations.csv").write_text("east,north\n" + rows, encoding="utf-8")


if __name__ == "__main__":
    main()
