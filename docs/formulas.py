# SPDX-License-Identifier: Apache-2.0
"""A descriptor's definition as LaTeX, by sympy, in the order in which it was typed: nothing is simplified."""

from __future__ import annotations

import ast
from collections.abc import Callable

import sympy
from sympy.core.alphabets import greeks
from sympy.printing.latex import LatexPrinter

DIGITS = 7  # of a constant; more are hinted at
RELATIONS = {ast.Gt: sympy.Gt, ast.GtE: sympy.Ge, ast.Lt: sympy.Lt, ast.LtE: sympy.Le}
ONE, HALF = sympy.Integer(1), sympy.Rational(1, 2)
FUNCTIONS = {
    "E1": lambda argument: sympy.expint(ONE, argument),
    "Ein": sympy.Function(r"\operatorname{Ein}"),
    "abs": sympy.Abs,
    "gammastar": sympy.Function(r"\gamma^{*}"),
    "expm1": lambda argument: sympy.Add(sympy.exp(argument), -ONE),
    "log1p": lambda argument: sympy.log(sympy.Add(ONE, argument)),
    "max": sympy.Max,
    "min": sympy.Min,
    "sqrt": lambda argument: sympy.Pow(argument, HALF),
}


class Printer(LatexPrinter):
    def _print_Piecewise(self, expr: sympy.Piecewise, exp: str | None = None) -> str:
        cases = super()._print_Piecewise(expr)
        return cases if exp is None else rf"\left({cases}\right)^{{{exp}}}"


def constant(text: str) -> sympy.Expr:
    digits = text.lstrip("-").replace(".", "").lstrip("0")
    if "e" in text or len(digits) <= DIGITS:
        return sympy.Float(text) if "." in text or "e" in text else sympy.Integer(text)
    return sympy.Symbol(text[: len(text) - len(digits) + DIGITS] + r"\ldots")


def symbol(name: str) -> sympy.Symbol:
    """Letters with an index are set as such, words upright."""
    if name == "eps":
        return sympy.Symbol("varepsilon")
    letter, *index = name.split("_")
    if (letter in greeks or len(letter.rstrip("0123456789")) == 1) and all(len(i) == 1 for i in index):
        return sympy.Symbol(name)
    return sympy.Symbol(rf"\mathrm{{{name}}}\,".replace("_", r"\_"))


def function(name: str) -> Callable[..., sympy.Expr]:
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    known = getattr(sympy, name, None)
    return known if isinstance(known, type) and issubclass(known, sympy.Function) else sympy.Function(name)


class Tidy(ast.NodeTransformer):
    """What is typed in a line but not written so: -x / b as -(x / b), a / b / c as a / (b c), a * x * x as a * x**2."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.BinOp(
                op=ast.Mult() | ast.Div() as op, left=ast.UnaryOp(op=ast.USub() as minus, operand=left), right=right
            ) if not isinstance(left, ast.Constant):
                return ast.UnaryOp(minus, self.visit(ast.BinOp(left, op, right)))
            case ast.BinOp(op=ast.Div(), left=ast.BinOp(op=ast.Div(), left=above, right=first), right=second):
                return ast.BinOp(above, ast.Div(), ast.BinOp(first, ast.Mult(), second))
            case ast.BinOp(op=ast.Mult(), left=ast.Name(id=a) as x, right=ast.Name(id=b)) if a == b:
                return ast.BinOp(x, ast.Pow(), ast.Constant(2))
            case ast.BinOp(
                op=ast.Mult() as by,
                left=ast.BinOp(op=ast.Mult(), left=rest, right=ast.Name(id=a) as x),
                right=ast.Name(id=b),
            ) if a == b:
                return ast.BinOp(rest, by, ast.BinOp(x, ast.Pow(), ast.Constant(2)))
        return node


def expression(node: ast.expr, text: str) -> sympy.Basic:
    def walk(child: ast.expr) -> sympy.Basic:
        return expression(child, text)

    match node:
        case ast.Constant():
            return constant(ast.get_source_segment(text, node) or str(node.value))
        case ast.Name(id=name):
            return sympy.pi if name == "pi" else symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as number):
            return constant("-" + ast.get_source_segment(text, number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return sympy.Mul(-ONE, walk(operand))
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return sympy.Add(walk(left), walk(right))
        case ast.BinOp(op=ast.Sub(), left=left, right=right):
            return sympy.Add(walk(left), sympy.Mul(-ONE, walk(right)))
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return sympy.Mul(walk(left), walk(right))
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            above, inverse = walk(left), sympy.Pow(walk(right), -ONE)
            return inverse if above == ONE else sympy.Mul(above, inverse)
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            return sympy.Pow(walk(left), walk(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return RELATIONS[type(op)](walk(left), walk(right))
        case ast.Call(func=ast.Name(id="where"), args=[condition, a, b]):
            otherwise = walk(b)
            rest = otherwise.args if isinstance(otherwise, sympy.Piecewise) else [(otherwise, True)]
            return sympy.Piecewise((walk(a), walk(condition)), *rest)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return function(name)(*map(walk, arguments))
    raise ValueError(f"definition {text!r}: {ast.unparse(node)!r} is outside the grammar")


def latex(definition: str) -> str:
    with sympy.evaluate(False):
        parsed = expression(Tidy().visit(ast.parse(definition, mode="eval")).body, definition)
        return Printer({"order": "none", "ln_notation": True, "inv_trig_style": "full"}).doprint(parsed)
