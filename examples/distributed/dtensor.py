# SPDX-License-Identifier: Apache-2.0
"""Activations and gates of sharded tensors: what is communicated, and where the results lie.

torchrun --standalone --nproc-per-node 2 examples/distributed/dtensor.py
"""

import os

import torch
import torch.distributed as dist
from smoothact import functional as SF
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.debug import CommDebugMode

mesh = init_device_mesh("cpu", (int(os.environ["WORLD_SIZE"]),))
torch.manual_seed(0)
x, up, beta = torch.randn(8, 6), torch.randn(8, 6), torch.rand(6)


def show(what: str, f, *inputs: DTensor) -> None:
    """Placements of f and of its gradients, and the calls between processes."""
    inputs = [t.detach().requires_grad_() for t in inputs]
    with CommDebugMode() as calls:
        y = f(*inputs)
        gradients = torch.autograd.grad(y, inputs, torch.ones_like(y))
    if dist.get_rank() == 0:
        places = ", ".join(str(t.placements) for t in gradients)
        print(f"{what}: {y.placements}, gradients {places}, {calls.get_total_counts()} calls")


def sharded(t: torch.Tensor, dim: int | None) -> DTensor:
    return distribute_tensor(t, mesh, [Replicate() if dim is None else Shard(dim)])


show("mish, sharded in rows", SF.mish, sharded(x, 0))
show("swiglu of two tensors, in columns", SF.swiglu, sharded(x, 1), sharded(up, 1))
show("swiglu of halves, in rows", SF.swiglu, sharded(x, 0))
show("swiglu of halves, in columns, which are gathered", SF.swiglu, sharded(x, 1))
show("a learnt beta beside rows: a partial gradient", SF.swish, sharded(x, 0), sharded(beta, None))
show("a learnt beta beside columns, sharded as they are", SF.swish, sharded(x, 1), sharded(beta, 0))
show("logsumexp over columns of rows", lambda t: SF.logsumexp(t, 1), sharded(x, 0))
dist.destroy_process_group()
