"""Counting models to beat: interpolated Kneser–Ney n-grams over the same tokens (Kneser & Ney 1995).

1. An n-gram is one integer: its tokens side by side, `bits` bits each.
2. The highest order counts occurrences; each lower order counts in how many different contexts a gram was seen.
3. The probability takes a discount off each count and gives what that frees to the next lower order, down to
   the uniform distribution: p(w | c) = max(n(c w) − d, 0) / n(c) + d · kinds(c) / n(c) · p(w | shorter c).
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def _grams(row: np.ndarray, order: int, bits: int) -> np.ndarray:
    """The `order` tokens that end at each place, as integers; (len(row) − order + 1,)."""
    keys = np.zeros(len(row) - order + 1, dtype=np.uint64)
    for k in range(order):
        keys = (keys << np.uint64(bits)) | row[k:len(row) - order + 1 + k].astype(np.uint64)
    return keys


def _look_up(table: np.ndarray, values: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """values[key] where the sorted `table` has the key, else 0."""
    places = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    return np.where(table[places] == keys, values[places], 0)


@dataclass(frozen=True)
class _Order:
    grams: np.ndarray       # sorted
    counts: np.ndarray
    contexts: np.ndarray    # sorted
    totals: np.ndarray      # sum of counts after each context
    kinds: np.ndarray       # different tokens after each context
    discount: float


def _order(grams: np.ndarray, counts: np.ndarray, bits: int) -> _Order:
    contexts, start = np.unique(grams >> np.uint64(bits), return_index=True)
    ones, twos = int((counts == 1).sum()), int((counts == 2).sum())
    discount = ones / (ones + 2 * twos) if ones and twos else 0.5
    return _Order(grams, counts, contexts, np.add.reduceat(counts, start),
                  np.diff(np.append(start, len(grams))), discount)


class NGram:
    """A Kneser–Ney model of `n`-grams, counted on a row of tokens below `vocab`."""

    def __init__(self, row: np.ndarray, n: int, vocab: int):
        self.n, self.vocab = n, vocab
        self.bits = max(1, int(vocab - 1).bit_length())
        if n * self.bits > 64:
            raise ValueError(f"{n} tokens of {self.bits} bits do not fit into 64 bits: take a smaller order.")
        grams, counts = np.unique(_grams(row, n, self.bits), return_counts=True)
        self.orders = [_order(grams, counts, self.bits)]
        for k in range(n - 1, 0, -1):
            below = (np.uint64(1) << np.uint64(k * self.bits)) - np.uint64(1)
            grams, counts = np.unique(self.orders[0].grams & below, return_counts=True)
            self.orders.insert(0, _order(grams, counts, self.bits))

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        """p of the last token of each window given the others; windows (places, n) → (places,)."""
        found = np.full(len(windows), 1 / self.vocab)
        for k, order in enumerate(self.orders, start=1):
            keys = np.zeros(len(windows), dtype=np.uint64)
            for column in windows[:, self.n - k:].T:
                keys = (keys << np.uint64(self.bits)) | column.astype(np.uint64)
            contexts = keys >> np.uint64(self.bits)
            counts = _look_up(order.grams, order.counts, keys)
            totals = _look_up(order.contexts, order.totals, contexts)
            kinds = _look_up(order.contexts, order.kinds, contexts)
            own = np.maximum(counts - order.discount, 0) + order.discount * kinds * found
            found = np.where(totals > 0, own / np.maximum(totals, 1), found)
        return found

    def loss(self, row: np.ndarray) -> np.ndarray:
        """−ln p, in nats, of each token of `row` but the first n − 1."""
        return -np.log(self.probabilities(np.lib.stride_tricks.sliding_window_view(row, self.n)))

    def among(self, windows: np.ndarray, choices: np.ndarray) -> np.ndarray:
        """p of each of `choices` in place of the last token of each window; (places, choices)."""
        columns = []
        for choice in choices:
            altered = windows.copy()
            altered[:, -1] = choice
            columns.append(self.probabilities(altered))
        return np.stack(columns, axis=1)
