# SPDX-License-Identifier: Apache-2.0
"""Trains MLPs of a Llama on several processes, with FSDP2 and tensor parallelism, and on one, and compares.

    torchrun --standalone --nproc-per-node 4 examples/distributed/fsdp2_tp_llama_mlp.py

Each pair of processes shares the columns and rows of the weights (tensor parallelism), the pairs share the batch, and
keep a part of the weights each (FSDP2). On the CPU with gloo, or on GPUs where there is one for every process.
"""

import copy
import os

import smoothact
import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

WIDTH, HIDDEN, LAYERS, BATCH, STEPS = 64, 160, 3, 32, 20


class LlamaMLP(nn.Module):
    """As Transformers has it; x is added, as in a Llama."""

    def __init__(self) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(WIDTH, HIDDEN, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(HIDDEN, WIDTH, bias=False)
        self.act_fn = nn.SiLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))


def train(model: nn.Module, x: torch.Tensor, target: torch.Tensor) -> list[float]:
    """The losses of the process's part of the batch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    losses = []
    for _ in range(STEPS):
        loss = (model(x) - target).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


world = int(os.environ["WORLD_SIZE"])
device = "cuda" if torch.cuda.device_count() >= world else "cpu"
mesh = init_device_mesh(device, (world // 2, 2), mesh_dim_names=("data", "tensor"))

torch.manual_seed(0)  # the same weights and batch in every process
x, target = torch.randn(2, BATCH, WIDTH, device=device)
original = nn.Sequential(*(LlamaMLP() for _ in range(LAYERS))).to(device)
model = copy.deepcopy(original)
report = smoothact.patch(model, x)  # one kernel for silu(gate) * up, forwards and backwards

for layer in model:
    columns = {"gate_proj": ColwiseParallel(), "up_proj": ColwiseParallel()}
    parallelize_module(layer, mesh["tensor"], {**columns, "down_proj": RowwiseParallel()})
    fully_shard(layer, mesh=mesh["data"])
fully_shard(model, mesh=mesh["data"])

rank, pairs = mesh["data"].get_local_rank(), mesh["data"].size()
losses = torch.tensor(train(model, x.chunk(pairs)[rank], target.chunk(pairs)[rank]), device=device)
dist.all_reduce(losses, dist.ReduceOp.AVG if device == "cuda" else dist.ReduceOp.SUM)
losses = losses if device == "cuda" else losses / world
if dist.get_rank() == 0:
    expected = torch.tensor(train(original, x, target), device=device)
    print(report)
    print(f"{world} processes: loss {losses[0]:.6f} -> {losses[-1]:.6f}")
    print(f"one process:  loss {expected[0]:.6f} -> {expected[-1]:.6f}")
    print(f"they differ by {(losses - expected).abs().max():.1e} at most")
dist.barrier()
dist.destroy_process_group()
