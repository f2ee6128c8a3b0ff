# SPDX-License-Identifier: Apache-2.0
"""Modules of smooth maxima, and what their arguments may not be."""

import pytest
import smoothact
import smoothact.functional as SF
import torch
from test_smooth_max import INF, NAN, OP


def test_module(device):
    x = torch.randn(3, 4, device=device)
    module = smoothact.nn.SmoothMax(1, True, kind="mellowmax", sharpness=2)
    assert repr(module) == "SmoothMax(dim=1, keepdim=True, kind='mellowmax', sharpness=2)"
    assert torch.equal(module(x), SF.mellowmax(x, 1, True, sharpness=2.0))
    assert (
        repr(smoothact.nn.SmoothMax([0, 1])) == "SmoothMax(dim=(0, 1), keepdim=False, kind='logsumexp', sharpness=1.0)"
    )
    assert not list(module.parameters())


X = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, "smooth_max: kind must be one of 'logsumexp', 'mellowmax', 'boltzmann', got 'max'",
         lambda: SF.smooth_max(X, 0, kind="max")),
        (TypeError, r"smooth_max\(\): argument 'kind' must be str, not int", lambda: SF.smooth_max(X, 0, kind=1)),
        (ValueError, "logsumexp: sharpness must be finite and not 0, got 0", lambda: SF.logsumexp(X, 0, sharpness=0)),
        (ValueError, "mellowmax: sharpness must be finite and not 0, got nan",
         lambda: SF.mellowmax(X, 0, sharpness=NAN)),
        (ValueError, "SmoothMax: sharpness must be finite and not 0, got -inf",
         lambda: smoothact.nn.SmoothMax(0, sharpness=-INF)),
        (TypeError, r"boltzmann\(\): argument 'sharpness' must be float, not Tensor",
         lambda: SF.boltzmann(X, 0, sharpness=torch.ones(()))),
        (TypeError, r"boltzmann\(\): argument 'sharpness' must be float, not str",
         lambda: SF.boltzmann(X, 0, sharpness="1")),
        (TypeError, r"logsumexp\(\): argument 'dim' must be int or tuple of ints, not NoneType",
         lambda: SF.logsumexp(X, None)),
        (TypeError, r"logsumexp\(\): argument 'dim' must be int or tuple of ints, not float",
         lambda: SF.logsumexp(X, 1.0)),
        (TypeError, r"logsumexp\(\): argument 'dim' must be int or tuple of ints, not bool",
         lambda: SF.logsumexp(X, True)),
        (TypeError, r"SmoothMax\(\): argument 'dim' must be int or tuple of ints, not str",
         lambda: smoothact.nn.SmoothMax("ab")),
        (IndexError, r"logsumexp: Dimension out of range \(expected dim to be in range of \[-2, 1\], but got 2\)",
         lambda: SF.logsumexp(X, 2)),
        (RuntimeError, "logsumexp: dim 1 appears multiple times in the list of dims", lambda: SF.logsumexp(X, (1, -1))),
        (TypeError, r"logsumexp\(\): argument 'input' must be Tensor, not list", lambda: SF.logsumexp([1.0], 0)),
        (NotImplementedError, "logsumexp: not implemented for dtype torch.int64", lambda: SF.logsumexp(X.long(), 0)),
        (NotImplementedError, "logsumexp: not implemented for layout torch.sparse_coo",
         lambda: SF.logsumexp(X.to_sparse(), 0)),
        (ValueError, "smoothact::smooth_max: kind must be 'logsumexp', 'mellowmax' or 'boltzmann', got 'max'",
         lambda: OP.smooth_max(X, 0, False, "max", 1.0)),
        (ValueError, "smoothact::smooth_max: sharpness must be finite and not 0, got 0",
         lambda: OP.smooth_max(X, 0, False, "boltzmann", 0.0)),
        (IndexError, "smoothact::smooth_max: Dimension out of range",
         lambda: OP.smooth_max(X, -3, False, "boltzmann", 1.0)),
        (ValueError, "smoothact::smooth_max: expected self to have at least one dimension, got none",
         lambda: OP.smooth_max(X[0, 0], 0, False, "boltzmann", 1.0)),
        (ValueError, r"smooth_max_backward: expected grad to have the shape of the result \(\[2\]\), got \[2, 1\]",
         lambda: OP.smooth_max_backward(X[:, :1], X, 1, False, "boltzmann", 1.0)),
        (TypeError, r"smooth_max_backward: expected grad to have the dtype of self \(Float\), got Double",
         lambda: OP.smooth_max_backward(X[:, 0].double(), X, 1, False, "boltzmann", 1.0)),
        (RuntimeError, r"smooth_max_backward: expected grad to be on the device of self \(cpu\), got meta",
         lambda: OP.smooth_max_backward.default.redispatch(
             torch._C.DispatchKeySet(torch._C.DispatchKey.CPU), X[:, 0].to("meta"), X, 1, False, "boltzmann", 1.0)),
        (ValueError, r"double_backward: expected grad_grad to have the shape of self \(\[2, 3\]\), got \[3\]",
         lambda: OP.smooth_max_double_backward(X[0], X[:, 0], X, 1, False, "boltzmann", 1.0)),
        (ValueError, "smooth_maximum: activation must go to 0 at -inf and have a slope of 1 at inf, which leaky_relu",
         lambda: SF.smooth_maximum(X, X, activation="leaky_relu")),
        (ValueError, "smooth_maximum: no activation", lambda: SF.smooth_maximum(X, X, activation="maximum")),
        (TypeError, "smooth_maximum: mish has no parameter 'beta'",
         lambda: SF.smooth_maximum(X, X, activation="mish", beta=1.0)),
        (TypeError, r"smooth_maximum: expected other to have the dtype of input \(torch.float32\), got torch.float64",
         lambda: SF.smooth_maximum(X, X.double())),
        (RuntimeError, r"smooth_maximum: expected other to be on the device of input \(cpu\), got meta",
         lambda: SF.smooth_maximum(X, X.to("meta"))),
        (TypeError, r"smooth_maximum\(\): argument 'other' must be Tensor, not float",
         lambda: SF.smooth_maximum(X, 0.0)),
        (NotImplementedError, "smooth_maximum: input is not implemented for dtype torch.int64",
         lambda: SF.smooth_maximum(X.long(), X)),
    ],
)  # fmt: skip
def test_errors(error, message, call):
    with pytest.raises(error, match=message):
        call()
