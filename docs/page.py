# SPDX-License-Identifier: Apache-2.0
"""The reference page of one activation, in MyST Markdown."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import smoothact
import theory
import torch
import torch.nn.functional as F
from figures import CONTESTANTS, DASH, Benchmark, Certificate
from formulas import latex
from smoothact import Descriptor, _gate_modules, _gates
from smoothact._aliases import FRAMEWORKS
from smoothact._report import table
from smoothact.card import Card, figure
from smoothact.reference import BUILTIN

KIND = {
    "gate": "A gate: x times a smooth step.",
    "smooth_relu": "A smooth ReLU.",
    "piecewise": "Defined piece by piece.",
    "step": "A smooth step, from 0 to 1.",
    "sign": "A smooth sign.",
    "smooth_abs": "A smooth absolute value.",
}
HEADERS = Path(__file__).parents[1] / "csrc/activations"
SAMPLE = (-2.0, -0.5, 0.0, 1.5)


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """A table of two columns without a head."""
    lines = ["```{list-table}", ":class: pairs", ":widths: 26 74", ""]
    for label, text in rows:
        lines += [f"* - {label}", f"  - {text}"]
    return "\n".join([*lines, "```"])


def formula(d: Descriptor) -> str:
    # f, not the name: some names are long and have underscores
    return f"```{{math}}\nf(x) = {latex(d.definition)}\n```"


def parameter(d: Descriptor) -> Iterator[str]:
    for p in d.parameters:
        default = "None" if p.default is None else f"{p.default:g}"
        yield f"`{p.name}` = {default}, {p.domain}"
    if d.selector:
        keyword, choices = d.selector
        yield f"`{keyword}`: " + ", ".join(f"`{value!r}`" for value in choices)


def source(d: Descriptor) -> str:
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", d.source)


def aliases(d: Descriptor) -> str:
    """Its other names, and what other frameworks mean by theirs."""
    names = [f"`{alias}`" for alias in d.aliases]
    for framework, known in FRAMEWORKS.items():
        for name, alias in known.items():
            if alias.activation == d.name:
                at = ", ".join(f"{key} = {value:.6g}" for key, value in alias.parameters.items())
                names.append(f"`{framework}.{name}`" + f" ({at})" * bool(at))
    return ", ".join(names) or DASH


def in_torch(d: Descriptor) -> str:
    found = [f"`torch.nn.{d.module}`"] if hasattr(torch.nn, d.module) else []
    found += [f"`torch.nn.functional.{d.name}`"] if hasattr(F, d.name) else []
    found += ['`torch.nn.functional.gelu(approximate="tanh")`'] if d.name == "gelu_tanh" and d.name in BUILTIN else []
    return ", ".join(found) or DASH


@functools.cache
def header(name: str) -> str:
    """The header that has the formula."""
    pattern = re.compile(rf'\.name = "{name}"')
    return next((path.name for path in sorted(HEADERS.glob("*.h")) if pattern.search(path.read_text())), "")


def relations(name: str) -> list[str]:
    """Where the activation stands in the table of steps and constructions, and what is made of it."""
    found = []
    for p in theory.places():
        at = "" if abs(p.sharpness - 1) < 1e-9 else f" at sharpness {p.sharpness:.4g}"
        if p.activation == name:
            found.append(theory.WORDS[p.construction].format(theory.link(p.base, "")) + at)
        elif theory.known(p.base) == name:
            found.append(f"{theory.link(p.activation, '')} is {theory.WORDS[p.construction].format('it')}{at}")
    return found


def properties(d: Descriptor, card: Card) -> list[tuple[str, str]]:
    def place(at: tuple[float, float] | None) -> str:
        return f"{figure(at[1])} at x = {figure(at[0])}" if at else ""

    sides = [f"{figure(limit)}, slope {figure(slope)}" for limit, slope in zip(d.limits, d.slopes, strict=True)]
    rows = [
        ("domain", "all real numbers"),
        ("parameters", "; ".join(parameter(d)) or "none"),
        ("limits", f"{sides[0]} at −∞; {sides[1]} at +∞"),
        ("at 0", f"value {figure(card.value_at_zero)}, slope {figure(card.slope_at_zero)}"),
        ("minimum", place(card.minimum)),
        ("maximum", place(card.maximum)),
        ("kinks", ", ".join(f"x = {figure(k)}" for k in d.kinks) or "none"),
        ("aliases", aliases(d)),
        ("relations", "; ".join(relations(d.name))),
        ("in torch", in_torch(d)),
        ("paper", source(d) or DASH),
    ]
    return [(label, text) for label, text in rows if text]


def sample(d: Descriptor) -> str:
    """Code that runs, with what it prints."""
    first = ", ".join(f"{p.name}={p.default:g}" for p in d.parameters if p.default is not None)
    output = ", ".join(f"{v:.4f}" for v in getattr(smoothact.functional, d.name)(torch.tensor(SAMPLE)).tolist())
    numbers = ", ".join(f"{v:g}" for v in SAMPLE)
    return "\n".join(
        [
            "```python",
            "import torch, smoothact",
            "",
            f"x = torch.tensor([{numbers}], requires_grad=True)",
            f"y = smoothact.functional.{d.name}(x{', ' * bool(first)}{first})",
            f"# {output}",
            "y.sum().backward()",
            "",
            f"layer = smoothact.nn.{d.module}({first})  # or smoothact.get({d.name!r})",
            "```",
        ]
    )


def signature(d: Descriptor) -> inspect.Signature:
    """Of the module, without types."""
    bare = inspect.signature(getattr(smoothact.nn, d.module))
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in bare.parameters.values()]
    return bare.replace(parameters=plain, return_annotation=inspect.Signature.empty)


def measured(lines: Sequence[Sequence[str]]) -> bool:
    """Whether anything was measured."""
    return any(cell != DASH for line in lines for cell in line[1:])


def page(card: Card, certificate: Certificate, benchmark: Benchmark) -> str:
    d = smoothact.catalogue[card.name]
    orders = ["f", "f'", "f''"]
    speed, accuracy = benchmark.table(d.name), certificate.table(d.name)
    six = [*card.rows(), ("cost", benchmark.cost(d.name))]
    parts = [
        f"# {d.name}",
        KIND[d.kind],
        formula(d),
        f"```{{image}} ../plots/{d.name}.svg\n:alt: f, f' and f'' of {d.name}\n:class: plot\n```",
        sample(d),
        "## Properties",
        "At the default parameters.",
        pairs(properties(d, card)),
        "## Six criteria",
        f"Measured as [explained](../criteria.md); at other parameters by `python -m smoothact card {d.name}`.",
        pairs(six),
        "## Accuracy",
    ]
    if measured(accuracy):
        text = "Worst error in units in the last place, ours and then torch's own, measured with"
        parts += [
            f"{text} {certificate.about} ([where, and of all](../certificate.md)).",
            table(["", *orders, *(f"torch {o}" for o in orders)], accuracy),
        ]
    else:
        parts += [f"{DASH} (not in the certificate yet; `python -m smoothact certify {d.name}` measures it)"]
    parts += ["## Speed"]
    if measured(speed):
        text = "ns per element of 262,144, one thread, measured with"
        parts += [f"{text} {benchmark.about} ([more](../bench.md)).", table(["", *CONTESTANTS.values()], speed)]
    else:
        parts += [f"{DASH} (not in the benchmark yet; `python -m smoothact bench {d.name}` measures it)"]
    parts += [
        "## Interface",
        f"```{{eval-rst}}\n.. autofunction:: smoothact.functional.{d.name}\n\n"
        f".. py:class:: smoothact.nn.{d.module}{signature(d)}\n\n   The function as a module.\n```",
        f"In C++ `smoothact::{d.name}(x)` of `<smoothact/smoothact.h>`; as an op `torch.ops.smoothact.{d.name}`; "
        f"the formula is in `csrc/activations/{header(d.name)}`.",
    ]
    return "\n\n".join(parts) + "\n"


def gates() -> str:
    """The functions of gates, with what they compute, the default layout and the source."""
    modules = {"glu": "GLU"}
    for module in _gate_modules.__all__:
        modules.setdefault(getattr(getattr(smoothact.nn, module), "function", ""), module)
    lines = []
    for name in _gates.__all__:
        function = getattr(smoothact.functional, name)
        text = inspect.getdoc(function)
        formula, found = text.split("``")[1], re.search(r"Source: (.*)\.", text)
        layout = inspect.signature(function).parameters["layout"].default
        lines.append([f"`{name}`", f"`nn.{modules[name]}`", f"`{formula}`", f"`{layout}`", found[1] if found else DASH])
    return table(["function", "module", "formula", "default layout", "source"], lines)


def functions(names: Iterable[str]) -> str:
    """The list of all functions and modules."""
    lines = [
        [theory.link(name), f"`nn.{smoothact.catalogue[name].module}`", f"`{header(name)}`"] for name in sorted(names)
    ]
    return table(["function", "module", "header"], lines)
