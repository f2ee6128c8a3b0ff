# SPDX-License-Identifier: Apache-2.0
"""patch and unpatch: what is found, what becomes a gate, what is left, and that the model computes the same."""

import copy
import functools

import pytest
import smoothact
import torch
from smoothact._pending import Pending, Waiting
from smoothact._recognise import recognise
from support import WHOLE
from torch import nn

pytestmark = WHOLE


class MLP(nn.Module):
    """As Transformers write one."""

    def __init__(self, act, order="f first"):
        super().__init__()
        self.gate_proj, self.up_proj, self.down_proj = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(8, 6)
        self.act_fn, self.order = act, order

    def forward(self, x):
        gate, up = self.gate_proj(x), self.up_proj(x)
        if self.order == "f first":
            return self.down_proj(self.act_fn(gate) * up)
        if self.order == "up first":
            return self.down_proj(up * self.act_fn(gate))
        if self.order == "looked at":
            f = self.act_fn(gate)
            return self.down_proj(f * up + f)
        return self.down_proj(self.act_fn(gate) + up)


def step(model, x):
    model.zero_grad()
    y = model(x)
    y.square().mean().backward()
    return [y.detach(), *(p.grad for p in model.parameters())]


def assert_same(a, b, x, tolerance=1e-10):
    for p, q in zip(step(a, x), step(b, x), strict=True):
        torch.testing.assert_close(p, q, rtol=tolerance, atol=tolerance)


@pytest.fixture
def x(device):
    return torch.randn(5, 6, dtype=torch.float64, device=device)


