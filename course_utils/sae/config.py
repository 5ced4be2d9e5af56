"""What a sparse autoencoder is: widths, the activation between encoder and decoder, and what it is paid for.

Variants are values of `kind`, never classes of their own:

- "relu": ReLU with an L1 penalty (Bricken et al. 2023, Cunningham et al. 2023);
- "topk": the k largest of each row (Gao et al. 2024);
- "batchtopk": the k · batch largest of a whole batch (Bussmann et al. 2024);
- "gated": one path says whether, another how much (Rajamanoharan et al. 2024a);
- "jumprelu": a learned threshold for each latent, and a penalty on their number (Rajamanoharan et al. 2024b).
"""

from dataclasses import dataclass

KINDS = ("relu", "topk", "batchtopk", "gated", "jumprelu")
COUNTED = ("topk", "batchtopk")  # the kinds that are told how many latents to use
#: Where to begin, for data of mean square 1. On the residual stream of `code-4l` (768 latents, 500 steps of 1 024, one
#: training each) they gave an L0 of 119, 143 and 17; at 0.2 it was 34 ("relu") and 44 ("gated").
PENALTIES = {"relu": 0.06, "gated": 0.06, "jumprelu": 0.004}


@dataclass(frozen=True, kw_only=True)
class Config:
    """The shape of one dictionary.

    Args:
        d_in: numbers in an input vector; for a crosscoder those of all sources together.
        n_latents: the dictionary's width.
        kind: one of `KINDS`.
        k: active latents (each row's for "topk", on average for "batchtopk"); the other kinds do not read it.
        penalty: weight of the L1 norm ("relu", "gated") or of the number of active latents ("jumprelu"), for data
            scaled to mean square 1 as the trainer scales it; 0 for the kinds that count.
        d_out: numbers in the target, where it is another than the input (a transcoder); else None.
        sources: parts of equal size that input and target consist of (a crosscoder has several).
        nested: widths of the inner dictionaries, each of which must reconstruct alone (Matryoshka); n_latents excluded.
        bandwidth: width of the window in which a JumpReLU's threshold feels a gradient.

    Raises:
        ValueError: a value that no dictionary can have; the message names it.
    """

    d_in: int
    n_latents: int
    kind: str = "topk"
    k: int = 16
    penalty: float | None = None
    d_out: int | None = None
    sources: int = 1
    nested: tuple[int, ...] = ()
    bandwidth: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "nested", tuple(self.nested))
        if self.penalty is None:
            object.__setattr__(self, "penalty", PENALTIES.get(self.kind, 0.0))
        if self.kind not in KINDS:
            raise ValueError(f"There is no kind {self.kind!r}: choose one of {', '.join(KINDS)}.")
        if self.kind in COUNTED and not 1 <= self.k <= self.n_latents:
            raise ValueError(f"k is {self.k}: it must lie between 1 and the number of latents, {self.n_latents}.")
        if self.kind in COUNTED and self.penalty:
            raise ValueError(f"A {self.kind} dictionary counts its latents and has no penalty: leave it out.")
        if self.d_in % self.sources or self.out % self.sources:
            raise ValueError(f"{self.d_in} inputs and {self.out} outputs do not divide into {self.sources} sources.")
        if list(self.nested) != sorted({*self.nested}) or not all(0 < m < self.n_latents for m in self.nested):
            raise ValueError(f"nested is {self.nested}: give widths that grow and stay below {self.n_latents}.")

    @property
    def out(self) -> int:
        """Numbers in a target vector."""
        return self.d_in if self.d_out is None else self.d_out

    @property
    def counted(self) -> bool:
        """Whether the number of active latents is set, rather than paid for."""
        return self.kind in COUNTED

    @property
    def transcodes(self) -> bool:
        """Whether the target is another vector than the input."""
        return self.d_out is not None
