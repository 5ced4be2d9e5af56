"""Lesson 2's exercises as learners answer them: other ways to write a right answer pass, typical slips do not."""

import functools

import pytest
import torch
import torch.nn.functional as F

from course_utils.grading.exercise import Exercise, find

SEED = 5


def check(name, answer):
    return find(f"sae.{name}", Exercise.registry).check(answer, SEED)


def topk_by_loop(pre, k):
    f = torch.zeros_like(pre)
    for row, values in enumerate(pre):
        for place in sorted(range(len(values)), key=lambda i: (-float(values[i]), i))[:k]:
            f[row, place] = values[place].clamp(min=0)
    return f


def topk_by_mask(pre, k):
    rank = pre.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    return torch.where(rank < k, pre, 0.0).clamp(min=0)


def batchtopk_by_mask(pre, k):
    rank = pre.flatten().argsort(descending=True, stable=True).argsort().view_as(pre)
    return torch.where(rank < k * len(pre), pre, 0.0).clamp(min=0)


def batchtopk_by_flattening(pre, k):
    return topk_by_mask(pre.reshape(1, -1), k * len(pre)).view_as(pre)


def match_by_scipy_minimum(truth, learned):
    from scipy.optimize import linear_sum_assignment

    table = F.cosine_similarity(truth[:, None], learned[None], dim=2)
    rows, columns = linear_sum_assignment((1 - table).numpy())
    return table[torch.as_tensor(rows), torch.as_tensor(columns)]


def match_by_dividing(truth, learned):
    from scipy.optimize import linear_sum_assignment

    table = (truth / truth.norm(dim=1, keepdim=True)) @ (learned / learned.norm(dim=1, keepdim=True)).T
    return torch.stack([table[r, c] for r, c in zip(*linear_sum_assignment(-table.numpy()), strict=True)])


def contexts_by_sorting(activity, count):
    best = [(-float(row.max()), c, int(row.argmax())) for c, row in enumerate(activity) if row.max() > 0]
    return [(c, p) for _, c, p in sorted(best)[:count]]


def contexts_by_loop(activity, count):
    left, found = activity.clone(), []
    while len(found) < count and left.max() > 0:
        c, p = divmod(int(left.flatten().argmax()), left.shape[1])
        found.append((c, p))
        left[c] = 0
    return found


def edit_in_place_of_a_copy(x, f, W_dec, latent, to=0.0):
    new = x.clone()
    new += torch.outer(to - f[:, latent], W_dec[latent])
    return new


def edit_by_reconstructions(x, f, W_dec, latent, to=0.0):
    changed = f.clone()
    changed[:, latent] = to
    return x - f @ W_dec + changed @ W_dec


def woken_by_loop(x, W_enc, b_enc, W_dec, b_dec, average, dead, rows):
    new = [each.clone() for each in (W_enc, b_enc, W_dec, average)]
    lengths = [row.norm() for row, gone in zip(W_enc, dead, strict=True) if not gone]
    for latent, row in zip(dead.nonzero()[:, 0].tolist(), rows.tolist(), strict=True):
        toward = (x[row] - b_dec) / (x[row] - b_dec).norm()
        for place, value in enumerate((0.2 * sum(lengths) / len(lengths) * toward, 0.0, toward, 0.0)):
            new[place][latent] = value
    return tuple(new)


def woken_by_where(x, W_enc, b_enc, W_dec, b_dec, average, dead, rows):
    toward = torch.zeros_like(W_dec)
    toward[dead] = F.normalize(x[rows] - b_dec, dim=1)
    length = W_enc[~dead].norm(dim=1).mean() / 5
    here = dead[:, None]
    return (torch.where(here, length * toward, W_enc), b_enc * ~dead, torch.where(here, toward, W_dec), average * ~here)


