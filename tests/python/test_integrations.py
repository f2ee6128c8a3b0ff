# SPDX-License-Identifier: Apache-2.0
"""Transformers and timm with smoothact's activations, against the same models with their own."""

import json
import pickle
import sys

import pytest
import smoothact
import torch
from smoothact.integrations._registration import Registration
from support import WHOLE

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48, "vocab_size": 64}
DECODER = {**SMALL, "num_key_value_heads": 2, "max_position_embeddings": 32, "pad_token_id": 0}
QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
IMAGE = {"image_size": 16, "patch_size": 8, "num_channels": 3}
# model: configuration, its arguments, the activation's key in the configuration.
MODELS = {
    "GPT2LMHeadModel": (
        "GPT2Config",
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 64, "n_positions": 32, "resid_pdrop": 0.0,
         "embd_pdrop": 0.0, "attn_pdrop": 0.0, "bos_token_id": 1, "eos_token_id": 2},
        "activation_function",
    ),
    "BertForMaskedLM": ("BertConfig", {**SMALL, **QUIET}, "hidden_act"),
    "T5ForConditionalGeneration": (
        "T5Config",
        {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4, "vocab_size": 64, "dropout_rate": 0.0,
         "feed_forward_proj": "gated-gelu", "decoder_start_token_id": 0},
        "dense_act_fn",
    ),
    "LlamaForCausalLM": ("LlamaConfig", DECODER, "hidden_act"),
    "Qwen2ForCausalLM": ("Qwen2Config", DECODER, "hidden_act"),
    "GemmaForCausalLM": ("GemmaConfig", {**DECODER, "head_dim": 8}, "hidden_activation"),
    "Phi3ForCausalLM": ("Phi3Config", {**DECODER, "bos_token_id": 1, "eos_token_id": 2}, "hidden_act"),
    "MixtralForCausalLM": ("MixtralConfig", {**DECODER, "num_local_experts": 4}, "hidden_act"),
    "ApertusForCausalLM": ("ApertusConfig", {**DECODER, "hidden_act": "xielu"}, "hidden_act"),
    "CLIPTextModel": ("CLIPTextConfig", {**SMALL, "max_position_embeddings": 32, "eos_token_id": 2}, "hidden_act"),
    "ViTForImageClassification": ("ViTConfig", {**SMALL, **QUIET, **IMAGE}, "hidden_act"),
}  # fmt: skip
# Whose code has the activation's formula, whatever the configuration says.
OWN_GATES = {
    "GptOssForCausalLM": (
        "GptOssConfig",
        {**DECODER, "head_dim": 8, "num_local_experts": 4, "num_experts_per_tok": 2, "swiglu_limit": 0.01},
        "hidden_act",
    ),
}
GENERATE = [name for name in MODELS if name.endswith(("CausalLM", "LMHeadModel"))]


def contents(table):
    """What it holds; ACT2FN makes a module of it whenever it is asked."""
    return {key: dict.__getitem__(table, key) for key in table}


@pytest.fixture(scope="module")
def transformers():
    return pytest.importorskip("transformers")


@pytest.fixture
def integration(transformers):
    from smoothact.integrations import transformers as integration

    yield integration
    integration.unregister()


def build(transformers, name):
    config, arguments, key = (MODELS | OWN_GATES)[name]
    torch.manual_seed(0)
    model = getattr(transformers, name)(getattr(transformers, config)(**arguments))
    # Experts are multiplied in groups, which torch does not do in double.
    return model if name.startswith(("Mixtral", "GptOss")) else model.double(), key


def sample(name, model):
    if name.startswith("ViT"):
        return {"pixel_values": torch.randn(2, 3, 16, 16, dtype=model.dtype)}
    tokens = torch.randint(3, 64, (2, 9))
    return {"input_ids": tokens, **({"labels": tokens} if model.config.is_encoder_decoder else {})}


def step(model, inputs):
    model.zero_grad()
    out = model(**inputs)
    logits = out.logits if "logits" in out else out.last_hidden_state
    logits.square().mean().backward()
    return [logits.detach(), *(p.grad for p in model.parameters() if p.grad is not None)]


def ours(model):
    package = ("smoothact.nn", "smoothact.integrations.transformers")
    return [m for m in model.modules() if type(m).__module__ in package]


def test_importing_smoothact_imports_neither(tmp_path):
    import subprocess

    code = "import smoothact, sys; sys.exit('transformers' in sys.modules or 'timm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@WHOLE
def test_every_key(integration, transformers):
    from transformers.activations import ACT2FN

    theirs = {key: ACT2FN[key] for key in ACT2FN}
    registration = integration.register()
    assert registration.names == list(theirs)
    x = torch.linspace(-9, 9, 501, dtype=torch.float64)
    for key, old in theirs.items():
        new = ACT2FN[key]
        assert type(new).__module__.startswith("smoothact"), key
        assert list(new.state_dict()) == list(old.state_dict())
        old, new = old.double(), new.double()
        new.load_state_dict(old.state_dict())
        results = []
        for module in (old, new):
            point = x.clone().requires_grad_()
            y = module(point)
            results.append([y, *torch.autograd.grad(y.sum(), [point, *module.parameters()])])
        tolerance = {"xielu": 1e-5, "gelu_fast": 1e-9}.get(key, 1e-12)
        for a, b in zip(*results, strict=True):
            # A sum over the points is as exact as its terms are many.
            torch.testing.assert_close(b, a, rtol=tolerance, atol=tolerance)


