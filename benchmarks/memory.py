# SPDX-License-Identifier: Apache-2.0
"""What an MLP keeps for backward and how long a step takes: as it is, with recompute, checkpoint and fewbit.

    python benchmarks/memory.py [--rows 2048] [--width 768] [--hidden 3072] [--dtype float32] [--threads 1]

Bytes are those of storages that a forward pass has made and that are still there after it, but for its result. Steps
are forward and backward, interleaved minima. Checkpoints are torch.utils.checkpoint's, of the activation with the last
Linear and of the whole MLP.
"""

import argparse
import functools
from collections.abc import Callable

import smoothact
import torch
from smoothact._report import table
from smoothact.bench.timing import keep_freed_memory, minima
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

again = functools.partial(checkpoint, use_reentrant=False)


class MLP(nn.Module):
    """down(act(up(x))), or with a gate down(act(gate(x)) * up(x))."""

    def __init__(self, width: int, hidden: int, act: nn.Module, mode: str = "") -> None:
        super().__init__()
        self.inner = nn.ModuleList(nn.Linear(width, hidden) for _ in range(1 + isinstance(act, smoothact.nn.Gate)))
        self.act, self.down, self.mode = act, nn.Linear(hidden, width), mode

    def tail(self, *inner: Tensor) -> Tensor:
        return self.down(self.act(*inner))

    def whole(self, x: Tensor) -> Tensor:
        inner = [linear(x) for linear in self.inner]
        return again(self.tail, *inner) if self.mode == "tail" else self.tail(*inner)

    def forward(self, x: Tensor) -> Tensor:
        return again(self.whole, x) if self.mode == "whole" else self.whole(x)


class Alive(TorchDispatchMode):
    def __init__(self, exempt: list[Tensor]) -> None:
        super().__init__()
        self.known = {t.untyped_storage()._cdata for t in exempt}
        self.made: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        for t in torch.utils._pytree.tree_leaves(result):
            if isinstance(t, Tensor) and t.untyped_storage()._cdata not in self.known:
                s = t.untyped_storage()
                self.made.setdefault(s._cdata, (StorageWeakRef(s), s.nbytes()))
        return result

    def bytes(self) -> int:
        return sum(size for reference, size in self.made.values() if not reference.expired())


def kept(model: nn.Module, x: Tensor) -> int:
    with Alive([x, *model.parameters()]) as alive:
        y = model(x)
    return alive.bytes() - y.untyped_storage().nbytes()


def step(model: nn.Module, x: Tensor) -> Callable[[], None]:
    grad = torch.ones_like(model(x))

    def run() -> None:
        model(x).backward(grad)
        for p in model.parameters():
            p.grad = None
        x.grad = None

    return run


def contestants(arguments: argparse.Namespace, gated: bool) -> dict[str, nn.Module]:
    def made(act: Callable[..., nn.Module], mode: str = "", **options: int) -> nn.Module:
        torch.manual_seed(0)
        return MLP(arguments.width, arguments.hidden, act(**options), mode).to(getattr(torch, arguments.dtype))

    act = smoothact.nn.SwiGLU if gated else smoothact.nn.GELU
    models = {"as it is": made(act), "recompute": made(act)}
    smoothact.recompute(models["recompute"])
    models |= {"checkpoint of act and down": made(act, "tail"), "checkpoint of all": made(act, "whole")}
    if not gated:
        models |= {f"fewbit={bits}": made(act, fewbit=bits) for bits in (4, 3, 2)}
    return models


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("rows", 2048), ("width", 768), ("hidden", 3072), ("threads", 1), ("seconds", 60)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--dtype", default="float32")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()
    for gated in (False, True):
        models = contestants(arguments, gated)
        x = torch.randn(arguments.rows, arguments.width, dtype=getattr(torch, arguments.dtype), requires_grad=True)
        sizes = {name: kept(model, x) for name, model in models.items()}
        times = minima({name: step(model, x) for name, model in models.items()}, seconds=arguments.seconds)
        unit = "as it is"
        rows = [
            [n, f"{sizes[n] / 2**20:.1f}", f"{sizes[n] / sizes[unit]:.2f}", f"{1e3 * t:.1f}", f"{t / times[unit]:.3f}"]
            for n, t in times.items()
        ]
        print(table(["SwiGLU" if gated else "GELU", "kept, MiB", "ratio", "step, ms", "ratio"], rows), flush=True)


if __name__ == "__main__":
    main()
