from gmmscape import lab as lab
from gmmscape import plot as plot
from gmmscape.diagnosis import Diagnosis as Diagnosis
from gmmscape.diagnosis import Finding as Finding
from gmmscape.diagnosis import Repair as Repair
from gmmscape.diagnosis import diagnose as diagnose
from gmmscape.diagnosis import repair as repair
from gmmscape.estimator.gaussian_mixture import GaussianMixture as GaussianMixture
from gmmscape.exceptions import DataError as DataError
from gmmscape.exceptions import FormatError as FormatError
from gmmscape.exceptions import GmmscapeError as GmmscapeError
from gmmscape.exceptions import InvalidParameterError as InvalidParameterError
from gmmscape.exceptions import NoResultError as NoResultError
from gmmscape.exceptions import NotAvailableError as NotAvailableError
from gmmscape.inference import standard_errors as standard_errors
from gmmscape.mixture import Mixture as Mixture
from gmmscape.mixture import divergence as divergence
from gmmscape.mixture import from_mclust as from_mclust
from gmmscape.modelfiles import load as load
from gmmscape.models import NotFittedError as NotFittedError
from gmmscape.optima import LocalOptima as LocalOptima
from gmmscape.optima import local_optima as local_optima
from gmmscape.papers import citation as citation
from gmmscape.selection import Selection as Selection
from gmmscape.selection import select as select
from gmmscape.tables.blocks import open_rows as open_rows

__version__: str
