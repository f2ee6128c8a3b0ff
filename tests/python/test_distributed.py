# SPDX-License-Identifier: Apache-2.0
"""DTensor, FSDP2 and tensor parallelism on 2 and 4 processes, against one; distributed_worker.py has the checks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import smoothact
import torch

USED = ["gelu", "hardtanh", "mish", "relu", "sigmoid", "silu", "swish"]
pytestmark = [
    pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without torch.distributed"),
    pytest.mark.skipif(not set(USED) <= set(smoothact.catalogue), reason="not all activations are compiled"),
]

WORKER = Path(__file__).with_name("distributed_worker.py")
CHECKS = {
    2: ["ops", "functions", "placements", "in_place", "tensor_parallel", "fsdp"],
    4: ["functions", "tensor_parallel", "fsdp", "fsdp_of_tensor_parallel"],
}


def torchrun(processes, *arguments):
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    path = os.pathsep.join([str(Path(smoothact.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*run, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=900, check=False
    )


@pytest.mark.parametrize("processes", CHECKS)
def test_equals_one_process(processes):
    done = torchrun(processes, WORKER, *CHECKS[processes])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split("\n")[:-1] == [f"passed {check}" for check in CHECKS[processes]]
