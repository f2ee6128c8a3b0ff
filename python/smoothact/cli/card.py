# SPDX-License-Identifier: Apache-2.0
"""``python -m smoothact card NAME``: what an activation is like, by the six criteria of its design."""

from __future__ import annotations

import argparse

import torch

from smoothact import catalogue
from smoothact.card import cost, measure

LEGEND = """\
f is computed in float64, Z is standard normal. Nonlinearity: the share of the variance of f(Z) that no straight line
explains. Linear region: around 0, within 5 % of the tangent there. Gain: 1/sqrt(E[f(Z)^2]), for initialisation. Active
range: from the first to the last x where |f'| >= 5 %. Saturation: hard where f' is 0, soft where it tends to 0. Cost:
float32, 262,144 elements, one thread, beside relu."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="activation, by name, module name or alias")
    parser.add_argument("parameters", nargs="*", metavar="PARAMETER=VALUE", help="alpha=0.5 (the defaults)")
    parser.add_argument("--no-cost", action="store_true", help="leave out the time, which takes two seconds")


def parameter(text: str) -> tuple[str, float | str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ValueError(f"a parameter is written NAME=VALUE, not {text!r}")
    try:
        return name, float(value)
    except ValueError:
        return name, value  # of a keyword that chooses, as gelu's approximate=tanh


def run(arguments: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    try:
        parameters = dict(map(parameter, arguments.parameters))
        found = measure(arguments.name, **parameters)
    except (ValueError, TypeError) as problem:
        print(str(problem).splitlines()[0])
        return 2
    rows = found.rows()
    if not arguments.no_cost:
        rows.append(cost(arguments.name, **parameters).row())
    at = ", ".join(f"{name} = {value}" for name, value in found.parameters.items())
    print(f"{found.name}{' at ' * bool(at)}{at}: {catalogue[found.name].definition}\n")
    width = max(len(criterion) for criterion, _ in rows)
    print("\n".join(f"{criterion:<{width}}  {finding}" for criterion, finding in rows))
    print("\n" + LEGEND)
    return 0
