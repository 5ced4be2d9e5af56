"""Lesson 2: sparse autoencoders.

1. `basics`, `config`, `model`, `activations`, `sparse`: one class for every dictionary, its variants, the sparse path.
2. `sources`, `objective`, `revive`, `parallel`, `training`: how one is trained; `harvesting`: on a model's activations.
3. `planted`, `paired`, `matching`, `absorbing`, `metrics`, `sealed`: a known truth, and how well a dictionary finds it.
4. `shipped`, `splice`, `units`, `effects`, `edits`, `paths`, `reading`, `pages`: bundled dictionaries, tested and read.
5. `experiments`, `comparison`, `pricing`, `lookup`, `judging`, `names`, `stored`: its results.
6. `diagram`, `census`, `code_view`, `anatomy`, `plane_views`,
   `label_view`: what it draws; `label_words`: how labels are called.
7. `frontier`, `splitting`, `crossed`, `deeper_diagram`: for the deeper notebook; `riddles`: for exercises.
"""

from course_utils.patching.harvesting import harvest

from .absorbing import Absorption, absorption, detect_absorption
from .activations import batchtopk, jumprelu, topk
from .anatomy import Anatomy, anatomy_bars
from .basics import decode, encode, loss, pre_activations
from .census import Census
from .code_view import shaded_code
from .config import KINDS, Config
from .diagram import autoencoder, who_reads
from .effects import Bench, Effect, latent_effect, matched_latents
from .experiments import Families, RecoveryCurves, Shrunk
from .harvesting import Stream
from .judging import LabelScores, score_labels
from .label_view import label_rows
from .label_words import WORDS
from .lookup import token_list
from .matching import Agreement, Matching, agreement, cosines, match_features, matched_cosines, mean_max_cosine
from .metrics import Density, Quality, cosine, fvu, l0, loss_recovered, shrinkage
from .model import SparseAutoencoder, without_parallel
from .pages import browse, write_pages
from .paired import PairedTruth
from .paths import Later
from .plane_views import pair_failure, pair_sums, read_off, turned, two_ways
from .planted import Recovery, Truth, baselines, ica_directions, pca_directions, random_directions
from .pricing import Priced, Prices
from .reading import Explanation, Reading, labelled, top_contexts
from .revive import resample_dead
from .riddles import Foretold, Nameless, foretold, nameless
from .sealed import Sealed, sealed, share_found
from .shipped import Dictionary, available, card, held_out_contexts, load
from .sources import Rows
from .splice import Site, Spliced
from .training import Recipe, Training, geometric_median, train
from .units import Best, Labels, Units, f1_score, probe

__all__ = [
    "KINDS", "WORDS", "Absorption", "Agreement", "Anatomy", "Bench", "Best", "Census", "Config",
    "Density", "Dictionary", "Effect", "Explanation", "Families", "Foretold", "LabelScores", "Labels", "Later",
    "Matching", "Nameless", "PairedTruth", "Priced", "Prices", "Quality", "Reading", "Recipe", "Recovery",
    "RecoveryCurves", "Rows", "Sealed", "Shrunk", "Site", "SparseAutoencoder", "Spliced", "Stream", "Training",
    "Truth", "Units", "absorption", "agreement", "anatomy_bars", "autoencoder", "available", "baselines", "batchtopk",
    "browse", "card", "cosine", "cosines", "decode",
    "detect_absorption", "encode", "f1_score", "foretold", "fvu", "geometric_median", "harvest",
    "held_out_contexts", "ica_directions", "jumprelu", "l0", "label_rows", "labelled", "latent_effect", "load",
    "loss", "loss_recovered", "match_features", "matched_cosines", "matched_latents", "mean_max_cosine", "nameless",
    "pair_failure", "pair_sums", "pca_directions", "pre_activations", "probe", "random_directions", "read_off",
    "resample_dead", "score_labels", "sealed", "shaded_code", "share_found", "shrinkage",
    "token_list", "top_contexts", "topk", "train", "turned", "two_ways", "who_reads", "without_parallel",
    "write_pages",
]  # fmt: skip
