# SPDX-License-Identifier: Apache-2.0
"""What each of several processes runs for test_distributed.py: the names of checks are its arguments."""

import copy
import itertools
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

sys.path.insert(0, str(Path(__file__).parent))

import smoothact
from sharding_samples import SHAPE, calls, random, tensors
from smoothact import functional as SF
from smoothact._pending import Waiting

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def meshes():
    n = dist.get_world_size()
    yield init_device_mesh("cpu", (n,))
    if n == 4:
        yield init_device_mesh("cpu", (2, 2))


def spread(tensor, mesh, placements):
    """As a DTensor; what is partial is the sum of every process's share, which differ."""
    fitting = [p if not isinstance(p, Shard) or p.dim < tensor.dim() else Replicate() for p in placements]
    partial = [i for i, p in enumerate(fitting) if p.is_partial()]
    local = distribute_tensor(tensor.detach(), mesh, [Replicate() if p.is_partial() else p for p in fitting]).to_local()
    weight = 1.0
    for i in partial:
        n = mesh.size(i)
        weight *= 2 * (mesh.get_local_rank(i) + 1) / (n * (n + 1))
    return DTensor.from_local(local * weight, mesh, fitting, shape=tensor.shape, stride=tensor.stride())


def whole(t):
    return t.full_tensor() if isinstance(t, DTensor) else t


def derivatives(f, inputs):
    """f, its gradients and theirs."""
    inputs = [t.detach().requires_grad_() for t in inputs]
    y = f(*inputs)
    first = torch.autograd.grad((y * y).sum(), inputs, create_graph=True)
    second = torch.autograd.grad(sum((g * g).sum() for g in first), inputs)
    return [whole(t).detach() for t in (y, *first, *second)]


def assert_same(what, got, expected):
    for k, (a, b) in enumerate(zip(got, expected, strict=True)):
        torch.testing.assert_close(a, b, **CLOSE, msg=lambda m, k=k: f"{what}, result {k}: {m}")


X, UP, CHANNELS, PACKED = random(*SHAPE), random(*SHAPE) - 1, random(SHAPE[1]), random(6, 10, 14)
FUNCTIONS = {
    "mish": (SF.mish, [X]),
    "hardtanh": (lambda x: SF.hardtanh(x, -0.5, 0.5), [X]),
    "identity": (SF.identity, [X]),
    "swish of a channel": (lambda x, beta: SF.swish(x, beta), [X, CHANNELS]),
    "swish of one": (lambda x, beta: SF.swish(x, beta), [X, random()]),
    "gelu with a bias": (lambda x, bias: SF.gelu(x, bias=bias, dim=1), [X, CHANNELS]),
    "swiglu": (SF.swiglu, [X, UP]),
    "swiglu that broadcasts": (SF.swiglu, [X, random(SHAPE[1], 1)]),
    "bilinear": (SF.bilinear, [X, UP]),
    "gate first": (lambda x: SF.geglu(x, dim=1), [PACKED]),
    "up first": (SF.glu, [PACKED]),
    "interleaved": (lambda x: SF.swiglu_clamped(x, dim=0), [PACKED]),
    "biased": (lambda x, u, b, c: SF.swiglu(x, u, gate_bias=b, up_bias=c, dim=1), [X, UP, CHANNELS, random(1)]),
    "biased and packed": (lambda x, b: SF.mish_glu(x, dim=1, gate_bias=b), [PACKED, CHANNELS]),
    "logsumexp": (lambda x: SF.logsumexp(x, 1), [X]),
    "boltzmann": (lambda x: SF.boltzmann(x, -1, keepdim=True, sharpness=2.0), [X]),
    "mellowmax": (lambda x: SF.mellowmax(x, (0, 1)), [X]),
}


def check_functions():
    """Forwards, backwards and twice, of the first input placed in every way, the others likewise or in another."""
    for mesh in meshes():
        ways = [Shard(0), Shard(1), Shard(2), Replicate(), Partial()]
        for name, (f, inputs) in FUNCTIONS.items():
            expected = derivatives(f, inputs)
            for i, placements in enumerate(itertools.product(ways, repeat=mesh.ndim)):
                if mesh.ndim == 2 and i % 3:
                    continue  # a sample
                others = placements if i % 2 else [Replicate()] * mesh.ndim
                given = [spread(t, mesh, others if k else placements) for k, t in enumerate(inputs)]
                assert_same(f"{name} {placements}", derivatives(f, given), expected)


def check_every_op():
    mesh = next(meshes())
    for op, _ in smoothact._sharding.rules():
        for args in calls(op):
            by_name, given = tensors(op, args)
            local = {n: v.clone() if isinstance(v, torch.Tensor) else v for n, v in given.items()}
            spreads = {n: spread(t, mesh, [Shard(0)] if n in ("self", "gate") else [Replicate()]) for n, t in by_name.items()}
            results = []
            for inputs in (local, {**given, **spreads}):
                out = op(**inputs)
                results.append(out if isinstance(out, tuple) else [inputs["self"] if out is None else out])
            assert_same(str(op), [whole(t) for t in results[1]], results[0])


