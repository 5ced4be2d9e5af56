from .metrics import Metric, log_prob, logit, logit_diff, metric
from .result import Axis, Sweep
from .sweep import sweep
