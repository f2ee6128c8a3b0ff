# SPDX-License-Identifier: Apache-2.0
"""The command line. A command is a module with ``add_arguments(parser)`` and ``run(arguments) -> exit code``,
imported only when it is called: one command's extras are never another's."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence

import smoothact

COMMANDS = {
    "bench": "measure time and memory beside torch eager, torch.compile, oneDNN and a copy",
    "card": "measure an activation by the six criteria of its design: nonlinearity, smoothness, linear region, ...",
    "certify": "measure the accuracy of every function, and of torch's own, in units in the last place",
    "demo": "train a small GPT with three spellings of one activation and compare them",
    "doctor": "print what was built and what is in use, and check it against the textbook",
}


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="python -m smoothact", description="Smooth activations for PyTorch.")
    parser.add_argument("--version", action="version", version=f"smoothact {smoothact.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in arguments if word in COMMANDS), None)
    modules = {}
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name == chosen:
            modules[name] = importlib.import_module(f"smoothact.cli.{name}")
            modules[name].add_arguments(command)
    parsed = parser.parse_args(arguments)
    try:
        return modules[parsed.command].run(parsed)
    except KeyboardInterrupt:
        return 130


def need(*extras: str, extra: str) -> str | None:
    """One sentence if a package of an extra is missing."""
    missing = [name for name in extras if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    return f"{' and '.join(missing)} missing: run `pip install '.[{extra}]'` in smoothact's sources."
