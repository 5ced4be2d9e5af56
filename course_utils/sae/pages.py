"""A page for each latent: static HTML that needs no network and no script; and a widget to browse them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_utils.sae.reading import Explanation, Reading

STYLE = "body{font-family:sans-serif;max-width:64em;margin:2em auto;padding:0 1em}a{margin-right:1em}"


def write_pages(reading: Reading, latents: Sequence[int], folder: Path) -> Path:
    """One page for each latent and an index that links them; returns the index."""
    folder.mkdir(parents=True, exist_ok=True)
    explained = [reading.explain(latent) for latent in latents]
    for before, about, after in zip([None, *explained], explained, [*explained[1:], None], strict=False):
        links = [("index", "all latents")]
        links += [(f"latent-{other.latent}", f"latent {other.latent}") for other in (before, after) if other]
        way = "".join(f'<a href="{name}.html">{words}</a>' for name, words in links)
        _write(folder / f"latent-{about.latent}.html", f"Latent {about.latent}", way + _page(about))
    rows = "".join(
        f'<tr><td><a href="latent-{a.latent}.html">{a.latent}</a></td><td>{html.escape(a.label)}</td>'
        f"<td>{a.f1:.2f}</td><td>{a.density:.2%}</td></tr>"
        for a in explained
    )
    head = "<tr><th>latent</th><th>best label</th><th>F1</th><th>active at</th></tr>"
    index = folder / "index.html"
    _write(index, f"Latents of {reading.dictionary.name}", f'<table cellpadding="6">{head}{rows}</table>')
    return index


def _page(about: Explanation) -> str:
    """What is known of a latent, with the scores of its best label on the text that was read."""
    scores = f"F1 {about.f1:.2f}, precision {about.precision:.2f}, recall {about.recall:.2f}"
    return f"{about._repr_html_()}<p>{html.escape(about.label)}, on this text: {scores}.</p>"


def _write(path: Path, title: str, body: str) -> None:
    page = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
    path.write_text(f"{page}<style>{STYLE}</style></head><body><h1>{html.escape(title)}</h1>{body}</body></html>\n",
                    encoding="utf-8")  # fmt: skip


def browse(reading: Reading, latents: Sequence[int]) -> Any:
    """A widget that shows the explanation of the latent that is chosen from a list."""
    import ipywidgets as widgets

    choose = widgets.Dropdown(options=[(f"latent {latent}", latent) for latent in latents], description="Show")
    page = widgets.HTML(value=_page(reading.explain(latents[0])))

    def show(change: Any) -> None:
        page.value = _page(reading.explain(change["new"]))

    choose.observe(show, names="value")
    return widgets.VBox([choose, page])
