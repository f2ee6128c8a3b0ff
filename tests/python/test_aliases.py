# SPDX-License-Identifier: Apache-2.0
"""What other frameworks call our functions: every name resolves, and computes what it does there."""

import contextlib
import importlib
import math

import pytest
import smoothact
import torch
from smoothact._aliases import FRAMEWORKS
from smoothact.reference import textbook

# What each framework has, as functions and as modules. The lists are checked where the framework is installed.
NAMES = {
    "torch": "celu elu erf expit gelu hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish ndtr relu relu6 selu "
    "sigmoid silu softplus softsign tanh tanhshrink",
    "transformers": "gelu gelu_10 gelu_accurate gelu_fast gelu_new gelu_python gelu_python_tanh gelu_pytorch_tanh "
    "laplace leaky_relu linear mish prelu quick_gelu relu relu2 relu6 sigmoid silu sqrtsoftplus swish tanh xielu",
    "timm": "celu elu gelu gelu_tanh hard_mish hard_sigmoid hard_swish hardsigmoid hardswish identity leaky_relu mish "
    "prelu quick_gelu relu relu6 selu sigmoid silu swish tanh",
    "keras": "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear "
    "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus "
    "sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold",
    "jax": "celu elu gelu glu hard_sigmoid hard_silu hard_swish hard_tanh identity leaky_relu log_sigmoid log_softmax "
    "mish relu relu6 selu sigmoid silu soft_sign softmax softplus sparse_plus sparse_sigmoid squareplus swish tanh",
}
MODULES = (
    "CELU ELU GELU Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish ReLU ReLU6 SELU SiLU Sigmoid Softplus "
    "Softsign Tanh Tanhshrink"
)
# No function of one number at a time, no smooth step or ReLU, or one with weights of its own.
OTHERS = {
    "exponential",
    "glu",
    "hard_shrink",
    "log_softmax",
    "soft_shrink",
    "softmax",
    "sparsemax",
    "threshold",
}
# What the catalogue is still to get.
AWAITED: set[str] = set()
TOLERANCE = {torch.float64: 1e-8, torch.float32: 5e-6}  # the frameworks': cancellation, thresholds, short constants
THEIRS = {
    "transformers.gelu_fast": 2e-7,  # sqrt(2/pi) to ten digits
    "transformers.xielu": 5e-6,  # its expm1 stops at -1e-6
}

QUALIFIED = [f"{framework}.{name}" for framework, names in NAMES.items() for name in names.split()]
POINTS = [*torch.linspace(-7, 7, 281, dtype=torch.float64).tolist(), -30.0, 25.0]


@pytest.mark.parametrize("name", [*QUALIFIED, *(f"torch.nn.{m}" for m in MODULES.split())])
def test_resolves(name):
    if name.endswith("prelu"):  # a module with a weight of its own
        assert type(smoothact.get(name)) is smoothact.nn.PReLU
        return
    if name.split(".")[-1] in OTHERS:
        with pytest.raises(ValueError, match="no activation"):
            smoothact.get(name)
        return
    try:
        found = smoothact.catalogue.resolve(name)
    except ValueError:
        awaited = {a.replace("_", "") for a in AWAITED}
        alias = FRAMEWORKS[name.split(".")[0]].get(name.split(".")[-1])
        target = alias.activation if alias else name.split(".")[-1].lower()
        assert target.replace("_", "") in awaited, f"{name} is no alias, and not on the list of what is to come"
        pytest.skip("still to come")
    module = smoothact.get(name)
    assert type(module) is getattr(smoothact.nn, found.descriptor.module)
    assert {p: getattr(module, p) for p in found.parameters} == dict(found.parameters)


def test_none_dangles():
    for framework, aliases in FRAMEWORKS.items():
        for name, alias in aliases.items():
            if alias.activation in AWAITED - set(smoothact.catalogue):
                continue
            parameters = {p.name for p in smoothact.catalogue[alias.activation].parameters}
            assert set(alias.parameters) <= parameters, f"{framework}.{name}"


def test_case_and_underscores_are_no_difference():
    resolve = smoothact.catalogue.resolve
    for name in ("gelu_tanh", "GeluTanh", "GELUTanh", "gelutanh", "GELU_TANH", "torch.nn.GELUTanh"):
        assert resolve(name).descriptor.name == "gelu_tanh"
    for d in smoothact.catalogue.values():
        for name in (d.name, d.module, *d.aliases):
            assert resolve(name).descriptor is d


