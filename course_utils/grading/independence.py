"""Are columns of draws independent, of one another and along the batch? Correlations at every distance at once.

1. At distance 0: each two columns of the same draw, with an error that holds for sparse columns too.
2. Each three of up to MANY columns: two coins that decide a third go unnoticed in pairs.
3. At every other distance h: column a of draw i against column b of draw i + h, around the end of the batch, by a
   Fourier transform; and against draw s - i, which finds a half that was written backwards.
4. Between two calls: each column against itself, at every distance; and whether their means differ as they should,
   which draws that share a range out among themselves do not.

The largest of some ten million correlations is judged by the chance that any of them is so large: FALSE_ALARM.
"""

import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist

import torch
from scipy.stats import chi2
from torch import Tensor

FALSE_ALARM = 1e-7  # chance that one scan of honest draws finds something, were correlations normally distributed
HEAVY = 10.0  # columns with a larger kurtosis are too sparse for tails that are read off a normal distribution
MANY = 24  # columns of which each three are looked at
Columns = dict[str, Tensor]  # what a column holds → its value in each draw


@dataclass(frozen=True)
class Stat:
    """A named statistic of a sample: its value, its expectation, and its standard error under the reference."""

    name: str
    value: float
    expected: float
    error: float

    @property
    def z(self) -> float:
        z = (float(self.value) - float(self.expected)) / float(self.error)
        return z if math.isfinite(z) else math.inf


def threshold(count: int, chance: float = FALSE_ALARM) -> float:
    """How many standard errors the largest of `count` statistics exceeds with this chance."""
    return -NormalDist().inv_cdf(chance / (2 * max(count, 1)))


def pairs(columns: Columns) -> list[Stat]:
    """The correlation of each two columns within a draw; columns without variation are left out of the sum."""
    names = list(columns)
    values = [_standard(column) for column in columns.values()]
    found = []
    for i, a in enumerate(values):
        for j in range(i):
            products = a * values[j]
            error = max(products.square().mean().item() / len(a), 1e-12) ** 0.5
            value = products.mean().item()
            found.append(Stat(f"correlation between {names[j]} and {names[i]}", value, 0.0, error))
    return found


def triples(columns: Columns) -> list[Stat]:
    """The mean product of each three columns within a draw, and of each column in three draws that follow one another."""
    values = {name: _standard(column) for name, column in list(columns.items())[:MANY] if _light(column)}
    found = [
        (f"{a}, {b} and {c}, taken together", values[a] * values[b] * values[c])
        for a, b, c in itertools.combinations(values, 3)
    ]
    found += [(f"{name}, in three draws in a row", v * v.roll(-1) * v.roll(-2)) for name, v in values.items()]
    return [
        Stat(name, p.mean().item(), 0.0, max(p.square().mean().item() / len(p), 1e-12) ** 0.5) for name, p in found
    ]


def too_even(columns: Columns, again: Columns) -> str:
    """One sentence where the columns' means hardly differ between two calls; "" where they differ as chance has it."""
    both = [(columns[name], again[name]) for name in columns if name in again and _light(columns[name])]
    both = [(a.double(), b.double()) for a, b in both if len(a) >= 8]
    squares = [(a.mean() - b.mean()) ** 2 / ((a.var() + b.var()) / len(a)) for a, b in both if a.var() + b.var() > 0]
    if not squares or chi2.cdf(float(sum(squares)), len(squares)) > FALSE_ALARM:
        return ""
    return (
        "The mean of a batch hardly changes from call to call: the draws share a range out among themselves, where each "
        "is to be drawn without a look at the others."
    )


def along_the_batch(columns: Columns, again: Columns) -> str:
    """One sentence on the strongest dependence between different draws, or between two calls; "" where there is none."""
    kept = {name: _standard(column) for name, column in columns.items() if _light(column)}
    if not kept or len(next(iter(kept.values()))) < 8:
        return ""
    names, values = list(kept), torch.stack(list(kept.values()))  # (column, draw)
    n = values.shape[1]
    spectra = torch.fft.rfft(values)
    limit = threshold((len(names) + 2) * len(names) * n)
    for a, name in enumerate(names):
        ahead = torch.fft.irfft(spectra[a:].conj() * spectra[a], n=n) / math.sqrt(n)  # z of a at i + h with others at i
        back = torch.fft.irfft(spectra[a:] * spectra[a], n=n) / math.sqrt(n)
        ahead[:, 0] = 0  # within one draw: `pairs`
        back[0] /= math.sqrt(2)  # a column against itself: every product is counted twice
        if n % 2 == 0:
            ahead[0, n // 2] /= math.sqrt(2)
        for z, mirrored in ((ahead, False), (back, True)):
            if z.abs().max() > limit:
                b, distance = divmod(int(z.abs().argmax()), n)
                return _told(name, names[a + b], distance, n, z[b, distance].item() / math.sqrt(n), mirrored)
        other = again.get(name)
        if other is not None and other.numel() == n and _light(other):
            z = torch.fft.irfft(torch.fft.rfft(_standard(other)).conj() * spectra[a], n=n) / math.sqrt(n)
            if z.abs().max() > limit:
                return f"Two calls are not independent: {name} goes with what it was at the call before."
    return ""


def _told(a: str, b: str, distance: int, n: int, correlation: float, mirrored: bool) -> str:
    late = f"draw {distance} − i" if mirrored else f"draw i + {min(distance, n - distance)}"
    if not mirrored and distance > n - distance:
        a, b = b, a
    half = " One half of the batch is made from the other." if not mirrored and 2 * distance == n else ""
    return (
        f"The draws of one batch must not depend on one another, and {b} in draw i goes with {a} in {late} "
        f"(correlation {correlation:+.2f}).{half}"
    )


def _standard(column: Tensor) -> Tensor:
    """Mean 0 and mean square 1; zeros where nothing varies."""
    column = column.double().flatten()
    column = column - column.mean()
    scale = column.square().mean().sqrt()
    return column / scale if scale > 1e-9 else torch.zeros_like(column)


def _light(column: Tensor) -> bool:
    fourth = _standard(column).pow(4).mean().item()
    return 0 < fourth < HEAVY
