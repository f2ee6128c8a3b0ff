# SPDX-License-Identifier: Apache-2.0
"""recompute: less is alive after the forward pass, the gradients are the same bits, and what changes is noticed."""

import copy
import pickle

import pytest
import smoothact
import torch
from smoothact import _recompute
from torch import nn
from torch.autograd.graph import save_on_cpu, saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

WIDTH, HIDDEN, ROWS = 8, 32, 12


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.act, self.down = nn.Linear(WIDTH, HIDDEN), smoothact.nn.GELU(), nn.Linear(HIDDEN, WIDTH)

    def forward(self, x):
        return self.down(self.act(self.up(x)))


class Conv1DMLP(MLP):
    """As GPT-2's: the second layer is a product with a view of the result."""

    def forward(self, x):
        h = self.act(self.up(x))
        return torch.addmm(self.down.bias, h.view(-1, h.shape[-1]), self.down.weight.t())


class Gated(nn.Module):
    """As Llama's, with a fused gate."""

    def __init__(self):
        super().__init__()
        self.gate, self.up = nn.Linear(WIDTH, HIDDEN), nn.Linear(WIDTH, HIDDEN)
        self.glu, self.down = smoothact.nn.SwiGLU(), nn.Linear(HIDDEN, WIDTH)

    def forward(self, x):
        return self.down(self.glu(self.gate(x), self.up(x)))


class Learned(MLP):
    def __init__(self):
        super().__init__()
        self.act = smoothact.nn.Swish(learnable=True, num_parameters=HIDDEN, dim=-1)


class Biased(MLP):
    def forward(self, x):
        return self.down(self.act(self.up(x), bias=self.up.bias))