def test_a_framework_has_its_own_meaning():
    x = torch.linspace(-3, 3, 7)
    assert torch.equal(smoothact.get("jax.nn.gelu")(x), smoothact.functional.gelu_tanh(x))
    assert torch.equal(smoothact.get("torch.nn.functional.gelu")(x), smoothact.functional.gelu(x))
    assert smoothact.catalogue.resolve("jax.nn.gelu").framework == "jax"
    assert smoothact.catalogue.resolve("gelu").framework is None
    with pytest.raises(ValueError, match=r"numpy\.tanh.*torch, transformers"):
        smoothact.get("numpy.tanh")
    with pytest.raises(ValueError, match=r"keras\.swich.*'swish'"):
        smoothact.get("keras.swich")


def test_parameters_come_along(monkeypatch):
    from smoothact._aliases import Alias
    from smoothact._catalogue import Catalogue

    monkeypatch.setitem(FRAMEWORKS, "keras", {"steep": Alias("elu", {"alpha": 2.0}), "lost": Alias("no_such")})
    catalogue = Catalogue(smoothact._C.registry())
    monkeypatch.setattr(smoothact.nn, "catalogue", catalogue)
    for name in ("steep", "keras.steep"):
        assert repr(smoothact.get(name)) == "ELU(alpha=2.0)"
        assert repr(smoothact.get(name, alpha=3)) == "ELU(alpha=3)"
        with pytest.raises(ValueError, match=r"keras.*elu\(alpha=2\)"):
            catalogue.resolve(name).at_defaults()
    assert catalogue.resolve("elu").at_defaults().name == "elu"
    with pytest.raises(ValueError, match="no activation"):
        catalogue.resolve("lost")


def test_lists_are_the_frameworks():
    """Of those installed. A name that a later version adds is no error."""
    there = {"torch": set(dir(torch.nn.functional)) | set(dir(torch.special)) | set(dir(torch.nn))}
    for framework, load in REGISTRIES.items():
        with contextlib.suppress(ImportError):
            there[framework] = load()
    for framework, names in there.items():
        old = {"transformers": {"gelu_python_tanh", "sqrtsoftplus", "xielu"}}.get(framework, set())
        assert set(NAMES[framework].split()) - old <= names, framework
    assert set(MODULES.split()) <= there["torch"]


REGISTRIES = {
    "transformers": lambda: set(importlib.import_module("transformers.activations").ACT2FN),
    "timm": lambda: set(importlib.import_module("timm.layers.create_act")._ACT_LAYER_DEFAULT),
    "keras": lambda: set(dir(importlib.import_module("keras").activations)),
    "jax": lambda: set(dir(importlib.import_module("jax").nn)),
}


def theirs(qualified):
    """The framework's function on tensors of torch."""
    framework, name = qualified.split(".")
    if framework == "torch":
        spaces = (torch.nn.functional, torch.special, torch)
        return next(getattr(space, name) for space in spaces if hasattr(space, name))
    if framework == "transformers":
        activations = pytest.importorskip("transformers.activations")
        # Its parameters are in bfloat16 unless told otherwise.
        return activations.ACT2CLS[name](dtype=torch.float64) if name == "xielu" else activations.ACT2FN[name]
    if framework == "timm":
        return pytest.importorskip("timm.layers.create_act").create_act_layer(name)
    space = pytest.importorskip("keras").activations if framework == "keras" else pytest.importorskip("jax").nn
    f = getattr(space, name)
    numpy = pytest.importorskip("numpy")
    return lambda x: torch.as_tensor(numpy.array(f(x.numpy()), copy=True))


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", [n for n in QUALIFIED if n.split(".")[1] not in OTHERS])
def test_computes_the_same(name, dtype):
    try:
        ours = smoothact.get(name)
    except ValueError:
        pytest.skip("still to come")
    x = torch.tensor(POINTS, dtype=dtype)
    function = theirs(name)
    if isinstance(function, torch.nn.Module):
        function.to(dtype)
    with torch.no_grad():
        y = function(x.clone())
    tolerance = max(TOLERANCE[torch.float32 if y.dtype == torch.float32 else dtype], THEIRS.get(name, 0))
    torch.testing.assert_close(ours(x).double(), y.double(), rtol=tolerance, atol=tolerance)
    assert math.isfinite(y.sum())


def test_selection_of_torchs_gelu():
    x = torch.tensor(POINTS, dtype=torch.float64)
    for name in ("gelu_tanh", "gelu_pytorch_tanh"):
        theirs = torch.nn.functional.gelu(x, approximate="tanh")
        torch.testing.assert_close(smoothact.get(name)(x), theirs, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(textbook(smoothact.catalogue["gelu_tanh"])(x), smoothact.get("jax.gelu")(x))
