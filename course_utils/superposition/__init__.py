"""Lesson 1: toy models of superposition (Elhage et al. 2022).

1. `model` – the model: draw sparse features, squeeze them, read them back.
2. `training` – train many such models at once.
3. `measures` – what a trained W shows: norms, interference, dimensionality, shapes in the plane.
4. `theory` – what a pencil gives beforehand: phases, almost-orthogonal directions, disturbance by the others.
5. `pictures`, `tradeoff`, `experiments`, `phases`, `critical`, `neurons`, `computation` – the lesson's results, drawn.
6. `sealed`, `hand_built`, `stored`, `explorer`, `real_models` – models to read or build, stored results, GPT-2.
"""

from .computation import AbsNets, train_abs
from .critical import LEVELS, CriticalDensity, best_pair, crossing_density, own_level, pair_crowding, pair_density
from .experiments import CrowdedModels, PairGeometry, Shapes, represented
from .explorer import explore
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
from .neurons import Neurons, compare_neurons, neurons_figure, train_neurons
from .phases import PhaseDiagram, read_phase
from .pictures import descend, follow_figure, noise_figure, share_figure, surface, surface_figure
from .real_models import Cosines, token_cosines, token_sizes
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
from .tradeoff import pair_figure, plane_figure, share_lost, square_share, variance
from .training import Recipe, Toy, Trained, evaluate, train

__all__ = [
    "LEVELS",
    "ON_OFF",
    "PHASES",
    "UNIFORM",
    "AbsNets",
    "Cosines",
    "CriticalDensity",
    "CrowdedModels",
    "DensitySweep",
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
    "almost_orthogonal_bound",
    "angle_gaps",
    "best_pair",
    "canonical",
    "coherence",
    "column_norms",
    "compare_neurons",
    "critical",
    "crossing_density",
    "density_sweep",
    "descend",
    "dimensions_needed",
    "dimensions_per_feature",
    "directions",
    "disturbance",
    "evaluate",
    "expected_interference",
    "explore",
    "feature_dimensionality",
    "follow_figure",
    "forward",
    "generate_batch",
    "group_agreement",
    "interference",
    "loss",
    "neurons_figure",
    "noise_figure",
    "on_off_phase",
    "own_level",
    "pack",
    "pair_crowding",
    "pair_density",
    "pair_figure",
    "phase_losses",
    "plane",
    "plane_figure",
    "polygon",
    "predict_phase",
    "random_directions",
    "read_phase",
    "read_plane",
    "represented",
    "sealed",
    "share_figure",
    "share_lost",
    "square_share",
    "surface",
    "surface_figure",
    "task",
    "token_cosines",
    "token_sizes",
    "train",
    "train_abs",
    "train_neurons",
    "variance",
    "welch_bound",
]  # fmt: skip