WAYS = {
    "resample_dead": (woken_by_loop, woken_by_where),
    "encode": (
        lambda x, W, b, c: F.linear(x - c, W, b).clamp(min=0),
        lambda x, W, b, c: torch.maximum(x @ W.T + (b - W @ c), torch.zeros(())),
    ),
    "loss": (
        lambda x, y, f, W, p: ((y - x) ** 2).sum(-1).mean() + p * (f @ W.norm(dim=1)).mean(),
        lambda x, y, f, W, p: (F.mse_loss(x, y, reduction="sum") + p * (f * W.norm(p=2, dim=-1)).sum()) / len(x),
    ),
    "topk": (topk_by_loop, topk_by_mask),
    "batchtopk": (batchtopk_by_mask, batchtopk_by_flattening),
    "without_parallel": (
        lambda g, w: g - torch.einsum("ld,ld->l", g, w)[:, None] * w,
        lambda g, w: g - (w[:, :, None] @ (w[:, None] @ g[:, :, None]))[..., 0],
    ),
    "fvu": (
        lambda y, z: (y - z).square().mean() / y.var(0, correction=0).mean(),
        lambda y, z: (y - z).norm() ** 2 / (y - y.mean(0, keepdim=True)).norm() ** 2,
    ),
    "loss_recovered": (
        lambda c, s, a: 1 - (s.mean() - c.mean()) / (a.mean() - c.mean()),
        lambda c, s, a: (a - s).sum() / (a - c).sum(),
    ),
    "match_features": (match_by_scipy_minimum, match_by_dividing),
    "top_contexts": (contexts_by_sorting, contexts_by_loop),
    "latent_effect": (edit_in_place_of_a_copy, edit_by_reconstructions),
}


@pytest.mark.parametrize(("name", "way"), [(name, way) for name, ways in WAYS.items() for way in (0, 1)])
def test_two_other_ways_to_write_an_answer_pass(name, way):
    report = check(name, WAYS[name][way])
    assert report.passed, report


def batchtopk_column_by_column(pre, k):
    """Among equals the first wins, counted down the columns."""
    flat = pre.T.flatten()
    kept = flat.argsort(descending=True, stable=True)[: k * len(pre)]
    return torch.zeros_like(flat).scatter(0, kept, flat[kept].relu()).view(pre.shape[1], -1).T


def jumprelu_at_the_threshold(pre, threshold, bandwidth):
    """Lets through what equals the threshold, too."""

    class Jump(torch.autograd.Function):
        @staticmethod
        def forward(ctx, pre, threshold):
            ctx.save_for_backward(pre, threshold)
            return torch.where((pre >= threshold) & (pre > 0), pre, 0.0)

        @staticmethod
        def backward(ctx, grad):
            pre, threshold = ctx.saved_tensors
            near = (pre - threshold).abs() < bandwidth / 2
            return grad * ((pre >= threshold) & (pre > 0)), -(threshold / bandwidth) * (grad * near).sum(0)

    return Jump.apply(pre, threshold)


def jumprelu_with_the_edge(pre, threshold, bandwidth):
    """Counts what stands exactly half a bandwidth from the threshold."""
    on = (pre.detach() > threshold.detach()) & (pre.detach() > 0)
    near = (pre.detach() - threshold.detach()).abs() <= bandwidth / 2
    return pre * on + near * (threshold.detach() / bandwidth) * (threshold.detach() - threshold)


def jumprelu_below_zero(pre, threshold, bandwidth):
    """Lets negative numbers through where the threshold is negative."""
    on = pre.detach() > threshold.detach()
    near = (pre.detach() - threshold.detach()).abs() < bandwidth / 2
    return pre * on + near * (threshold.detach() / bandwidth) * (threshold.detach() - threshold)


def carried_by(contributions):
    """Absorption by another sum of contributions."""

    def answer(f, W_dec, direction, present, main):
        unit = F.normalize(direction, dim=0)
        cosine, part = F.normalize(W_dec, dim=1) @ unit, f * (W_dec @ unit)
        largest, total = torch.where(cosine > 0.025, part, 0.0).clamp(min=0).amax(1), contributions(part, cosine).sum(1)
        return present & (f[:, main] == 0) & (largest > 0) & (largest >= 0.5 * total)

    return answer


def topk_unstable(pre, k):
    kept = pre.topk(k, dim=1)
    return torch.zeros_like(pre).scatter(1, kept.indices, kept.values.relu())


def topk_by_argsort(pre, k):
    kept = pre.argsort(dim=1, descending=True)[:, :k]
    return torch.zeros_like(pre).scatter(1, kept, pre.gather(1, kept).relu())


def contexts_by_topk(activity, count):
    best, place = activity.max(1)
    order = best.topk(min(count, len(best))).indices
    return [(int(c), int(place[c])) for c in order if best[c] > 0]


