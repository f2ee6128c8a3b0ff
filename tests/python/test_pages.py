# SPDX-License-Identifier: Apache-2.0
"""Large results lie on large pages, where Linux has them."""

import re
from pathlib import Path

import pytest
import smoothact.functional as SF
import torch

SMAPS = Path("/proc/self/smaps")
LARGE = 2**20 * 8 + 5  # floats


def flags(address: int) -> list[str]:
    """What Linux has noted about the mapping that holds an address."""
    inside = False
    for line in SMAPS.read_text().splitlines():
        if bounds := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            inside = int(bounds[1], 16) <= address < int(bounds[2], 16)
        elif inside and line.startswith("VmFlags:"):
            return line.split()[1:]
    return []


def results():
    x = torch.randn(LARGE)
    yield SF.relu(x), torch.relu(x)
    x = torch.randn(2, LARGE)
    yield SF.reglu(x, dim=0), torch.relu(x[0]) * x[1]


@pytest.mark.skipif(not SMAPS.exists(), reason="no /proc to read the process's mappings from")
def test_large_results_are_on_large_pages():
    if "THPeligible" not in SMAPS.read_text():  # read here: it takes a while, which importing the file should not
        pytest.skip("a kernel without large pages")
    for y, _ in results():
        assert "hg" in flags(y.data_ptr() + y.nbytes // 2)


def test_large_results_are_right():
    for y, expected in results():
        assert torch.equal(y.flatten(), expected.flatten())
