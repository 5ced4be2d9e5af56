"""An induction head written by hand, and a judge that says which half of it is missing.

1. The residual stream is cut into named subspaces, which do not overlap: the token here (one dimension per token), the
   position (one per position), and as many more as you like for what heads write.
2. A head is four choices: which subspace its query reads, which its key reads, which it copies from, and which it
   copies into; and two scales: how sharply it looks, how strongly it writes. `shift` lets the query ask for a position
   further back.
3. The embedding writes a one-hot into `token` and `position`; the unembedding reads one subspace of your choice.
4. `judge` runs the result on blocks of distinct random tokens repeated once, at several lengths, and looks at what the
   two heads attend to when something is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.induction.scores.measures import (
    prefix_matching_score,
    previous_token_score,
    repeat_accuracy,
    repeated_tokens,
)
from course_utils.induction.toys.model import Weights, run

WORKS = 0.9  # a head whose mean attention to the right place is at least this does its part


@dataclass(frozen=True)
class Subspaces:
    """A residual stream cut up: {name: number of dimensions}, one after the other."""

    sizes: Mapping[str, int]

    @property
    def d_model(self) -> int:
        return sum(self.sizes.values())

    def __getitem__(self, name: str) -> slice:
        """Where a subspace lies in the residual stream.

        Raises:
            ValueError: there is none of this name.
        """
        if name not in self.sizes:
            raise ValueError(f"there is no subspace called {name!r}: choose from {', '.join(self.sizes)}")
        names = list(self.sizes)
        start = sum(self.sizes[n] for n in names[: names.index(name)])
        return slice(start, start + self.sizes[name])


@dataclass(frozen=True)
class HeadPlan:
    """One head: its score is `sharpness` where the query's subspace holds the same as the key's, and 0 elsewhere.

    Attributes:
        query, key: subspaces that are compared, entry by entry. value, output: copied from, and to.
        shift: the query compares its entry p as if it were p + shift; −1 with positions looks one position back.
        sharpness: the attention score of a match. The others have score 0, so among n keys a single match gets
            e^s / (e^s + n − 1) of the attention.
        strength: by what the copy is multiplied.
    """

    query: str
    key: str
    value: str
    output: str
    shift: int = 0
    sharpness: float = 20.0
    strength: float = 1.0


def subspaces(d_vocab: int, n_ctx: int, *more: str) -> Subspaces:
    """`token` and `position`, and a subspace of d_vocab dimensions for each further name."""
    return Subspaces({"token": d_vocab, "position": n_ctx, **dict.fromkeys(more, d_vocab)})


def build(layout: Subspaces, layers: Sequence[Sequence[HeadPlan]], unembed: str) -> Weights:
    """The weights that carry out a plan: one list of heads for each layer.

    Args:
        unembed: the subspace that the logits are read from.

    Raises:
        ValueError: a subspace that is not there, or two of different size that are compared or copied.
    """
    _refuse_unequal(layout, unembed, "token")
    d_head = max(layout.sizes.values())
    n_heads = max(map(len, layers))
    shape = (len(layers), n_heads, layout.d_model, d_head)
    W_Q, W_K, W_V, W_O = torch.zeros(shape), torch.zeros(shape), torch.zeros(shape), torch.zeros(shape).mT.contiguous()
    for layer, plans in enumerate(layers):
        for head, plan in enumerate(plans):
            _refuse_unequal(layout, plan.query, plan.key)
            _refuse_unequal(layout, plan.value, plan.output)
            sharp = plan.sharpness * d_head**0.5  # the score is divided by √d_head
            W_Q[layer, head, layout[plan.query]] = sharp * _copy(_size(layout, plan.query), d_head, plan.shift)
            W_K[layer, head, layout[plan.key]] = _copy(_size(layout, plan.key), d_head)
            W_V[layer, head, layout[plan.value]] = _copy(_size(layout, plan.value), d_head)
            W_O[layer, head, :, layout[plan.output]] = plan.strength * _copy(_size(layout, plan.output), d_head).mT
    d_vocab, n_ctx = layout.sizes["token"], layout.sizes["position"]
    W_E, W_pos = torch.zeros(d_vocab, layout.d_model), torch.zeros(n_ctx, layout.d_model)
    W_U = torch.zeros(layout.d_model, d_vocab)
    W_E[:, layout["token"]] = torch.eye(d_vocab)
    W_pos[:, layout["position"]] = torch.eye(n_ctx)
    W_U[layout[unembed]] = _copy(_size(layout, unembed), d_vocab)
    return Weights(W_E, W_pos, W_Q, W_K, W_V, W_O, W_U)


def _size(layout: Subspaces, name: str) -> int:
    where = layout[name]
    return where.stop - where.start


def _refuse_unequal(layout: Subspaces, one: str, other: str) -> None:
    if _size(layout, one) != _size(layout, other):
        raise ValueError(f"{one!r} and {other!r} do not have the same number of dimensions")


def _copy(size: int, width: int, shift: int = 0) -> Float[Tensor, "size width"]:
    """Entry p goes to entry p + shift; what would fall off the edge is dropped."""
    entry = torch.arange(size)
    kept = entry[(entry + shift >= 0) & (entry + shift < size)]
    copy = torch.zeros(size, width)
    copy[kept, kept + shift] = 1
    return copy


def hand_built(d_vocab: int = 32, n_ctx: int = 65, sharpness: tuple[float, float] = (20.0, 20.0)) -> Weights:
    """The construction: a head that notes the token before, and one that looks for its own token among those notes.

    Args:
        sharpness: of the previous-token head and of the induction head.
    """
    layout = subspaces(d_vocab, n_ctx, "previous", "next")
    previous = HeadPlan("position", "position", "token", "previous", shift=-1, sharpness=sharpness[0])
    induction = HeadPlan("token", "previous", "token", "next", sharpness=sharpness[1])
    return build(layout, [[previous], [induction]], unembed="next")


@dataclass(frozen=True)
class Judgement:
    """What a hand-built model does.

    Attributes:
        accuracy: {block length: share of the repeat's tokens, from its second on, predicted first}.
        previous: previous-token score of the best head of the first layer. prefix: prefix-matching score of the best
            head of the last.
        heads: those two heads.
        message: in a sentence, what is right or which head does not do its part.
    """

    accuracy: Mapping[int, float]
    previous: float
    prefix: float
    heads: tuple[tuple[int, int], tuple[int, int]]
    message: str

    @property
    def works(self) -> bool:
        return min(self.accuracy.values()) == 1.0

    def __str__(self) -> str:
        rows = "  ".join(f"{length}: {share:.3f}" for length, share in self.accuracy.items())
        return f"accuracy by block length  {rows}\n{self.message}"


def judge(weights: Weights, lengths: Sequence[int] | None = None, batch: int = 32, seed: int = 0) -> Judgement:
    """Run a two-layer model on blocks of distinct random tokens repeated once, and say what is missing.

    Args:
        lengths: of blocks; eight between the shortest and the longest possible if None.

    Raises:
        ValueError: a model of another depth, or a length that does not fit.
    """
    if weights.n_layers != 2 or weights.stack:
        raise ValueError("one model of two layers is wanted")
    most = min((weights.n_ctx - 1) // 2, weights.d_vocab - 1)
    lengths = sorted(set(torch.linspace(2, most, 8).long().tolist())) if lengths is None else list(lengths)
    if not lengths or min(lengths) < 2 or max(lengths) > most:
        raise ValueError(f"blocks can have 2 to {most} tokens in this model")
    generator = torch.Generator().manual_seed(seed)
    accuracy = {}
    for length in lengths:
        tokens = repeated_tokens(weights.d_vocab, batch, length, distinct=True, generator=generator)
        done = run(weights, tokens)
        accuracy[length] = repeat_accuracy(done.logits, tokens, length).item()
    worst = min(lengths, key=lambda length: (accuracy[length], -length))
    tokens = repeated_tokens(weights.d_vocab, batch, worst, distinct=True, generator=generator)
    pattern = run(weights, tokens).pattern
    previous, prefix = previous_token_score(pattern[0]), prefix_matching_score(pattern[1], worst)
    heads = (0, int(previous.argmax())), (1, int(prefix.argmax()))
    first, second = previous.max().item(), prefix.max().item()
    message = _message(accuracy[worst], worst, first, second, heads, pattern)
    if min(accuracy.values()) < 1.0 and (where := _not_everywhere(pattern, tokens, worst, heads)):
        message = f"With blocks of {worst} tokens {where}"
    elif first >= WORKS > second and (back := _counts_back(weights, most, generator)):
        message = (
            f"A head of the second layer looks {back} back whatever stands there, which fits blocks of {back + 1} "
            f"tokens alone. The place must be found by its content: by the token before it."
        )
    return Judgement(accuracy, first, second, heads, message)


def _message(accuracy: float, length: int, first: float, second: float, heads: tuple, pattern: Tensor) -> str:
    names = [f"{layer}.{head}" for layer, head in heads]
    if accuracy == 1.0:
        return "It completes every repeat."
    scope = f"With blocks of {length} tokens"
    if first < WORKS:
        if previous_token_score(pattern[1]).max() >= WORKS:
            return (
                f"{scope}, the previous-token head is in the second layer, where no head can read any more what it "
                f"wrote. It belongs into the first."
            )
        where = _looks(pattern[0], length, but="the token before")
        return (
            f"{scope}, the first layer has no previous-token head: the closest, {names[0]}, gives the token before "
            f"{first:.2f} of its attention{where}. {DECIDED[decided(pattern[0])]}"
            "The query at p must meet the key at p − 1."
        )
    if second < WORKS:
        where = _looks(pattern[1], length, but="the token after the earlier occurrence")
        return (
            f"{scope}, {names[0]} looks at the token before, as it should, but the second layer has no induction "
            f"head: the closest, {names[1]}, gives the token after the earlier occurrence {second:.2f} of its "
            f"attention{where}. {DECIDED[decided(pattern[1])]}For this {names[0]} must copy the token that it looks "
            f"at, the key of {names[1]} must read that copy, and its query the token that stands there now."
        )
    return (
        f"{scope}, both heads look where they should ({names[0]} at the token before, {names[1]} at the token after "
        f"the earlier occurrence), so it is what they move that is wrong: {names[1]} must copy the token that it "
        f"looks at into what the unembedding reads, more strongly than anything else that is there."
    )


def _not_everywhere(pattern: Tensor, tokens: Int[Tensor, "batch pos"], length: int, heads: tuple) -> str:
    """Of the first of the two heads that does its part at some queries and not at others: where it does not."""
    first, second = pattern[0, :, heads[0][1]], pattern[1, :, heads[1][1], length + 1 :]
    looks = first.diagonal(-1, -2, -1), second.diagonal(2, -2, -1)
    places = "the token before", "the token after the earlier occurrence"
    for (layer, head), attention, place, rows in zip(heads, looks, places, (first, second), strict=True):
        best = rows[:, -attention.shape[1] :].topk(2).values  # the two largest shares of each query
        well = attention >= WORKS  # (batch, query): the queries are the last ones
        if not well.any():
            return ""  # the whole head is amiss
        token = tokens[:, -well.shape[1] :]
        at = torch.arange(tokens.shape[1])[-well.shape[1] :].expand_as(token)
        for asked, name in ((at, "position"), (token, "token")):
            found = [value for value in asked.unique().tolist() if not well[asked == value].any()]
            if found and torch.isin(asked[~well], torch.tensor(found)).all():
                which = f"{name}{'s' * (len(found) > 1)} {', '.join(map(str, found[:4]))}{' …' * (len(found) > 4)}"
                if ((attention == best[..., 0]) & (attention > 1.5 * best[..., 1]))[~well].all():  # right, but faint
                    return (
                        f"{layer}.{head} looks most at {place}, as it should, but from {which} with less than {WORKS} "
                        f"of its attention. {DECIDED['faint']}The other head may need it too."
                    )
                return f"{layer}.{head} looks at {place}, as it should, but not from {which}: there it looks elsewhere."
    return ""


def _counts_back(weights: Weights, most: int, generator: torch.Generator) -> int:
    """How far back a head of the second layer looks in blocks of either of two lengths, or 0 if none does so."""
    places = []
    for length in (most, most - 1):
        tokens = repeated_tokens(weights.d_vocab, 8, length, distinct=True, generator=generator)
        pattern = run(weights, tokens).pattern[1].mean(0)
        shares = torch.stack([pattern.diagonal(-back, -2, -1).mean(-1).amax() for back in range(2, most + 1)])
        places.append((shares >= WORKS).nonzero().flatten().tolist())
    same = sorted(set(places[0]) & set(places[1]))  # one that is found by its content moves with the length
    return same[0] + 2 if same else 0


DECIDED = {
    "flat": "Its scores are all alike: its W_Q or its W_K is zero, or they read things that never match. ",
    "faint": "Its scores differ too little: raise its scale, to scores of about 20 after division by √d_head. ",
    "decided": "",
}


def decided(pattern: Float[Tensor, "batch head query key"]) -> str:
    """Whether the scores of a layer's most decided head are "flat", "faint" (less than 4 apart) or "decided"."""
    rows = pattern[:, :, 2:].clamp(min=1e-12).log()
    seen = torch.ones(rows.shape[-2:], dtype=torch.bool, device=rows.device).tril(2)
    high, low = rows.masked_fill(~seen, -torch.inf).amax(-1), rows.masked_fill(~seen, torch.inf).amin(-1)
    widest = (high - low).amax().item()
    return "flat" if widest < 1e-3 else "faint" if widest < 4 else "decided"


def _looks(pattern: Float[Tensor, "batch head query key"], length: int, but: str) -> str:
    """Where the heads of a layer look in the repeat besides the place `but`, if they agree on one."""
    rows = pattern[:, :, length + 1 :]  # the repeat's queries
    places = {
        "itself": rows.diagonal(length + 1, -2, -1),
        "the token before": rows.diagonal(length, -2, -1),
        "its own token, here and where it stood before": rows.diagonal(length + 1, -2, -1) + rows.diagonal(1, -2, -1),
        "the token after the earlier occurrence": rows.diagonal(2, -2, -1),
        "BOS": rows[..., 0],
    }
    share = {name: values.mean((0, 2)).max().item() for name, values in places.items() if name != but}
    name = max(share, key=share.get)
    return f", while {share[name]:.2f} goes to {name}" if share[name] > 0.5 else ", and no other place gets half of it"