class Apart(nn.Module):
    """As BERT's: another module takes the result. The activation is not registered, as where patch found a function."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Sequential(nn.Linear(WIDTH, HIDDEN)), nn.Sequential(nn.Linear(HIDDEN, WIDTH))
        vars(self)["act"] = smoothact.nn.Tanh()

    def forward(self, x):
        return self.second(self.act(self.first(x)))


MODELS = [MLP, Conv1DMLP, Gated, Learned, Biased, Apart]
RESULT = 4 * ROWS * HIDDEN  # bytes


def sample():
    return torch.randn(ROWS, WIDTH, requires_grad=True)


def gradients(model, x, **options):
    y = model(x)
    return y.detach(), torch.autograd.grad(y.square().sum(), [x, *model.parameters()], **options)


class Made(TorchDispatchMode):
    """Storages that were made within it; how many bytes of them are still there."""

    def __init__(self, exempt):
        super().__init__()
        self.storages, self.exempt = {}, {t.untyped_storage()._cdata for t in exempt}

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        for t in torch.utils._pytree.tree_leaves(result):
            if isinstance(t, torch.Tensor):
                s = t.untyped_storage()
                if s._cdata not in self.exempt:
                    self.storages.setdefault(s._cdata, (StorageWeakRef(s), s.nbytes()))
        return result

    def alive(self):
        return sum(size for reference, size in self.storages.values() if not reference.expired())


def alive_after(model, x):
    with Made([x, *model.parameters()]) as made:
        y = model(x)
    kept = made.alive()
    del y
    assert made.alive() == 0
    return kept


def same(a, b):
    return torch.equal(a[0], b[0]) and all(map(torch.equal, a[1], b[1]))


@pytest.mark.parametrize("kind", MODELS)
def test_same_bits_and_less_memory(kind):
    model, x = kind(), sample()
    expected, kept = gradients(model, x), alive_after(model, x)
    handle = smoothact.recompute(model)
    assert same(gradients(model, x), expected)
    assert alive_after(model, x) == kept - RESULT
    handle.remove()
    handle.remove()
    assert alive_after(model, x) == kept


@pytest.mark.parametrize("kind", MODELS)
def test_second_derivatives(kind):
    model, x = kind(), sample()

    def penalty():
        (g,) = torch.autograd.grad(model(x).square().sum(), x, create_graph=True)
        parameters = [p for n, p in model.named_parameters() if n != "down.bias" and n != "second.0.bias"]
        return torch.autograd.grad(g.square().sum(), [x, *parameters], allow_unused=True)

    expected = penalty()
    smoothact.recompute(model)
    for got, wanted in zip(penalty(), expected, strict=True):
        torch.testing.assert_close(got, wanted)


def test_second_backward():
    model, x = MLP(), sample()
    smoothact.recompute(model)
    y = model(x).square().sum()
    first = torch.autograd.grad(y, list(model.parameters()), retain_graph=True)
    assert all(map(torch.equal, torch.autograd.grad(y, list(model.parameters())), first))
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y, list(model.parameters()))


class Changing(MLP):
    """Changes the input or the result of its activation, before or after that is saved."""

    def __init__(self, what):
        super().__init__()
        self.what = what

    def forward(self, x):
        pre = self.up(x)
        h = self.act(pre)
        if self.what == "result before":
            h.mul_(2)
        y = self.down(h)
        if self.what == "input":
            with torch.no_grad():
                pre.add_(1)
        if self.what == "result":
            with torch.no_grad():
                h.add_(1)
        if self.what == "other":
            with torch.no_grad():
                x.mul_(2)
        return y


def test_changed_before_it_is_saved():
    model, x = Changing("result before"), sample()
    expected = gradients(model, x)
    smoothact.recompute(model)
    assert same(gradients(model, x), expected)


@pytest.mark.parametrize("what", ["input", "other"])
def test_changes_are_noticed(what):
    model, x = Changing(what), sample()
    smoothact.recompute(model)
    for input in (x, x.detach().clone()):
        y = model(input)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()


def test_changed_result_does_not_matter():
    model, x = Changing("nothing"), sample()
    expected = gradients(model, x)
    model.what = "result"
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        gradients(model, x)
    smoothact.recompute(model)
    assert same(gradients(model, x), expected)


@pytest.mark.parametrize("learning", [True, False])
def test_changed_parameter_is_noticed(learning):
    model, x = MLP(), sample()
    model.act = smoothact.nn.Swish(learnable=True, constraint="softplus").requires_grad_(learning)
    smoothact.recompute(model)
    y = model(x).sum()
    with torch.no_grad():
        model.act.raw_beta.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


@pytest.mark.parametrize("kind", MODELS)
def test_hooks_around_it(kind):
    model, x = kind(), sample()
    expected, seen = gradients(model, x), []
    handle = smoothact.recompute(model)
    with saved_tensors_hooks(lambda t: (seen.append(t.untyped_storage().nbytes()), t)[1], lambda t: t):
        assert same(gradients(model, x), expected)
    assert seen
    with save_on_cpu():
        assert same(gradients(model, x), expected)
    y = checkpoint(model, x, use_reentrant=False)
    got = torch.autograd.grad(y.square().sum(), [x, *model.parameters()])
    assert same((y.detach(), got), expected)
    handle.remove()


def test_bytes_as_they_are_counted():
    from smoothact.bench.timing import saved_bytes

    model, x = MLP(), sample()
    before = saved_bytes(lambda: model(x), model.parameters())
    smoothact.recompute(model)
    assert saved_bytes(lambda: model(x), model.parameters()) == before - RESULT


def test_nested_models():
    net = nn.Sequential(MLP(), MLP())
    x = sample()
    expected, kept = gradients(net, x), alive_after(net, x)
    smoothact.recompute(net)
    smoothact.recompute(net[0])
    assert same(gradients(net, x), expected)
    assert alive_after(net, x) == kept - 2 * RESULT


def test_nothing_is_left_behind():
    class Failing(MLP):
        def forward(self, x):
            super().forward(x)
            raise KeyError("on purpose")

    model = Failing()
    smoothact.recompute(model)
    with pytest.raises(KeyError):
        model(sample())
    assert not _recompute._scopes()
    assert torch._C._autograd._top_saved_tensors_default_hooks(True) is None
    with torch.no_grad():
        MLP.forward(model, sample())
    assert not _recompute._scopes()


def test_func_and_no_grad():
    model, x = MLP(), sample()
    expected = gradients(model, x)
    smoothact.recompute(model)
    got = torch.func.grad(lambda v: model(v).square().sum())(x)
    torch.testing.assert_close(got, expected[1][0])
    with torch.no_grad():
        assert torch.equal(model(x), expected[0])


def test_copies_and_pickles():
    model, x = MLP(), sample()
    kept = alive_after(model, x)
    smoothact.recompute(model)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert alive_after(twin, x) == kept - RESULT
    assert model.state_dict().keys() == MLP().state_dict().keys()


def test_compile():
    torch._dynamo.reset()
    model, x = MLP(), sample()
    expected = gradients(model, x)
    smoothact.recompute(model)
    y, got = gradients(torch.compile(model, fullgraph=True, backend="aot_eager"), x)
    torch.testing.assert_close(y, expected[0])
    torch.testing.assert_close(got, expected[1])


def test_inplace_activations_are_kept():
    model, x = MLP(), sample()
    model.act = smoothact.nn.Mish(inplace=True)
    expected = gradients(model, x)
    smoothact.recompute(model)
    assert same(gradients(model, x), expected)


def test_bad_arguments():
    with pytest.raises(TypeError, match=r"recompute\(\): argument 'model' must be Module, not str"):
        smoothact.recompute("model")
    with pytest.raises(ValueError, match="no activation or gate of smoothact"):
        smoothact.recompute(nn.Sequential(nn.Linear(2, 2), nn.GELU()))