ACTIVATIONS = {
    "SiLU": nn.SiLU(),
    "GELU": nn.GELU(),
    "GELU(tanh)": nn.GELU("tanh"),
    "Mish": nn.Mish(),
    "ELU": nn.ELU(0.5),
    "gelu()": nn.functional.gelu,
    "partial": functools.partial(nn.functional.gelu, approximate="tanh"),
    "tanh()": torch.tanh,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("order", ["f first", "up first"])
def test_gates(name, order, x):
    act = copy.deepcopy(ACTIVATIONS[name])
    plain = MLP(act, order).to(x)
    model = copy.deepcopy(plain)
    report = smoothact.patch(model, x)
    assert [row["what"] for row in report.rows] == ["gate"]
    assert report.outputs < 1e-9 and report.gradients < 1e-9
    assert report.saved[1] < report.saved[0] or (act is torch.tanh and report.saved[1] == report.saved[0])
    assert isinstance(model.act_fn, Waiting)
    assert list(model.state_dict()) == list(plain.state_dict())
    assert_same(model, plain, x)
    with torch.no_grad():
        torch.testing.assert_close(model(x), plain(x))
    smoothact.unpatch(model)
    assert type(model.act_fn) is type(act) and repr(model) == repr(plain)


@pytest.mark.parametrize("order", ["looked at", "sum"])
def test_no_gate(order, x):
    plain = MLP(nn.SiLU(), order).to(x)
    model = copy.deepcopy(plain)
    assert [row["what"] for row in smoothact.patch(model, x).rows] == ["activation"]
    assert type(model.act_fn) is smoothact.nn.SiLU
    assert_same(model, plain, x)


def test_a_gate_that_is_looked_at_later_computes_the_same(x):
    plain = MLP(nn.SiLU()).to(x)
    model = copy.deepcopy(plain)
    smoothact.patch(model, x)
    for order in ("looked at", "sum"):
        plain.order = model.order = order
        assert_same(model, plain, x)


def test_pending_is_a_tensor(x):
    waiting = Waiting(smoothact.nn.SiLU())
    gate = x.requires_grad_()
    pending, f = waiting(gate), nn.functional.silu(gate)
    assert isinstance(pending, Pending)
    assert (pending.shape, pending.dtype, pending.requires_grad, len(pending)) == (f.shape, f.dtype, True, len(f))
    functions = [torch.sum, torch.exp, lambda t: t + 1, lambda t: t[1:], lambda t: 2 * t, lambda t: t * t, torch.tanh]
    functions += [lambda t: torch.cat([t, t]), lambda t: t * t[:1], lambda t: t.to(torch.float32), lambda t: t.mul_(2)]
    functions += [lambda t: torch.stack((t, t)), lambda t: t.view(-1), lambda t: nn.functional.linear(t, t)]
    for function in functions:
        result = function(waiting(gate))
        assert type(result) is torch.Tensor
        torch.testing.assert_close(result, function(nn.functional.silu(gate)))
    assert waiting.used["gate"] == 0


class Copied(torch.autograd.Function):
    """No call of torch's that a tensor could see, as in DTensor.from_local."""

    @staticmethod
    def forward(ctx, x):
        return torch.ops.aten.clone.default(x)

    @staticmethod
    def backward(ctx, grad):
        return grad


def test_a_function_of_autograds_own_is_never_silently_wrong(x):
    waiting, gate = Waiting(smoothact.nn.SiLU()), x.requires_grad_()
    y = Copied.apply(waiting(gate))
    torch.testing.assert_close(y.detach(), nn.functional.silu(x.detach()))
    with pytest.raises(RuntimeError, match=r"patch: .* was given to a torch.autograd.Function"):
        y.sum().backward()
    with torch.no_grad():
        torch.testing.assert_close(Copied.apply(waiting(gate)), nn.functional.silu(x))
    with torch._C.DisableTorchFunctionSubclass():
        y = waiting(x.detach()) + 1
    torch.testing.assert_close(y, nn.functional.silu(x.detach()) + 1)


def test_shared_and_nested(x):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            act = nn.GELU()
            self.first, self.second = MLP(act), MLP(act, "sum")
            self.rest = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Softplus(beta=2.0), nn.ReLU(inplace=True))

        def forward(self, x):
            return self.rest(self.second(self.first(x)))

    plain = Net().to(x)
    model = copy.deepcopy(plain)
    report = smoothact.patch(model, x)
    # One that gates here and is added there stays one activation; what works in place stays as it is.
    assert {row["module"]: row["what"] for row in report.rows} == {
        "first.act_fn": "activation",
        "second.act_fn": "activation",
        "rest.1": "activation",
        "rest.2": "activation",
    }
    assert model.first.act_fn is model.second.act_fn
    assert model.rest[2].beta == 2.0 and type(model.rest[3]) is nn.ReLU
    assert "| rest.2" in str(report) and "saved for backward" in str(report)
    assert_same(model, plain, x)


def test_parameters_that_learn_are_kept(x):
    plain = nn.Sequential(nn.Linear(6, 4), nn.PReLU(4)).to(x)
    model = copy.deepcopy(plain)
    weight = model[1].weight
    smoothact.patch(model, x)
    assert type(model[1]) is smoothact.nn.PReLU and model[1].weight is weight
    assert_same(model, plain, x)


