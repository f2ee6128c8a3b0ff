# SPDX-License-Identifier: Apache-2.0
"""What each of several processes runs for test_distributed.py: the names of checks are its arguments."""

import copy
import importlib.util
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

sys.path.insert(0, str(Path(__file__).parent))

import smoothact  # after DTensor, where test_sharding.py has it before
from sharding_samples import SHAPE, calls, random, results, tensors
from smoothact import functional as SF
from smoothact._pending import Waiting

CLOSE = {"rtol": 1e-9, "atol": 1e-9}
COPY = Replicate()


def meshes():
    """In one dim, and of four processes in two."""
    n = dist.get_world_size()
    return [init_device_mesh("cpu", shape) for shape in ([(n,), (2, 2)] if n == 4 else [(n,)])]


def spread(tensor, mesh, placements):
    """As a DTensor; what is partial is a sum of shares of which no two are equal."""
    fitting = [p if not isinstance(p, Shard) or p.dim < tensor.dim() else COPY for p in placements]
    whole = [COPY if p.is_partial() else p for p in fitting]
    local = distribute_tensor(tensor.detach(), mesh, whole, src_data_rank=None).to_local()
    for i, p in enumerate(fitting):
        if p.is_partial():
            n = mesh.size(i)
            local = local * (2 * (mesh.get_local_rank(i) + 1) / (n * (n + 1)))
    return DTensor.from_local(local, mesh, fitting, shape=tensor.shape, stride=tensor.stride())


def gathered(t):
    return t.full_tensor() if isinstance(t, DTensor) else t


def assert_same(what, got, expected):
    for k, (a, b) in enumerate(zip(got, expected, strict=True)):
        torch.testing.assert_close(gathered(a), b, **CLOSE, msg=lambda m, k=k: f"{what}, result {k}: {m}")


def assert_raises(words, call):
    try:
        call()
    except RuntimeError as error:
        assert words in str(error), error
    else:
        raise AssertionError(f"expected a RuntimeError that says {words!r}")


def derivatives(f, inputs):
    """f, its gradients and theirs."""
    inputs = [t.detach().requires_grad_() for t in inputs]
    y = f(*inputs)
    first = torch.autograd.grad((y * y).sum(), inputs, create_graph=True)
    return [t.detach() for t in (y, *first, *torch.autograd.grad(sum((g * g).sum() for g in first), inputs))]


def once(f):
    """With its gradient among the results, and 0 for second derivatives by the input, which it does not have."""

    def function(x):
        y = f(x)
        (g,) = torch.autograd.grad((y * y).sum(), x)
        return y.detach() + g * x

    return function


X, UP, CHANNELS, PACKED = random(*SHAPE), random(*SHAPE) - 1, random(SHAPE[1]), random(6, 10, 14)
FUNCTIONS = {
    "mish": (SF.mish, [X]),
    "hardtanh": (lambda x: SF.hardtanh(x, -0.5, 0.5), [X]),
    "swish of a channel": (lambda x, beta: SF.swish(x, beta), [X, CHANNELS]),
    "swish of one": (lambda x, beta: SF.swish(x, beta), [X, random()]),
    "gelu with a bias": (lambda x, bias: SF.gelu(x, bias=bias, dim=1), [X, CHANNELS]),
    "mish in a few bits": (once(lambda x: SF.mish(x, fewbit=3)), [X]),
    "swiglu": (SF.swiglu, [X, UP]),
    "swiglu that broadcasts": (SF.swiglu, [X, random(SHAPE[1], 1)]),
    "gate first": (lambda x: SF.geglu(x, dim=1), [PACKED]),
    "up first": (SF.glu, [PACKED]),
    "interleaved": (lambda x: SF.swiglu_clamped(x, dim=0), [PACKED]),
    "biased": (lambda x, u, b, c: SF.swiglu(x, u, gate_bias=b, up_bias=c, dim=1), [X, UP, CHANNELS, random(1)]),
    "biased and packed": (lambda x, b: SF.mish_glu(x, dim=1, gate_bias=b), [PACKED, CHANNELS]),
    "logsumexp": (lambda x: SF.logsumexp(x, 1), [X]),
    "boltzmann": (lambda x: SF.boltzmann(x, -1, keepdim=True, sharpness=2.0), [X]),
    "mellowmax": (lambda x: SF.mellowmax(x, 0), [X]),
}
if "identity" in smoothact.catalogue:
    FUNCTIONS |= {"identity": (SF.identity, [X]), "bilinear": (SF.bilinear, [X, UP])}
