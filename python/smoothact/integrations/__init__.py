# SPDX-License-Identifier: Apache-2.0
"""smoothact inside other packages. Each submodule needs its package, and nothing imports it for you."""
