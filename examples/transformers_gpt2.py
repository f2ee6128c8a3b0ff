# SPDX-License-Identifier: Apache-2.0
"""Gives a Transformers model smoothact's activations; outputs and gradients stay what they were.

Needs transformers. The model is a small GPT-2 with random weights, so nothing is downloaded.
"""

import copy

import smoothact
import torch
import torch.nn.functional as F
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.activations import ACT2FN


def replace_activations(model: torch.nn.Module, key: str) -> int:
    """Puts smoothact's module wherever the model has the one that Transformers makes of ``key``."""
    theirs = type(ACT2FN[key])
    found = [
        (parent, name) for parent in model.modules() for name, child in parent.named_children() if type(child) is theirs
    ]
    for parent, name in found:
        setattr(parent, name, smoothact.get(key))
    return len(found)


def step(model: torch.nn.Module, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss, and all gradients as one vector."""
    logits = model(tokens).logits
    loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    loss.backward()
    return loss.detach(), torch.cat([p.grad.flatten() for p in model.parameters()])


torch.manual_seed(0)
small = {"n_layer": 4, "n_embd": 128, "n_head": 4, "vocab_size": 512, "bos_token_id": 0, "eos_token_id": 0}
config = GPT2Config(**small, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
original = GPT2LMHeadModel(config)
model = copy.deepcopy(original)
count = replace_activations(model, config.activation_function)
print(f"{count} x {config.activation_function} -> {model.transformer.h[0].mlp.act}")

tokens = torch.randint(config.vocab_size, (4, 128))
(loss, gradient), (new_loss, new_gradient) = step(original, tokens), step(model, tokens)
difference = (new_gradient - gradient).norm() / gradient.norm()
print(f"loss {loss:.7f} -> {new_loss:.7f}, gradient differs by {difference:.1e}")
print("state_dict unchanged:", list(model.state_dict()) == list(original.state_dict()))
