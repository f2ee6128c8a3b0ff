# SPDX-License-Identifier: Apache-2.0
"""What an installation promises outside the process that imports it."""

import ast
import inspect
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import smoothact
import torch
from smoothact import _build
from smoothact._check import mismatch

PACKAGE = Path(smoothact.__file__).parent
EXAMPLE = Path(__file__).parents[2] / "examples/cpp"
MINOR = ".".join(_build.TORCH.split(".")[:2])


def run(*command, **env):
    out = subprocess.run(
        [str(c) for c in command],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    return out.returncode, out.stdout + out.stderr


def test_stamp_matches_torch():
    assert torch.__version__.split("+")[0].startswith(MINOR)
    assert smoothact.__version__ == _build.VERSION


@pytest.mark.parametrize(
    "torch_now, built, said",
    [
        (("2.11.0", None), ("2.11.1+cu130", None), None),
        (("2.11.0+cu130", "13.0"), ("2.11.0+cu130", "13.0"), None),
        (("2.11.0+cu130", "13.0"), ("2.11.0+cpu", None), None),
        (("2.12.0+cu130", "13.0"), ("2.11.0+cu130", "13.0"), "pip install 'torch==2.11.*'"),
        (("2.1.0", None), ("2.11.0", None), "built for torch 2.11 but torch 2.1.0"),
        (("2.11.0+cpu", None), ("2.11.0+cu130", "13.0"), "has no CUDA"),
        (("2.11.0+cu126", "12.6"), ("2.11.0+cu130", "13.0"), "has CUDA 12.6"),
    ],
)
def test_mismatch(torch_now, built, said):
    sentence = mismatch(*torch_now, *built)
    assert sentence is None if said is None else said in sentence


def test_wrong_torch_is_one_sentence(tmp_path):
    fake = tmp_path / "torch"
    fake.mkdir()
    (fake / "__init__.py").write_text("from . import version\n__version__ = version.__version__\n")
    (fake / "version.py").write_text("__version__ = '2.99.0'\ncuda = None\n")
    path = os.pathsep.join([str(tmp_path), str(PACKAGE.parent)])
    status, output = run(sys.executable, "-c", "import smoothact", PYTHONPATH=path)
    assert status == 1
    assert output.splitlines()[-1] == "ImportError: " + mismatch("2.99.0", None, _build.TORCH, _build.CUDA)
    assert "undefined symbol" not in output


def test_metadata_pins_torch():
    try:
        requires = metadata.requires("smoothact")
    except metadata.PackageNotFoundError:
        pytest.skip("imported from the source tree, not installed")
    assert f"torch=={MINOR}.*" in requires


def stub(module):
    path = PACKAGE / f"{module}.pyi"
    if not path.exists():
        pytest.skip("imported from the source tree, which has no stubs")
    return ast.parse(path.read_text()).body


def test_stub_of_functional():
    functions = {f.name: f for f in stub("functional") if isinstance(f, ast.FunctionDef)}
    assert set(functions) == {*smoothact.catalogue, "prelu"}
    for name, function in functions.items():
        signature = inspect.signature(getattr(smoothact.functional, name))
        assert [a.arg for a in function.args.args + function.args.kwonlyargs] == list(signature.parameters)


def test_stub_of_nn():
    classes = {c.name: c for c in stub("nn") if isinstance(c, ast.ClassDef)}
    for descriptor in smoothact.catalogue.values():
        init = next(n for n in classes[descriptor.module].body if isinstance(n, ast.FunctionDef))
        signature = inspect.signature(getattr(smoothact.nn, descriptor.module))
        assert [a.arg for a in init.args.args][1:] == list(signature.parameters)


def test_cpp_example(tmp_path):
    if not shutil.which("cmake"):
        pytest.skip("no cmake")
    prefix = f"-DCMAKE_PREFIX_PATH={smoothact.cmake_prefix_path}"
    status, output = run("cmake", "-S", EXAMPLE, "-B", tmp_path, prefix, CUDACXX="/nonexistent")
    assert status == 0, output
    status, output = run("cmake", "--build", tmp_path)
    assert status == 0, output
    status, output = run(tmp_path / "example")
    assert status == 0, output

    rows = [line.split() for line in output.splitlines()]
    got = torch.tensor([[float(v) for v in row] for row in rows[1:10]], dtype=torch.float64)
    x = got[:, 0].clone().requires_grad_()
    y = torch.nn.functional.mish(x)
    (dy,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (d2y,) = torch.autograd.grad(dy.sum(), x)
    torch.testing.assert_close(got, torch.stack([x, y, dy, d2y], 1).detach(), rtol=0, atol=6e-6)
    assert rows[10][-1] == "0.81757"
