# SPDX-License-Identifier: Apache-2.0
"""Behind ``sass_budget.py``: compiling and disassembling, reading the listing, and what the hardware allows."""
