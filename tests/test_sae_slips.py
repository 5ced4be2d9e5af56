"""Lesson 2's exercises after a tester: what passed and should not have, and sentences that were false or missing."""

import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment

from course_utils import sae
from course_utils.grading.exercise import Exercise, find

SEED = 7


def check(name, answer):
    return find(f"sae.{name}", Exercise.registry).check(answer, SEED)


def kept(pre, order, count):
    """`count` places of each row of `pre`, in the order in which `order` has them."""
    places = order.argsort(dim=1, descending=True, stable=True)[:, :count]
    return torch.zeros_like(pre).scatter(1, places, pre.gather(1, places).relu())


def shared(pre, order, count):
    return kept(pre.reshape(1, -1), order.reshape(1, -1), count).view_as(pre)


def certain(each):
    def answer(pre, k):
        first = pre.topk(each(k), dim=1).indices
        return shared(pre, pre.scatter(1, first, torch.inf), k * len(pre))

    return answer


def at_most_3k(pre, k):
    best = pre.topk(min(3 * k, pre.shape[1]), dim=1)
    most = torch.full_like(pre, -1e9).scatter(1, best.indices, best.values)
    return shared(pre, most, k * len(pre))


def moved(pre):
    return pre - 1e-6 * torch.arange(pre.shape[1])


def absorbed(cosine=0.025, least=0.0, direction_at_least=0.0, longer=0.0, cap=torch.inf):
    def answer(f, W, direction, present, main):
        v = direction / direction.norm().clamp(min=direction_at_least)
        part = (f.clamp(max=cap) * (W @ v)).clamp(min=0)
        part = torch.where(W @ v / (W.norm(dim=1) + longer) > cosine, part, 0.0)
        largest = part.amax(1)
        return present & (f[:, main] == 0) & (largest > 0) & (largest >= 0.5 * part.sum(1) - least)

    return answer


def revived(toward):
    def answer(x, W_enc, b_enc, W_dec, b_dec, average, dead, rows):
        u = toward(x, b_dec, rows)
        W, D, lost = W_enc.clone(), W_dec.clone(), dead[:, None]
        W[dead], D[dead] = 0.2 * W_enc[~dead].norm(dim=1).mean() * u, u
        return W, b_enc * ~dead, D, torch.where(lost, 0.0, average)

    return answer


def length(rows):
    return rows.norm(dim=1, keepdim=True)


def each_row_once(x, b_dec, rows):
    u, place = torch.zeros(len(rows), x.shape[1], dtype=x.dtype), {r: i for i, r in enumerate(rows.tolist())}
    for row, index in place.items():
        u[index] = F.normalize(x[row] - b_dec, dim=0)
    return u


def matched(rounded, longer=0.0):
    def answer(truth, learned):
        table = F.normalize(truth, dim=1) @ (learned / (learned.norm(dim=1, keepdim=True) + longer)).T
        return table[linear_sum_assignment(rounded(table).numpy(), maximize=True)]

    return answer


def jump(passes, window=lambda p, t, b: (p - t).abs() < b / 2, folded=lambda g: g.sum(0), through=None):
    """A JumpReLU with parts of its own: what passes forwards, the window, its sum, and what passes backwards."""

    class Jump(torch.autograd.Function):
        @staticmethod
        def forward(ctx, pre, threshold, bandwidth):
            ctx.save_for_backward(pre, threshold)
            ctx.bandwidth = bandwidth
            return torch.where(passes(pre, threshold), pre, 0.0)

        @staticmethod
        def backward(ctx, grad):
            pre, threshold = ctx.saved_tensors
            inside = grad * window(pre, threshold, ctx.bandwidth)
            return grad * (through or above)(pre, threshold), folded(-(threshold / ctx.bandwidth) * inside), None

    return lambda pre, threshold, bandwidth: Jump.apply(pre, threshold, bandwidth)


def above(pre, threshold):
    return (pre > threshold) & (pre > 0)


