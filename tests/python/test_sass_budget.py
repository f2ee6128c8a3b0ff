# SPDX-License-Identifier: Apache-2.0
"""The reader of benchmarks/sass_budget.py, on a listing written by hand; no CUDA needed."""

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYMBOL = (
    "_ZN9smoothact4cuda16pointwise_kernelINS_7generic4SiluELNS_9OperationE1ELNS_5DTypeE2EEEvNS0_4PlanET_NS_6LimitsE"
)

# A thread without a pack leaves; the way of single elements loads less; on the way of packs, a nested loop that
# may be skipped, a division with its slow call, and a store. Then the slow case's own code, with a loop.
LISTING = f"""
Resource usage:
 Common:
  GLOBAL:0
 Function {SYMBOL}:
  REG:40 STACK:0 SHARED:0 LOCAL:0 CONSTANT[0]:681 TEXTURE:0 SURFACE:0 SAMPLER:0

	code for sm_90
		Function : {SYMBOL}
	.headerflags	@"EF_CUDA_SM90 EF_CUDA_VIRTUAL_SM(EF_CUDA_SM90)"
        /*0000*/               @P0 EXIT ;                        /* 0x0000000402480947 */
                                                                 /* 0x001fea0003800000 */
        /*0010*/               @P1 BRA 0x80 ;
        /*0020*/                   LDG.E.U16 R4, desc[UR4][R2.64] ;
        /*0030*/                   BRA 0x90 ;
        /*0040*/                   NOP ;
        /*0080*/                   LDG.E.128 R8, desc[UR4][R2.64] ;
        /*0090*/                   MUFU.RCP R5, R4 ;
        /*00a0*/                   FCHK P0, R3, R4 ;
        /*00b0*/              @!P2 BRA 0xd0 ;
        /*00c0*/               @P3 BRA 0xc0 ;
        /*00d0*/              @!P0 BRA 0xf0 ;
        /*00e0*/                   CALL.REL.NOINC 0x140 ;
        /*00f0*/                   F2FP.BF16.F32.PACK_AB R5, R5, R6 ;
        /*0100*/                   STL [R1], R5 ;
        /*0110*/                   STG.E.128 desc[UR4][R2.64], R4 ;
        /*0120*/                   EXIT ;
        /*0140*/                   FMUL R5, R5, R5 ;
        /*0150*/               @P5 BRA 0x140 ;
        /*0160*/                   RET.REL.NODEC R16 0x0 ;
        /*0170*/                   BRA 0x170;
"""


@pytest.fixture
def sass(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield lambda name: importlib.import_module(name)
    for name in [n for n in sys.modules if n.split(".")[0] in ("sass", "sass_budget")]:
        del sys.modules[name]


def test_round_of_a_loop(sass):
    """By the longest way from its head to where it turns back; a slow case's call is on none."""
    kernels = sass("sass.listing").kernels
    turned = re.sub(r"/\*0120\*/ +EXIT", r"/*0120*/ @P6 BRA 0x90 ;\n /*0130*/ EXIT", LISTING)
    (kernel,) = kernels(turned)
    once = kernel.round()
    assert [i.address for i in once.path] == [0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xF0, 0x100, 0x110, 0x120]
    assert (once.moved, once.calls) == (16, 1)
    assert next(iter(kernels(LISTING))).round() is None


def test_way(sass):
    (kernel,) = sass("sass.listing").kernels(LISTING)
    assert kernel.symbol == SYMBOL
    assert kernel.registers == 40
    way = kernel.way()
    # by the pack, without the nested loop, without the call
    expected = [0x00, 0x10, 0x80, 0x90, 0xA0, 0xB0, 0xD0, 0xF0, 0x100, 0x110, 0x120]
    assert [i.address for i in way.path] == expected
    assert way.calls == 1
    assert way.spilled == 1
    assert way.stored == 16
    assert way.widths("LDG") == way.widths("STG") == [128]
    assert way.pipes() == {"full": 5, "half": 1, "special": 2, "memory": 3}


def test_row(sass):
    (row,) = sass("sass_budget").rows_of(LISTING, ["backward"], ["bf16"], ["silu"])
    assert (row.name, row.operation, row.dtype, row.elements) == ("silu", "backward", "bf16", 8)
    assert (row.instructions, row.half, row.special, row.rcp) == (11 / 8, 1 / 8, 2 / 8, 1 / 8)
    assert (row.registers, row.spills, row.calls, row.occupancy) == (40, 1, 1, 0.75)
    assert not list(sass("sass_budget").rows_of(LISTING, ["forward"], ["bf16"], ["silu"]))


def test_two_stores_are_one_pack_of_a_gates_gradients(sass):
    listing = LISTING.replace("OperationE1E", "OperationE4E").replace("STL [R1], R5", "STG.E.128 desc[UR4][R2.64], R5")
    (row,) = sass("sass_budget").rows_of(listing, ["gate_backward"], ["bf16"], ["silu"])
    assert (row.operation, row.elements, row.stores) == ("gate_backward", 8, "2x128")


def test_branches_of_unequal_length(sass):
    listing = LISTING.replace("CALL.REL.NOINC 0x140", "FADD R1, R1, R1")
    (kernel,) = sass("sass.listing").kernels(listing)
    way = kernel.way()
    assert way.count("FADD") == way.calls == 0
    assert way.spread == 2


def test_no_store(sass):
    (kernel,) = sass("sass.listing").kernels(LISTING.replace("STG.E.128", "LDS.128"))
    assert kernel.way() is None


def test_budget_is_the_designs(sass):
    h200, h100 = sass("sass.hardware").GPUS
    assert [round(h200.limit(h200.issue, b)) for b in (4, 6, 8, 12, 16)] == [24, 36, 48, 72, 96]
    assert round(h200.limit(h200.special, 4)) == 3
    assert h100.limit(h100.issue, 4) > h200.limit(h200.issue, 4)


@pytest.mark.parametrize("registers, expected", [(24, 1), (32, 1), (33, 0.75), (40, 0.75), (48, 0.625), (255, 0.125)])
def test_occupancy(sass, registers, expected):
    assert sass("sass.hardware").occupancy(registers, 256) == expected


def test_reads_the_sources(sass):
    toolkit = sass("sass.toolkit")
    assert toolkit.enumerators("DType") == ["f64", "f32", "bf16", "f16"]
    assert toolkit.activations()["quick_gelu"] == "QuickGelu"
    assert toolkit.block_size() == 256
    build = (ROOT / "cmake/Library.cmake").read_text()
    assert all(flag in build for flag in toolkit.FLAGS)
