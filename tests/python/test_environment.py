# SPDX-License-Identifier: Apache-2.0
"""The surroundings: autocast, threads, forked workers, the doctor."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import smoothact
import torch
from support import DEFAULTS, DTYPES, dtype_name


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_autocast_does_not_cast(case, dtype, device):
    x = torch.randn(4, 5, device=device).to(dtype).requires_grad_()
    with torch.autocast(device, dtype=torch.bfloat16):
        for call in (case, case.functional, case.module()):
            y = call(x)
            assert y.dtype == dtype and torch.equal(y, case(x.detach()))
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert g.dtype == dtype and torch.equal(g, case.derivative(x.detach(), 1))


def test_autocast_network(device):
    net = torch.nn.Sequential(*(m for case in DEFAULTS for m in (torch.nn.Linear(8, 8), case.module()))).to(device)
    with torch.autocast(device, dtype=torch.bfloat16):
        y = net(torch.randn(3, 8, device=device))
    assert y.dtype == torch.bfloat16
    y.float().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_python_threads(device):
    x = torch.randn(50_000, device=device)
    expected = {case: (case(x), case.derivative(x, 1)) for case in DEFAULTS}

    def work(i):
        case = DEFAULTS[i % len(DEFAULTS)]
        v = x.clone().requires_grad_()
        y = case.functional(v)
        (g,) = torch.autograd.grad(y.sum(), v)
        return torch.equal(y, expected[case][0]) and torch.equal(g, expected[case][1])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(20 * len(DEFAULTS))))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_child_computes():
    x = torch.randn(100_000)
    expected = [case(x) for case in DEFAULTS]  # the parent has used its threads
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)  # as DataLoader's workers do
        same = all(torch.equal(case.functional(x), y) for case, y in zip(DEFAULTS, expected, strict=True))
        os._exit(0 if same else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


class Activated(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, i):
        return torch.stack([case.functional(torch.full((3,), float(i))) for case in DEFAULTS])


@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_data_loader_workers(context):
    loader = torch.utils.data.DataLoader(Activated(), batch_size=4, num_workers=1, multiprocessing_context=context)
    batches = torch.cat(list(loader))
    assert torch.equal(batches, torch.stack([Activated()[i] for i in range(8)]))


def python(*arguments, **environment):
    path = os.pathsep.join([str(Path(smoothact.__file__).parents[1]), str(Path(__file__).parent)])
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_doctor():
    done = python("-m", "smoothact", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    for expected in (smoothact.__version__, torch.__version__, smoothact._C.cpu_capability()):
        assert expected in done.stdout


def test_import_is_light():
    """No compiler stack, no plotting, no oracle until somebody asks."""
    heavy = {"torch._dynamo", "torch._inductor", "torch.distributed.tensor", "matplotlib", "mpmath", "smoothact.oracle"}
    code = "import torch, sys; before = set(sys.modules); import smoothact; print(*set(sys.modules) - before)"
    done = python("-c", code)
    assert done.returncode == 0 and not heavy & set(done.stdout.split()), done.stdout + done.stderr


def test_import_order_does_not_matter():
    done = python("-c", "import smoothact, torch; print(smoothact.functional.mish(torch.ones(1)).item())")
    assert done.returncode == 0 and done.stdout.startswith("0.865"), done.stderr


def test_deterministic_algorithms(device):
    x = torch.randn(1000, device=device, requires_grad=True)
    torch.use_deterministic_algorithms(True)
    try:
        for case in DEFAULTS:
            case.functional(x).sum().backward()
    finally:
        torch.use_deterministic_algorithms(False)


def test_default_dtype_and_device_do_not_matter(device):
    x = torch.randn(9, device=device)
    expected = [case(x) for case in DEFAULTS]
    torch.set_default_dtype(torch.float64)
    try:
        assert all(torch.equal(case.functional(x), y) for case, y in zip(DEFAULTS, expected, strict=True))
        with torch.device("meta"):
            assert all(torch.equal(case.functional(x), y) for case, y in zip(DEFAULTS, expected, strict=True))
    finally:
        torch.set_default_dtype(torch.float32)