# On a mesh of a shape; among four processes three rows leave one without.
WAYS = {
    (2,): [[Shard(0)], [Shard(1)], [Shard(2)], [COPY], [Partial()]],
    (4,): [[Shard(0)], [Shard(1)]],
    (2, 2): [[Shard(0), Shard(1)], [Shard(1), Shard(1)], [Partial(), Shard(2)], [Shard(0), Partial()]],
}


def check_functions():
    """Forwards, backwards and twice, of the first input placed in every way, the others likewise or replicated.

    Each of four processes has its share of two cores: there a function has one way, and a way several functions.
    """
    for mesh in meshes():
        ways = list(enumerate(WAYS[tuple(mesh.shape)]))
        for k, (name, (f, inputs)) in enumerate(FUNCTIONS.items()):
            expected = derivatives(f, inputs)
            for i, placements in ways if mesh.size() == 2 else [ways[k % len(ways)]]:
                others = placements if i % 2 else [COPY] * mesh.ndim
                given = [spread(t, mesh, others if j else placements) for j, t in enumerate(inputs)]
                assert_same(f"{name} {placements}", derivatives(f, given), expected)


def check_ops():
    """Each by itself; of the overloads that a compiler takes apart, which take their time, one of every signature."""
    mesh = meshes()[0]
    signatures = {tuple(p.optional for p in d.parameters): name for name, d in smoothact.catalogue.items()}
    for op, _ in smoothact._sharding.rules():
        activation = op._schema.name.removeprefix("smoothact::").removesuffix("_backward").removesuffix("_double")
        if op._overloadname in ("fuse", "Tensor") and activation not in signatures.values():
            continue
        for args in calls(op):
            by_name, given = tensors(op, args)
            sharded = {n: spread(t, mesh, [Shard(0)] if n in ("self", "gate") else [COPY]) for n, t in by_name.items()}
            assert_same(str(op), results(op, {**given, **sharded}), results(op, given))


def check_placements():
    """Nothing is communicated that need not be: the gradient of a parameter is a sum that is still to be taken."""
    mesh = meshes()[0]
    for placement, of_beta, of_gradient in ((Shard(0), COPY, Partial()), (Shard(1), Shard(0), Shard(0))):
        x, beta = (spread(t, mesh, [p]).requires_grad_() for t, p in ((X, placement), (CHANNELS, of_beta)))
        y = SF.swish(x, beta)
        y.sum().backward()
        assert [t.placements for t in (y, x.grad, beta.grad)] == [(placement,), (placement,), (of_gradient,)]
    assert SF.swish(spread(X, mesh, [Shard(1)]), spread(CHANNELS, mesh, [COPY])).placements == (Shard(1),)
    assert SF.swiglu(spread(PACKED, mesh, [Shard(0)])).placements == (Shard(0),)
    assert SF.mish(spread(X, mesh, [Partial()])).placements == (COPY,)


def check_in_place():
    mesh = meshes()[0]
    for placement in (Shard(0), Shard(1), COPY):
        x = spread(X, mesh, [placement]).requires_grad_()
        y = x * 1
        assert SF.relu(y, inplace=True) is y
        assert_same(f"relu_ {placement}", [y, *torch.autograd.grad(y.sum(), x)], [torch.relu(X), (X > 0).to(X)])
    assert_raises("in-place", lambda: SF.relu(spread(X, mesh, [Partial()]), inplace=True))


