"""One TopK step of sae-lens, for `benchmarks/sae.py --sae-lens PYTHON`: run by a Python that has it, not ours.

    python sae_lens_step.py WEIGHTS THREADS

WEIGHTS is a file of `torch.save`: W_enc (latent, d), b_enc, W_dec (latent, d), b_dec, x (row, d), k. "step" or "sparse"
on a line of the input makes one step, forward and all gradients, densely or with its sparse activations, and answers
with its seconds; "save PATH" keeps the last step's gradients, in our layout.
"""

from __future__ import annotations

import sys
import time
from importlib.metadata import version

import torch
from sae_lens.saes.sae import TrainStepInput
from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig


def build(given: dict, sparse: bool) -> TopKTrainingSAE:
    latents, d = given["W_enc"].shape
    config = TopKTrainingSAEConfig(
        d_in=d, d_sae=latents, k=given["k"], use_sparse_activations=sparse, rescale_acts_by_decoder_norm=False
    )
    sae = TopKTrainingSAE(config)
    with torch.no_grad():
        sae.W_enc.copy_(given["W_enc"].T)
        sae.b_enc.copy_(given["b_enc"])
        sae.W_dec.copy_(given["W_dec"])
        sae.b_dec.copy_(given["b_dec"])
    return sae


def main() -> None:
    given = torch.load(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    ways = {"step": build(given, False), "sparse": build(given, True)}
    last = ways["step"]
    print(f"sae-lens {version('sae-lens')}, transformer-lens {version('transformer-lens')}", flush=True)
    for line in sys.stdin:
        if line.startswith("save "):
            found = {name: p.grad for name, p in last.named_parameters()}
            torch.save(found | {"W_enc": found["W_enc"].T.contiguous()}, line.removeprefix("save ").strip())
            print("saved", flush=True)
            continue
        last = ways[line.strip()]
        began = time.perf_counter()
        last.zero_grad()
        step = TrainStepInput(given["x"], {}, None, 0, False)
        last.training_forward_pass(step).loss.backward()
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
