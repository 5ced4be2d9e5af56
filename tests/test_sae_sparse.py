"""The sparse path does what the dense one does: activations, reconstruction, every gradient, over kinds and shapes."""

import pytest
import torch
from torch import Tensor

from course_utils.sae import activations, sparse
from course_utils.sae.config import Config
from course_utils.sae.model import SparseAutoencoder, without_parallel
from course_utils.sae.objective import objective, squared_error

SHAPES = [(1, 1, 1, 1), (2, 3, 5, 2), (7, 4, 9, 3), (64, 16, 40, 5), (33, 8, 20, 20)]  # batch, d, latents, k


def biased(config: Config, seed: int = 0) -> SparseAutoencoder:
    """A dictionary in double precision whose biases are not zero."""
    rng = torch.Generator().manual_seed(seed)
    sae = SparseAutoencoder(config, rng).double()
    with torch.no_grad():
        for name, parameter in sae.named_parameters():
            if name.startswith("b_"):
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=rng))
    return sae


def dense_twin(sae: SparseAutoencoder, x: Tensor) -> tuple[Tensor, Tensor]:
    """Activations and reconstruction, with every zero written out and torch's own gradients."""
    f = {"topk": activations.topk, "batchtopk": activations.batchtopk}[sae.config.kind](sae.pre(x), sae.config.k)
    return f, f @ sae.W_dec + sae.b_dec


@pytest.mark.parametrize("kind", ["topk", "batchtopk"])
@pytest.mark.parametrize("d_out", [None, 6])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_agrees_with_its_dense_twin_in_values_and_gradients(kind, d_out, shape):
    batch, d, n, k = shape
    sae = biased(Config(d_in=d, n_latents=n, kind=kind, k=k, d_out=d_out)).train()
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(batch, d, generator=rng, dtype=torch.float64, requires_grad=True)
    y = torch.randn(batch, sae.config.out, generator=rng, dtype=torch.float64)
    f, y_hat = dense_twin(sae, x)
    (y_hat - y).square().sum().backward()
    wanted = {name: p.grad.clone() for name, p in sae.named_parameters()} | {"x": x.grad.clone()}
    sae.zero_grad()
    x.grad = None
    code = sae.code(x)
    torch.testing.assert_close(code.dense(), f, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(code.counts(), (f > 0).sum(0))
    out = sae.decode(code)
    torch.testing.assert_close(out, y_hat, rtol=1e-12, atol=1e-12)
    (out - y).square().sum().backward()
    for name, p in sae.named_parameters():
        assert (p.grad - wanted[name]).abs().max() < 1e-10 * (1 + wanted[name].abs().max()), name
    torch.testing.assert_close(x.grad, wanted["x"], rtol=1e-10, atol=1e-11)


def test_single_precision_differs_by_rounding_alone():
    sae = biased(Config(d_in=64, n_latents=512, k=8)).float()
    x = torch.randn(256, 64, generator=torch.Generator().manual_seed(2))
    _, y_hat = dense_twin(sae, x)
    squared_error(y_hat - x).backward()
    wanted = [p.grad.clone() for p in sae.parameters()]
    sae.zero_grad()
    squared_error(sae.decode(sae.code(x)) - x).backward()
    for p, other in zip(sae.parameters(), wanted, strict=True):
        assert (p.grad - other).abs().max() < 4e-6 * other.abs().max()


def test_a_latent_that_is_everywhere_or_nowhere_and_rows_without_any():
    pre = torch.tensor([[3.0, -1.0, -2.0], [-1.0, -3.0, -2.0], [4.0, 5.0, -1.0]])
    values, latents, starts = sparse.largest_of_batch(1)(pre)
    code = sparse.Code(values, sparse.Entries(latents, starts, 3))
    assert code.dense().tolist() == [[3.0, 0, 0], [0, 0, 0], [4.0, 5.0, 0]]
    assert code.counts().tolist() == [2, 1, 0]
    ones = code.entries.sum_rows(torch.ones(3), torch.eye(3))
    assert ones.tolist() == [[1.0, 0, 1.0], [0, 0, 1.0], [0, 0, 0]]


def test_batchtopk_finds_a_row_that_takes_nearly_everything():
    pre = torch.full((16, 64), -1.0)
    pre[3] = torch.arange(1.0, 65.0)
    values, latents, starts = sparse.largest_of_batch(2)(pre)
    code = sparse.Code(values, sparse.Entries(latents, starts, 64))
    torch.testing.assert_close(code.dense(), activations.batchtopk(pre, 2))
    assert len(values) == 32 and values.min() == 33


def test_ties_keep_exactly_k_and_negative_ones_are_silent():
    pre = torch.tensor([[2.0, 2.0, 2.0, -1.0], [-1.0, -2.0, -3.0, -4.0]])
    assert activations.topk(pre, 2).tolist() == [[2.0, 2.0, 0, 0], [0, 0, 0, 0]]
    assert activations.batchtopk(pre, 1).tolist() == [[2.0, 2.0, 0, 0], [0, 0, 0, 0]]


def test_only_the_parts_of_a_code_inside_a_range_speak():
    sae = biased(Config(d_in=4, n_latents=10, k=3)).float()
    x = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
    code = sae.code(x)
    parts = [code.inside(0, 4).dense(), code.inside(4, 10).dense()]
    assert (parts[0][:, 4:] == 0).all() and (parts[1][:, :4] == 0).all()
    torch.testing.assert_close(parts[0] + parts[1], code.dense())


def test_jumprelus_straight_through_gradients():
    pre = torch.tensor([[0.9, 1.02, 3.0], [1.01, 0.99, 0.2]], requires_grad=True)
    threshold = torch.tensor([1.0, 1.0, 1.0], requires_grad=True)
    out = activations.jumprelu(pre, threshold, 0.1)
    torch.testing.assert_close(out, torch.tensor([[0, 1.02, 3.0], [1.01, 0, 0]]))
    weights = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    (out * weights).sum().backward()
    torch.testing.assert_close(pre.grad, weights * (pre > threshold))
    torch.testing.assert_close(threshold.grad, -10 * torch.tensor([4.0, 7.0, 0.0]))  # −θ/ε over those within ε/2
    counted = activations.step(pre, threshold, 0.1)
    threshold.grad = None
    counted.sum().backward()
    assert counted.tolist() == [[0, 1, 1], [1, 0, 0]]
    torch.testing.assert_close(threshold.grad, -10 * torch.tensor([1.0, 2.0, 0.0]))


def test_a_gradient_without_its_parallel_part_changes_no_length_to_first_order():
    rng = torch.Generator().manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(9, 5, generator=rng), dim=1)
    grad = torch.randn(9, 5, generator=rng)
    left = without_parallel(grad, rows)
    assert (left * rows).sum(1).abs().max() < 1e-6
    torch.testing.assert_close(left + (grad * rows).sum(1, keepdim=True) * rows, grad)