def test_registration_is_undone(integration, transformers):
    from transformers import activations

    before = contents(activations.ACT2CLS), contents(activations.ACT2FN)
    with integration.register() as registration:
        assert integration.register() is registration
        assert "gelu" in registration.names and "gelu" in repr(registration)
        assert isinstance(activations.ACT2FN["gelu"], smoothact.nn.GELU)
        assert isinstance(activations.get_activation("gelu"), smoothact.nn.GELU)
    assert (contents(activations.ACT2CLS), contents(activations.ACT2FN)) == before
    integration.register()
    integration.unregister()
    integration.unregister()
    assert (contents(activations.ACT2CLS), contents(activations.ACT2FN)) == before


def test_what_others_registered_since_stays(integration, transformers):
    from transformers import activations

    theirs = activations.ACT2CLS["gelu"]
    integration.register()
    activations.ACT2CLS["gelu"] = torch.nn.Identity
    integration.unregister()
    assert activations.ACT2CLS["gelu"] is torch.nn.Identity
    activations.ACT2CLS["gelu"] = theirs


@WHOLE
@pytest.mark.parametrize("name", MODELS)
def test_models(name, integration, transformers, tmp_path):
    plain, key = build(transformers, name)
    with integration.register():
        model, _ = build(transformers, name)
    assert ours(model) and not ours(plain)
    assert list(model.state_dict()) == list(plain.state_dict())
    model.load_state_dict(plain.state_dict())
    inputs = sample(name, plain)
    for a, b in zip(step(plain, inputs), step(model, inputs), strict=True):
        exact = plain.dtype == torch.float64
        torch.testing.assert_close(b, a, rtol=1e-6 if exact else 1e-3, atol=1e-8 if exact else 1e-5)
    # Saved, it is Transformers' own.
    model.save_pretrained(tmp_path)
    written = json.loads((tmp_path / "config.json").read_text())
    assert written.get(key) == plain.config.to_dict().get(key)
    again = type(plain).from_pretrained(tmp_path, dtype=plain.dtype)
    assert not ours(again)
    for a, b in zip(step(again, inputs), step(plain, inputs), strict=True):
        torch.testing.assert_close(b, a)


@WHOLE
@pytest.mark.parametrize("name", GENERATE)
def test_generate(name, integration, transformers):
    plain, _ = build(transformers, name)
    with integration.register():
        model, _ = build(transformers, name)
    model.load_state_dict(plain.state_dict())
    tokens = torch.randint(3, 64, (1, 4))
    options = {"max_new_tokens": 6, "do_sample": False, "attention_mask": torch.ones_like(tokens), "pad_token_id": 0}
    assert torch.equal(model.generate(tokens, **options), plain.generate(tokens, **options))


def test_xielu_refuses(integration):
    with pytest.raises(ValueError, match="alpha_n_init - beta must be positive and finite"):
        integration.XIELU(alpha_n_init=0.5, beta=0.5)


def test_registration_knows_what_it_replaced():
    table = {"a": 1, "b": 2}
    registration = Registration([(table, "a", 3)])
    assert (table, registration.names) == ({"a": 3, "b": 2}, ["a"])
    registration.undo()
    assert (table, registration.names) == ({"a": 1, "b": 2}, [])


@WHOLE
def test_timm():
    create_act = pytest.importorskip("timm.layers.create_act")
    from smoothact.integrations import timm as integration

    tables = [getattr(create_act, f"_ACT_{kind}_{which}") for kind in ("FN", "LAYER") for which in ("ME", "DEFAULT")]
    before = [dict(t) for t in tables]
    x = torch.linspace(-9, 9, 501)
    names = {*create_act._ACT_FN_DEFAULT, *create_act._ACT_LAYER_DEFAULT}
    theirs = {
        n: [f and f(x.clone()) for f in (create_act._ACT_FN_DEFAULT.get(n), create_act.create_act_layer(n))]
        for n in names
    }
    with integration.register() as registration:
        assert set(registration.names) == names
        for name, expected in theirs.items():
            function = create_act.get_act_fn(name) if name in create_act._ACT_FN_DEFAULT else None
            for inplace in (None, False, True):
                layer = create_act.create_act_layer(name, inplace=inplace)
                assert isinstance(layer, torch.nn.Module) and type(layer).__module__.startswith("smoothact"), name
                torch.testing.assert_close(layer(x.clone()), expected[1], rtol=1e-5, atol=1e-6)
            assert type(pickle.loads(pickle.dumps(layer))) is type(layer)
            if function:
                torch.testing.assert_close(function(x.clone()), expected[0], rtol=1e-5, atol=1e-6)
                torch.testing.assert_close(function(x.clone(), inplace=True), expected[0], rtol=1e-5, atol=1e-6)
    assert [dict(t) for t in tables] == before
