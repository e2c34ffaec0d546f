import numpy as np
from numpy.typing import NDArray

def logsumexp_rows(matrix: NDArray[np.float64]) -> NDArray[np.float64]: ...
