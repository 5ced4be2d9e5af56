"""Models whose heads are written by hand, then disguised: what each head does is known, and nothing in them says so.

1. The residual stream has spaces for the token, the position, what earlier heads found, and the output.
2. A head looks (some positions back, at a token that matches, at a position that it was told) and moves what one
   space holds there into another space.
3. Everything is turned at random (the residual stream, each head's own dimensions), the heads of a layer are
   shuffled, and noise is added to every matrix.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.induction.toys.model import Weights

D_VOCAB, N_CTX, D_HEAD = 64, 64, 56
TOKEN, FREQUENCIES = 32, 12  # dimensions of a token's code; a position's code has two for each frequency
SIZES = {
    "token": TOKEN,
    "position": 2 * FREQUENCIES,
    "first": TOKEN,  # where heads of the first layer leave a token
    "second": TOKEN,
    "pointer": 2 * FREQUENCIES,  # where a head leaves a position
    "output": TOKEN,
    "always": 1,  # 1 at every position
    "start": 1,  # 1 at BOS only: where a head rests that finds nothing
}
D_MODEL = sum(SIZES.values())
SHARPNESS = (7.0, 9.0)  # score of a perfect match, drawn for each head
REST = 0.45  # that of BOS, as a share of it
NOISE = 0.2  # of each matrix, in Frobenius norm


@dataclass(frozen=True)
class Head:
    """What one head does.

    Attributes:
        looks: "back" (`by` positions), "match" (`by`: the space of the query, the space of the key), "earlier" (the
            same token before), "follow" (the position after the one in the space `by`) or "rest" (BOS).
        moves: from which space into which.
        gain: how strongly.
        sharp: how much more decidedly than usual it looks.
    """

    looks: str
    by: int | str | tuple[str, str] | None = None
    moves: tuple[str, str] = ("token", "output")
    gain: float = 1.0
    sharp: float = 1.0


def planted(layers: Sequence[Sequence[Head]], dice: torch.Generator) -> tuple[Weights, list[list[int]]]:
    """The weights of such a model, disguised, and where `layers[layer][k]` has gone: to head `place[layer][k]`."""
    shape = (len(layers), len(layers[0]), D_MODEL, D_HEAD)
    W_Q, W_K, W_V, W_O = (torch.zeros(shape) for _ in range(4))
    turn = _turns(dice)
    place = [torch.randperm(len(heads), generator=dice).tolist() for heads in layers]
    for layer, heads in enumerate(layers):
        for head, at in zip(heads, place[layer], strict=True):
            inner, outer = _rotation(D_HEAD, dice), _rotation(D_HEAD, dice)
            q, k = _looks(head, turn, head.sharp * _between(*SHARPNESS, dice))
            v, o = _moves(head)
            W_Q[layer, at], W_K[layer, at] = q @ inner, k @ inner
            W_V[layer, at], W_O[layer, at] = v @ outer, o @ outer
    token = _token_codes(dice)
    W_E, W_pos, W_U = torch.zeros(D_VOCAB, D_MODEL), torch.zeros(N_CTX, D_MODEL), torch.zeros(D_VOCAB, D_MODEL)
    W_E[:, _space("token")], W_E[0, _space("start")] = token, 1.0
    W_pos[:, _space("position")], W_pos[:, _space("always")] = _position_codes(turn), 1.0
    W_U[:, _space("output")] = 10.0 * token
    W_U[0, _space("always")] = -10.0  # BOS never follows anything
    W_U[:, _space("token")] = 1.0 * torch.randn(D_VOCAB, TOKEN, generator=dice)  # some tokens follow others more often
    parts = (W_E, W_pos, W_Q, W_K, W_V, W_O.mT, W_U.mT)
    noisy = [part + NOISE * _typical(part) * torch.randn(part.shape, generator=dice) for part in parts]
    return Weights(*noisy).rotated(_rotation(D_MODEL, dice)), place


def _space(name: str) -> slice:
    names = list(SIZES)
    start = sum(SIZES[other] for other in names[: names.index(name)])
    return slice(start, start + SIZES[name])


def _typical(matrix: Tensor) -> Tensor:
    """The root mean square of each head's matrix, or of the one matrix there is."""
    return matrix.square().mean((-1, -2), keepdim=True).sqrt()


