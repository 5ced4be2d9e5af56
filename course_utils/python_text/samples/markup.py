r"""A small subset of Markdown turned into HTML: headings, lists, quotes, code, *emphasis* and [links](to).

Backslashes keep signs as they are: \*not emphasised\*.
"""
import re
from html import escape

INLINE = [
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\\)\*(.+?)(?<!\\)\*"), r"<em>\1</em>"),
    (re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)"), r'<a href="\2">\1</a>'),
    (re.compile(r"\\([*_`\\])"), r"\1"),
]
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
BULLET = re.compile(r"^\s*[-+*]\s+(.*)$")
NUMBERED = re.compile(r"^\s*\d+[.)]\s+(.*)$")


def inline(text):
    text = escape(text, quote=False)
    for pattern, replacement in INLINE:
        text = pattern.sub(replacement, text)
    return text


def blocks(lines):
    """Pairs (kind, lines): "code", "heading", "bullets", "numbers", "quote", "rule" or "text"."""
    kind, found = None, []

    def flush():
        nonlocal kind, found
        if found:
            yield kind, found
        kind, found = None, []

    fenced = False
    for line in lines:
        if line.startswith("```"):
            yield from flush()
            fenced = not fenced
            kind = "code" if fenced else None
            continue
        if fenced:
            found.append(line)
            continue
        if not line.strip():
            yield from flush()
            continue
        if set(line.strip()) == {"-"} and len(line.strip()) >= 3:
            this = "rule"
        elif HEADING.match(line):
            this = "heading"
        elif BULLET.match(line):
            this = "bullets"
        elif NUMBERED.match(line):
            this = "numbers"
        elif line.startswith(">"):
            this = "quote"
        else:
            this = "text"
        if this != kind or this in ("heading", "rule"):
            yield from flush()
            kind = this
        found.append(line)
    yield from flush()


def items(lines, pattern, tag):
    inside = "".join(f"<li>{inline(pattern.match(line).group(1))}</li>" for line in lines)
    return f"<{tag}>{inside}</{tag}>"


def render(text):
    out = []
    for kind, lines in blocks(text.splitlines()):
        if kind == "heading":
            marks, title = HEADING.match(lines[0]).groups()
            out.append(f"<h{len(marks)}>{inline(title)}</h{len(marks)}>")
        elif kind == "code":
            out.append("<pre><code>" + escape("\n".join(lines)) + "</code></pre>")
        elif kind == "bullets":
            out.append(items(lines, BULLET, "ul"))
        elif kind == "numbers":
            out.append(items(lines, NUMBERED, "ol"))
        elif kind == "quote":
            out.append("<blockquote>" + inline(" ".join(line.lstrip("> ") for line in lines)) + "</blockquote>")
        elif kind == "rule":
            out.append("<hr>")
        else:
            out.append("<p>" + inline(" ".join(map(str.strip, lines))) + "</p>")
    return "\n".join(out)


EXAMPLE = '''\
# A *small* page

Text with `code`, **weight** and a [link](https://example.org).
The second line belongs to the first; 2 \\* 3 < 7.

- milk
- bread

1. wake up
2. "brush" teeth

> Less is more.

```
if a < b:
    print("yes")
```
---
'''

if __name__ == "__main__":
    print(render(EXAMPLE))
