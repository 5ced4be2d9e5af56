"""What the bundled models are and do, printed from their cards: `course models`."""
from __future__ import annotations

from collections.abc import Sequence

from .loading import available, card


def overview(cards: Sequence[dict]) -> list[list[str]]:
    """One line per model: size, text, effort."""
    lines = [["model", "layers", "width", "heads", "vocabulary", "context", "parameters", "tokens read", "steps",
              "minutes", "trained on", "bytes"]]
    for about in cards:
        shape, hardware = about["shape"], about["hardware"]
        machine = hardware["processor"] + (f", {hardware['threads']} thread(s)" if hardware["device"] == "cpu" else "")
        lines.append([about["name"], str(shape["n_layers"]), str(shape["d_model"]),
                      f"{shape['n_heads']} × {shape['d_head']}", str(shape["d_vocab"]), str(shape["n_ctx"]),
                      f"{about['parameters']:,}", f"{about['tokens']:,}", f"{about['steps']:,}",
                      f"{about['minutes']:.0f}", machine,
                      f"{sum(entry['bytes'] for entry in about['files'].values()):,}"])
    return lines


def measurements(about: dict) -> list[list[str]]:
    """What one model was measured to do, with what stands beside each number."""
    lines = [["measured", "value", "beside it"]]
    for row in about.get("measured", {}).get("rows", ()):
        beside = " · ".join(f"{name} {value:.3f}" for name, value in row["beside"].items())
        lines.append([row["what"], f"{row['value']:.3f}", beside])
    return lines


def text_of(about: dict) -> str:
    """The data of one model in a paragraph; '' if its card names no sources."""
    data = about.get("data", {})
    sources = ", ".join(f"{name} {entry['version']}" for name, entry in data.get("sources", {}).items())
    sizes = "; ".join(f"{side}: {entry['characters']:,} characters, {entry['tokens']:,} tokens"
                      for side, entry in data.get("sizes", {}).items())
    return f"Read: {sources}. Transformation: {data.get('transformation', 'none')}. {sizes}." if sources else ""


def columns(lines: list[list[str]]) -> str:
    """The lines as a table, the first of them as its head."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    rule = ["-" * width for width in widths]
    rows = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            for line in (lines[0], rule, *lines[1:])]
    return "\n".join("  ".join(row).rstrip() for row in rows)


def report() -> str:
    """Everything, as text."""
    cards = [card(name) for name in available()]
    parts = [columns(overview(cards))]
    for about in cards:
        told = " ".join(filter(None, (about["purpose"], text_of(about), about.get("note", ""))))
        parts += [f"{about['name'].upper()}\n\n{told}", columns(measurements(about))]
    return "\n\n".join(parts)
