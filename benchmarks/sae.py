"""One TopK step, forward and all gradients, raced against other ways of computing the same; and harvesting.

    python benchmarks/sae.py [--rounds 7] [--threads 2] [--device cpu] [--sae-lens PYTHON]

512 dimensions, 8 192 latents, 32 active, batches of 4 096, single precision, the same weights and data on all sides.

- course: the sparse path of `course_utils.sae`;
- dense: the same in plain PyTorch (TopK, scatter, a dense decoder product, autograd);
- eai-sparsify: its `SparseCoder` with the fused encoder (raced where it is installed);
- sae-lens: its `TopKTrainingSAE`, dense and with sparse activations. It needs an older transformer-lens, so it runs in
  a process of its own, by the PYTHON of an environment that has it (`sae_lens_step.py`);
- floor: the encoder's product and the selection alone, without which no TopK step can be.

Printed: seconds a step (the median of interleaved rounds, so that all meet the same weather), ratios within rounds, the
largest difference of the gradients from the dense ones, peak memory of a step in a process of its own, the share of the
measured matrix-product peak. Then the step of eight ReLU-L1 dictionaries (d 128, 1 024 latents: a frontier of eight
penalties) in one batched product, against one after the other, which is how the course trains them. Then tokens a
second of harvesting, against `run_with_cache`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from course_utils import sae, zoo
from course_utils.sae.objective import squared_error

D, LATENTS, K, BATCH = 512, 8192, 32, 4096
HOOK = "blocks.2.hook_resid_pre"


def start(device: torch.device) -> tuple[sae.SparseAutoencoder, Tensor]:
    """The same dictionary and data for everybody; no bias is zero."""
    rng = torch.Generator().manual_seed(0)
    model = sae.SparseAutoencoder(sae.Config(d_in=D, n_latents=LATENTS, k=K), rng)
    with torch.no_grad():
        model.b_enc.copy_(0.1 * torch.randn(LATENTS, generator=rng))
        model.b_dec.copy_(0.1 * torch.randn(D, generator=rng))
    return model.to(device), torch.randn(BATCH, D, generator=rng).to(device)


def course(model: sae.SparseAutoencoder, x: Tensor) -> None:
    model.zero_grad()
    squared_error(model.decode(model.code(x)) - x).backward()


def dense(model: sae.SparseAutoencoder, x: Tensor) -> None:
    model.zero_grad()
    pre = model.pre(x)
    values, latents = pre.topk(K, sorted=False)
    f = torch.zeros_like(pre).scatter(1, latents, values.relu())
    squared_error(model.decode(f) - x).backward()


def floor(model: sae.SparseAutoencoder, x: Tensor) -> None:
    with torch.no_grad():
        model.pre(x).topk(K, sorted=False)


class Peer:
    """eai-sparsify's coder with the same weights."""

    def __init__(self, model: sae.SparseAutoencoder) -> None:
        from sparsify.config import SparseCoderConfig
        from sparsify.sparse_coder import SparseCoder

        config = SparseCoderConfig(num_latents=LATENTS, k=K)
        self.coder = SparseCoder(D, config, device=model.W_enc.device, dtype=torch.float32)
        with torch.no_grad():
            self.coder.encoder.weight.copy_(model.W_enc)
            self.coder.encoder.bias.copy_(model.b_enc)
            self.coder.W_dec.copy_(model.W_dec)
            self.coder.b_dec.copy_(model.b_dec)

    def __call__(self, model: sae.SparseAutoencoder, x: Tensor) -> None:
        self.coder.zero_grad()
        coded = self.coder.encode(x)
        squared_error(self.coder.decode(coded.top_acts, coded.top_indices) - x).backward()

    def gradients(self) -> dict[str, Tensor]:
        coder = self.coder
        return {"W_enc": coder.encoder.weight.grad, "b_enc": coder.encoder.bias.grad, "W_dec": coder.W_dec.grad,
                "b_dec": coder.b_dec.grad}  # fmt: skip


