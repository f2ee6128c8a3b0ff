# SPDX-License-Identifier: Apache-2.0
"""PEP 517 backend: setuptools', plus the choice of the torch to build against."""

from __future__ import annotations

import sys
from contextlib import suppress

from environment import TORCH_RANGE, find_torch
from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


HIDDEN = (
    "smoothact: this build sees no torch and takes the newest supported one; to build against yours, set "
    "SMOOTHACT_TORCH=PATH (its site-packages), or install setuptools, cmake and ninja and add --no-build-isolation"
)


def _torch() -> list[str]:
    if find_torch():
        return []
    print(HIDDEN, file=sys.stderr, flush=True)
    if not sys.stderr.isatty():  # pip and uv show a build's output only when it fails
        with suppress(OSError), open("/dev/tty", "w") as terminal:
            print(HIDDEN, file=terminal)
    return [f"torch{TORCH_RANGE}"]


def get_requires_for_build_wheel(config_settings=None):
    return build_meta.get_requires_for_build_wheel(config_settings) + _torch()


def get_requires_for_build_editable(config_settings=None):
    return build_meta.get_requires_for_build_editable(config_settings) + _torch()
