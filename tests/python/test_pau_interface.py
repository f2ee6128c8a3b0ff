# SPDX-License-Identifier: Apache-2.0
"""The Padé activation unit in all layouts, transforms and compilers, and its errors."""

import pytest
import smoothact
import smoothact.functional as SF
import torch
from pau_samples import ALL, BACKWARD, FUSED, FUSED_BACKWARD, RATIONAL, coefficients, textbook
from support import DTYPES, LAYOUTS, dtype_name
from torch.autograd import gradcheck, gradgradcheck


@pytest.mark.parametrize("degrees", [(5, 4), (2, 2), (4, 1)], ids=str)
def test_derivatives(degrees, device):
    a, b = (c.to(device).requires_grad_() for c in coefficients(degrees, torch.float64))
    x = torch.tensor([-12.0, -1.3, -0.4, 0.2, 0.9, 2.5, 9.0], dtype=torch.float64, device=device, requires_grad=True)
    assert gradcheck(SF.pau, [x, a, b], check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(SF.pau, [x[::2].detach().requires_grad_(), a, b], check_fwd_over_rev=True)
    torch.testing.assert_close(SF.pau(x, a, b), textbook(x, a, b))
    for which in (x, a, b):  # each alone
        (alone,) = torch.autograd.grad(SF.pau(x, a, b).sum(), which)
        torch.testing.assert_close(alone, torch.autograd.grad(textbook(x, a, b).sum(), which)[0])


def test_third_derivative(device):
    a, b = (c.to(device) for c in coefficients((5, 4), torch.float64))
    x = torch.tensor([-3.0, -1.0, 0.3, 1.0, 2.0], dtype=torch.float64, device=device, requires_grad=True)
    third = []
    for f in (SF.pau, textbook):
        y = f(x, a, b)
        for _ in range(3):
            (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        third.append(y)
    torch.testing.assert_close(*third)


def test_transforms(device):
    a, b = (c.to(device) for c in coefficients((5, 4), torch.float64))
    x = torch.randn(3, 5, dtype=torch.float64, device=device) * 4
    many = torch.stack([a, a * 2, a + 1])
    for axes, args in (((0, None, None), (x, a, b)), ((0, 0, None), (x, many, b)), ((None, 0, None), (x[0], many, b))):
        ours, theirs = (torch.vmap(f, axes)(*args) for f in (SF.pau, textbook))
        torch.testing.assert_close(ours, theirs)
        per_sample = [torch.vmap(torch.func.grad(lambda *t, f=f: f(*t).sum(), (0, 1, 2)), axes)(*args)
                      for f in (SF.pau, textbook)]  # fmt: skip
        for ours, theirs in zip(*per_sample, strict=True):
            torch.testing.assert_close(ours, theirs)
    primals = (x, a, b)
    tangents = tuple(torch.randn_like(t) for t in primals)
    for ours, theirs in zip(*(torch.func.jvp(f, primals, tangents) for f in (SF.pau, textbook)), strict=True):
        torch.testing.assert_close(ours, theirs)
    hessians = [torch.func.hessian(lambda a, f=f: f(x, a, b).sin().sum())(a) for f in (SF.pau, textbook)]
    torch.testing.assert_close(*hessians)


def run(x, grad, given, needed=ALL):
    return [RATIONAL(x, *given), *BACKWARD(grad, x, *given, needed)]


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
def test_one_result_for_any_number_of_threads(dtype):
    given = coefficients((5, 4))
    x, grad = (torch.randn(100_003).to(dtype) * 3 for _ in range(2))
    before = torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            results.append(run(x, grad, given))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(map(torch.equal, results[0], other))


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("degrees", [(5, 4), (2, 1)], ids=str)
def test_an_element_alone_and_among_others(degrees, dtype):
    """In whole registers and the rest, beside those that are far from 0 and those that are not."""
    given = coefficients(degrees)
    x, grad = (torch.randn(401).to(dtype) for _ in range(2))
    x[100:] *= 6
    y, by_x, *_ = run(x, grad, given)
    for start in (1, 2, 7, 63, 203):
        for got, expected in zip(run(x[start:], grad[start:], given)[:2], (y, by_x), strict=True):
            assert torch.equal(got, expected[start:])
    for i in range(0, 401, 23):
        alone = run(x[i : i + 1], grad[i : i + 1], given)
        assert torch.equal(alone[0], y[i : i + 1]) and torch.equal(alone[1], by_x[i : i + 1])
    zeros = torch.zeros(64, dtype=dtype)
    padded = run(torch.cat([x, zeros]), torch.cat([grad, zeros]), given)
    for got, expected in zip(padded[2:], run(x, grad, given)[2:], strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-6)


def test_what_fills_a_register_up_adds_nothing():
    """At 0, with which it is filled, D is not a number here."""
    x = torch.tensor([1.0, -2.0, 3.0])
    _, _, by_a, by_b = run(x, torch.ones(3), (torch.tensor([1.0, 2.0]), torch.tensor([torch.inf])))
    assert not by_a.any() and not by_b.any()


VIEWS = {**LAYOUTS, "empty": lambda t: t[:0]}


@pytest.mark.parametrize("layout", VIEWS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=dtype_name)
def test_layouts(layout, dtype, device):
    given = [c.to(device) for c in coefficients((5, 4))]
    base = torch.randn(12, 12, device=device).to(dtype) * 5
    x = VIEWS[layout](base)
    grad = torch.randn_like(x)
    dense = run(x.contiguous(), grad.contiguous(), given)
    for needed in (ALL, [True, False, False], [False, True, True]):
        for g in (grad, grad.contiguous()):
            for k, (got, expected) in enumerate(zip(run(x, g, given, needed), dense, strict=True)):
                if k == 0 or needed[k - 1]:
                    if k > 1 and x.is_cuda:  # torch's sums
                        torch.testing.assert_close(got, expected)
                    else:
                        assert torch.equal(got, expected)
                    assert k > 1 or got.stride() == torch.empty_like(x).stride()
                else:
                    assert got.numel() == 0


def test_of_nothing(device):
    inputs = [t.to(device).requires_grad_() for t in (torch.empty(0, 3), *coefficients((5, 4)))]
    results = torch.autograd.grad(SF.pau(*inputs).sum(), inputs)
    assert all(r.shape == i.shape and not r.any() for r, i in zip(results, inputs, strict=True))


def test_gradients_that_somebody_holds_stay(device):
    inputs = [t.to(device).requires_grad_() for t in (torch.randn(100), *coefficients((5, 4)))]
    grad = torch.randn(100, device=device)
    held = grad.clone()
    expected = BACKWARD(grad, *(t.detach() for t in inputs), ALL)
    for _ in range(2):
        SF.pau(*inputs).backward(grad)
    assert torch.equal(grad, held)
    (SF.pau(*inputs) * held).sum().backward()  # nobody holds that one
    for i, wanted in zip(inputs, expected, strict=True):
        torch.testing.assert_close(i.grad, 3 * wanted)


@pytest.mark.parametrize("mode", ["kernel", "fuse"])
def test_compile(mode, device):
    torch._dynamo.reset()
    inputs = [t.to(device).requires_grad_() for t in (torch.randn(6, 7), *coefficients((5, 4)))]
    with smoothact.compiling(mode):
        y = torch.compile(lambda *t: SF.pau(*t) * 2, fullgraph=True)(*inputs)
    expected = SF.pau(*inputs) * 2
    torch.testing.assert_close(y, expected)
    grads = [torch.autograd.grad(t.sum(), inputs) for t in (y, expected)]
    for ours, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_compiled_autograd(device):
    inputs = [t.to(device).requires_grad_() for t in (torch.randn(9), *coefficients((5, 4)))]
    with torch._dynamo.compiled_autograd._enable(torch.compile(backend="eager")):
        SF.pau(*inputs).sum().backward()
    for i, wanted in zip(inputs, torch.autograd.grad(SF.pau(*inputs).sum(), inputs), strict=True):
        torch.testing.assert_close(i.grad, wanted)


def test_what_a_compiler_takes_apart(device):
    inputs = [t.to(device) for t in (torch.randn(4), *coefficients((5, 4)))]
    assert RATIONAL.decompose(*inputs) is NotImplemented
    torch.testing.assert_close(FUSED.decompose(*inputs), RATIONAL(*inputs))
    assert torch.equal(FUSED(*inputs), RATIONAL(*inputs))
    given = inputs[0], *inputs, [True, False, True]
    for got, expected in zip(FUSED_BACKWARD.decompose(*given), BACKWARD(*given), strict=True):
        torch.testing.assert_close(got, expected)


def test_opcheck(device):
    inputs = [t.to(device).requires_grad_() for t in (torch.randn(3, 4), *coefficients((5, 4)))]
    grad = torch.randn(3, 4, device=device)
    torch.library.opcheck(RATIONAL, inputs)
    torch.library.opcheck(FUSED, inputs)
    torch.library.opcheck(BACKWARD, (grad, *inputs, ALL))
    torch.library.opcheck(FUSED_BACKWARD, (grad, *inputs, [False, False, True]))


ONES = torch.ones(5), torch.ones(3), torch.ones(2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, a, b: smoothact.nn.PAU(degrees=(4, 5)), ValueError, r"PAU: degrees must be m, n with 1 <= n <= m"),
        (lambda x, a, b: smoothact.nn.PAU("none"), ValueError, "no activation is named 'none'"),
        (lambda x, a, b: SF.pau(x, a[None], b), ValueError,
         r"pau: expected numerator and denominator of one dimension, .* got shapes \(1, 3\) and \(2,\)"),
        (lambda x, a, b: SF.pau(x, a, 1.0), TypeError, r"pau\(\): argument 'denominator' must be Tensor, not float"),
        (lambda x, a, b: SF.pau(x.long(), a, b), NotImplementedError, "pau: .*input is .*Long|not implemented for"),
        (lambda x, a, b: RATIONAL(x.long(), a, b), NotImplementedError,
         "smoothact::rational: self: not implemented for dtype Long"),
        (lambda x, a, b: RATIONAL(x, a, b.int()), NotImplementedError,
         "smoothact::rational: denominator: not implemented for dtype Int"),
        (lambda x, a, b: RATIONAL(x.to_sparse(), a, b), NotImplementedError, "expected a strided tensor"),
        (lambda x, a, b: RATIONAL(x, a[0], b), ValueError, r"expected numerator to have one dimension, got shape \[\]"),
        (lambda x, a, b: RATIONAL(x, b, a), ValueError,
         r"expected denominator to have 1 element or more, and fewer than numerator \(2\), got 3"),
        (lambda x, a, b: RATIONAL(x, a, b[:0]), ValueError, r"fewer than numerator \(3\), got 0"),
        (lambda x, a, b: RATIONAL(x, a.to("meta"), b), RuntimeError,
         r"expected numerator to be on the device of self \(cpu\), got meta"),
        (lambda x, a, b: BACKWARD(x.double(), x, a, b, ALL), TypeError,
         r"rational_backward: expected grad to have the dtype of self \(Float\), got Double"),
        (lambda x, a, b: BACKWARD(x[:2], x, a, b, ALL), ValueError,
         r"rational_backward: expected grad to have the shape of self \(\[5\]\), got \[2\]"),
    ],
    ids=lambda v: None,
)  # fmt: skip
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call(*ONES)
