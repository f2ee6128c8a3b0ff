# SPDX-License-Identifier: Apache-2.0
"""The certificate on a sample: the contract holds, errors are seen, and what the command writes."""

import json

import pytest
import smoothact
import torch
from smoothact import certificate, cli, network_certificate

CONTRACT = {"f": 2.5, "f'": 4.0, "f''": 4.0}
# Shares of correctly rounded results that CUDA misses by little.
CUDA_MISSES = {
    ("eswish", torch.bfloat16): {"f": 0.9987},
    ("xielu", torch.float16): {"f": 0.9994},
    ("sigmoid", torch.float16): {"f''": 0.989},
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", list(smoothact.catalogue))
def test_contract(name, dtype, device):
    for row in certificate.certify([name], [dtype], device, count=20_000, hard=100):
        assert row.points > 90
        if dtype.itemsize == 2:
            missed = CUDA_MISSES.get((name, dtype), {}) if device == "cuda" else {}
            share = missed.get(row.order, 0.9995 if row.order != "f''" else 0.99)
            assert row.worst <= 0.51 and row.rounded >= share, row
        else:
            assert row.worst <= CONTRACT[row.order], row


def test_it_sees_errors(monkeypatch):
    """A relative error of a few ulps, a NaN, a lost tail."""
    exact = certificate.ours

    def spoiled(name, x):
        f, df, d2f = exact(name, x)
        return [f * (1 + 5 * torch.finfo(x.dtype).eps), torch.where(x > 3, torch.nan, df), torch.where(x < -50, 0, d2f)]

    monkeypatch.setattr(certificate, "ours", spoiled)
    f, df, d2f = certificate.certify(["silu"], [torch.float32], count=20_000, hard=50)
    assert 4 < f.worst < 12
    assert df.worst == float("inf") and df.at > 3
    assert d2f.worst > 1e6 and d2f.at < -50


def test_exhaustive(monkeypatch):
    """Every number between two bit patterns, in batches; a single wrong one is found."""
    monkeypatch.setattr(certificate, "CHUNK", 1000)
    low, high = (torch.tensor(x).view(torch.int32).item() for x in (1.5, 1.501))
    rows = certificate.certify(["silu"], [torch.float32], hard=20, bits=range(low, high))
    for row in rows:
        assert row.points + row.unjudged == high - low and row.unjudged == 0
        assert row.worst <= CONTRACT[row.order], row
    exact, wrong = certificate.ours, torch.tensor(low + 4321, dtype=torch.int32).view(torch.float32)

    def spoiled(name, x):
        f, df, d2f = exact(name, x)
        return [torch.where(x == wrong, f * 1.001, f), df, d2f]

    monkeypatch.setattr(certificate, "ours", spoiled)
    f, df, _ = certificate.certify(["silu"], [torch.float32], hard=20, bits=range(low, high))
    assert f.worst > 1000 and f.at == wrong and df.worst < 4
    # NaN and the infinities are no points; what float64 cannot judge is counted.
    (f, *_) = certificate.certify(["mish"], [torch.float32], hard=4, bits=range(0xC2000000, 0xC2000000 + 2000))
    assert (f.points, f.unjudged) == (4, 1996)
    assert len(certificate.patterns(range(0x7F7FFFFF, 0x7F800002))) == 1


def test_command(tmp_path, capsys):
    pytest.importorskip("tqdm", reason="the command needs the plot extra")
    command = ["certify", "mish", "--dtype", "bfloat16", "--hard", "20", "--output", str(tmp_path)]
    assert cli.main(command) == 0
    assert "`mish`" in capsys.readouterr().out
    assert "`mish`" in (tmp_path / "certificate.md").read_text()
    rows = json.loads((tmp_path / "certificate.json").read_text())["rows"]
    assert [row["order"] for row in rows] == ["f", "f'", "f''"]
    assert cli.main(["certify", "misch"]) == 2 and "mish" in capsys.readouterr().out
    assert cli.main(["certify", "mish", "--hard", "1"]) == 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", [n for n in ("silu", "gelu", "mish", "relu") if n in smoothact.catalogue])
def test_gates(name, dtype, device):
    rows = network_certificate.certify_gates([name], [dtype], device, count=20_000, hard=50)
    assert [row.order for row in rows] == ["y", "by gate", "by up"]
    for row in rows:
        assert row.points > 5000
        # An ulp of f is up to two of a product, and the product is rounded.
        bound = 2 * CONTRACT["f'" if row.order == "by gate" else "f"] + 1 if dtype.itemsize == 4 else 0.51
        assert row.worst <= bound, row
        if dtype.itemsize == 2:
            assert row.rounded >= 0.9995 and row.ties < 0.03, row


def test_near_ties():
    """Of 3/5 times products that 5 divides, and of what float64 itself cannot tell from them."""
    product = torch.tensor([15.0, 5 * 0.25, 1.0, 365.0], dtype=torch.float64)
    exact = torch.tensor([0.6, 0.6, 0.6, 0.6 + 1e-12], dtype=torch.float64) * product
    unit = torch.tensor([2.0, 0.5, 0.25, 2.0], dtype=torch.float64)
    nearest = (exact / unit).round() * unit
    assert network_certificate.near_ties(exact, nearest, unit).tolist() == [True, True, False, True]


LEARNABLE = ("swish", "softplus", "xielu", "dyt", "gennorm_relu", "abs_ratio")


@pytest.mark.parametrize("name", [n for n in LEARNABLE if n in smoothact.catalogue])
def test_parameters(name):
    """On the CPU in double, and rounded once."""
    for row in network_certificate.certify_parameters([name], hard=100):
        assert row.points > 90 and row.worst <= 0.501, row


def test_they_see_errors(monkeypatch):
    exact = network_certificate.gate
    spoiled = lambda *a: {k: v * (1 + 8 * torch.finfo(v.dtype).eps) for k, v in exact(*a).items()}  # noqa: E731
    monkeypatch.setattr(network_certificate, "gate", spoiled)
    assert min(r.worst for r in network_certificate.certify_gates(["silu"], [torch.float32], count=9000, hard=20)) > 4