def test_nothing_is_left_behind(x):
    model = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Mish()).to(x)
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    model[0].weight.grad = torch.ones_like(model[0].weight)
    smoothact.patch(model, x)
    for a, b in zip(before.values(), model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(torch.get_rng_state(), state)
    assert model[0].weight.grad.eq(1).all() and model[1].weight.grad is None


def test_what_does_not_compute_the_same_is_not_kept(x):
    class Wrong(nn.GELU):
        pass

    class Odd(nn.Module):
        """Does not let its activation be another."""

        def __init__(self):
            super().__init__()
            self.act = nn.SiLU()

        def forward(self, x):
            return self.act(x) * (1 if type(self.act) is nn.SiLU else 1.01)

    model = nn.Sequential(nn.Linear(6, 6), Odd(), Wrong()).to(x)
    with pytest.raises(RuntimeError, match=r"patch: the outputs on the sample differ by .*; nothing was changed"):
        smoothact.patch(model, x)
    assert type(model[1].act) is nn.SiLU and type(model[2]) is Wrong
    assert recognise(model[2]) is None  # a subclass may compute anything


def test_a_model_that_fails_on_the_sample_is_left_alone(x):
    model = MLP(nn.SiLU()).to(x)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        smoothact.patch(model, x[:, :3])
    assert type(model.act_fn) is nn.SiLU


def test_hooks_keep_their_module(x):
    model = MLP(nn.SiLU()).to(x)
    seen = []
    model.act_fn.register_forward_hook(lambda *_: seen.append(1))
    assert smoothact.patch(model, x).rows == []
    assert seen and "no activation" in str(smoothact.patch(MLP(nn.Identity()).to(x)))


def test_twice_copies_and_without_a_sample(x):
    model = MLP(nn.SiLU()).to(x)
    report = smoothact.patch(model)
    assert "not verified" in str(report) and report.saved is None
    assert type(model.act_fn) is smoothact.nn.SiLU
    with pytest.raises(RuntimeError, match="patched already"):
        smoothact.patch(model)
    other = copy.deepcopy(model)
    smoothact.unpatch(other)
    assert type(other.act_fn) is nn.SiLU and type(model.act_fn) is smoothact.nn.SiLU
    with pytest.raises(RuntimeError, match="unpatch: the model is not patched"):
        smoothact.unpatch(other)


def test_samples(x):
    class Keywords(MLP):
        def forward(self, *, x, scale=1.0):
            return {"y": super().forward(x) * scale, "n": 1}

    assert smoothact.patch(Keywords(nn.SiLU()).to(x), {"x": x, "scale": 2.0}).outputs < 1e-9
    assert smoothact.patch(MLP(nn.SiLU()).to(x), (x,)).outputs < 1e-9


def test_compiled(x):
    plain = MLP(nn.SiLU()).to(x)
    model = copy.deepcopy(plain)
    smoothact.patch(model, x)
    compiled = torch.compile(model, fullgraph=True)
    torch.testing.assert_close(compiled(x), plain(x))
    assert_same(compiled, plain, x, 1e-6)


class Adapted(nn.Module):
    """A Linear with an adapter of low rank beside it, as LoRA has them."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.down, self.up = nn.Linear(base.in_features, 2, bias=False), nn.Linear(2, base.out_features, bias=False)

    def forward(self, x):
        return self.base(x) + self.up(self.down(x))


def adapted(model):
    model.requires_grad_(False)
    for name in ("gate_proj", "up_proj", "down_proj"):
        setattr(model, name, Adapted(getattr(model, name)))
    return model


def quantised(model):
    return torch.ao.quantization.quantize_dynamic(model.float(), {nn.Linear}, dtype=torch.qint8)


def hooked(model):
    for linear in (model.gate_proj, model.up_proj, model.down_proj):
        linear.register_forward_pre_hook(lambda m, _: setattr(m, "calls", getattr(m, "calls", 0) + 1))
        linear.register_forward_hook(lambda m, i, y: 2 * y)
    return model


def parametrised(model):
    nn.utils.parametrizations.weight_norm(model.gate_proj)
    return model


@pytest.mark.parametrize("change", [adapted, quantised, hooked, parametrised], ids=lambda c: c.__name__)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_linears_keep_what_they_have(change, x):
    if change is quantised and not x.is_cpu:
        pytest.skip("quantised on the CPU alone")
    plain = change(MLP(nn.SiLU()).to(x)).to(x)
    model, x = copy.deepcopy(plain), x.float() if change is quantised else x
    keys = list(model.state_dict())
    report = smoothact.patch(model, x)
    assert [row["what"] for row in report.rows] == ["gate"] and list(model.state_dict()) == keys
    torch.testing.assert_close(model(x), plain(x))
    if change is hooked:
        before = model.up_proj.calls
        model(x)
        assert model.up_proj.calls == before + 1
    if change is not quantised:
        assert (report.gradients is None) == (not any(p.requires_grad for p in model.parameters()))


class Experts(nn.Module):
    """The gates of GPT-OSS, MiniMax, DeepSeek and of one that no op computes, in the shape Transformers gives them."""

    def __init__(self, form):
        super().__init__()
        self.form, self.alpha, self.limit = form, 1.702, 0.5
        self.act_fn = nn.SiLU()

    def _apply_gate(self, gate_up):
        if self.form == "interleaved":
            gate, up = gate_up[..., ::2], gate_up[..., 1::2]
        else:
            gate, up = gate_up.chunk(2, dim=-1)
        if self.form == "activation":
            return self.act_fn(gate.clamp(max=self.limit)) * up.clamp(-self.limit, self.limit)
        if self.form == "clamped afterwards":
            return self.act_fn(gate).clamp(max=self.limit) * up.clamp(-self.limit, self.limit)
        gate, up = gate.clamp(max=self.limit), up.clamp(-self.limit, self.limit)
        return (up + 1) * (gate * torch.sigmoid(gate * self.alpha))

    def forward(self, x):
        return self._apply_gate(x)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("interleaved", "gated(swish, beta=1.702, interleaved, limit=0.5, offset=1)"),
        ("halves", "gated(swish, beta=1.702, gate_first, limit=0.5, offset=1)"),
        ("activation", "gated(silu, gate_first, limit=0.5, offset=0)"),
        ("clamped afterwards", None),
    ],
)
def test_clamped_gates(form, expected, x):
    plain = nn.Sequential(nn.Linear(6, 8), Experts(form)).to(x)
    model = copy.deepcopy(plain)
    report = smoothact.patch(model, x)
    gates = [row for row in report.rows if row["what"] == "gate"]
    assert [row["is"] for row in gates] == ([expected] if expected else [])
    assert not expected or report.saved[1] < report.saved[0]
    assert_same(model, plain, x)
    smoothact.unpatch(model)
    assert "_apply_gate" not in model[1].__dict__
    assert_same(model, plain, x)


def test_glu(x):
    plain = nn.Sequential(nn.Linear(6, 8), nn.GLU(0), nn.GLU()).to(x)
    model, x = copy.deepcopy(plain), x[:4]
    assert [row["what"] for row in smoothact.patch(model, x).rows] == ["gate", "gate"]
    assert type(model[1]) is smoothact.nn.GLU
    assert_same(model, plain, x)


GATED = (
    "LlamaForCausalLM",
    "Qwen2ForCausalLM",
    "Phi3ForCausalLM",
    "MixtralForCausalLM",
    "GemmaForCausalLM",
    "T5ForConditionalGeneration",
)


PLAIN = ("GPT2LMHeadModel", "BertForMaskedLM", "ApertusForCausalLM", "CLIPTextModel", "ViTForImageClassification")
CLAMPED = ("GptOssForCausalLM",)


@pytest.mark.parametrize("name", [*GATED, *PLAIN, *CLAMPED])
def test_transformers(name, tmp_path):
    transformers = pytest.importorskip("transformers")
    from test_integrations import build, sample, step

    plain, _ = build(transformers, name)
    model = copy.deepcopy(plain)
    inputs = sample(name, model)
    report = smoothact.patch(model, inputs)
    kinds = [row["what"] for row in report.rows]
    assert kinds.count("gate") == (0 if name in PLAIN else 4 if name.startswith("T5") else 2)
    assert kinds.count("activation") == (2 + name.startswith("Bert") if name in PLAIN else 0)
    assert list(model.state_dict()) == list(plain.state_dict())
    exact = plain.dtype == torch.float64
    for a, b in zip(step(plain, inputs), step(model, inputs), strict=True):
        torch.testing.assert_close(b, a, rtol=1e-6 if exact else 1e-3, atol=1e-8 if exact else 1e-5)
    model.save_pretrained(tmp_path)
    again = type(plain).from_pretrained(tmp_path, dtype=plain.dtype)
    for a, b in zip(step(again, inputs), step(plain, inputs), strict=True):
        torch.testing.assert_close(b, a)
    smoothact.unpatch(model)
    assert repr(model) == repr(plain)
