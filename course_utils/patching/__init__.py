from .attribution import attribute
from .circuit import Circuit
from .circuit_runs import run
from .criteria import completeness, faithfulness, minimality
from .edges import attribute_edges
from .metrics import Metric, log_prob, logit, logit_diff, metric
from .paths import path_patch
from .result import Axis, Sweep
from .sweep import sweep
