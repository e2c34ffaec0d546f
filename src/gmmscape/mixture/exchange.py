"""A mixture as other programs hold it: scikit-learn's fitted estimator, mclust's parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.mixture.rows import OverRows

#: mclust's names of the kinds: of one component, of one column, and else.
NAMES = {
    "full": ("XXX", "VVV"),
    "tied": ("XXX", "EEE"),
    "diag": ("XXI", "VVI"),
    "spherical": ("XII", "VII"),
}


class Exchanged(OverRows):
    """The same numbers in the shapes of other programs."""

    def to_sklearn(self) -> Any:
        """Return a fitted scikit-learn estimator with these parameters.

        Returns
        -------
        sklearn.mixture.GaussianMixture
            Predicts and scores as this mixture does, up to rounding. What depends on a fit, such as
            `n_iter_`, says that there was none.

        Raises
        ------
        NotAvailableError
            If there is a background, which scikit-learn does not have.
        """
        self._alone("scikit-learn's estimator")
        from sklearn.mixture import GaussianMixture as Theirs

        model = Theirs(self.n_components, covariance_type=self.covariance_type)
        model.weights_, model.means_ = self.weights.copy(), self.means.copy()
        model.covariances_ = self.covariances.copy()
        model.precisions_cholesky_ = self._factors.copy()
        model.precisions_ = self.kind.precisions(self._factors)
        model.converged_, model.n_iter_, model.lower_bound_ = True, 0, -np.inf
        model.lower_bounds_ = []
        model.n_features_in_ = self.n_features
        if self.feature_names is not None:
            model.feature_names_in_ = np.array(self.feature_names, dtype=object)
        return model

    def to_mclust(self) -> dict[str, Any]:
        """Return the parameters as R's mclust holds them; `gmmscape.from_mclust` reads them back.

        Returns
        -------
        dict
            `modelName`, `d`, `G` and `parameters`, which has `pro` (G), `mean` (d, G) and `variance` with
            `sigma` (d, d, G) and what else that model has. In one dimension mean and `sigmasq` are vectors.
            A background is mclust's noise component: its weight comes last in `pro`, and there is `Vinv`.
            Arrays are NumPy's; ``json.dumps(found, default=lambda array: array.tolist())`` is what
            ``jsonlite::fromJSON`` reads.
        """
        k, d = self.means.shape
        name = NAMES[self.covariance_type][k > 1]
        if d == 1:
            name = "X" if k == 1 else "E" if self.covariance_type == "tied" else "V"
        variance = {"modelName": name, "d": d, "G": k, **self._mclust_variance()}
        mean = self.means[:, 0].copy() if d == 1 else self.means.T.copy()
        parameters = {"pro": self.weights.copy(), "mean": mean, "variance": variance}
        if self.background is not None:
            parameters["pro"] = np.append(self.weights, self.background.weight)
            parameters["Vinv"] = 1.0 / self.background.volume
        return {"modelName": name, "d": d, "G": k, "parameters": parameters}

    def _mclust_variance(self) -> dict[str, Any]:
        """What mclust's own functions look for in the variance of each model."""
        d, full = self.n_features, self.full_covariances()
        if d == 1:
            values = full[:, 0, 0]
            return {"sigmasq": values[:1] if self.kind.shared else values}
        sigma, roots = _last(full), _last(np.swapaxes(np.linalg.cholesky(full), 1, 2))
        variances = np.diagonal(full, axis1=1, axis2=2)
        scale = np.exp(np.log(variances).mean(axis=1))
        return {
            "sigma": sigma,
            **{
                "full": {"cholsigma": roots},
                "tied": {"Sigma": full[0], "cholSigma": roots[..., 0]},
                "diag": {"scale": scale, "shape": (variances / scale[:, None]).T.copy()},
                "spherical": {"sigmasq": variances[:, 0].copy(), "scale": variances[:, 0].copy()},
            }[self.covariance_type],
        }


def _last(matrices: FloatArray) -> FloatArray:
    """Matrices with the component as the last axis."""
    return np.moveaxis(matrices, 0, -1).copy()
