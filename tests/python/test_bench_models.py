# SPDX-License-Identifier: Apache-2.0
"""The benchmark of whole models, on small ones: all compute the same, and the bytes are those that one can count."""

import csv
import importlib.util
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import smoothact
import torch
from smoothact import cli
from smoothact.bench import models_report as report
from smoothact.bench import training
from smoothact.bench.models import MODELS, build, configured
from smoothact.bench.timing import peak_bytes, turns
from smoothact.bench.training import Situation, contestants, measure, results, sharing, with_builtins, with_liger
from support import WHOLE
from torch import nn

LAYERS, WIDTH, TOKENS, INNER = 2, 32, 2 * 16, 48
SMALL = {"batch": 2, "sequence": 16}
TINY = {
    "gpt2": replace(
        MODELS["gpt2"],
        arguments={**MODELS["gpt2"].arguments, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": 4, "vocab_size": 64,
                   "n_positions": 32, "bos_token_id": 1, "eos_token_id": 2},
        **SMALL,
    ),
    "llama_mlp": replace(
        MODELS["llama_mlp"],
        arguments={"hidden_size": WIDTH, "intermediate_size": INNER, "num_attention_heads": 4},
        **SMALL,
    ),
}  # fmt: skip


class Silent:
    """A progress bar that is not there."""

    def __init__(self, **_):
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def update(self):
        self.count += 1


@pytest.fixture
def tiny(monkeypatch):
    pytest.importorskip("transformers")
    for name, entry in TINY.items():
        monkeypatch.setitem(MODELS, name, entry)
    return TINY


def measured(name, **options):
    rows = measure(Situation(name), rounds=1, progress=Silent, **options)
    return {(row["contestant"], row["compiled"]): row for row in rows}


@WHOLE
def test_gpt2_saves_what_one_can_count(tiny):
    rows = measured("gpt2", without=["compile"])
    assert list(rows) == [("transformers", False), ("torch", False), ("smoothact", False), ("recompute", False)]
    own, builtin, ours, again = rows.values()
    # x, x / 2, tanh and 1 + tanh are saved by the formula in Python, x alone by torch's and ours.
    assert own["saved"] - ours["saved"] == 3 * LAYERS * TOKENS * 4 * WIDTH * 4
    # And the result by the Linear behind it.
    assert ours["saved"] - again["saved"] == LAYERS * TOKENS * 4 * WIDTH * 4
    assert builtin["saved"] == ours["saved"]
    parameters = sum(p.nbytes for p in build(tiny["gpt2"])[0].parameters())
    for row in rows.values():
        assert 0 < row["step"] <= row["median"] and row["peak"] > max(row["saved"], parameters)
        assert row["difference"] < 1e-5 and (row["batch"], row["sequence"]) == (2, 16)


@WHOLE
def test_llama_mlp_saves_what_one_can_count(tiny):
    rows = measured("llama_mlp")
    both = ("transformers", "smoothact")
    assert list(rows) == [*((who, False) for who in (*both, "recompute")), *((who, True) for who in both)]
    own, ours = (rows[who, False] for who in ("transformers", "smoothact"))
    # x, gate, silu(gate), up and their product; ours not silu(gate)
    assert own["saved"] == 4 * TOKENS * (WIDTH + 4 * INNER) and own["saved"] - ours["saved"] == 4 * TOKENS * INNER
    assert all(row["step"] > 0 and row["difference"] < 1e-5 for row in rows.values())


def test_weights_are_shared(tiny):
    model, sample = build(tiny["gpt2"])
    other = sharing(model)
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert a is b
    assert with_builtins(other) and type(other.transformer.h[0].mlp.act) is nn.GELU
    smoothact.patch(sharing(model), sample)
    assert type(model.transformer.h[0].mlp.act).__name__ == "NewGELUActivation"
    assert not with_builtins(build(tiny["llama_mlp"])[0])


def test_gradients_are_those_of_the_loss(tiny):
    model, sample = build(tiny["gpt2"])
    leaves = list(model.parameters())
    (loss,), found = results(model, sample, leaves)
    logits, words = model(sample["input_ids"]).logits, sample["input_ids"]
    expected = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), words[:, 1:].flatten())
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(found, list(torch.autograd.grad(expected, leaves)))
    assert all(p.grad is None for p in leaves)


@pytest.mark.parametrize("wrong", [nn.ReLU(), nn.Threshold(1e9, float("nan"))], ids=["relu", "nan"])
def test_what_computes_something_else_is_refused(tiny, monkeypatch, wrong):
    def spoil(model):
        model.transformer.h[0].mlp.act = wrong
        return True

    monkeypatch.setattr(training, "with_builtins", spoil)
    with pytest.raises(RuntimeError, match=r"torch: (loss|gradients) and that of Transformers' own differ by"):
        measured("gpt2", without=["compile"])


