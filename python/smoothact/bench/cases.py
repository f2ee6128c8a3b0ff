# SPDX-License-Identifier: Apache-2.0
"""A cell of the benchmark: one function in one situation, and everyone who computes it there."""

from __future__ import annotations

import contextlib
import importlib.util
import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
import torch._functorch.config
import torch._inductor.config
import torch.nn.functional as F
from torch import Tensor

import smoothact
from smoothact.bench.onednn import OneDNN
from smoothact.bench.timing import minima, saved_bytes
from smoothact.reference import BUILTIN, textbook

CONTESTANTS = ("smoothact", "eager", "compile", "onednn", "liger", "copy")
CALLS = ("call", "call with grad", "call with backward")
UNITS = dict.fromkeys(CALLS, "us per call") | {"saved": "bytes per element"}  # all others: ns per element
SECONDS = 2.0  # for the rounds of one cell
# Elements from which oneDNN takes part: with fewer, what differs is the dispatcher and autograd, which it has not.
PEER_FROM = {"forward": 2**12, "training": 2**18, "backward": 2**18}
BLOCK = 64  # what the sizes of the layouts below are multiples of

# How many elements lie in memory for each that is read, and which of a flat tensor those are.
LAYOUTS: dict[str, tuple[int, Callable[[Tensor], Tensor]]] = {
    "contiguous": (1, lambda flat: flat),
    "channels_last": (1, lambda flat: flat.view(-1, 2, 2, 16).permute(0, 3, 1, 2)),
    "sliced": (2, lambda flat: flat.view(-1, 2, math.gcd(flat.numel() // 4, 1024))[:, 0]),
    "strided": (2, lambda flat: flat[::2]),
}

Activation = Callable[..., Tensor]  # of x, and of what is learnt
# Gates that can be measured, of the halves of rows of up to 2 x 4,096, on a GPU of 2 x 8,192.
GATES: dict[str, Activation] = {"swiglu": F.silu, "geglu": F.gelu}
ROW = {"cpu": 2**13, "cuda": 2**14}
CHANNELS, POINTS = 512, 1024  # of an input whose every channel learns a parameter of its own, at most


def learned_swish(x: Tensor, beta: Tensor) -> Tensor:
    return x * torch.sigmoid(beta[:, None] * x)


def learned_swiglu(x: Tensor, beta: Tensor) -> Tensor:
    gate, up = x.chunk(2, -1)
    return gate * torch.sigmoid(beta * gate) * up


def biased_gelu(x: Tensor, bias: Tensor) -> Tensor:
    return F.gelu(x + bias[:, None])


def rational(x: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
    """``pau`` by Horner's rule."""
    p, *above = numerator.flip(0)
    for a in above:
        p = p * x + a
    q, *above = denominator.flip(0)
    for b in above:
        q = q * x + b
    return p / (1 + (q * x).abs())


class Learnt(NamedTuple):
    """An activation with parameters or a bias that are learnt: ours, and the formula."""

    ours: Callable
    formula: Callable
    sizes: Callable[[Tensor], tuple[int, ...]] = lambda x: (x.shape[1],)  # of what is learnt beside x
    halves: bool = False  # a gate, of the halves of rows


LEARNED: dict[str, Learnt] = {"pau": Learnt(smoothact.functional.pau, rational, lambda x: (6, 4))}
if "swish" in smoothact.catalogue:
    LEARNED["learned_swish"] = Learnt(smoothact.functional.swish, learned_swish)
    LEARNED["learned_swiglu"] = Learnt(
        lambda x, beta: smoothact.functional.gated(x, activation="swish", beta=beta),
        learned_swiglu,
        lambda x: (x.shape[-1] // 2,),
        halves=True,
    )
if "gelu" in smoothact.catalogue:
    LEARNED["biased_gelu"] = Learnt(lambda x, bias: smoothact.functional.gelu(x, bias=bias), biased_gelu)
SPECIAL = {*GATES, *LEARNED}  # beside those of the catalogue
HALVING = {*GATES, *(name for name, learnt in LEARNED.items() if learnt.halves)}


@dataclass(frozen=True)
class Cell:
    op: str
    measure: str
    dtype: str
    size: int
    threads: int
    layout: str

    @property
    def unit(self) -> str:
        return UNITS.get(self.measure, "ns per element")

    @property
    def tracked(self) -> bool:
        return self.measure not in ("forward", "call")

    def input(self, device: str) -> Tensor:
        spread, view = LAYOUTS[self.layout]
        generator = torch.Generator(device).manual_seed(0)
        flat = torch.randn(spread * self.size, generator=generator, device=device).to(getattr(torch, self.dtype))
        if self.op in HALVING:
            x = flat.view(-1, math.gcd(self.size, ROW[flat.device.type]))
        elif self.op in LEARNED:
            points = math.gcd(self.size, POINTS)
            x = flat.view(-1, math.gcd(self.size // points, CHANNELS), points)
        else:
            x = view(flat)
        return x.requires_grad_(self.tracked)

    def parameters(self, x: Tensor) -> tuple[Tensor, ...]:
        """What is learnt beside x, if anything."""
        if self.op not in LEARNED:
            return ()
        sizes = LEARNED[self.op].sizes(x)
        return tuple(torch.linspace(0.5, 2, n, device=x.device).requires_grad_(self.tracked) for n in sizes)


def torch_own(op: str) -> Activation:
    """torch's function, or the textbook formula where torch has none."""
    if op in GATES:

        def gated(x: Tensor) -> Tensor:
            gate, up = x.chunk(2, -1)
            return GATES[op](gate) * up

        return gated
    if op in LEARNED:
        return LEARNED[op].formula
    return BUILTIN.get(op) or textbook(smoothact.catalogue[op])


def liger(op: str) -> Activation | None:
    """Liger's Triton kernel for a packed gate, where there is one and it is installed."""
    if op != "swiglu" or not importlib.util.find_spec("liger_kernel"):
        return None
    from liger_kernel.ops.swiglu import LigerFusedGateUpSiLUMulFunction

    return LigerFusedGateUpSiLUMulFunction.apply


def activations(op: str, device: str, without: Collection[str]) -> dict[str, Activation]:
    own = torch_own(op)
    ours = LEARNED[op].ours if op in LEARNED else getattr(smoothact.functional, op)
    ways = {"smoothact": ours, "eager": own}
    if device.startswith("cuda") and "liger" not in without and (peer := liger(op)):
        ways["liger"] = peer
    if "compile" not in without:
        torch.compiler.reset()  # or the cells before would count towards the limit of recompilations
        ways["compile"] = torch.compile(own, fullgraph=True, dynamic=False)
    return ways


@contextlib.contextmanager
def compiler(again: bool = False) -> Iterator[None]:
    """torch.compile without its cache of graphs: the key lacks ATEN_CPU_CAPABILITY, so AVX2 would get AVX-512's code.

    ``again``: backward may run again on one graph, which then cannot give its buffers away.
    """
    functorch = {"enable_autograd_cache": False} | ({"donated_buffer": False} if again else {})
    with torch._inductor.config.patch(fx_graph_cache=False), torch._functorch.config.patch(functorch):
        yield


def result_like(cell: Cell, x: Tensor) -> Tensor:
    """Of the shape that the function gives at x: a gate's is half of it."""
    return x.chunk(2, -1)[0] if cell.op in HALVING else x


def floor(cell: Cell, x: Tensor, grad: Tensor | None) -> Callable[[], Any]:
    """A copy, or for backward a sum: what reads and writes as much and computes next to nothing."""
    part = result_like(cell, x)
    if cell.measure == "call with backward":
        return lambda: torch.autograd.grad(torch.clone(part), x, grad)
    if cell.measure == "call with grad":
        return lambda: torch.clone(part)
    x = x.detach()
    if cell.op in HALVING:  # of as many bytes: x and a half, and backward x twice and a half
        forward, backward = (x.new_zeros(int(x.numel() * share)).clone for share in (0.75, 1.25))
    else:
        forward, backward = partial(torch.clone, x), lambda: torch.add(x, grad)
    return {"training": lambda: (forward(), backward()), "backward": backward}.get(cell.measure, forward)


def calls(
    cell: Cell, device: str, without: Collection[str] = (), library: OneDNN | None = None
) -> dict[str, Callable[[], Any]]:
    """What each contestant does in this cell, as a call without arguments."""
    x = cell.input(device)
    grad = torch.randn(result_like(cell, x).shape, device=device).to(x.dtype) if cell.tracked else None
    if cell.layout == "channels_last" and grad is not None:
        grad = grad.contiguous(memory_format=torch.channels_last)

    inputs = (x, *cell.parameters(x))

    def situation(f: Activation) -> Callable[[], Any]:
        if cell.measure in ("training", "call with backward"):
            return lambda: torch.autograd.grad(f(*inputs), inputs, grad)
        if cell.measure == "backward":
            y = f(*inputs)
            return lambda: torch.autograd.grad(y, inputs, grad, retain_graph=True)
        return partial(f, *inputs)

    found = {who: situation(f) for who, f in activations(cell.op, device, without).items()}
    if cell.measure == "saved":
        return found
    if library and cell.size >= PEER_FROM.get(cell.measure, math.inf):
        peer = library.call(cell.op, cell.measure, x.detach(), grad)
        found |= {"onednn": peer} if peer else {}
    return found | {"copy": floor(cell, x, grad)}


def measure(
    cell: Cell,
    *,
    device: str = "cpu",
    rounds: int = 30,
    seconds: float = SECONDS,
    without: Collection[str] = (),
    library: OneDNN | None = None,
) -> dict[str, Any]:
    """The cell, its unit, and the figure of every contestant that is there."""
    before = torch.get_num_threads()
    torch.set_num_threads(cell.threads)
    try:
        with compiler(again=cell.measure == "backward"):
            found = calls(cell, device, without, library)
            if cell.measure == "saved":
                figures = {who: saved_bytes(call) / cell.size for who, call in found.items()}
            else:
                scale = 1e6 if cell.measure in CALLS else 1e9 / cell.size
                figures = {who: scale * t for who, t in minima(found, rounds, device, seconds).items()}
    finally:
        torch.set_num_threads(before)
    return asdict(cell) | {"unit": cell.unit} | {who: figures[who] for who in CONTESTANTS if who in figures}
