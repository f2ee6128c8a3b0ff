# SPDX-License-Identifier: Apache-2.0
"""How every op may be sharded: on pieces it gives pieces of what it gives on the whole, or terms of a sum."""

import subprocess
import sys

import pytest
import torch
from sharding_samples import calls, results, tensors
from smoothact import _sharding

RULES = list(_sharding.rules())
distributed = pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without torch.distributed")


def test_every_op_has_a_rule():
    registered = {name for name in torch._C._dispatch_get_all_op_names() if name.startswith("smoothact::")}
    assert {op.name() for op, _ in RULES} == registered
    assert len(RULES) == len(registered)


def piece(tensor, labels, label, i, count):
    return tensor.chunk(count, labels.index(label))[i] if label in labels else tensor


def whole(pieces, labels, label):
    if labels is None:
        return pieces[0]
    return torch.cat(pieces, labels.index(label)) if label in labels else sum(pieces)


def check(op, rule, args):
    by_name, given = tensors(op, args)
    inputs, outputs = rule(op, {name: t.shape for name, t in by_name.items()}, given)
    outputs = outputs or [inputs["self"]]
    assert set(inputs) == set(by_name) and all(len(inputs[name]) == t.dim() for name, t in by_name.items())
    expected = results(op, given)
    along = {label for labels in inputs.values() for label in labels} - {None}
    for label in along:
        pieces = [
            results(op, {**given, **{name: piece(t, inputs[name], label, i, 2) for name, t in by_name.items()}})
            for i in range(2)
        ]
        for k, labels in enumerate(outputs):
            got = whole([p[k] for p in pieces], labels, label)
            what = f"{op} along {label}, result {k}: "
            torch.testing.assert_close(got, expected[k], rtol=1e-12, atol=1e-12, msg=what.__add__)
    return along


@pytest.mark.parametrize("rule", [*dict.fromkeys(rule for _, rule in RULES)], ids=lambda rule: rule.__name__)
def test_pieces(rule):
    for op, of in RULES:
        if of is rule:
            sharded = {label for args in calls(op) for label in check(op, rule, args)}
            assert sharded == (set() if rule is _sharding.whole else {0, 1, 2})


@distributed
def test_registered_in_either_order_of_imports():
    from torch.distributed.tensor import DTensor

    propagator = DTensor._op_dispatcher.sharding_propagator
    assert all(op in propagator.op_strategy_funcs for op, _ in RULES)
    code = """if True:
        import sys, torch, smoothact
        before = list(sys.meta_path)
        assert "torch.distributed.tensor" not in sys.modules
        from torch.distributed.tensor import DTensor
        assert torch.ops.smoothact.mish.default in DTensor._op_dispatcher.sharding_propagator.op_strategy_funcs
        assert len(sys.meta_path) == len(before) - 1
    """
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], check=True)


@distributed
def test_a_torch_that_takes_no_shardings_is_imported_all_the_same(monkeypatch):
    monkeypatch.setattr(_sharding, "FAMILIES", None)
    with pytest.warns(UserWarning, match=r"smoothact: torch .* takes no shardings of its ops"):
        _sharding.register()
