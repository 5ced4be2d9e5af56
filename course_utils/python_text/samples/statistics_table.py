#!/usr/bin/env python3
"""Read comma-separated measurements, group them, print a table of means with their standard errors."""
import csv
import io
import math
from collections import OrderedDict

SAMPLE = """\
plant,treatment,height,leaves
fern,shade,12.5,8
fern,shade,13.1,9
fern,sun,9.8,6
fern,sun,10.4,
moss,shade,2.2,30
moss,shade,2.6,34
moss,sun,1.1,21
moss,sun,not measured,19
"""


def number(text):
    """The number that `text` stands for, or None if it stands for none."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def read(stream):
    rows = list(csv.DictReader(stream))
    if not rows:
        raise ValueError("no rows")
    return rows


def mean(values):
    return sum(values) / len(values)


def standard_error(values):
    if len(values) < 2:
        return float("nan")
    centre = mean(values)
    variance = sum((value - centre) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))


def group(rows, keys, column):
    groups = OrderedDict()
    skipped = 0
    for row in rows:
        value = number(row[column])
        if value is None:
            skipped += 1
            continue
        key = tuple(row[name] for name in keys)
        groups.setdefault(key, []).append(value)
    return groups, skipped


def table(rows, keys, column):
    groups, skipped = group(rows, keys, column)
    head = [*keys, "n", f"mean {column}", "± s.e."]
    body = [
        [*key, str(len(values)), "%.2f" % mean(values), "%.2f" % standard_error(values)]
        for key, values in groups.items()
    ]
    widths = [max(len(line[i]) for line in [head] + body) for i in range(len(head))]
    lines = []
    for line in [head, ["-" * width for width in widths]] + body:
        cells = [cell.ljust(width) if i < len(keys) else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        lines.append("  ".join(cells).rstrip())
    if skipped:
        lines.append("(%d row%s without a number)" % (skipped, "" if skipped == 1 else "s"))
    return "\n".join(lines)


def correlation(rows, first, second):
    pairs = [(number(row[first]), number(row[second])) for row in rows]
    pairs = [(a, b) for a, b in pairs if a is not None and b is not None]
    if len(pairs) < 3:
        return None
    xs, ys = zip(*pairs)
    mx, my = mean(xs), mean(ys)
    sxy = sum((x - mx) * (y - my) for x, y in pairs)
    sxx = sum((x - mx) ** 2 for x in xs)
    syy = sum((y - my) ** 2 for y in ys)
    return sxy / math.sqrt(sxx * syy) if sxx and syy else None


rows = read(io.StringIO(SAMPLE))

if __name__ == "__main__":
    print(table(rows, ["plant", "treatment"], "height"))
    print()
    print(table(rows, ["treatment"], "leaves"))
    r = correlation(rows, "height", "leaves")
    print("\ncorrelation of height and leaves:", "unknown" if r is None else round(r, 3))
