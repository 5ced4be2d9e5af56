"""Training: it finds a known truth, resumes exactly, stops cleanly, revives the dead, works in teams."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from course_utils.sae import training
from course_utils.sae.config import KINDS, Config
from course_utils.sae.metrics import Quality
from course_utils.sae.model import SparseAutoencoder
from course_utils.sae.planted import Recovery, Truth, random_directions
from course_utils.sae.revive import resample
from course_utils.sae.sources import Rows
from course_utils.sae.training import Recipe, geometric_median, train

TRUTH = Truth.draw(32, 20, 0.05)
PENALTY = {"relu": 0.3, "gated": 0.8, "jumprelu": 0.15}
RECIPE = Recipe(steps=600, batch=512, lr=3e-3, dead_after=20_000)


def small(kind: str, **more) -> Config:
    return Config(d_in=20, n_latents=48, kind=kind, **{"k": 2, "penalty": PENALTY.get(kind)} | more)


@pytest.mark.parametrize("seed", range(4))
def test_no_dictionary_begins_with_the_truth_s_own_directions(seed):
    truth = Truth.draw(32, 20, seed=seed)
    start = SparseAutoencoder(small("topk"), torch.Generator().manual_seed(seed)).W_dec.detach()
    assert Recovery.of(truth, start).matched < 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_finds_most_of_a_known_truth_and_chance_does_not(kind):
    done = train(small(kind), TRUTH, RECIPE, device="cpu", show=False)
    found = Recovery.of(TRUTH, done.sae.W_dec)
    chance = Recovery.of(TRUTH, random_directions(48, 20, torch.Generator().manual_seed(0)))
    assert found.matched > 0.88 > chance.matched + 0.3 and found.found > 0.6 > 0.05 > chance.found
    x, _ = TRUTH.sample(4000, torch.Generator().manual_seed(9))
    quality = Quality.of(done.sae, x)
    assert quality.unexplained < 0.3 and 0.5 < quality.l0 < 8
    torch.testing.assert_close(done.sae.W_dec.norm(dim=1), torch.ones(48))
    assert not done.sae.training and not done.interrupted


def test_a_finished_batchtopk_row_does_not_depend_on_its_neighbours():
    sae = train(small("batchtopk"), TRUTH, Recipe(steps=200, batch=256, lr=3e-3), device="cpu", show=False).sae
    x, _ = TRUTH.sample(500, torch.Generator().manual_seed(1))
    torch.testing.assert_close(sae.encode(x)[7:8], sae.encode(x[7:8]))
    assert abs((sae.encode(x) > 0).sum(1).float().mean().item() - 2) < 0.8


@pytest.mark.parametrize("kind", ["topk", "relu"])
def test_a_resumed_training_ends_as_an_uninterrupted_one(kind, tmp_path, monkeypatch):
    recipe = Recipe(steps=40, batch=128, dead_after=500, seed=3)
    whole = train(small(kind), TRUTH, recipe, device="cpu", show=False)
    step = training._Run.step

    def stopping(run, number):
        if number == 23:
            raise KeyboardInterrupt
        step(run, number)

    with monkeypatch.context() as patched:
        patched.setattr(training._Run, "step", stopping)
        half = train(small(kind), TRUTH, recipe, checkpoint=tmp_path / "state.pt", device="cpu", show=False)
    assert half.interrupted and len(half.history) and half.history[-1, 0] < 23
    assert Recovery.of(TRUTH, half.sae.W_dec).matched > 0
    rest = train(small(kind), TRUTH, recipe, checkpoint=tmp_path / "state.pt", device="cpu", show=False)
    assert not rest.interrupted
    for name, value in whole.sae.state_dict().items():
        torch.testing.assert_close(rest.sae.state_dict()[name], value, rtol=0, atol=0)
    torch.testing.assert_close(rest.history, whole.history)


def test_another_training_s_state_is_refused(tmp_path):
    path = tmp_path / "state.pt"
    train(small("topk"), TRUTH, Recipe(steps=3, batch=64), checkpoint=path, device="cpu", show=False)
    with pytest.raises(ValueError, match="another dictionary"):
        train(small("topk", k=3), TRUTH, Recipe(steps=3, batch=64), checkpoint=path, device="cpu", show=False)


@pytest.mark.parametrize("kind, revive", [("relu", "resample"), ("topk", "auxk")])
def test_latents_that_were_born_dead_are_revived_and_stay_dead_otherwise(kind, revive, monkeypatch):
    begin = training._Run._start

    def with_half_of_them_dead(run):
        begin(run)
        run.sae.b_enc[:24] = -1.0 if kind == "topk" else -3.0

    monkeypatch.setattr(training._Run, "_start", torch.no_grad()(with_half_of_them_dead))
    x, _ = TRUTH.sample(20_000, torch.Generator().manual_seed(2))
    dead = {}
    for way in ("none", revive):
        recipe = Recipe(steps=500, batch=256, lr=3e-3, dead_after=5_000, revive=way)
        done = train(small(kind), TRUTH, recipe, device="cpu", show=False)
        dead[way] = ((done.sae.encode(x) > 0).sum(0)[:24] == 0).float().mean().item()
    assert dead[revive] < 0.5 < 0.9 < dead["none"]


def test_resampling_gives_every_dead_latent_a_direction_of_its_own_and_clears_its_moments():
    sae = SparseAutoencoder(Config(d_in=8, n_latents=20, kind="relu"), torch.Generator().manual_seed(0))
    with torch.no_grad():
        sae.b_dec.normal_(generator=torch.Generator().manual_seed(1))
        sae.b_enc.fill_(0.5)
    adam = torch.optim.Adam(sae.parameters(), lr=1e-3)
    x = torch.randn(200, 8, generator=torch.Generator().manual_seed(2))
    (sae(x) - x).square().sum().backward()
    adam.step()
    dead = torch.zeros(20, dtype=torch.bool)
    dead[[2, 5, 11]] = True
    before = {name: p.detach().clone() for name, p in sae.named_parameters()}
    moments = adam.state[sae.W_enc]["exp_avg"].clone()
    resample(sae, adam, x, x, dead, torch.Generator().manual_seed(3))
    for name in ("W_enc", "W_dec", "b_enc"):
        now = getattr(sae, name).detach()
        assert torch.equal(now[~dead], before[name][~dead])
    cosines = torch.nn.functional.cosine_similarity(sae.W_dec[dead][:, None], sae.W_dec[dead][None], dim=2)
    assert (cosines - torch.eye(3)).max() < 0.999
    unit = torch.nn.functional.normalize(x - sae.b_dec, dim=1)
    assert (sae.W_dec[dead] @ unit.T).amax(1).min() > 0.9999  # each points at one of the rows
    torch.testing.assert_close(sae.W_enc[dead].norm(dim=1), (0.2 * sae.W_enc[~dead].norm(dim=1).mean()).expand(3))
    assert (sae.b_enc[dead] == 0).all()
    for parameter in (sae.W_enc, sae.W_dec, sae.b_enc):
        assert (adam.state[parameter]["exp_avg"][dead] == 0).all()
        assert (adam.state[parameter]["exp_avg_sq"][dead] == 0).all()
    assert torch.equal(adam.state[sae.W_enc]["exp_avg"][~dead], moments[~dead])


def test_the_geometric_median_is_moved_little_by_outliers():
    x = torch.randn(400, 5, generator=torch.Generator().manual_seed(0)) + 3
    x[:20] = 1e4
    centre = geometric_median(x)
    assert (centre - 3).norm() < 0.5 < x.mean(0).norm() / 100

    def total(c):
        return (x - c).norm(dim=1).sum()

    for axis in torch.eye(5):
        assert total(centre) <= total(centre + 0.05 * axis) and total(centre) <= total(centre - 0.05 * axis)


def test_rows_are_served_once_an_epoch_in_another_order_each_time():
    rows = Rows(torch.arange(10.0)[:, None])
    first = torch.cat([rows.batch(step, 5)[0] for step in (0, 1)]).flatten()
    second = torch.cat([rows.batch(step, 5)[0] for step in (2, 3)]).flatten()
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10)) and first.tolist() != second.tolist()
    assert torch.equal(rows.batch(0, 5)[0].flatten(), first[:5])
    assert Rows(torch.arange(10.0)[:, None], shuffle=False).batch(1, 4)[0].flatten().tolist() == [4, 5, 6, 7]
    with pytest.raises(ValueError, match="fewer than one batch"):
        rows.batch(0, 11)


TEAM = """
import sys, torch
from course_utils.sae.config import Config
from course_utils.sae.planted import Truth
from course_utils.sae.training import Recipe, train
torch.set_num_threads(1)
done = train(Config(d_in=20, n_latents=48, k=2), Truth.draw(32, 20, 0.05),
             Recipe(steps=300, batch=int(sys.argv[1]), lr=3e-3), device="cpu", show=False,
             checkpoint=__import__("pathlib").Path(sys.argv[2]))
print("LOSS", done.history[-1, 1].item(), float(done.sae.W_dec.double().sum()))
"""


@pytest.mark.slow
def test_two_processes_under_torchrun_train_one_dictionary(tmp_path):
    script = tmp_path / "team.py"
    script.write_text(textwrap.dedent(TEAM))
    root = Path(__file__).parents[1]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}

    def run(*command):
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=env, timeout=240)
        assert done.returncode == 0, done.stderr[-2000:]
        return [line.split("LOSS")[1].split() for line in done.stdout.splitlines() if "LOSS" in line]

    together = run("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", str(script), "128",
                   str(tmp_path / "two" / "state.pt"))  # fmt: skip
    alone = run(str(script), "256", str(tmp_path / "one" / "state.pt"))
    assert len(together) == 2 and together[0][1] == together[1][1]  # both hold the same weights
    loss = {"two": float(together[0][0]), "one": float(alone[0][0])}
    assert abs(loss["two"] - loss["one"]) < 0.25 * loss["one"]
    assert [p.name for p in (tmp_path / "two").iterdir()] == ["state.pt"]