def _between(low: float, high: float, dice: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=dice))


def _rotation(size: int, dice: torch.Generator) -> Tensor:
    return torch.linalg.qr(torch.randn(size, size, generator=dice)).Q


def _token_codes(dice: torch.Generator) -> Tensor:
    """64 directions in 32 dimensions: two orthonormal bases, with |cos| = 1/√32 between any two from both."""
    hadamard = torch.ones(1, 1)
    while len(hadamard) < TOKEN:
        hadamard = torch.cat([torch.cat([hadamard, hadamard], 1), torch.cat([hadamard, -hadamard], 1)])
    codes = torch.cat([torch.eye(TOKEN), hadamard / math.sqrt(TOKEN)])
    return (codes @ _rotation(TOKEN, dice))[torch.randperm(D_VOCAB, generator=dice)]


def _turns(dice: torch.Generator) -> Tensor:
    """How far each frequency turns from one position to the next, in radians: of 200 draws the least ambiguous."""
    draws = math.pi * torch.rand(200, FREQUENCIES, generator=dice)
    alike = (torch.arange(1, N_CTX)[:, None] * draws[:, None]).cos().mean(-1)  # of positions so far apart
    return draws[alike.amax(-1).argmin()]


def _position_codes(turn: Tensor) -> Tensor:
    """Unit vectors in which moving by one position is a rotation."""
    angle = torch.arange(N_CTX)[:, None] * turn
    return torch.stack([angle.cos(), angle.sin()], -1).flatten(1) / math.sqrt(FREQUENCIES)


def _shift(turn: Tensor, by: int) -> Tensor:
    """The rotation that makes the code of position i into that of position i + by, for rows."""
    angle = by * turn
    c, s = angle.cos(), angle.sin()
    return torch.block_diag(*torch.stack([torch.stack([c, s], -1), torch.stack([-s, c], -1)], -2))


def _looks(head: Head, turn: Tensor, sharpness: float) -> tuple[Tensor, Tensor]:
    """W_Q and W_K: a perfect match scores `sharpness`, BOS a part of it."""
    size = math.sqrt(sharpness * math.sqrt(D_HEAD))
    wide = SIZES["position"]
    q, k = torch.zeros(D_MODEL, D_HEAD), torch.zeros(D_MODEL, D_HEAD)
    q[_space("always"), -1], k[_space("start"), -1] = size, REST * size
    if head.looks == "back":
        q[_space("position"), :wide] = size * _shift(turn, -head.by)
        k[_space("position"), :wide] = size * torch.eye(wide)
    elif head.looks == "follow":
        q[_space(head.by), :wide] = size * _shift(turn, 1)
        k[_space("position"), :wide] = size * torch.eye(wide)
    elif head.looks == "match":
        q[_space(head.by[0]), :TOKEN] = size * torch.eye(TOKEN)
        k[_space(head.by[1]), :TOKEN] = size * torch.eye(TOKEN)
    elif head.looks == "earlier":
        for matrix, sign in ((q, -1), (k, 1)):  # the same token, but not at the same position
            matrix[_space("token"), :TOKEN] = size * torch.eye(TOKEN)
            matrix[_space("position"), TOKEN : TOKEN + wide] = sign * math.sqrt(0.35) * size * torch.eye(wide)
    return q, k


def _moves(head: Head) -> tuple[Tensor, Tensor]:
    """W_V and W_O, both as (d_model, d_head)."""
    v, o = torch.zeros(D_MODEL, D_HEAD), torch.zeros(D_MODEL, D_HEAD)
    source, target = head.moves
    wide = SIZES[source]
    v[_space(source), :wide] = torch.eye(wide)
    o[_space(target), :wide] = head.gain * torch.eye(wide)
    return v, o
