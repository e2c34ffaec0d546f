"""A fit starts no more threads than it was asked to use; BLAS has those that OMP_NUM_THREADS allows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import os, sys, threading, time
import numpy as np
import gmmscape as gs

def there():
    return len(os.listdir("/proc/self/task"))

rng = np.random.default_rng(0)
X = rng.normal(size=(15_000, 4)) + 8 * rng.integers(0, 3, (15_000, 1))
np.ones((300, 300)) @ np.ones((300, 300))  # BLAS has its threads now
gs.GaussianMixture(1).fit(X[:100])
before, most, done = there(), [0], threading.Event()

def look():
    while not done.is_set():
        most[0] = max(most[0], there())
        time.sleep(0.0005)

watch = threading.Thread(target=look)
watch.start()
gs.GaussianMixture(4, n_jobs=int(sys.argv[1]), n_init=4, random_state=0, max_iter=20, escape=False).fit(X)
done.set()
watch.join()
print(most[0] - before - 1)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_no_more_threads_than_asked(n_jobs: int):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROBE, str(n_jobs)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
    )
    assert done.returncode == 0, done.stderr
    cores = min(2, len(os.sched_getaffinity(0)))
    more = int(done.stdout)
    # The one that asks waits for those that compute, which are as many as it was allowed.
    assert more == 0 if n_jobs == 1 else 0 < more <= n_jobs or cores == 1
