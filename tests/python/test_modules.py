# SPDX-License-Identifier: Apache-2.0
"""smoothact.nn and the catalogue: torch's names, repr, state and persistence."""

import copy
import dataclasses
import pickle
from collections.abc import Mapping

import pytest
import smoothact
import torch
from support import CASES, DEFAULTS, TRIALS


def modules():
    for case in CASES:
        yield case, case.module()
        if case.descriptor.inplace:
            yield case, case.module(inplace=True)


@pytest.mark.parametrize("case", CASES)
def test_computes_the_function(case, device):
    x = torch.randn(4, 5, device=device)
    assert torch.equal(case.module()(x), case(x))
    assert torch.equal(case.functional(x), case(x))


@pytest.mark.parametrize("case", [c for c in DEFAULTS if hasattr(torch.nn, c.descriptor.module)])
def test_looks_like_torchs(case):
    ours, theirs = getattr(smoothact.nn, case.descriptor.module), getattr(torch.nn, case.descriptor.module)
    options = [{}, *([{"inplace": True}] if case.descriptor.inplace else [])]
    if case.descriptor.selector and case.descriptor.selector[0] == "approximate":
        options = [{}, {"approximate": "tanh"}]
    if any(p.name == "threshold" for p in case.descriptor.parameters):
        options = [{"threshold": 20.0}]
    for option in options:
        shown = {name for name in option if f"{name}=" in repr(theirs(**option))}
        if shown == set(option):
            assert repr(ours(**option)) == repr(theirs(**option))
        else:  # torch's Hardswish and Hardsigmoid keep inplace to themselves
            assert option == {"inplace": True} and case.name in ("hardswish", "hardsigmoid")


@pytest.mark.parametrize("case", CASES)
def test_repr_rebuilds(case):
    module = case.module()
    again = eval(repr(module), vars(smoothact.nn))
    assert repr(again) == repr(module)
    x = torch.linspace(-3, 3, 11)
    assert torch.equal(again(x), module(x))


def test_copies_and_pickles():
    x = torch.linspace(-3, 3, 11)
    for case, module in modules():
        for twin in (copy.deepcopy(module), copy.copy(module), pickle.loads(pickle.dumps(module))):
            assert type(twin) is type(module) and repr(twin) == repr(module)
            assert torch.equal(twin(x.clone()), case(x))


def test_functions_pickle():
    for case in DEFAULTS:
        f = getattr(smoothact.functional, case.name)
        assert pickle.loads(pickle.dumps(f)) is f and copy.deepcopy(f) is f


def test_state_is_empty():
    for _, module in modules():
        assert not module.state_dict() and not list(module.parameters())
        module.load_state_dict({})


def test_weights_only_load(tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(4, 4), *(case.module() for case in CASES))
    torch.save(net.state_dict(), tmp_path / "state.pt")
    net.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    kinds = {type(m) for m in net.modules()} | {torch.nn.Linear, torch.nn.Sequential}
    torch.save(net, tmp_path / "net.pt")
    with torch.serialization.safe_globals(list(kinds)):
        loaded = torch.load(tmp_path / "net.pt", weights_only=True)
    assert repr(loaded) == repr(net)
    x = torch.randn(3, 4)
    assert torch.equal(loaded(x), net(x))


def test_catalogue_is_a_read_only_mapping():
    catalogue = smoothact.catalogue
    assert isinstance(catalogue, Mapping) and len(catalogue) >= 14
    with pytest.raises(KeyError):
        catalogue["no such"]
    with pytest.raises(TypeError):
        catalogue["mish"] = None
    for name, d in catalogue.items():
        assert d.name == name and d.definition and d.kind
        with pytest.raises(dataclasses.FrozenInstanceError):
            d.name = "other"
        assert issubclass(getattr(smoothact.nn, d.module), torch.nn.Module)
        assert callable(getattr(smoothact.functional, name))
        for p in d.parameters:
            assert p.name.isidentifier() and p.domain in TRIALS
            assert p.optional or p.default is not None


def test_names_are_unique():
    names = [n for d in smoothact.catalogue.values() for n in (d.name, *d.aliases)]
    assert len(names) == len(set(names))
    kinds = [d.module for d in smoothact.catalogue.values()]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize("case", CASES)
def test_get(case):
    d = case.descriptor
    for name in (d.name, *d.aliases):
        module = smoothact.get(name, **case.parameters)
        assert type(module) is getattr(smoothact.nn, d.module) and repr(module) == repr(case.module())
    if d.inplace:
        assert smoothact.get(d.name, inplace=True).inplace
    assert type(smoothact.get(d.module)) is getattr(smoothact.nn, d.module)


def test_get_tells_names_apart_by_their_case():
    assert smoothact.get("Hardsigmoid").descriptor.name == "hardsigmoid"
    assert smoothact.get("HardSigmoid", w=2).descriptor.name == "hard_sigmoid"
    assert smoothact.get("HARD_SIGMOID").descriptor.name == "hard_sigmoid"
    assert smoothact.get("relu6").descriptor is smoothact.get("ReLU6").descriptor