def test_threads_are_put_back(tiny, monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(training, "build", lambda *_, **__: pytest.fail(f"{torch.get_num_threads()} threads"))
    with pytest.raises(pytest.fail.Exception, match=f"{before + 1} threads"):
        measure(Situation("gpt2", threads=before + 1), progress=Silent)
    assert torch.get_num_threads() == before


def test_liger_computes_the_gates(tiny, monkeypatch):
    class Peer(nn.Module):
        def forward(self, x):
            calls.append(1)
            return self.down_proj(nn.functional.silu(self.gate_proj(x)) * self.up_proj(x))

    calls = []
    model, sample = build(tiny["llama_mlp"])
    monkeypatch.setitem(sys.modules, "liger_kernel", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "liger_kernel.transformers", SimpleNamespace(LigerSwiGLUMLP=Peer))
    other = sharing(model)
    assert with_liger(other, tiny["llama_mlp"]) and not with_liger(other, tiny["gpt2"])
    torch.testing.assert_close(other(**sample), model(**sample))
    assert calls == [1]
    assert "liger" not in dict(contestants(tiny["llama_mlp"], model, sample, "cpu", ["compile"]))
    monkeypatch.setitem(sys.modules, "liger_kernel.transformers", None)
    assert not with_liger(other, tiny["llama_mlp"])


@WHOLE
@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_activations_of_ours(name):
    pytest.importorskip("transformers")
    model_class, config = configured(MODELS[name])
    with torch.device("meta"):
        model = model_class(config)
    assert smoothact.patch(model).rows
    kind = MODELS[name].liger
    assert kind is None or kind[0] in {type(m).__name__ for m in model.modules()}


def test_peak_is_what_is_held_at_once():
    def call():
        a = torch.ones(2**18)
        b = a + 1
        del a
        return b + 1

    assert peak_bytes(call) == pytest.approx(2 * 2**20, abs=100)  # the number 1 takes some
    assert peak_bytes(lambda: None) == 0


def test_turns_rotate():
    found = [name for name, seconds in turns({"a": torch.rand(2**20).sin, "b": torch.rand(2**20).cos}, 3)]
    assert found == ["a", "b", "b", "a", "a", "b"]


def test_table_is_of_the_same_mode():
    situation = {"model": "m", "dtype": "float32", "batch": 1, "sequence": 512, "threads": 2}

    def row(who, compiled, step, saved, peak):
        figures = {"step": step, "median": step, "saved": saved * 2**20, "peak": peak * 2**20}
        return situation | {"contestant": who, "compiled": compiled} | figures

    rows = [
        row("transformers", False, 2.0, 100, 1000),
        row("smoothact", False, 1.0, 60, 1001),
        row("transformers", True, 1.0, 50, 1000),
        row("smoothact", True, 1.25, 50, 1000),
    ]
    lines = report.figures(rows).splitlines()[2:]
    found = [[part.strip() for part in line.strip("|").split("|")] for line in lines]
    assert found[0] == ["Transformers", "2,000.0 ms", "2,000.0 ms", "", "100.0 MiB", "", "1,000.0 MiB", ""]
    assert found[1][3:] == ["2.00", "60.0 MiB", "−40.0 %", "1,001.0 MiB", "+0.1 %"]
    assert found[3][0] == "smoothact, compiled" and found[3][3] == "0.80"
    assert "## m, float32, 1 x 512, 2 threads" in report.as_markdown(rows, "about")


@WHOLE
def test_bench_writes_all_three(tiny, tmp_path, capsys):
    pytest.importorskip("tqdm", reason="bench needs the plot extra")
    pytest.importorskip("matplotlib", reason="the picture needs the plot extra")
    options = ["--rounds", "1", "--without", "compile", "--threads", "1", "--batch", "3", "--sequence", "8"]
    models = ["--model", "gpt2", "--model", "llama_mlp"]
    assert cli.main(["bench", *models, *options, "--output", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert (tmp_path / "models.md").read_text() == printed.out
    assert "transformers 5" in printed.out or "transformers 4" in printed.out
    with (tmp_path / "models.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    ours = ["smoothact", "recompute"]
    assert [r["contestant"] for r in rows] == ["transformers", "torch", *ours, "transformers", *ours]
    assert {(r["batch"], r["sequence"], r["threads"]) for r in rows} == {("3", "8", "1")}
    assert all(float(r[what]) > 0 for r in rows for what in ("step", "median", "saved", "peak"))
    assert (tmp_path / "models.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--model", "gpt2", "--size", "64"], "--size does not go with it"),
        (["--model", "gpt2", "mish"], "an activation's NAME does not go with it"),
        (["--model", "gpt2", "--quick"], "--quick does not go with it"),
        (["--model", "gpt2", "--sequence", "5000"], "GPT2LMHeadModel has 1024 positions, got 5000"),
        (["--model", "vit", "--sequence", "64"], "ViTForImageClassification takes images"),
        (["--model", "gpt2", "--device", "nowhere"], "nowhere"),
        (["--model", "gpt2", "--output", "/dev/null/a"], "/dev/null/a"),
        (["mish", "--batch", "2"], "--batch and --sequence are of a --model"),
    ],
)  # fmt: skip
def test_bench_refuses_at_once(wrong, said, capsys):
    pytest.importorskip("tqdm", reason="bench needs the plot extra")
    pytest.importorskip("transformers")
    assert cli.main(["bench", *wrong]) == 2
    printed = capsys.readouterr().out
    assert said in printed and printed.count("\n") == 1


def test_unknown_model(capsys):
    with pytest.raises(SystemExit) as done:
        cli.main(["bench", "--model", "gpt3"])
    assert done.value.code == 2 and "invalid choice: 'gpt3'" in capsys.readouterr().err


def test_without_transformers(monkeypatch, capsys):
    pytest.importorskip("tqdm", reason="bench needs the plot extra")
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "transformers" else real(name))
    assert cli.main(["bench", "--model", "gpt2"]) == 1
    assert "transformers missing: run `pip install '.[transformers]'`" in capsys.readouterr().out