@pytest.mark.parametrize("kind", ["relu", "topk", "batchtopk", "gated", "jumprelu"])
def test_rescaling_carries_the_data_s_scale_in_the_weights(kind):
    config = Config(d_in=5, n_latents=12, kind=kind, k=3, d_out=4)
    sae = biased(config, 3).eval()
    if kind == "batchtopk":
        sae.threshold.fill_(0.4)
    x = torch.randn(20, 5, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    large = sae.rescaled(7.0, 3.0).double()
    torch.testing.assert_close(large(7.0 * x), 3.0 * sae(x), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(large.W_dec, sae.W_dec, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", ["relu", "topk", "batchtopk", "gated", "jumprelu"])
def test_a_nested_objective_is_the_mean_over_its_widths(kind):
    whole = biased(Config(d_in=6, n_latents=16, kind=kind, k=4, penalty=None if "topk" in kind else 0.0)).train()
    nested = SparseAutoencoder(Config(d_in=6, n_latents=16, kind=kind, k=4, nested=(4, 8),
                                      penalty=None if "topk" in kind else 0.0)).double().train()  # fmt: skip
    nested.load_state_dict(whole.state_dict())
    x = torch.randn(32, 6, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    f = whole.activate(whole.pre(x))
    losses = [squared_error(f[:, :m] @ whole.W_dec[:m] + whole.b_dec - x) for m in (4, 8, 16)]
    expected = torch.stack(losses).mean()
    if kind == "gated":
        alone = whole.pre(x).relu() @ whole.W_dec + whole.b_dec
        expected = expected + squared_error(alone - x)
    torch.testing.assert_close(objective(nested, x, x, penalty=0.0).total, expected)


PRICES = {
    "relu": lambda sae, x: sae.encode(x).sum(1).mean(),
    "gated": lambda sae, x: sae.pre(x).relu().sum(1).mean(),
    "jumprelu": lambda sae, x: (sae.encode(x) > 0).double().sum(1).mean(),
}


@pytest.mark.parametrize("kind, price", PRICES.items(), ids=list(PRICES))
def test_the_price_of_activity_is_added(kind, price):
    sae = biased(Config(d_in=6, n_latents=16, kind=kind)).train()
    x = torch.randn(32, 6, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    free, paid = (objective(sae, x, x, penalty=p).total for p in (0.0, 0.7))
    torch.testing.assert_close(paid - free, 0.7 * price(sae, x))


def test_a_crosscoder_pays_for_its_decoder_in_each_source():
    sae = biased(Config(d_in=6, n_latents=16, kind="relu", sources=2)).train()
    x = torch.randn(32, 6, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    norms = sae.W_dec[:, :3].norm(dim=1) + sae.W_dec[:, 3:].norm(dim=1)
    free, paid = (objective(sae, x, x, penalty=p).total for p in (0.0, 0.7))
    torch.testing.assert_close(paid - free, 0.7 * (sae.encode(x) * norms).sum(1).mean())


def test_auxiliary_k_moves_dead_latents_and_them_alone():
    sae = biased(Config(d_in=6, n_latents=16, k=2)).train()
    x = torch.randn(64, 6, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    dead = sae.code(x).counts() == 0
    dead[:2] = True
    grads = {}
    for aux in (0.0, 1.0):
        sae.zero_grad()
        objective(sae, x, x, penalty=0.0, dead=dead, aux=aux).total.backward()
        grads[aux] = (sae.W_dec.grad.clone(), sae.W_enc.grad.clone())
    for with_aux, without in zip(grads[1.0], grads[0.0], strict=True):
        changed = (with_aux - without).abs().sum(1) > 0
        assert changed[dead].any() and not changed[~dead].any()


def test_configurations_that_cannot_be_are_refused():
    for wrong in (dict(kind="tanh"), dict(k=0), dict(k=99), dict(kind="topk", penalty=0.1), dict(sources=4),
                  dict(nested=(8, 4)), dict(nested=(16,))):  # fmt: skip
        with pytest.raises(ValueError, match=r"\.$"):
            Config(**{"d_in": 6, "n_latents": 16} | wrong)
