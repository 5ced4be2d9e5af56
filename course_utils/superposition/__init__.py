"""Lesson 1: toy models of superposition (Elhage et al. 2022).

1. `model` – the model: draw sparse features, squeeze them, read them back.
2. `training` – train many such models at once.
3. `measures` – what a trained W shows: norms, interference, dimensionality, shapes in the plane.
4. `theory` – what a pencil gives beforehand: phases, almost-orthogonal directions, disturbance by the others.
5. `experiments`, `crowded`, `phases`, `critical`, `neurons`, `computation` – results that draw themselves.
6. `puzzle`, `waterline`, `tradeoff`, `pictures`, `three`, `room`, `eight`, `arrow_panels` – drawings of mechanisms.
7. `sealed`, `hand_built`, `stored`, `explorer` – models to read or build, stored results, sliders.
8. `real_models`, `real_neurons` – directions and neurons of language models, beside random ones.
"""

from .arrow_panels import arrow_panel
from .computation import AbsNets, train_abs
from .critical import (
    LEVELS,
    CriticalDensity,
    best_pair,
    crossing_density,
    curves_figure,
    own_level,
    pair_crowding,
    pair_density,
)
from .crowded import Block, blocks, blocks_figure, even_pairs, shares_figure
from .eight import antiprism, body_figure, eight_figure, evenly_spread, from_antiprism, in_space
from .experiments import PairGeometry, Shapes, represented
from .explorer import explore, try_pentagon
from .hand_built import Task, task
from .measures import (
    PlaneReading,
    angle_gaps,
    column_norms,
    dimensions_per_feature,
    directions,
    feature_dimensionality,
    interference,
    polygon,
    read_plane,
)
from .model import forward, generate_batch, loss
from .neurons import Neurons, neurons_figure, train_neurons
from .phases import PhaseDiagram, read_phase
from .pictures import descend, gram_figure, share_figure, surface, surface_figure
from .puzzle import answer_figure, squeeze_figure
from .real_models import Cosines, token_cosines, token_sizes
from .real_neurons import activations, programs, spikes, turned
from .room import (
    Crowd,
    angles_figure,
    crowd,
    crowd_figure,
    packing_figure,
    random_readings,
    readings_of,
    right_angles_figure,
)
from .sealed import Groups, Sealed, group_agreement, sealed
from .stored import DensitySweep, Plane, canonical, critical, density_sweep, plane
from .theory import (
    ON_OFF,
    PHASES,
    UNIFORM,
    Packing,
    Size,
    almost_orthogonal_bound,
    coherence,
    dimensions_needed,
    disturbance,
    expected_interference,
    on_off_phase,
    pack,
    phase_losses,
    predict_phase,
    random_directions,
    welch_bound,
)
from .three import collisions, pair_and_one, three_figure, triangle
from .tradeoff import causes, causes_figure, pair_figure, share_lost, variance
from .training import Recipe, Toy, Trained, evaluate, train
from .waterline import Dive, regular, upright, waterline_figure

__all__ = [
    "LEVELS",
    "ON_OFF",
    "PHASES",
    "UNIFORM",
    "AbsNets",
    "Block",
    "Cosines",
    "CriticalDensity",
    "Crowd",
    "DensitySweep",
    "Dive",
    "Groups",
    "Neurons",
    "Packing",
    "PairGeometry",
    "PhaseDiagram",
    "Plane",
    "PlaneReading",
    "Recipe",
    "Sealed",
    "Shapes",
    "Size",
    "Task",
    "Toy",
    "Trained",
    "activations",
    "almost_orthogonal_bound",
    "angle_gaps",
    "angles_figure",
    "answer_figure",
    "antiprism",
    "arrow_panel",
    "best_pair",
    "blocks",
    "blocks_figure",
    "body_figure",
    "canonical",
    "causes",
    "causes_figure",
    "coherence",
    "collisions",
    "column_norms",
    "critical",
    "crossing_density",
    "crowd",
    "crowd_figure",
    "curves_figure",
    "density_sweep",
    "descend",
    "dimensions_needed",
    "dimensions_per_feature",
    "directions",
    "disturbance",
    "eight_figure",
    "evaluate",
    "even_pairs",
    "evenly_spread",
    "expected_interference",
    "explore",
    "feature_dimensionality",
    "forward",
    "from_antiprism",
    "generate_batch",
    "gram_figure",
    "group_agreement",
    "in_space",
    "interference",
    "loss",
    "neurons_figure",
    "on_off_phase",
    "own_level",
    "pack",
    "packing_figure",
    "pair_and_one",
    "pair_crowding",
    "pair_density",
    "pair_figure",
    "phase_losses",
    "plane",
    "polygon",
    "predict_phase",
    "programs",
    "random_directions",
    "random_readings",
    "read_phase",
    "read_plane",
    "readings_of",
    "regular",
    "represented",
    "right_angles_figure",
    "sealed",
    "share_figure",
    "share_lost",
    "shares_figure",
    "spikes",
    "squeeze_figure",
    "surface",
    "surface_figure",
    "task",
    "three_figure",
    "token_cosines",
    "token_sizes",
    "train",
    "train_abs",
    "train_neurons",
    "triangle",
    "try_pentagon",
    "turned",
    "upright",
    "variance",
    "waterline_figure",
    "welch_bound",
]
