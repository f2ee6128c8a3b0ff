# SPDX-License-Identifier: Apache-2.0
"""Says in one sentence why the library cannot be loaded, where the loader would name a symbol."""

from __future__ import annotations

from types import ModuleType

REBUILD = "pip install --force-reinstall --no-deps --no-cache-dir SOURCES"


def _minor(version: str) -> str:
    return ".".join(version.split("+")[0].split(".")[:2])


def mismatch(version: str, cuda: str | None, built_version: str, built_cuda: str | None) -> str | None:
    """The sentence for a torch (version, cuda) that the library was not built for, or None."""
    built = _minor(built_version)
    if _minor(version) != built:
        found = f"torch {built} but torch {version} is installed"
        fix = f"run `pip install 'torch=={built}.*'`"
    elif built_cuda and (cuda or "").split(".")[0] != built_cuda.split(".")[0]:
        has = f"CUDA {cuda}" if cuda else "no CUDA"
        found = f"torch with CUDA {built_cuda} but torch {version} has {has}"
        fix = f"install a torch {built} with CUDA {built_cuda.split('.')[0]}"
    else:
        return None
    return f"smoothact was built for {found}: {fix}, or rebuild smoothact for this torch: `{REBUILD}`."


def check_torch() -> ModuleType:
    """Returns the build stamp, or raises ImportError. Call before the first import of smoothact._C."""
    try:
        from . import _build
    except ImportError:
        raise ImportError(
            "smoothact is not built here: run `pip install .` or `make develop` in its sources."
        ) from None
    try:
        import torch
    except ImportError as error:
        built = _minor(_build.TORCH)
        sentence = f"smoothact needs torch {built} ({error}): run `pip install 'torch=={built}.*'`."
        raise ImportError(sentence) from error
    if sentence := mismatch(str(torch.__version__), torch.version.cuda, _build.TORCH, _build.CUDA):
        raise ImportError(sentence)
    return _build
