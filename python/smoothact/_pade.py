# SPDX-License-Identifier: Apache-2.0
"""The Padé activation unit: a rational function whose coefficients are learnt."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch._C import DispatchKey

from . import _C, _policy
from ._arguments import check_dtype
from ._catalogue import catalogue

__all__ = ["PAU", "pau"]


def pau(input: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
    """``P(x) / (1 + abs(Q(x)))``, elementwise, for ``P = a0 + a1 x + ... + am x**m`` and ``Q = b1 x + ... + bn x**n``.

    All three are differentiated, to any order. On the CPU in one pass, and one backwards for all gradients; other
    devices, forward AD and further derivatives take torch's ops, which a compiler fuses. 16-bit inputs are computed in
    float32 and rounded once. At infinity the result is the limit, on the CPU whatever the coefficients, elsewhere if
    those of the highest powers are not 0. Where Q is 0 the slope of abs(Q) counts as 0, as torch's.

    P may cancel: an error counts relative to ``S = (sum abs(a x**i) + abs(f) sum abs(b x**j)) / (1 + abs(Q))``. At
    40,000 random points, with random coefficients up to degrees 10, that of float64 and float32 was at most 1.4 eps S.
    On the CPU a result depends on its element and the coefficients alone. The sums that are the coefficients' gradients
    are kept in double there, those of a few dozen terms in what is computed in, and do not depend on the layout or the
    number of threads.

    Args:
        input: a floating-point tensor of any shape.
        numerator: a0, ..., am.
        denominator: b1, ..., bn, n <= m.

    Returns:
        A tensor of the shape and dtype of ``input``.

    Raises:
        NotImplementedError: a tensor is not float64, float32, bfloat16 or float16.
        ValueError: the coefficients are not two tensors of one dimension, with 1 <= n <= m.
        TypeError: an argument is no tensor.
        RuntimeError: the coefficients are on another device.

    Source: Molina et al. 2019, arXiv:1907.06732.
    """
    for name, value in (("input", input), ("numerator", numerator), ("denominator", denominator)):
        if not isinstance(value, Tensor):
            raise TypeError(f"pau(): argument '{name}' must be Tensor, not {type(value).__name__}")
        check_dtype("pau", value, f"{name} is ")
        if value.device != input.device:
            raise RuntimeError(f"pau: expected {name} on the device of input ({input.device}), got {value.device}")
    if numerator.dim() != 1 or denominator.dim() != 1 or not 1 <= len(denominator) < len(numerator):
        raise ValueError(
            "pau: expected numerator and denominator of one dimension, the denominator of 1 element or more and fewer "
            f"than the numerator, got shapes {tuple(numerator.shape)} and {tuple(denominator.shape)}"
        )
    fused = torch.compiler.is_compiling() and _policy.fuses("pau", input.device.type)
    op = torch.ops.smoothact.rational.fuse if fused else torch.ops.smoothact.rational.default
    return op(input, numerator, denominator)


def _register_decompositions() -> None:
    def forward(*inputs: Tensor) -> Tensor:
        return _C.rational_composite(None, inputs, [False] * 3)[0]

    def backward(grad: Tensor, *rest: Any) -> tuple[Tensor, ...]:
        *inputs, needed = rest
        results = _C.rational_composite(grad, inputs, needed)
        return tuple(grad.new_empty(0) if r is None else r for r in results)

    for packet, made in ((torch.ops.smoothact.rational, forward), (torch.ops.smoothact.rational_backward, backward)):
        packet.fuse.py_impl(DispatchKey.CompositeImplicitAutograd)(made)


_register_decompositions()


@torch.enable_grad()
def _refined(x: Tensor, y: Tensor, *coefficients: Tensor) -> list[Tensor]:
    """Least squares of the function itself, from these coefficients on."""
    found = [c.clone().requires_grad_() for c in coefficients]
    optimizer = torch.optim.LBFGS(found, max_iter=300, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        error = (pau(x, *found) - y).square().mean()
        error.backward()
        return error

    optimizer.step(loss)
    return [c.detach() for c in found]


class PAU(nn.Module):
    """Applies :func:`smoothact.functional.pau` with learnt coefficients, a rational function of degrees 5 and 4.

    Args:
        init: the activation that it starts as, by name: fitted from -3 to 3 by least squares.
        degrees: of numerator and denominator.
        device, dtype: of what is learnt.

    Raises:
        ValueError: no such activation, or a denominator of a degree below 1 or above the numerator's.

    Source: Molina et al. 2019, arXiv:1907.06732.
    """

    def __init__(
        self,
        init: str = "leaky_relu",
        degrees: tuple[int, int] = (5, 4),
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not 1 <= degrees[1] <= degrees[0]:
            raise ValueError(f"PAU: degrees must be m, n with 1 <= n <= m, got {degrees}")
        catalogue.resolve(init)
        self.init, self.degrees = init, degrees
        self.numerator = nn.Parameter(torch.empty(degrees[0] + 1, device=device, dtype=dtype))
        self.denominator = nn.Parameter(torch.empty(degrees[1], device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Fits the activation that it starts as."""
        from .nn import get

        x = torch.linspace(-3, 3, 2001, dtype=torch.float64, device="cpu")
        y, weight = get(self.init)(x), torch.ones_like(x)
        powers = x[:, None] ** torch.arange(self.degrees[0] + 1, device="cpu")
        below = powers[:, 1 : self.degrees[1] + 1]
        # P = y (1 + Q) is linear; by what it divides, its errors become those of the function, but where Q is negative.
        for _ in range(6):
            system = torch.cat([powers, -y[:, None] * below], 1) * weight[:, None]
            solution = torch.linalg.lstsq(system, (y * weight)[:, None]).solution[:, 0]
            weight = 1 / (1 + (below @ solution[self.degrees[0] + 1 :]).abs())
        a, b = _refined(x, y, solution[: self.degrees[0] + 1], solution[self.degrees[0] + 1 :])
        with torch.no_grad():
            self.numerator.copy_(a)
            self.denominator.copy_(b)

    def forward(self, input: Tensor) -> Tensor:
        return pau(input, self.numerator, self.denominator)

    def extra_repr(self) -> str:
        return f"init={self.init!r}, degrees={self.degrees}"
