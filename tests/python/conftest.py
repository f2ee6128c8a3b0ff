# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # `support`, under any import mode

torch.set_num_threads(1)  # xdist's workers share the cores; tests about threads set their own

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(20261123)


def pytest_make_parametrize_id(config, val, argname):
    return str(val) if argname in ("case", "dtype", "op") else None
