# SPDX-License-Identifier: Apache-2.0
"""Writes the sources of the reference pages: python docs/generate.py FOLDER [NAME ...]

A page per activation of the catalogue, the front page with a thumbnail of each, and the tables of the other pages. All
comes from the descriptors, from what smoothact.card measures, and from the committed certificate and benchmark.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import page
import pictures
import smoothact
import theory
from figures import Benchmark, Certificate
from smoothact._report import table
from smoothact.card import Card, figure

HERE = Path(__file__).parent
MEASURED = ("docs/certificate.md", "docs/exhaustive.md", "benchmarks/results/bench.md", "benchmarks/results/bench.png")
KINDS = {
    "gate": ("Gates", "x times a smooth step: the input lets itself through. They dip below 0 before they rise."),
    "smooth_relu": (
        "Smooth ReLUs",
        "The integral of a smooth step, or half of x and a smooth absolute value: monotone.",
    ),
    "piecewise": ("Piecewise", "Different formulas on different sides: the ReLU, and what mends its left."),
    "step": ("Smooth steps", "From 0 to 1: what gates are made of."),
    "sign": ("Smooth signs", "From −1 to 1: a step, stretched."),
    "smooth_abs": ("Smooth absolute values", "\\|x\\| without the kink; half of it and x is a smooth ReLU."),
}


def gallery(cards: Iterable[Card], folder: str = "activations/") -> str:
    """Thumbnails in a grid, each a link."""
    lines = ["::::{grid} 2 3 4 5", ":gutter: 2", ":class-container: gallery", ""]
    for card in cards:
        lines += [
            ":::{grid-item-card}",
            f":link: {folder}{card.name}",
            ":link-type: doc",
            ":text-align: center",
            f":img-top: {'../' * folder.startswith('..')}thumbnails/{card.name}.svg",
            f":img-alt: {card.name}",
            "",
            f"`{card.name}`",
            ":::",
        ]
    return "\n".join([*lines, "::::"])


def grouped(cards: dict[str, Card]) -> Iterable[tuple[str, str, str, list[Card]]]:
    """Kind, title, sentence and cards, of the kinds that there are."""
    for kind, (title, sentence) in KINDS.items():
        group = [card for card in cards.values() if smoothact.catalogue[card.name].kind == kind]
        if group:
            yield kind, title, sentence, group


def toctree(pages: Iterable[str], *options: str) -> str:
    return "\n".join(["```{toctree}", *options, "", *pages, "```"])


def criteria(cards: Iterable[Card]) -> str:
    """The six criteria of all activations side by side."""
    head = ["", "nonlin.", "class", "linear", "mean", "var.", "gain", "range", "active", "saturates", "cost"]
    benchmark = Benchmark()

    def interval(pair: Sequence[float] | None, digits: int = 3) -> str:
        return f"{figure(pair[0], digits)} … {figure(pair[1], digits)}" if pair and pair[0] < pair[1] else "–"

    def cost(name: str) -> str:
        ours, relu = (benchmark.cell(op, "training", "float32") for op in (name, "relu"))
        return f"{float(ours) / float(relu):.1f}" if "–" not in (ours, relu) else "–"

    rows = [
        [
            theory.link(card.name),
            f"{card.nonlinearity:.3f}",
            card.rows()[1][1].split(",")[0],
            interval(card.linear, 2),
            figure(card.mean, 3),
            figure(card.variance, 3),
            figure(card.gain, 3),
            interval(card.bounds),
            interval(card.active),
            f"{card.left.saturation}, {card.right.saturation}",
            cost(card.name),
        ]
        for card in cards
    ]
    return table(head, rows)


def left(markdown: str) -> str:
    """The table with words, not figures, in its columns."""
    return markdown.replace("-:|", "--|")


def fill(text: str, blocks: dict[str, str]) -> str:
    """Puts each block in the place of its comment, <!-- name -->."""
    return re.sub(r"<!-- ([a-z ]+) -->", lambda match: blocks[match[1]], text)


def write(folder: Path, names: Sequence[str]) -> None:
    """All sources; of the activations only these."""
    cards = {name: smoothact.catalogue[name].card for name in names}
    shutil.copytree(HERE / "pages", folder, dirs_exist_ok=True)
    for path in MEASURED:
        shutil.copy(HERE.parent / path, folder)
    for child in ("activations", "thumbnails", "plots", "kinds"):
        (folder / child).mkdir(exist_ok=True)
    certificate, benchmark = Certificate(), Benchmark()
    for card in cards.values():
        pictures.plot(card, folder / "plots" / f"{card.name}.svg")
        pictures.thumbnail(card, folder / "thumbnails" / f"{card.name}.svg")
        (folder / "activations" / f"{card.name}.md").write_text(page.page(card, certificate, benchmark))
    galleries = []
    for kind, title, sentence, group in grouped(cards):
        galleries.append(f"## {title}\n\n{sentence}\n\n{gallery(group)}")
        pages = toctree((f"../activations/{card.name}" for card in group), ":hidden:")
        text = f"# {title}\n\n{sentence}\n\n{gallery(group, '../activations/')}\n\n{pages}\n"
        (folder / "kinds" / f"{kind}.md").write_text(text)
    heads = {which: list(theory.table(which)) for which in theory.COLUMNS}
    blocks = {
        "gallery": "\n\n".join(galleries),
        "kinds": toctree((f"kinds/{kind}" for kind, *_ in grouped(cards)), ":hidden:", ":caption: Activations"),
        "count": str(len(cards)),
        "steps": left(table(heads["steps"][0], heads["steps"][1:])),
        "remarks": "\n".join(theory.remarks()),
        "absolute values": left(table(heads["smooth_abs"][0], heads["smooth_abs"][1:])),
        "criteria": criteria(cards.values()),
        "benchmark": benchmark.about,
        "functions": left(page.functions(cards)),
        "gates": left(page.gates()),
    }
    for path in folder.glob("*.md"):
        path.write_text(fill(path.read_text(), blocks))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="activations (all)")
    arguments = parser.parse_args()
    if arguments.folder.exists():
        shutil.rmtree(arguments.folder)
    write(arguments.folder, arguments.names or list(smoothact.catalogue))


if __name__ == "__main__":
    main()
