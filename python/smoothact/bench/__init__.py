# SPDX-License-Identifier: Apache-2.0
"""Measures the functions against torch's own, a copy, and oneDNN where it is installed."""
