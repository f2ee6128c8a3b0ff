# SPDX-License-Identifier: Apache-2.0
"""The models of Transformers that are measured whole, by their configurations, and samples to train them on."""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

Sample = dict[str, Tensor]


def tokens(config: Any, batch: int, sequence: int, device: str, dtype: torch.dtype) -> Sample:
    """Text that is its own label; what is predicted from what is the model's affair."""
    words = torch.randint(config.vocab_size, (batch, sequence), device=device)
    return {"input_ids": words, "labels": words}


def images(config: Any, batch: int, sequence: int, device: str, dtype: torch.dtype) -> Sample:
    shape = (batch, config.num_channels, config.image_size, config.image_size)
    labels = torch.randint(config.num_labels, (batch,), device=device)
    return {"pixel_values": torch.randn(shape, device=device, dtype=dtype), "labels": labels}


def states(config: Any, batch: int, sequence: int, device: str, dtype: torch.dtype) -> Sample:
    """What a layer within a model gets, and passes a gradient back to."""
    shape = (batch, sequence, config.hidden_size)
    return {"x": torch.randn(shape, device=device, dtype=dtype, requires_grad=True)}


@dataclass(frozen=True)
class Entry:
    """A model to be built with random weights.

    Attributes:
        model, config: their classes in Transformers, ``name`` or ``module:name``.
        arguments: of the configuration, where they are not its defaults.
        sample: what it is trained on.
        batch, sequence: the size of that; sequence is None where the model does not leave it open.
        liger: the class whose instances Liger has a forward for, and the class of Liger's that has it.
    """

    model: str
    config: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    sample: Callable[[Any, int, int, str, torch.dtype], Sample] = tokens
    batch: int = 1
    sequence: int | None = 512
    liger: tuple[str, str] | None = None


TEXT = {"use_cache": False}
QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
# Widths are those of a published model; of layers, where a number is given, only so many.
TINY_LLAMA = {"hidden_size": 2048, "intermediate_size": 5632, "num_attention_heads": 32, "num_key_value_heads": 4}
MODELS: dict[str, Entry] = {
    "gpt2": Entry(
        "GPT2LMHeadModel", "GPT2Config", {**TEXT, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    ),
    "llama": Entry(
        "LlamaForCausalLM", "LlamaConfig", {**TEXT, **TINY_LLAMA, "num_hidden_layers": 2},
        liger=("LlamaMLP", "LigerSwiGLUMLP"),
    ),
    "llama_mlp": Entry(
        "models.llama.modeling_llama:LlamaMLP", "LlamaConfig", TINY_LLAMA, states,
        liger=("LlamaMLP", "LigerSwiGLUMLP"),
    ),
    "bert": Entry("BertForMaskedLM", "BertConfig", QUIET),
    "t5": Entry(
        "T5ForConditionalGeneration", "T5Config",
        {**TEXT, "d_model": 768, "d_ff": 2048, "num_heads": 12, "num_layers": 4, "dropout_rate": 0.0,
         "feed_forward_proj": "gated-gelu", "decoder_start_token_id": 0},
    ),
    "qwen2": Entry(
        "Qwen2ForCausalLM", "Qwen2Config",
        {**TEXT, "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 4, "num_attention_heads": 14,
         "num_key_value_heads": 2},
        liger=("Qwen2MLP", "LigerSwiGLUMLP"),
    ),
    "gemma": Entry(
        "GemmaForCausalLM", "GemmaConfig",
        {**TEXT, "hidden_size": 2048, "intermediate_size": 16384, "num_hidden_layers": 2, "num_attention_heads": 8,
         "num_key_value_heads": 1, "vocab_size": 32000},
        liger=("GemmaMLP", "LigerGEGLUMLP"),
    ),
    "phi3": Entry(
        "Phi3ForCausalLM", "Phi3Config", {**TEXT, "num_hidden_layers": 2},
        liger=("Phi3MLP", "LigerPhi3SwiGLUMLP"),
    ),
    "mixtral": Entry(  # a quarter of its width: at 4,096 a layer's experts take 5.6 GB
        "MixtralForCausalLM", "MixtralConfig",
        {**TEXT, "hidden_size": 1024, "intermediate_size": 3584, "num_hidden_layers": 2, "num_attention_heads": 8,
         "num_key_value_heads": 2},
    ),
    "vit": Entry("ViTForImageClassification", "ViTConfig", QUIET, images, sequence=None),
}  # fmt: skip


def configured(entry: Entry, sequence: int | None = None) -> tuple[type[nn.Module], Any]:
    """The model's class, and the configuration that it is made from.

    Raises:
        ValueError: the model cannot have that sequence.
    """
    names = (f"transformers.{n}" if ":" in n else f"transformers:{n}" for n in (entry.model, entry.config))
    model_class, config_class = map(pkgutil.resolve_name, names)
    config = config_class(**entry.arguments)
    if sequence and entry.sequence is None:
        raise ValueError(f"sequence: {entry.model} takes images, which have no length to choose")
    most = getattr(config, "max_position_embeddings", None) or math.inf
    if sequence and sequence > most:
        raise ValueError(f"sequence: {entry.model} has {most} positions, got {sequence}")
    return model_class, config


def build(
    entry: Entry,
    *,
    batch: int | None = None,
    sequence: int | None = None,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> tuple[nn.Module, Sample]:
    """The model, in training, and a sample for it; both the same every time.

    Raises:
        ValueError: the model cannot have that sequence.
    """
    model_class, config = configured(entry, sequence)
    torch.manual_seed(0)
    model = model_class(config).to(device, dtype).train()
    size = (batch or entry.batch, sequence or entry.sequence or 0)
    return model, entry.sample(config, *size, device, dtype)