class OtherPython:
    """sae-lens in its own environment, with the same weights and data: a step at a time, timed over there."""

    def __init__(self, python: str, model: sae.SparseAutoencoder, x: Tensor, folder: Path) -> None:
        given = {name: p.detach() for name, p in model.named_parameters()} | {"x": x, "k": K}
        torch.save(given, folder / "weights.pt")
        self.kept = folder / "gradients.pt"
        command = [python, str(Path(__file__).with_name("sae_lens_step.py")), str(folder / "weights.pt")]
        self.process = subprocess.Popen(
            [*command, str(torch.get_num_threads())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        print("raced too:", self.process.stdout.readline().strip())

    def ask(self, line: str) -> str:
        self.process.stdin.write(line + "\n")
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise RuntimeError("The process that runs sae-lens has ended: its message stands above.")
        return answer

    def gradients(self) -> dict[str, Tensor]:
        self.ask(f"save {self.kept}")
        return torch.load(self.kept)


def seconds(run: Callable[[], None], device: torch.device) -> float:
    began = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def memory_of(name: str, threads: int, queue: multiprocessing.Queue) -> None:
    """Megabytes that one step needs above what was there before it (run in a process of its own)."""
    torch.set_num_threads(threads)
    model, x = start(torch.device("cpu"))
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on
    before = status("VmRSS")
    {"course": course, "dense": dense}[name](model, x)
    queue.put((status("VmHWM") - before) / 1024)


def status(field: str) -> int:
    """One of Linux's numbers about this process, in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def race(rounds: int, device: torch.device, other: str | None, folder: Path) -> None:
    model, x = start(device)
    remote = OtherPython(other, model, x, folder) if other else None
    away = {"sae-lens": "step", "sae-lens, sparse": "sparse"} if remote else {}
    racers: dict[str, Callable] = {"course": course, "dense": dense, "floor": floor}
    try:
        racers["eai-sparsify"] = Peer(model)
    except ImportError as missing:
        print(f"eai-sparsify is not raced: {missing}")
    grads = {}
    for name, run in racers.items():
        run(model, x)
        if name != "floor":
            own = {key: p.grad for key, p in model.named_parameters()}
            grads[name] = {k: v.clone() for k, v in (run.gradients() if isinstance(run, Peer) else own).items()}
    for name, word in away.items():
        remote.ask(word)
        grads[name] = remote.gradients()
    times: dict[str, list[float]] = {name: [] for name in (*racers, *away)}
    for _ in range(rounds):
        for name, run in racers.items():
            times[name].append(seconds(lambda run=run: run(model, x), device))
        for name, word in away.items():
            times[name].append(float(remote.ask(word)))
    for name, found in times.items():
        ratios = [other / own for own, other in zip(times["course"], found, strict=True)]
        apart = max(((grads[name][k] - grads["dense"][k]).abs().max() / grads["dense"][k].abs().max()).item()
                    for k in grads["dense"]) if name in grads else float("nan")  # fmt: skip
        ratio = f"{statistics.median(ratios):5.2f} × the course's time ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:14} {statistics.median(found):7.3f} s a step   {ratio}   gradients differ by {apart:.0e}")
    side = torch.randn(2048, 2048, device=device)
    best = min(seconds(lambda: side @ side, device) for _ in range(10))
    peak, work = 2 * 2048**3 / best, 2 * BATCH * D * LATENTS
    print(f"encoder product alone is {work / peak:.3f} s at the measured peak of {peak / 1e9:.0f} GFLOP/s; "
          f"the course's whole step reaches {work / statistics.median(times['course']) / peak:.0%} of it")  # fmt: skip


def frontier(rounds: int, device: torch.device) -> None:
    rng = torch.Generator().manual_seed(0)
    x, penalties = torch.randn(BATCH, 128, generator=rng).to(device), torch.logspace(-2, 0, 8, device=device)
    shapes = (128, 1024), (1, 1024), (1024, 128)
    weights = [(torch.randn(8, *shape, generator=rng) / 16).to(device) for shape in shapes]

    def step(x: Tensor, W_enc: Tensor, b_enc: Tensor, W_dec: Tensor, penalty: Tensor) -> None:
        own = [p.detach().requires_grad_() for p in (W_enc, b_enc, W_dec)]
        f = (x @ own[0] + own[1]).relu()
        error = (f @ own[2] - x).square().sum((-1, -2))
        ((error + penalty * f.sum((-1, -2))) / BATCH).sum().backward()

    ways: dict[str, Callable[[], object]] = {
        "one after the other": lambda: [step(x, *(w[i] for w in weights), penalties[i]) for i in range(8)],
        "in one product": lambda: step(x.expand(8, *x.shape), *weights, penalties),
    }
    times = {name: [seconds(run, device) for run in [run] * (rounds + 1)][1:] for name, run in ways.items()}
    for name, found in times.items():
        ratio = statistics.median(times["one after the other"]) / statistics.median(found)
        print(f"8 penalties, {name:20} {statistics.median(found):7.3f} s a step of all   {ratio:5.2f} × as fast")


def harvesting(rounds: int) -> None:
    model = zoo.load("code-4l", "cpu")
    tokens = torch.randint(1, model.cfg.d_vocab, (32, 256), generator=torch.Generator().manual_seed(0))
    ways: dict[str, Callable[[], object]] = {
        "harvest": lambda: sae.harvest(model, HOOK, tokens),
        "run_with_cache": lambda: model.run_with_cache(tokens, names_filter=HOOK),
        "run_with_cache, stopped": lambda: model.run_with_cache(tokens, names_filter=HOOK, stop_at_layer=2),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    with torch.no_grad():
        for run in ways.values():
            run()
        for _ in range(rounds):
            for name, run in ways.items():
                times[name].append(seconds(run, torch.device("cpu")))
    for name, found in times.items():
        ratio = statistics.median([other / own for own, other in zip(times["harvest"], found, strict=True)])
        print(f"{name:24} {tokens.numel() / statistics.median(found):9,.0f} tokens a second   {ratio:5.2f} × its time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sae-lens", metavar="PYTHON", help="the interpreter of an environment that has sae-lens")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        race(args.rounds, torch.device(args.device), args.sae_lens, Path(folder))
    frontier(args.rounds, torch.device(args.device))
    if args.device == "cpu" and Path("/proc/self/clear_refs").exists():
        context = multiprocessing.get_context("spawn")
        for name in ("course", "dense"):
            queue = context.Queue()
            child = context.Process(target=memory_of, args=(name, args.threads, queue))
            child.start()
            print(f"{name:14} {queue.get():7.0f} MB above the start in one step")
            child.join()
    harvesting(args.rounds)


if __name__ == "__main__":
    main()
