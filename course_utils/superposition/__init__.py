"""Lesson 1: toy models of superposition (Elhage et al. 2022).

1. `model` – the model: draw sparse features, squeeze them, read them back.
2. `training` – train many such models at once.
3. `measures` – what a trained W shows: norms, interference, dimensionality, shapes in the plane.
4. `theory` – what a pencil says beforehand: phases, almost-orthogonal directions, expected interference.
5. `experiments`, `computation` – the lesson's results, which draw themselves; |x| computed in superposition.
6. `sealed`, `stored`, `explorer`, `real_models` – unknown models to read, stored results, the widget, GPT-2.
"""

from .computation import AbsNets, train_abs
from .experiments import CriticalDensity, PairGeometry, PhaseDiagram, Shapes, crossing, represented
from .explorer import explore
from .measures import (
    Reading,
    angle_gaps,
    column_norms,
    dimensions_per_feature,
    directions,
    feature_dimensionality,
    interference,
    read_plane,
)
from .model import forward, generate_batch, loss
from .real_models import Cosines
from .sealed import Groups, Sealed, agreement, sealed
from .stored import Plane, Sweep, canonical, critical, plane, sweep
from .theory import (
    PHASES,
    Packing,
    almost_orthogonal_bound,
    coherence,
    expected_interference,
    pack,
    phase_losses,
    predict_phase,
    random_directions,
    welch_bound,
)
from .training import Recipe, Toy, Trained, evaluate, train

__all__ = [
    "PHASES", "AbsNets", "Cosines", "CriticalDensity", "Groups", "Packing", "PairGeometry", "PhaseDiagram",
    "Plane", "Reading", "Recipe", "Sealed", "Shapes", "Sweep", "Toy", "Trained", "agreement",
    "almost_orthogonal_bound", "angle_gaps", "canonical", "coherence", "column_norms", "critical", "crossing",
    "dimensions_per_feature", "directions", "evaluate", "expected_interference", "explore",
    "feature_dimensionality", "forward", "generate_batch", "interference", "loss", "pack", "phase_losses",
    "plane", "predict_phase", "random_directions", "read_plane", "represented", "sealed", "sweep", "train",
    "train_abs", "welch_bound",
]  # fmt: skip
