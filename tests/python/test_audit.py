# SPDX-License-Identifier: Apache-2.0
"""audit: what is found where, how often it is called, and what it saves and launches, before and with smoothact."""

import copy
import functools

import pytest
import smoothact
import torch
from smoothact._patch import KEPT
from support import WHOLE
from torch import nn
from torch.nn import functional as F

pytestmark = WHOLE


class Net(nn.Module):
    """A gate, a function that is an attribute, calls by name, one that is shared, and one that works in place."""

    def __init__(self):
        super().__init__()
        self.gate, self.up, self.down = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(8, 6)
        self.act, self.shared = nn.SiLU(), nn.Mish()
        self.function = functools.partial(F.gelu, approximate="tanh")
        self.inplace = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.down(self.act(self.gate(x)) * self.up(x))
        x = self.shared(self.shared(self.function(x)))
        x = F.leaky_relu(torch.tanh(x), 0.3) + x.sigmoid() + F.softplus(x, 2.0) + F.elu(x, 0.5, inplace=False)
        return self.inplace(x + 1) + F.dropout(x, 0.1, self.training)


@pytest.fixture
def x(device):
    return torch.randn(5, 6, device=device)


def test_what_is_found(x):
    found = {f.now + ", " + f.kind: f for f in smoothact.audit(Net().to(x), x).findings}
    assert {now: (f.module, f.was, f.calls) for now, f in found.items()} == {
        "SiLU(), gate": ("act", "SiLU", 1),
        "Mish(), activation": ("shared", "Mish", 2),
        "GELUTanh(), activation": ("function", "gelu()", 1),
        "LeakyReLU(negative_slope=0.3), activation": ("(model)", "leaky_relu()", 1),
        "Tanh(), activation": ("(model)", "tanh()", 1),
        "Sigmoid(), left": ("(model)", "sigmoid()", 1),
        "Softplus(beta=2.0, threshold=None), activation": ("(model)", "softplus()", 1),
        "ELU(alpha=0.5), activation": ("(model)", "elu()", 1),
    }
    gate = found["SiLU(), gate"]
    # gate, silu(gate) and up; then gate and up.
    assert gate.saved == (3 * 5 * 8 * 4, 2 * 5 * 8 * 4)
    # silu and the product, the product's two gradients and that of silu; then one each way.
    assert gate.kernels == (5, 2)
    assert "-33% bytes" in gate.gain
    assert found["Mish(), activation"].saved == (2 * 5 * 6 * 4,) * 2
    assert found["Mish(), activation"].kernels == (2, 2)
    assert all(s > 0 for f in found.values() for s in f.seconds)


def test_the_table(x):
    audit = smoothact.audit(Net().to(x), x)
    text = str(audit)
    assert "| act " in text and "left" in text and "the whole model saves" in text
    assert audit.saved[1] < audit.saved[0]
    assert str(smoothact.audit(nn.Linear(6, 6).to(x), x)) == "no activation that smoothact knows"
    nothing = smoothact._audit.Finding("m", "ReLU", "ReLU()", "activation", 1, (4, 4), (2, 2), (1.0, 1.0))
    assert nothing.gain == "no gain here"


def test_the_model_is_left_as_it_was(x):
    model = Net().to(x).train()
    plain, state = copy.deepcopy(model), torch.get_rng_state()
    smoothact.audit(model, x)
    assert torch.equal(torch.get_rng_state(), state)
    assert repr(model) == repr(plain) and KEPT not in model.__dict__
    assert list(vars(model)) == list(vars(plain)) and model.function.func is F.gelu
    assert all(p.grad is None for p in model.parameters())
    torch.testing.assert_close(model.eval()(x), plain.eval()(x), rtol=0, atol=0)


def test_errors(x):
    model = Net().to(x)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        smoothact.audit(model, x[:, :3])
    assert type(model.act) is nn.SiLU
    smoothact.patch(model, x)
    with pytest.raises(RuntimeError, match="audit: the model is patched already; unpatch it first"):
        smoothact.audit(model, x)


@pytest.mark.parametrize("name", ["LlamaForCausalLM", "GPT2LMHeadModel", "GptOssForCausalLM"])
def test_transformers(name):
    from test_integrations import build, sample

    model, _ = build(pytest.importorskip("transformers"), name)
    audit = smoothact.audit(model, sample(name, model))
    kind = "activation" if name.startswith("GPT2") else "gate"
    assert [f.kind for f in audit.findings] == [kind, kind]
    for f in audit.findings:
        assert f.kernels[1] == 2 < f.kernels[0] and f.saved[1] < f.saved[0]
