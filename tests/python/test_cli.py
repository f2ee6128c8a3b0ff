# SPDX-License-Identifier: Apache-2.0
"""The demo end to end in a few steps, the command line's answers, and the reference's grammar."""

import pytest
import torch
from smoothact import cli
from smoothact.reference import formula


@pytest.fixture
def small(monkeypatch):
    """The demo's network and batches, as small as they can be."""
    pytest.importorskip("matplotlib", reason="the demo needs the plot extra")
    pytest.importorskip("tqdm", reason="the demo needs the plot extra")
    from smoothact.cli import demo_train

    monkeypatch.setattr(demo_train, "BATCH", 2)
    monkeypatch.setattr(demo_train, "SIZE", {"length": demo_train.LENGTH, "width": 32, "heads": 2, "depth": 1})
    return demo_train


@pytest.mark.parametrize(("name", "runs"), [("gelu_new", 3), ("squareplus", 2)])
def test_demo(name, runs, small, tmp_path, capsys):
    assert cli.main(["demo", "--activation", name, "--steps", "2", "--output", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "The losses agree to 0.0001" in printed
    assert sum(" ms " in line for line in printed.splitlines()) == runs
    (picture,) = tmp_path.glob("demo-*.png")
    assert str(picture) in printed and picture.stat().st_size > 10_000


def test_demo_is_deterministic(small):
    def losses(seed):
        run = small.Run("", torch.tanh)
        small.train([run], 3, seed, "cpu", lambda steps, **_: Steps(steps))
        return [*run.losses, run.held_out]

    assert losses(0) == losses(0) != losses(1)


class Steps(list):
    def set_postfix_str(self, text):
        pass


def test_unknown_activation_names_the_nearest(capsys):
    pytest.importorskip("matplotlib", reason="the demo needs the plot extra")
    assert cli.main(["demo", "--activation", "swsh"]) == 2
    assert "swish" in capsys.readouterr().out


def test_missing_extra_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["demo", "--steps", "1"]) == 1
    assert capsys.readouterr().out.strip().endswith("run `pip install '.[plot]'` in smoothact's sources.")


@pytest.mark.parametrize("text", ["x.sum()", "__import__('os')", "[x]", "lambda: x", "y + 1", "x if x else 1"])
def test_definitions_are_formulas_only(text):
    with pytest.raises(ValueError, match=r"grammar|unknown name"):
        formula(text)


@pytest.mark.parametrize(
    "wrong", [["--steps", "0"], ["--device", "nowhere"], ["--output", "picture.xyz"], ["--output", "/dev/null/a.png"]]
)
def test_demo_refuses_at_once(wrong, capsys):
    pytest.importorskip("matplotlib", reason="the demo needs the plot extra")
    pytest.importorskip("tqdm", reason="the demo needs the plot extra")
    assert cli.main(["demo", *wrong]) == 2
    assert wrong[0] in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit) as done:
        cli.main(["--version"])
    assert done.value.code == 0 and cli.smoothact.__version__ in capsys.readouterr().out
