# SPDX-License-Identifier: Apache-2.0
"""The sources of the reference pages: two activations' pages, every formula, and the table of constructions.

`make docs` builds the pages.
"""

import importlib
import sys
from pathlib import Path

import pytest
import smoothact

DOCS = Path(__file__).parents[2] / "docs"
MODULES = ("figures", "formulas", "generate", "page", "pictures", "theory")

pytest.importorskip("matplotlib", reason="the pictures need the plot extra")
if not DOCS.is_dir():
    pytest.skip("this copy of the sources has no docs", allow_module_level=True)


@pytest.fixture(scope="module")
def docs():
    sys.path.insert(0, str(DOCS))
    yield importlib.import_module
    sys.path.remove(str(DOCS))
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def pages(docs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    docs("generate").write(folder, ["mish", "elu"])
    return folder


@pytest.mark.parametrize("name", ["mish", "elu"])
def test_page(pages, name):
    text = (pages / "activations" / f"{name}.md").read_text()
    d = smoothact.catalogue[name]
    for words in ("```{math}", f"smoothact.nn.{d.module}", d.source.split(",")[0], "float32", f"activations/{name}.h"):
        assert words in text, words
    assert all(alias in text for alias in d.aliases)
    for folder in ("plots", "thumbnails"):
        assert "<svg" in (pages / folder / f"{name}.svg").read_text()


def test_front_page(pages):
    text = (pages / "index.md").read_text()
    assert text.count("grid-item-card") == 2 and ":link: activations/mish" in text
    assert not any("<!--" in path.read_text() for path in pages.glob("*.md"))
    assert "[`mish`](activations/mish.md)" in (pages / "criteria.md").read_text()


def test_gates(pages):
    text = " ".join((pages / "api.md").read_text().split())
    for words in ("`nn.SwiGLU` | `silu(gate) * up` | `gate_first` | Shazeer 2020", "`nn.GLU` | `sigmoid(gate) * up`"):
        assert words in text, words


def test_sample_runs(pages):
    """The code on the page does what its comment says."""
    text = (pages / "activations/elu.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    scope = {}
    exec(code, scope)
    said = code.split("# ")[1].splitlines()[0].split(", ")
    assert scope["y"].tolist() == pytest.approx([float(value) for value in said], abs=1e-4)


@pytest.mark.parametrize("name", list(smoothact.catalogue))
def test_formula(docs, name):
    text = docs("formulas").latex(smoothact.catalogue[name].definition)
    assert text.count("{") == text.count("}") and "where" not in text and "**" not in text


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("x / (1 + exp(-x))", r"\frac{x}{1 + e^{- x}}"),
        ("(x + sqrt(x**2 + b)) / 2", r"\frac{x + \sqrt{x^{2} + b}}{2}"),
        ("1 / (1 + exp(-1.702 * x))", r"\frac{1}{1 + e^{- 1.702 x}}"),
        ("1.6732632423543772 * x", r"1.673263\ldots x"),
        ("exp(-x / b)", r"e^{- \frac{x}{b}}"),
        ("-x * tanh(x)", r"- x \tanh{\left(x \right)}"),
        ("a * x / b / (1 + x * x)", r"\frac{a x}{b \left(1 + x^{2}\right)}"),
        ("negative_slope * alpha_p", r"\mathrm{negative\_slope}\, \alpha_{p}"),
        ("log1p(eps)", r"\ln{\left(1 + \varepsilon \right)}"),
        ("max(0, x)**2", r"\max\left(0, x\right)^{2}"),
    ],
)
def test_as_typed(docs, definition, expected):
    assert docs("formulas").latex(definition) == expected


def test_cases_are_flat(docs):
    text = docs("formulas").latex("where(x > 1, 1, where(x > -1, x, -1))**2")
    assert text.count(r"\begin{cases}") == 1 and text.count(r"\\") == 2
    with pytest.raises(ValueError, match="outside the grammar"):
        docs("formulas").latex("x if x else 1")


def test_places(docs):
    """What is known to be made of what is found, and no piecewise function is taken for smooth."""
    found = {(p.activation, p.construction, p.base): p.sharpness for p in docs("theory").places()}
    assert found["silu", "gate", "sigmoid"] == pytest.approx(1)
    assert found["quick_gelu", "gate", "sigmoid"] == pytest.approx(1.702)
    assert found["softplus", "integral", "sigmoid"] == pytest.approx(1)
    assert found["tanh", "sign", "sigmoid"] == pytest.approx(2)
    assert found["gelu", "half_abs", "abs_erf"] == pytest.approx(1)
    assert found["squareplus", "integral", "algebraic_step"] == pytest.approx(0.5)
    assert found["mish", "gate", "mish_gate"] == pytest.approx(1)
    assert not any(p.activation == "selu" for p in docs("theory").places())


def test_every_step_has_a_row(docs):
    theory = docs("theory")
    for table, kind in (("steps", "step"), ("smooth_abs", "smooth_abs")):
        listed = [theory.known(row["name"]) for row in theory.DATA[table]]
        for d in smoothact.catalogue.values():
            assert (d.kind == kind) <= (listed.count(d.name) == 1), d.name
        assert all(len(line) == len(next(theory.table(table))) for line in theory.table(table))


def test_unmeasured_is_a_dash(docs, monkeypatch):
    figures = docs("figures")
    certificate, benchmark = figures.Certificate(), figures.Benchmark()
    assert benchmark.cost("no such") == certificate.cell("no such", "f", "float32") == "–"
    assert certificate.cell("mish", "f", "float32") != "–" and "relu's" in benchmark.cost("mish")
    monkeypatch.setattr(certificate, "rows", {})
    text = docs("page").page(smoothact.catalogue["mish"].card, certificate, benchmark)
    assert "not in the certificate yet" in text
