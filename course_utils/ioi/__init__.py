"""Indirect object identification: prompts with positions, what models do with them, and circuits judged.

    from course_utils import ioi, zoo
    model = zoo.load("ioi-natural")
    clean = ioi.make_ioi_batch(model.tokenizer, 64, torch.Generator().manual_seed(0))
    ask = ioi.asked(model, clean, "flip", direction="noising")     # a patching.Question
    truth = ioi.planted_circuit("ioi-planted")                     # its three nodes: layer, head, position

1. `words`, `prompts` – what the sentences are made of; prompts with the positions of their roles; corruptions.
2. `behaviour`, `readings` – what a model says; what its heads write, look at and copy, read off a single run.
3. `notes` – what a later word holds of a name, and what heads do with that.
4. `criteria`, `diagram`, `proposal` – circuits: ablated all but one, measured arrow by arrow, judged.
5. `outside` – other texts, where an account of the model can fail.
6. `repair`, `paper` – what the rest does when heads are gone; GPT-2 small's published figures beside measured ones.
7. `planted`, `scoring`, `sealed` – circuits that are known, methods scored against them, and ones that are not known.
8. Drawings: `sentence` (a circuit on the example), `circuit_drawings`, `beside_drawn`, `questions_drawn`.
"""

from __future__ import annotations

from course_utils import zoo
from course_utils.ioi.behaviour import Behaviour, asked, behaviour, logit_diff, roles
from course_utils.ioi.beside_drawn import beside_drawn
from course_utils.ioi.circuit_drawings import circuit_after, circuit_of_b, circuit_of_c, nodes_drawn
from course_utils.ioi.criteria import (
    attribution_patch,
    direct_path,
    faithfulness,
    incompleteness,
    integrated_gradients,
    mean_ablate_except,
    minimality,
    noise_heads,
)
from course_utils.ioi.diagram import LOGITS, Arrow, Part, measured_arrow
from course_utils.ioi.notes import copying_notes, forged, mlp_answers, note_scores, renamed
from course_utils.ioi.outside import TEXTS, Outcome, by_rule, leanings, outcome, outside, read_words, told
from course_utils.ioi.paper import CLASSES, EMPTY, ROWS, paper_rows
from course_utils.ioi.planted import ROLES, PlantedNode, counterfactual
from course_utils.ioi.prompts import (
    CORRUPTIONS,
    ORDERS,
    TEMPLATES,
    Prompts,
    corrupt,
    draw,
    layout,
    make_ioi_batch,
    new_names,
)
from course_utils.ioi.proposal import FOUND, PRICE, START, Bench, bench, bench_of
from course_utils.ioi.questions_drawn import asks_drawn, partners_drawn, paths_drawn, puzzle_drawn
from course_utils.ioi.readings import (
    Writes,
    copying,
    copying_score,
    head_dla,
    looks,
    read_and_written,
    unembedding,
    writes,
)
from course_utils.ioi.repair import Remaining, Repair, repair
from course_utils.ioi.scoring import BY, Ranking, auc, methods, ranking, weight_size
from course_utils.ioi.sealed import Exchange, Sealed, exchanged, sealed
from course_utils.ioi.sentence import EXAMPLE, OTHER
from course_utils.ioi.words import MEN, NAMES, OBJECTS, PLACES, WOMEN


def planted_models() -> tuple[str, ...]:
    """Names of the bundled models whose circuit was planted."""
    return tuple(name for name in zoo.available() if "circuit" in zoo.card(name)["data"])


def planted_circuit(name: str) -> tuple[PlantedNode, ...]:
    """The true circuit of a planted model, from its card: detection, inhibition, output.

    Raises:
        ValueError: nothing was planted in this model.
    """
    data = zoo.card(name)["data"]
    if "circuit" not in data:
        raise ValueError(f"nothing was planted in {name!r}; planted models are {', '.join(planted_models())}")
    return tuple(PlantedNode(**node) for node in data["circuit"])