def listed(order, cut=lambda places, count: places[:count]):
    def answer(activity, count):
        best, place = activity.max(1)
        return [(c, int(place[c])) for c in cut(order(best), count) if best[c] > 0]

    return answer


def descending(best):
    return best.argsort(descending=True, stable=True).tolist()


def from_the_flat_order(activity, count):
    width, found = activity.shape[1], {}
    for i in activity.flatten().argsort(descending=True, stable=True)[: 20 * count].tolist():
        if activity.flatten()[i] > 0:
            found.setdefault(i // width, i % width)
    return list(found.items())[:count]


def projected(g, w, skipped):
    along = (g * w).sum(1, keepdim=True)
    return g - torch.where(skipped(g, along), 0.0, along) * w


def by_rows(function):
    """The same row by row, which stops where there are no rows."""
    return lambda first, *rest: torch.stack([function(first[i : i + 1], *rest)[0] for i in range(len(first))])


def edited(x, f, W, latent, to=0.0):
    return x + torch.outer(to - f[:, latent], W[latent])


def projected_by_rows(g, w):
    return torch.stack([a - (a @ b) * b for a, b in zip(g, w, strict=True)])


def edited_by_rows(x, f, W, latent, to=0.0):
    return torch.stack([a + (to - b[latent]) * W[latent] for a, b in zip(x, f, strict=True)])


SLIPS = {
    "a place for certain": ("batchtopk", certain(lambda k: int(k > 1))),
    "half of k for certain": ("batchtopk", certain(lambda k: k // 2)),
    "at most 3k": ("batchtopk", at_most_3k),
    "never all": ("batchtopk", lambda pre, k: shared(pre, pre, min(k * len(pre), pre.numel() - 1))),
    "ties by subtraction": ("topk", lambda pre, k: kept(pre, moved(pre), k)),
    "ties by subtraction, shared": ("batchtopk", lambda pre, k: shared(pre, moved(pre), k * len(pre))),
    "order of rounded": ("topk", lambda pre, k: kept(pre, (pre * 1e5).round(), k)),
    "order of rounded, shared": ("batchtopk", lambda pre, k: shared(pre, (pre * 1e5).round(), k * len(pre))),
    "order in float32": ("topk", lambda pre, k: kept(pre, pre.float(), k)),
    "order in float32, shared": ("batchtopk", lambda pre, k: shared(pre, pre.float(), k * len(pre))),
    "the last k": ("topk", lambda pre, k: kept(pre, pre, k or pre.shape[1])),
    "nan at a zero row": ("loss", lambda x, y, f, W, p: (((x - y) ** 2).sum(1) + p * f @ (W**2).sum(1).sqrt()).mean()),
    "a row drawn twice": ("resample_dead", revived(each_row_once)),
    "lengths of a hundredth": ("resample_dead", revived(lambda x, c, r: (x[r] - c) / length(x[r] - c).clamp(min=0.01))),
    "eps of a thousandth": ("resample_dead", revived(lambda x, c, r: F.normalize(x[r] - c, dim=1, eps=1e-3))),
    "short direction": ("detect_absorption", absorbed(direction_at_least=1e-2)),
    "short decoder row": ("detect_absorption", absorbed(longer=1e-3)),
    "activations capped": ("detect_absorption", absorbed(cap=1e3)),
    "cosine 0.0201": ("detect_absorption", absorbed(cosine=0.0201)),
    "cosine 0.0245": ("detect_absorption", absorbed(cosine=0.0245)),
    "cosine 0.0265": ("detect_absorption", absorbed(cosine=0.0265)),
    "half, or nearly": ("detect_absorption", absorbed(least=1e-6)),
    "never below 0": ("latent_effect", lambda x, f, W, i, to=0.0: edited(x, f, W, i, max(to, 0.0))),
    "another default": ("latent_effect", lambda x, f, W, i, to=1.0: edited(x, f, W, i, to)),
    "gradient capped": ("jumprelu", jump(above, folded=lambda g: g.sum(0).clamp(-1000, 1000))),
    "more than a thousandth": ("jumprelu", jump(lambda p, t: (p > t) & (p > 1e-3))),
    "rounded to hundredths": ("match_features", matched(lambda c: (c * 100).round())),
    "rounded to thousandths": ("match_features", matched(lambda c: (c * 1000).round())),
    "lengths and 1e-8": ("match_features", matched(lambda c: c, 1e-8)),
    "small parts left": ("without_parallel", lambda g, w: projected(g, w, lambda g, a: a.abs() <= 1e-4)),
    "small rows left": ("without_parallel", lambda g, w: projected(g, w, lambda g, a: length(g) <= 1e-3)),
    "rounded activity": ("top_contexts", listed(lambda best: descending((best * 1000).round()))),
    "twenty places each": ("top_contexts", from_the_flat_order),
    "at least one": ("top_contexts", listed(descending, lambda places, count: places[: max(count, 1)])),
    "all of the last 0": ("top_contexts", listed(descending, lambda places, count: places[::-1][-count:][::-1])),
    "encode by rows": ("encode", by_rows(lambda x, W, b, c: ((x - c) @ W.T + b).relu())),
    "topk by rows": ("topk", by_rows(lambda pre, k: kept(pre, pre, k))),
    "projection by rows": ("without_parallel", projected_by_rows),
    "edit by rows": ("latent_effect", edited_by_rows),
}  # fmt: skip
RIGHT = {
    "detect_absorption": absorbed(),
    "resample_dead": revived(lambda x, c, rows: F.normalize(x[rows] - c, dim=1)),
    "jumprelu": jump(above),
    "match_features": matched(lambda c: c),
    "top_contexts": listed(descending),
    "topk": lambda pre, k: kept(pre, pre, k),
    "batchtopk": lambda pre, k: shared(pre, pre, k * len(pre)),
    "latent_effect": edited,
    "without_parallel": lambda g, w: projected(g, w, lambda g, a: a > torch.inf),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_what_is_wrong_on_unusual_inputs_does_not_pass(slip):
    name, answer = SLIPS[slip]
    assert not check(name, answer).passed


@pytest.mark.parametrize("name", RIGHT)
def test_without_the_slip_they_pass(name):
    verdict = check(name, RIGHT[name])
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("price", [lambda f, n: (f.abs() * n).sum(1), lambda f, n: (f * n).norm(p=1, dim=1)])
def test_the_gradient_of_the_price_at_0_is_not_judged_and_elsewhere_it_is(price):
    def loss(of):
        return lambda x, y, f, W, p: ((x - y).square().sum(1) + p * price(of(f), W.norm(dim=1))).mean()

    assert check("loss", loss(lambda f: f)).passed
    assert not check("loss", loss(lambda f: f + (f - f.detach()))).passed  # twice the gradient


seen = {}


def state(x, W_enc, b_enc, b_dec):
    key = tuple(b_dec.shape)
    if key not in seen:
        seen[key] = b_dec
    return torch.relu((x - seen[key]) @ W_enc.T + b_enc)


def only_harmed(clean, spliced, ablated):
    keep = ablated >= clean
    return (ablated[keep].mean() - spliced[keep].mean()) / (ablated[keep].mean() - clean[keep].mean())


def silent_below(x, f, W_dec, latent, to=0.0):
    on = torch.where(f[:, latent, None] > 0.001, f[:, latent, None], 0.0)
    return x + (to - on) * W_dec[latent]


def all_in_the_sum(f, W, v, present, main):
    part = (f * (W @ F.normalize(v, dim=0))).clamp(min=0)
    return present & (f[:, main] == 0) & (part.amax(1) > 0) & (part.amax(1) >= 0.5 * part.sum(1))


def scattered(pre, k):
    f, best = torch.zeros_like(pre), pre.argsort(dim=1, descending=True, stable=True)[:, :k]
    f.scatter(1, best, pre.gather(1, best).relu())
    return f


def part_of_the_sum(total):
    def answer(f, W, v, present, main):
        unit = F.normalize(v, dim=0)
        part = (f * (W @ unit)).clamp(min=0)
        largest = torch.where(F.normalize(W, dim=1) @ unit > 0.025, part, 0.0).amax(1)
        return present & (f[:, main] == 0) & (largest > 0) & (largest >= 0.5 * total(part, v))

    return answer


def soft_backwards(pre, threshold, bandwidth):
    soft = pre * torch.sigmoid((pre - threshold) / bandwidth)
    return soft + (pre * above(pre, threshold) - soft).detach()


def absolute(clean, spliced, ablated):
    return (ablated - spliced).abs().mean() / (ablated - clean).abs().mean()


def first_row(x, f, W, latent, to=0.0):
    return x + (to - f[:1, latent, None]) * W[latent]


def by_value(activity, count):
    best = {float(activity[c].max()): (c, p) for c, p in listed(descending)(activity, len(activity))}
    return [at for _, at in sorted(best.items(), reverse=True)][:count]


SAID = {
    "sum over latents": ("jumprelu", jump(above, folded=lambda g: g.sum(1)), "a gradient of the argument's own shape"),
    "soft gradient": ("jumprelu", soft_backwards, "smooth gate in place of the window"),
    "state": ("encode", state, "Does it keep something"),
    "some tokens": ("loss_recovered", only_harmed, "All tokens count"),
    "absolute": ("loss_recovered", absolute, "absolute differences"),
    "hardly along": ("detect_absorption", part_of_the_sum(lambda part, v: part.sum(1)), "leave them out of the sum"),
    "length": ("detect_absorption", part_of_the_sum(lambda part, v: v.norm()), "a share of the sum"),
    "others gone": ("latent_effect", lambda x, f, W, i, to=0.0: x - f @ W + to * W[i], "what the other latents write"),
    "one row": ("latent_effect", first_row, "the first row's activation"),
    "scatter": ("topk", scattered, "`f.scatter_(…)` writes"),
    "no rows": ("encode", SLIPS["encode by rows"][1], "Nothing was collected for this input"),
    "equal keys": ("top_contexts", by_value, "The keys of a dict are there once"),
}  # fmt: skip

def without_sign(clean, spliced, ablated):
    return ((ablated.mean() - spliced.mean()) / (ablated.mean() - clean.mean())).abs()


NOT_SAID = {
    "latents silent": ("latent_effect", silent_below, "All is right but the last entry"),
    "signs lost": ("loss_recovered", without_sign, "Every sign"),
    "cosine not asked": ("detect_absorption", all_in_the_sum, "Every truth value"),
    "wider": ("jumprelu", jump(above, folded=lambda g: 0.9995 * g.sum(0)), "cut off there"),
    "names": ("loss_recovered", only_harmed, "Look at the names"),
}


@pytest.mark.parametrize("case", SAID)
def test_the_sentence_says_what_is_wrong(case):
    name, answer, said = SAID[case]
    assert said.lower() in check(name, answer).message.lower()


@pytest.mark.parametrize("case", NOT_SAID)
def test_no_pattern_is_said_that_does_not_hold(case):
    name, answer, said = NOT_SAID[case]
    verdict = check(name, answer)
    assert not verdict.passed and said not in verdict.message


def test_a_sign_that_is_lost_where_negative_is_said_to_be_lost():
    assert "its sign is lost" in check("loss_recovered", without_sign).message


def test_predictions_that_are_equal_sorted_or_averaged_over_all_rows_are_told_so():
    told = sae.foretold(SEED)
    mean = told.f.sum(0) / (told.f > 0).sum(0)
    assert "All your numbers are equal" in check("predict_ablation", mean * 0 + 0.01).message
    for ordered in (mean.sort().values, mean.topk(40).values):
        assert "values in order" in check("predict_ablation", ordered).message
    share = told.f / told.x.norm(dim=1, keepdim=True)
    assert "share over all rows" in check("predict_ablation", share.mean(0)).message


def test_directions_that_stand_in_columns_are_to_be_turned_round():
    assert "stand in columns" in check("sealed", torch.randn(20, 48)).message
    assert "stand in columns" not in check("sealed", torch.randn(48, 20)).message
