"""What a weight matrix W of shape (hidden, feature) tells: column i is the direction of feature i.

1. Norm of a column: is the feature there at all?
2. Interference: how much do the other columns lean on it?
3. Dimensionality: which fraction of a dimension does the feature have to itself?
4. In the plane, the picture can be read off completely: dropped features, antipodal pairs, polygons.

The numbers 1 to 3 take any stack of matrices, (..., hidden, feature).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

DROPPED = 0.3  # a column shorter than this counts as dropped: trained columns lie near 0 or near 1
ANTIPODAL = -0.97  # a cosine below this counts as opposite (within 14 degrees)
TOLERANCE_DEGREES = 12.0  # how far the gaps of a polygon may be from equal


def column_norms(W: Float[Tensor, "*instance hidden feature"]) -> Float[Tensor, "*instance feature"]:
    """‖Wᵢ‖: near 1 when feature i is represented, near 0 when it is dropped."""
    return W.norm(dim=-2)


def directions(W: Float[Tensor, "*instance hidden feature"]) -> Float[Tensor, "*instance hidden feature"]:
    """Ŵᵢ = Wᵢ / ‖Wᵢ‖, and zero where the column is zero."""
    norm = W.norm(dim=-2, keepdim=True)
    return torch.where(norm > 0, W / norm.clamp(min=torch.finfo(W.dtype).tiny), 0.0)


def interference(W: Float[Tensor, "*instance hidden feature"]) -> Float[Tensor, "*instance feature"]:
    """Σ_{j≠i} (Ŵᵢ·Wⱼ)²: how much of the other features a reader along feature i's direction sees; 0 for a dropped one.

    Elhage et al. 2022 call it the superposition of feature i. It is in units of squared weight: 1 means that the others
    together are as strong along this direction as one full feature.
    """
    overlap = (directions(W).mT @ W).square()  # (..., feature i, feature j)
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def feature_dimensionality(W: Float[Tensor, "*instance hidden feature"]) -> Float[Tensor, "*instance feature"]:
    """Dᵢ = ‖Wᵢ‖² / Σⱼ (Ŵᵢ·Wⱼ)², the sum over all j including i; 0 for a zero column (Elhage et al. 2022).

    Always between 0 and 1, and Σᵢ Dᵢ ≤ rank W, with equality iff every non-zero column is an eigenvector of W Wᵀ.
    """
    squared = W.square().sum(-2)
    shared = (directions(W).mT @ W).square().sum(-1)
    return torch.where(squared > 0, squared / shared.clamp(min=torch.finfo(W.dtype).tiny), 0.0)


def dimensions_per_feature(W: Float[Tensor, "*instance hidden feature"]) -> Float[Tensor, "*instance"]:
    """D* = m / ‖W‖²_F: hidden dimensions divided by the number of represented features (Elhage et al. 2022)."""
    return W.shape[-2] / W.square().sum((-2, -1))


@dataclass(frozen=True)
class PlaneReading:
    """What the columns of a W with two hidden dimensions show.

    Attributes:
        dropped: features without a direction.
        antipodal: pairs (i, j), i < j, that point in opposite directions.
        polygon: the number of directions if they are evenly spaced around the circle (3 = triangle, 4 = square or two
            antipodal pairs, 5 = pentagon), else 0. Two features are never a polygon.
    """

    dropped: frozenset[int]
    antipodal: frozenset[tuple[int, int]]
    polygon: int

    @property
    def name(self) -> str:
        names = {3: "triangle", 4: "square", 5: "pentagon", 6: "hexagon", 7: "heptagon", 8: "octagon"}
        if self.polygon:
            return names.get(self.polygon, f"{self.polygon}-gon")
        if self.antipodal:
            return f"{len(self.antipodal)} antipodal pair" + "s" * (len(self.antipodal) > 1)
        return "no pair"


def read_plane(W: Float[Tensor, "2 feature"]) -> PlaneReading:
    """Read dropped features, antipodal pairs and the polygon off a W with two hidden dimensions.

    Raises:
        ValueError: if W does not have exactly two rows.
    """
    if W.ndim != 2 or W.shape[0] != 2:
        raise ValueError(f"a plane has two hidden dimensions; this W has shape {tuple(W.shape)}")
    kept = [i for i, norm in enumerate(column_norms(W).tolist()) if norm >= DROPPED]
    cosine = directions(W).mT @ directions(W)
    pairs = frozenset((i, j) for i in kept for j in kept if i < j and cosine[i, j] < ANTIPODAL)
    gaps = angle_gaps(W[:, kept])
    even = len(kept) >= 3 and bool((gaps - 360 / len(kept)).abs().max() < TOLERANCE_DEGREES)
    return PlaneReading(frozenset(range(W.shape[1])) - frozenset(kept), pairs, len(kept) if even else 0)


def angle_gaps(W: Float[Tensor, "2 feature"]) -> Float[Tensor, "feature"]:
    """The angles in degrees between neighbouring columns, going once around the circle; they sum to 360."""
    angle = torch.rad2deg(torch.atan2(W[1], W[0])).sort().values
    return torch.cat([angle[1:] - angle[:-1], angle[:1] + 360 - angle[-1:]]) if len(angle) else angle


def polygon(corners: int) -> Float[Tensor, "2 feature"]:
    """`corners` unit arrows, evenly spaced around the circle; two of them are an antipodal pair."""
    angle = 2 * torch.pi * torch.arange(corners) / corners
    return torch.stack([angle.cos(), angle.sin()])
