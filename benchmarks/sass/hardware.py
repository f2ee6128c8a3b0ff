# SPDX-License-Identifier: Apache-2.0
"""What a kernel may issue per element before it, and no longer memory, sets the pace."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gpu:
    name: str
    copy: float  # bytes a second, read and written together
    multiprocessors: int = 132
    clock: float = 1.9e9
    # Threads a cycle of one multiprocessor, by the throughput table of NVIDIA's programming guide (compute
    # capability 9.0): what the four schedulers issue; integer, logic, compare, select and pack instructions;
    # special functions.
    issue: int = 4 * 32
    half: int = 64
    special: int = 16
    use: float = 0.8  # of each that a real loop attains

    def limit(self, rate: int, bytes_: int) -> float:
        """Operations that fit into the time in which ``bytes_`` are copied."""
        return self.use * self.multiprocessors * self.clock * rate * bytes_ / self.copy


# Copy bandwidths are assumptions to plan with, not measurements of ours.
GPUS = (Gpu("H200", 4.3e12), Gpu("H100", 3.0e12))

REGISTERS, THREADS = 65536, 2048  # of a multiprocessor


def occupancy(registers: int, block: int) -> float:
    """Resident threads over the most there can be; a warp's registers come in steps of 256."""
    blocks = REGISTERS // (max(8, -(-registers // 8) * 8) * block)
    return min(THREADS, blocks * block) / THREADS


@dataclass(frozen=True)
class Cost:
    """Per element: what is issued, how much of it at half rate, special functions, bytes moved."""

    instructions: float
    half: float
    special: float
    bytes: int

    def share(self, gpu: Gpu) -> tuple[float, str]:
        """The fullest resource: what it needs over what it may, and its name."""
        return max(
            (self.instructions / gpu.limit(gpu.issue, self.bytes), "issue"),
            (self.half / gpu.limit(gpu.half, self.bytes), "half-rate"),
            (self.special / gpu.limit(gpu.special, self.bytes), "special"),
        )