def contexts_by_argsort(activity, count):
    best, place = activity.max(1)
    return [(int(c), int(place[c])) for c in best.argsort(descending=True)[:count] if best[c] > 0]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("detect_absorption", carried_by(lambda part, cosine: part)),
        ("detect_absorption", carried_by(lambda part, cosine: part.clamp(min=0))),
        ("jumprelu", jumprelu_below_zero),
        ("topk", topk_unstable),
        ("topk", topk_by_argsort),
        ("top_contexts", contexts_by_topk),
        ("top_contexts", contexts_by_argsort),
        ("jumprelu", jumprelu_with_the_edge),
        ("batchtopk", batchtopk_column_by_column),
        ("jumprelu", jumprelu_at_the_threshold),
        ("encode", lambda x, W, b, c: (x @ W.T + b).relu()),
        ("loss", lambda x, y, f, W, p: ((x - y) ** 2).sum(1).mean() + p * f.sum(1).mean()),
        ("topk", lambda pre, k: torch.where(pre >= pre.topk(k, dim=1).values[:, -1:], pre, 0.0).relu()),
        ("fvu", lambda y, z: ((y - z) ** 2).mean() / y.var()),
        ("loss_recovered", lambda c, s, a: (a.mean() - s.mean()) / (a.mean() - c.mean()).clamp(min=10)),
        ("match_features", lambda t, w: F.cosine_similarity(t[:, None], w[None], dim=2).amax(1)),
        ("latent_effect", lambda x, f, W, i, to=0.0: x + to * W[i]),
    ],
)
def test_a_slip_does_not_pass(name, answer):
    assert not check(name, answer).passed


def recurring(x, count):
    """Rows whose direction other rows have too, the commonest first, each direction once: single features, if there
    are any."""
    unit = F.normalize(x[:4000], dim=1)
    common = unit[(unit @ unit.T > 0.999).sum(1).argsort(descending=True)]
    kept = []
    for row in common:
        if len(kept) < count and all(row @ other < 0.9 for other in kept):
            kept.append(row)
    return torch.stack(kept)


def test_every_row_of_a_sealed_problem_is_a_sum_of_two_features_or_more():
    from course_utils import sae

    problem = sae.sealed(SEED)
    truth = problem.reveal().directions
    assert problem.x.shape == (20_000, 20) and 28 <= problem.features == len(truth) <= 36
    along = (F.normalize(problem.x, dim=1) @ truth.T).amax(1)
    assert (along > 0.9999).float().mean() < 0.001  # one active feature alone has a cosine of 1


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_the_data_are_no_directions(seed):
    from course_utils import sae

    exercise = find("sae.sealed", Exercise.registry)
    x = sae.sealed(seed).x
    long, most = x[x.norm(dim=1) > 0.3], 2 * sae.sealed(seed).features
    near = x[(x.norm(dim=1) - 1).abs().argsort()]
    longest = x[x.norm(dim=1).argsort(descending=True)]
    for rows in (long[:most], longest[:most], x[:most], near[:most], recurring(x, most)):
        assert not exercise.check(F.normalize(rows, dim=1), seed).passed
    verdict = exercise.check(F.normalize(long[:200], dim=1), seed)
    assert not verdict.passed and "twice as many" in verdict.message


def test_directions_that_a_dictionary_found_pass_and_principal_axes_do_not():
    from course_utils import sae

    problem = sae.sealed(SEED)
    config = sae.Config(d_in=20, n_latents=48, k=3)
    recipe = sae.Recipe(steps=800, batch=512, lr=3e-3, dead_after=20_000)
    done = sae.train(config, sae.Rows(problem.x), recipe, device="cpu", show=False)
    assert check("sealed", done.sae.W_dec).passed
    assert check("sealed", (3 * done.sae.W_dec).tolist()).passed
    assert not check("sealed", sae.pca_directions(problem.x)).passed


def test_a_rule_that_knows_the_tokens_passes_and_one_that_knows_a_single_one_does_not():
    from course_utils import sae
    from course_utils.sae.riddles import tokens_of

    riddle = sae.nameless(SEED)
    tokens = tokens_of(riddle)
    assert check("name_latent", lambda: lambda words, place: words[place] in tokens).passed
    assert check("name_latent", lambda: tokens).passed
    best = max(tokens, key=lambda t: sum(row.count(t) for row in riddle.words))
    assert not check("name_latent", lambda: lambda words, place: words[place] == best).passed
    assert not check("name_latent", lambda: lambda words, place: words[place].isalpha()).passed


def test_the_size_of_what_is_taken_away_foretells_the_effect_and_frequency_does_not():
    from course_utils import sae

    told = sae.foretold(SEED)
    on = told.f > 0
    mean = told.f.sum(0) / on.sum(0).clamp(min=1)
    of_the_stream = (told.f / told.x.norm(dim=1, keepdim=True)).sum(0) / on.sum(0).clamp(min=1)
    assert check("predict_ablation", mean).passed
    assert check("predict_ablation", lambda: of_the_stream.tolist()).passed
    assert not check("predict_ablation", on.float().mean(0)).passed


