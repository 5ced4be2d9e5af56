"""Probing: what can be read from a representation, and whether the model reads it.

    from course_utils import probing, zoo
    model = zoo.load("code-4l")
    train, test = probing.two_halves(model)                   # tokens of different files, with exact labels
    probes = probing.fit_logistic(train.x, train.y)           # every layer and label in one solve
    probing.removed(probes, train, test)                      # what they know of text they have not seen

1. `tokens` – a model's stream at every layer with labels of Python text, divided by file; `written` – one more label.
   `judged` – how much a probe knows, with intervals over files.
2. `fit` with `solver` – logistic, multinomial, ridge and mass-mean probes, all layers and labels at once. `hidden` –
   with a hidden layer. `calibration` – whether their probabilities are true.
3. `control` – control tasks and selectivity. `basics` – the methods as one would first write them, layer by layer.
4. `planted` – networks in which a property is absent, present, or used; `narrow` – networks seen on usual inputs only.
   `interchange` – along directions, and its placebos.
5. `erase` – LEACE and INLP. `steer` – effect and side effect of adding a direction.
6. `bound`, `coding`, `ccs` – the second notebook's: what no probe can beat, code lengths, truth without labels.
   `subspace` – directions learned by interchange; `illusion`, a planted model in which one deceives; `open_bracket`
   and `line_breaks`, lines for a trained model. `drawing` – the planted networks; `clouds` – tokens of two classes in
   a plane.
"""

from course_utils.probing import basics, ccs, open_bracket, subspace
from course_utils.probing.bound import conditional_entropy
from course_utils.probing.calibration import Reliability, reliability
from course_utils.probing.coding import online_code_length
from course_utils.probing.control import control_labels, selectivity, shuffled_within
from course_utils.probing.erase import Eraser, inlp, leace
from course_utils.probing.fit import Probes, fit_logistic, fit_multinomial, fit_ridge, mass_mean, mass_mean_iid
from course_utils.probing.hidden import HiddenProbes, fit_hidden
from course_utils.probing.illusion import Illusion, illusion
from course_utils.probing.interchange import interchange, interchanged, placebos
from course_utils.probing.judged import Removed, ahead, auc, chosen_penalty, fit_chosen, removed
from course_utils.probing.line_breaks import BREAK, line_breaks, line_pair, line_pairs
from course_utils.probing.narrow import Narrow, narrow
from course_utils.probing.planted import BITS, KINDS, Planted, planted, sealed, twins
from course_utils.probing.steer import Steered, steered
from course_utils.probing.tokens import LABELS, Tokens, further_files, hooks, onwards, read, stream_of, two_halves
from course_utils.probing.written import brackets_written

__all__ = [
    "BITS",
    "BREAK",
    "KINDS",
    "LABELS",
    "Eraser",
    "HiddenProbes",
    "Illusion",
    "Narrow",
    "Planted",
    "Probes",
    "Reliability",
    "Removed",
    "Steered",
    "Tokens",
    "ahead",
    "auc",
    "basics",
    "brackets_written",
    "ccs",
    "chosen_penalty",
    "conditional_entropy",
    "control_labels",
    "fit_chosen",
    "fit_hidden",
    "fit_logistic",
    "fit_multinomial",
    "fit_ridge",
    "further_files",
    "hooks",
    "illusion",
    "inlp",
    "interchange",
    "interchanged",
    "leace",
    "line_breaks",
    "line_pair",
    "line_pairs",
    "mass_mean",
    "mass_mean_iid",
    "narrow",
    "online_code_length",
    "onwards",
    "open_bracket",
    "placebos",
    "planted",
    "read",
    "reliability",
    "removed",
    "sealed",
    "selectivity",
    "shuffled_within",
    "steered",
    "stream_of",
    "subspace",
    "twins",
    "two_halves",
]  # fmt: skip
