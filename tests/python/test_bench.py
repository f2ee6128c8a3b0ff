# SPDX-License-Identifier: Apache-2.0
"""The benchmark: that all contestants compute one function, and what is made of the figures. Nothing here is timed."""

import csv
import math

import pytest
import smoothact
import torch
from smoothact import catalogue, cli
from smoothact.bench import report
from smoothact.bench.cases import BLOCK, CALLS, CONTESTANTS, GATES, LAYOUTS, LEARNED, PEER_FROM, Cell, calls, measure
from smoothact.bench.onednn import ALGORITHMS, OneDNN
from smoothact.bench.plan import MEASURES, PRESETS, cells
from smoothact.bench.timing import minima, saved_bytes
from smoothact.reference import textbook
from support import DTYPES, dtype_name

TOLERANCE = {"float32": 1e-5, "bfloat16": 5e-2}  # of bfloat16: a chain of operations rounds every one of them


@pytest.fixture(scope="module")
def onednn():
    return OneDNN.find()


def row(op="mish", measure="forward", dtype="float32", size=64, threads=1, layout="contiguous", **figures):
    return {"op": op, "measure": measure, "dtype": dtype, "size": size, "threads": threads, "layout": layout} | figures


def both_ways(cell, contestant, result):
    """y and dL/dx, whichever of them the call gives."""
    if cell.measure == "forward":
        return {"y": result}
    if contestant == "onednn":
        return {"dx": result if cell.measure == "backward" else result[1]}
    return {"dx": result[0]}


@pytest.mark.parametrize("measured", [m for m in MEASURES if m not in ("call", "saved")] + list(CALLS))
@pytest.mark.parametrize("op", [name for name, f in GATES.items() if f.__name__ in catalogue])
def test_gates_compute_one_function(op, measured):
    cell = Cell(op, measured, "float32", 2**14, 1, "contiguous")
    found = calls(cell, "cpu", ("compile",))
    assert set(found) == {"smoothact", "eager", "copy"}
    torch.testing.assert_close(*(found[who]() for who in ("smoothact", "eager")))
    results = found["copy"]()
    for result in results if isinstance(results, tuple) else (results,):
        assert result.numel() / 2**14 in (0.5, 0.75, 1, 1.25)
    with pytest.raises(ValueError, match="halves"):
        cells([op], {"sizes": (63,), "layouts": ("contiguous",)})


@pytest.mark.parametrize("measured", [m for m in MEASURES if m not in ("call", "saved")])
@pytest.mark.parametrize("op", LEARNED)
def test_learned_compute_one_function(op, measured):
    cell = Cell(op, measured, "float32", 2**14, 1, "contiguous")
    found = calls(cell, "cpu", ("compile",))
    ours, own = (found[who]() for who in ("smoothact", "eager"))
    torch.testing.assert_close(ours, own)
    if measured != "forward":
        shapes = {"pau": [(1, 16, 1024), (6,), (4,)], "learned_swiglu": [(2, 8192), (4096,)]}
        assert [g.shape for g in ours] == shapes.get(op, [(1, 16, 1024), (16,)])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("measured", ["forward", "training", "backward"])