class PlainMLP(nn.Module):
    """Of a Llama."""

    def __init__(self, act_fn=None):
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(12, 20, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(20, 12, bias=False)
        self.act_fn = act_fn or nn.SiLU()

    def forward(self, x):
        return self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))


class GatedMLP(PlainMLP):
    def forward(self, x):
        return self.down_proj(smoothact.nn.SwiGLU()(self.gate_proj(x), self.up_proj(x)))


def llama_mlp():
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaMLP

    return LlamaMLP(LlamaConfig(hidden_size=12, num_attention_heads=2, intermediate_size=20))


def learned_mlp():
    return PlainMLP(smoothact.nn.Swish(learnable=True, num_parameters=20, dim=-1))


def mlps(x):
    """Models to distribute, and ones that compute the same, where they can with torch's activation."""
    # Transformers takes its time to import.
    theirs = dist.get_world_size() == 2 and importlib.util.find_spec("transformers")
    for make in (PlainMLP, GatedMLP, learned_mlp, *([llama_mlp] if theirs else [])):
        torch.manual_seed(1)
        model = make().double()
        plain = copy.deepcopy(model)
        if make is GatedMLP:
            plain.__class__ = PlainMLP
        elif make is not learned_mlp:
            smoothact.patch(model, x)
            assert isinstance(model.act_fn, Waiting)
        yield make.__name__, model, plain


def step(model, x):
    x = x.clone().requires_grad_()
    y = model(x)
    (y * y).sum().backward()
    return [y.detach(), x.grad, *(gathered(p.grad) for p in model.parameters())]


def in_columns_and_rows(model, mesh, local):
    """Tensor parallelism; activations are plain tensors, or DTensors."""
    columns = ColwiseParallel(use_local_output=local)
    plan = {"gate_proj": columns, "up_proj": columns, "down_proj": RowwiseParallel()}
    parallelize_module(model, mesh, plan)
    if isinstance(model.act_fn, smoothact.nn.Swish):
        model.act_fn.beta = nn.Parameter(distribute_tensor(model.act_fn.beta.detach(), mesh, [Shard(0)]))
    return model


def check_tensor_parallel():
    x = random(6, 12)
    for local in (True, False):
        for name, model, plain in mlps(x):
            if local and name == "learned_mlp":
                continue  # its parameter is a DTensor
            expected = step(plain, x)
            assert_same(f"{name}, {local}", step(in_columns_and_rows(model, meshes()[0], local), x), expected)
            assert_raises("before it is parallelised", lambda plain=model: smoothact.patch(nn.Sequential(plain), x))


def check_fsdp(mesh=None, tensor=None):
    """Every process has a piece of the batch, and of the parameters."""
    mesh = mesh or meshes()[0]
    n, rank, x = mesh.size(), mesh.get_local_rank(), random(8, 12)
    for name, model, plain in mlps(x):
        expected = step(plain, x)
        if tensor is not None:
            in_columns_and_rows(model, tensor, False)
        y, grad, *weights = step(fully_shard(model, mesh=mesh), x.chunk(n)[rank])
        mine = [t.chunk(n)[rank] for t in expected[:2]]
        assert_same(name, [y, grad, *(n * w for w in weights)], [*mine, *expected[2:]])  # FSDP takes the mean


def check_fsdp_of_tensor_parallel():
    mesh = init_device_mesh("cpu", (2, 2), mesh_dim_names=("data", "tensor"))
    check_fsdp(mesh["data"], mesh["tensor"])


if __name__ == "__main__":
    dist.init_process_group("gloo")
    for check in sys.argv[1:]:
        globals()[f"check_{check}"]()
        dist.barrier()
        if dist.get_rank() == 0:
            print("passed", check, flush=True)
    dist.destroy_process_group()
    # torch 2.15 aborts, once in ten, where Python ends while a thread of gloo lets go of a tensor: pytorch#190489.
    os._exit(0)
