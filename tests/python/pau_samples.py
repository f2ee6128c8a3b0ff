# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Padé activation unit share."""

import torch

RATIONAL = torch.ops.smoothact.rational.default
BACKWARD = torch.ops.smoothact.rational_backward.default
FUSED, FUSED_BACKWARD = torch.ops.smoothact.rational.fuse, torch.ops.smoothact.rational_backward.fuse
ALL = [True] * 3


def coefficients(degrees, dtype=torch.float32, seed=0):
    """Numerator and denominator."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(n, generator=generator, dtype=torch.float64).to(dtype) for n in (degrees[0] + 1, degrees[1])]


def textbook(x, numerator, denominator):
    """In torch's ops, for x whose powers do not overflow."""
    i, j = (torch.arange(len(c), device=x.device) for c in (numerator, denominator))
    q = (x.unsqueeze(-1) ** (j + 1) * denominator).sum(-1)
    return (x.unsqueeze(-1) ** i * numerator).sum(-1) / (1 + q.abs())