def test_what_is_kept_back_stands_in_no_public_name():
    from course_utils import sae

    problem, told = sae.sealed(SEED), sae.foretold(SEED)
    assert "own" in check("sealed", lambda: problem.reveal().directions).message
    assert {name for name in vars(problem) if not name.startswith("_")} == {"x", "features"}
    assert {name for name in vars(told) if not name.startswith("_")} == {"latents", "x", "f", "W_dec"}


def far(tokens, place):
    return tokens[place + 10_000] == "("


class Far:
    def __call__(self, tokens, place):
        return tokens[place + 10_000] == "("


@pytest.mark.parametrize("rule", [far, Far(), functools.partial(far)], ids=["function", "object", "partial"])
def test_a_rule_that_fails_is_told_where(rule):
    said = check("name_latent", lambda: rule).message
    assert "Your rule raised IndexError" in said and "tokens[place + 10_000]" in said


def unwritten(tokens, place):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (unwritten, "still to be written"),
        (lambda tokens, place: None, "returns None at every place"),
        (lambda tokens, place: exit(), "called exit()"),
        (lambda tokens: True, "takes 1 positional argument"),
        ("closing brackets", "cannot be read"),
    ],
)
def test_what_is_no_rule_gets_a_sentence_that_says_why(rule, said):
    assert said in check("name_latent", lambda: rule).message


def among(tokens, place, known):
    return tokens[place] in known


class Among:
    def __init__(self, known):
        self.known = known

    def __call__(self, tokens, place):
        return tokens[place] in self.known


def test_a_rule_may_be_a_partial_an_object_a_method_or_a_list_and_may_be_handed_in_itself():
    from course_utils import sae
    from course_utils.sae.riddles import tokens_of

    known = tokens_of(sae.nameless(SEED))
    rules = [functools.partial(among, known=known), Among(known), Among(known).__call__, sorted(known)]
    for rule in rules:
        assert check("name_latent", lambda rule=rule: rule).passed, rule
        assert check("name_latent", rule).passed, rule
    early = check("name_latent", lambda: lambda tokens, place: tokens[place - 1] in known)
    assert early.misconception == "the token after"


def test_answers_of_another_form_are_told_which_is_asked_for():
    from course_utils import sae

    told, problem = sae.foretold(SEED), sae.sealed(SEED)
    assert "average over the rows" in check("predict_ablation", told.f).message
    assert "40 of your numbers are not finite" in check("predict_ablation", told.f.mean(0) * float("nan")).message
    assert "not finite" in check("sealed", problem.x[:30] * float("nan")).message
    assert "near the features and not along them" in check("sealed", problem.x[:60]).message


def spoiling(known):
    def rule(tokens, place):
        said = tokens[place] in known
        tokens[place] = ""
        return said

    return rule


def test_a_rule_that_changes_the_text_is_told_so_and_spoils_it_for_no_later_one():
    from course_utils import sae
    from course_utils.sae.riddles import tokens_of

    known = tokens_of(sae.nameless(SEED))
    assert "Your rule changes `tokens`" in check("name_latent", lambda: spoiling(known)).message
    assert check("name_latent", lambda: lambda tokens, place: tokens[place] in known).passed


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda tokens, place: "yes" if tokens[place] == "(" else "no", "returns text, which counts as True"),
        (lambda tokens, place: (word == "(" for word in tokens), "returns a generator"),
        (lambda tokens, place: lambda: True, "returns a function"),
    ],
)
def test_a_rule_whose_every_value_counts_as_true_is_told_so(rule, said):
    assert said in check("name_latent", lambda: rule).message


def test_the_activity_is_no_rule():
    from course_utils import sae

    assert "A rule is asked for" in check("name_latent", lambda: sae.nameless(SEED).activity > 0).message


def test_what_is_done_to_a_riddle_does_not_move_the_score_that_it_takes():
    from course_utils import sae
    from course_utils.sae.riddles import tokens_of

    riddle = sae.nameless(SEED)
    known, explained = tokens_of(riddle), riddle.explain()
    try:
        for row in riddle.words:
            row[:] = [word.strip() for word in row]
        riddle.activity[:] = 0
        assert tokens_of(riddle) == known and known
        assert str(riddle.explain()) == str(explained)
    finally:
        sae.nameless.cache_clear()
