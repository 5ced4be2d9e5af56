"""Any code, token by token, with the latents that are most active there.

    strongest(reading, "draw(size)  # a note")      # a value that shows itself as a table
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cache

from course_utils.sae.anatomy import brief
from course_utils.sae.census import DENSE_ONLY, Census
from course_utils.sae.reading import Reading, visible

STYLE = "text-align:left;padding:3px 14px 3px 4px"


@dataclass(frozen=True, repr=False)
class Strongest:
    """For each token its strongest latents.

    Attributes:
        words: the tokens. latents: for each token (latent, activation, reading), strongest first.
    """

    words: tuple[str, ...]
    latents: tuple[tuple[tuple[int, float, str], ...], ...]

    def __repr__(self) -> str:
        return "\n".join(f"{visible(word):>12}  " + "   ".join(f"{i} {text} ({f:.0f})" for i, f, text in row)
                         for word, row in zip(self.words, self.latents, strict=True))  # fmt: skip

    def _repr_html_(self) -> str:
        rows = []
        for word, row in zip(self.words, self.latents, strict=True):
            cells = "".join(
                f'<td style="{STYLE}"><b>{i}</b> {html.escape(text)} <span style="opacity:.6">{f:.0f}</span></td>'
                for i, f, text in row
            )
            rows.append(f'<tr><td style="{STYLE}"><code>{html.escape(visible(word))}</code></td>{cells}</tr>')
        return f'<table style="margin:0">{"".join(rows)}</table>'


def strongest(reading: Reading, code: str, count: int = 3) -> Strongest:
    """The `count` strongest latents at each token of `code`, with their readings from the text of `reading`.

    Dense ones without a name are left out.
    """
    tokens, words = reading.dictionary.read(code)
    told, nameless = cache(lambda latent: brief(reading, latent)), Census.of(reading).kinds[DENSE_ONLY]
    rows = []
    for f in reading.dictionary.encode(tokens)[0][1:]:  # the first position is the starting token
        order = f.where(~nameless, 0.0).topk(count).indices.tolist()
        rows.append(tuple((i, float(f[i]), told(i)) for i in order if f[i] > 0))
    return Strongest(tuple(words[1:]), tuple(rows))