def check_gradients_are_partial_sums():
    mesh = next(meshes())
    x, beta = spread(X, mesh, [Shard(0)]), spread(CHANNELS, mesh, [Replicate()]).requires_grad_()
    SF.swish(x, beta).sum().backward()
    assert beta.grad.placements == (Partial(),)
    x = spread(X, mesh, [Shard(1)])
    y = SF.swish(x, beta.detach())
    assert y.placements == (Shard(1),)


def check_in_place():
    mesh = next(meshes())
    expected = torch.relu(X)
    for placement in (Shard(0), Shard(1), Replicate()):
        x = spread(X, mesh, [placement])
        y = x.clone()
        assert SF.relu(y, inplace=True) is y
        torch.testing.assert_close(whole(y), expected, **CLOSE)
        leaf = x.clone().requires_grad_()
        SF.relu(leaf * 1, inplace=True).sum().backward()
        torch.testing.assert_close(whole(leaf.grad), (X > 0).to(X), **CLOSE)
    try:
        SF.relu(spread(X, mesh, [Partial()]), inplace=True)
    except RuntimeError as error:
        assert "in-place" in str(error)
    else:
        raise AssertionError("a partial tensor was overwritten")


class PlainMLP(nn.Module):
    """Of a Llama: silu(gate) * up."""

    def __init__(self, width=12, hidden=20):
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(width, hidden, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(hidden, width, bias=False)
        self.act_fn = nn.SiLU()

    def forward(self, x):
        return self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))


class GatedMLP(PlainMLP):
    def __init__(self):
        super().__init__()
        self.gate = smoothact.nn.SwiGLU()

    def forward(self, x):
        return self.down_proj(self.gate(self.gate_proj(x), self.up_proj(x)))


class LearnedMLP(PlainMLP):
    def __init__(self, hidden=20):
        super().__init__()
        self.act_fn = smoothact.nn.Swish(learnable=True, num_parameters=hidden, dim=-1)


def llama():
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaMLP

    return LlamaMLP(LlamaConfig(hidden_size=12, intermediate_size=20, hidden_act="silu"))


def patched(make, x):
    model = make().double()
    smoothact.patch(model, x)
    assert isinstance(model.act_fn, Waiting)
    return model


def mlps(x):
    """A model to be parallelised, and one that computes the same, where there is one of torch's alone."""
    torch.manual_seed(1)
    for make in (PlainMLP, GatedMLP, LearnedMLP, llama):
        model = make().double()
        for p in model.parameters():
            dist.broadcast(p.data, 0)
        plain = copy.deepcopy(model)
        if make is GatedMLP:
            plain = PlainMLP().double()
            plain.load_state_dict(model.state_dict())
        if make in (PlainMLP, llama):
            smoothact.patch(model, x)
            assert isinstance(model.act_fn, Waiting)
        yield make.__name__, model, plain


def step(model, x):
    x = x.clone().requires_grad_()
    y = model(x)
    (y * y).sum().backward()
    return [whole(y).detach(), x.grad, *(whole(p.grad) for p in model.parameters())]


def colwise_rowwise(local=True):
    column = ColwiseParallel(use_local_output=local)
    return {"gate_proj": column, "up_proj": column, "down_proj": RowwiseParallel()}


def check_tensor_parallel():
    mesh = next(meshes())
    x = random(6, 12)
    for local in (True, False):
        for name, model, plain in mlps(x):
            if local and name == "LearnedMLP":
                continue  # its parameter belongs to channels that are elsewhere
            plan = colwise_rowwise(local)
            parallelize_module(model, mesh, plan)
            if name == "LearnedMLP":
                model.act_fn.beta = nn.Parameter(distribute_tensor(model.act_fn.beta.detach(), mesh, [Shard(0)]))
            assert_same(f"{name}, local={local}", step(model, x), step(plain, x))


def mine(x):
    rank, n = dist.get_rank(), dist.get_world_size()
    return x.chunk(n)[rank]


def check_fsdp():
    """Every process has a piece of the batch, and of the parameters."""
    x = random(8, 12)
    for name, model, plain in mlps(x):
        expected = step(plain, x)
        fully_shard(model, mesh=next(meshes()))
        y, grad, *weights = step(model, mine(x))
        n = dist.get_world_size()
        assert_same(name, [y, grad, *(n * w for w in weights)], [mine(expected[0]), mine(expected[1]), *expected[2:]])


def check_fsdp_and_tensor_parallel():
    mesh = init_device_mesh("cpu", (2, 2), mesh_dim_names=("data", "tensor"))
    x = random(8, 12)
    for local in (True, False):
        for name, model, plain in mlps(x):
            if name == "LearnedMLP":
                continue
            parallelize_module(model, mesh["tensor"], colwise_rowwise(local))
            fully_shard(model, mesh=mesh["data"])
            expected = step(plain, x)
            piece = slice(4 * mesh.get_local_rank("data"), 4 * mesh.get_local_rank("data") + 4)
            y, grad, *weights = step(model, x[piece])
            assert_same(
                f"{name}, local={local}",
                [y, grad, *(2 * w for w in weights)],
                [expected[0][piece], expected[1][piece], *expected[2:]],
            )


if __name__ == "__main__":
    dist.init_process_group("gloo")
    for check in sys.argv[1:]:
        globals()[f"check_{check}"]()
        dist.barrier()
        if dist.get_rank() == 0:
            print("passed", check, flush=True)
    dist.destroy_process_group()