@pytest.mark.parametrize("op", catalogue)
def test_contestants_compute_one_function(op, measured, dtype, layout, onednn):
    cell = Cell(op, measured, dtype, PEER_FROM[measured], 1, layout)
    torch.manual_seed(1)
    found = calls(cell, "cpu", ("compile",), onednn)
    assert {"smoothact", "eager", "copy"} <= set(found)
    if onednn and layout in ("contiguous", "channels_last"):
        has_dtype = dtype == "float32" or smoothact._C.cpu_capability() == "AVX512"  # of 16 bits it has no AVX2
        assert ("onednn" in found) == (op in ALGORITHMS and has_dtype)
    torch.manual_seed(1)
    x = cell.input("cpu").detach().double().requires_grad_()
    y = textbook(catalogue[op])(x)
    grad = torch.randn(x.shape).to(getattr(torch, dtype))
    truth = {"y": y, "dx": torch.autograd.grad(y, x, grad.double())[0]}
    for contestant in set(found) - {"copy"}:
        for what, result in both_ways(cell, contestant, found[contestant]()).items():
            assert result.dtype == grad.dtype
            torch.testing.assert_close(result.double(), truth[what], rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_onednn_takes_what_it_is_made_for(onednn):
    if not onednn:
        pytest.skip("libdnnl is not installed")
    x = torch.randn(64)
    assert onednn.call("squareplus", "forward", x) is None
    assert onednn.call("mish", "forward", x.double()) is None
    assert onednn.call("mish", "forward", torch.randn(128)[::2]) is None
    y = onednn.call("mish", "forward", large := torch.randn(2**23))()  # on fresh pages, so of its own every time
    torch.testing.assert_close(y, torch.nn.functional.mish(large))


def test_onednn_of_a_wrong_path():
    with pytest.raises(OSError):
        OneDNN.find("/nowhere/libdnnl.so")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_have_their_size_and_strides(layout):
    x = Cell("mish", "training", "bfloat16", 4 * BLOCK, 1, layout).input("cpu")
    assert x.numel() == 4 * BLOCK and x.is_leaf and x.requires_grad and x.dtype == torch.bfloat16
    assert x.is_contiguous() == (layout == "contiguous")
    assert x.is_contiguous(memory_format=torch.channels_last) if x.dim() == 4 else True


@pytest.mark.parametrize("measured", MEASURES[:3])
def test_measure_names_every_contestant(measured):
    found = measure(Cell("silu", measured, "float32", 64, 1, "contiguous"), rounds=1, without=("compile",))
    assert set(CONTESTANTS) & set(found) == {"smoothact", "eager", "copy"}
    assert all(found[who] > 0 for who in ("smoothact", "eager", "copy")) and found["unit"] == "ns per element"


def test_compiled_contestant():
    found = measure(Cell("silu", "training", "float32", 64, 1, "contiguous"), rounds=1)
    assert found["compile"] > 0


def test_threads_are_put_back():
    before = torch.get_num_threads()
    measure(Cell("silu", "forward", "float32", 64, before + 1, "contiguous"), rounds=1, without=("compile",))
    assert torch.get_num_threads() == before


def test_minima_calls_everyone_in_every_round():
    counts = {"a": 0, "b": 0}
    slow = torch.randn(2**20)

    def call(name):
        counts[name] += 1
        slow.sin()

    best = minima({name: lambda name=name: call(name) for name in counts}, rounds=3)
    assert set(best) == set(counts) and all(value > 0 for value in best.values()) and min(counts.values()) >= 5


def test_saved_bytes_counts_a_storage_once():
    x, w = torch.randn(100, requires_grad=True), torch.randn(100, requires_grad=True)
    assert saved_bytes(lambda: x.sin() * x.cos()) == 3 * 400  # x twice, sin, cos
    assert saved_bytes(lambda: x * w, exempt=[w]) == 400
    assert saved_bytes(lambda: x.detach() * 2) == 0


def test_saved_is_x_alone():
    found = measure(Cell("mish", "saved", "float32", 64, 1, "contiguous"), without=("compile",))
    assert found["smoothact"] == 4 and found["unit"] == "bytes per element"


def test_plan():
    usual = cells(["mish"], {})
    assert len(usual) == len(set(usual))
    assert {(c.dtype, c.size) for c in usual if c.measure == "forward"} >= {("bfloat16", 2**24), ("float32", 64)}
    assert {c.layout for c in usual if c.measure == "training"} == set(LAYOUTS)
    assert {c.size for c in cells(["mish"], {"sizes": (128,)}) if not c.measure.startswith("call")} == {128}
    assert len(cells(["mish"], PRESETS["quick"])) == 2
    everything = cells(["mish"], PRESETS["full"])
    assert len(everything) > len(usual) and {c.dtype for c in everything} == set(map(dtype_name, DTYPES))


def test_geometric_mean_and_losses():
    rows = [
        row("mish", smoothact=1.0, eager=4.0, compile=0.5, copy=0.1),
        row("silu", smoothact=2.0, eager=2.0, compile=8.0, copy=0.1),
        row("swish", smoothact=1.0, eager=0.96),  # not among those of the mean
        row("elu", dtype="bfloat16", smoothact=1.0, eager=1.0, onednn=0.98),
    ]
    assert report.mean([4.0, 1.0]) == pytest.approx(2)
    assert report.ratios(rows[:3], "compile") == {"mish": 0.5, "silu": 4.0}
    assert [(r["op"], rival) for r, rival, _ in report.losses(rows)] == [("mish", "compile"), ("swish", "eager")]
    first, second = report.summary(rows).splitlines()[2:]
    cell = [part.strip() for part in first.strip("|").split("|")]
    assert cell == ["forward, float32, 64", "2.00", "swish 0.96", "1.41", "mish 0.50", "", ""]
    assert "elu 0.98" in second
    text = report.loss_list(rows)
    assert "To eager, of 4 cells: 1.\n\n- 0.96 `swish`" in text and "To oneDNN, of 1 cells: 0." in text


def test_ratio_of_nothing():
    assert report.ratio(row(smoothact=0.0, eager=0.0), "eager") == 1
    assert report.ratio(row(smoothact=0.0, eager=4.0), "eager") == math.inf
    assert report.ratio(row(smoothact=1.0), "onednn") is None


def test_bench_writes_all_three(tmp_path, capsys):
    pytest.importorskip("tqdm", reason="bench needs the plot extra")
    pytest.importorskip("matplotlib", reason="the picture needs the plot extra")
    options = ["--size", "2**7", "--dtype", "float32", "--threads", "1", "--rounds", "1", "--without", "compile"]
    assert cli.main(["bench", "swish", "SiLU", *options, "--output", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "cells, about 1 min" in printed.err
    assert (tmp_path / "bench.md").read_text() == printed.out
    assert "## Losses" in printed.out and "`swish`" in printed.out and "sliced" in printed.out
    with (tmp_path / "bench.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert {r["op"] for r in rows} == {"swish", "silu"}
    assert {r["measure"] for r in rows} >= {"forward", "training", "call", "saved"}
    assert all(float(r["smoothact"]) > 0 and float(r["eager"]) > 0 and not r["compile"] for r in rows)
    assert (tmp_path / "bench.png").stat().st_size > 10_000


def test_no_picture_without_a_forward_pass(tmp_path):
    pytest.importorskip("matplotlib", reason="the picture needs the plot extra")
    from smoothact.bench.plot import draw

    assert not draw([row(measure="saved", smoothact=4.0)], "", tmp_path / "bench.png")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["swsh"], "did you mean 'swish'"),
        (["--device", "nowhere"], "nowhere"),
        (["--size", "100", "--layout", "strided"], "a multiple of 64"),
        (["--output", "/dev/null/a"], "/dev/null/a"),
        (["--onednn", "/nowhere/libdnnl.so"], "/nowhere/libdnnl.so"),
    ],
)
def test_bench_refuses_at_once(wrong, said, capsys):
    pytest.importorskip("tqdm", reason="bench needs the plot extra")
    assert cli.main(["bench", *wrong]) == 2
    printed = capsys.readouterr().out
    assert said in printed and printed.count("\n") == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--size", "2^18"], "'2^18' is no number such as 262144 or 2**18"),
        (["--size", "0"], "0 is not between 1 and 2**31"),
        (["--rounds", "-1"], "'-1' is no number"),
        (["--threads", "two"], "'two' is no number"),
        (["--dtype", "int8"], "invalid choice: 'int8'"),
        (["--measure", "speed"], "invalid choice: 'speed'"),
        (["--layout", "nchw"], "invalid choice: 'nchw'"),
        (["--quick", "--full"], "not allowed with"),
    ],
)
def test_bench_explains_a_bad_value(wrong, said, capsys):
    with pytest.raises(SystemExit) as done:
        cli.main(["bench", *wrong])
    assert done.value.code == 2 and said in capsys.readouterr().err
