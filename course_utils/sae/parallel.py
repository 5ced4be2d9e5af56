"""Training on several devices: what the processes that `torchrun` starts must agree on, and nothing else.

torchrun --nproc_per_node=2 script.py        # the script calls `train` as it would alone
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from jaxtyping import Int
from torch import Tensor, nn


@dataclass(frozen=True)
class Team:
    """The processes that train one dictionary together; alone, a team of one that does nothing."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, device: torch.device) -> Team:
        """The team that `torchrun` announced in the environment, or one alone."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1 or not dist.is_available():
            return cls()
        if not dist.is_initialized():
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        return cls(dist.get_rank(), dist.get_world_size())

    def average(self, model: nn.Module, counts: Int[Tensor, "latent"]) -> Int[Tensor, "latent"]:
        """Average the gradients in place; return the counts of all processes together."""
        if self.size > 1:
            for parameter in model.parameters():
                dist.all_reduce(parameter.grad)
                parameter.grad /= self.size
            for buffer in model.buffers():
                dist.all_reduce(buffer)
                buffer /= self.size
            dist.all_reduce(counts)
        return counts

    def copy(self, model: nn.Module) -> None:
        """Give everybody the first process's weights."""
        if self.size > 1:
            for parameter in model.parameters():
                dist.broadcast(parameter.data, 0)
