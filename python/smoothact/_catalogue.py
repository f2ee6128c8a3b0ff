# SPDX-License-Identifier: Apache-2.0
"""What is known of every activation: the list of the C++ library as data."""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from . import _C
from ._aliases import FRAMEWORKS

if TYPE_CHECKING:
    from .card import Card


@dataclass(frozen=True)
class Parameter:
    """A parameter of an activation; an ``optional`` one may be ``None``."""

    name: str
    default: float | None
    domain: str
    """``"real"``, ``"nonnegative"``, ``"positive"`` or ``"from 1 to 16"``."""
    optional: bool


@dataclass(frozen=True)
class Descriptor:
    """An activation: its textbook formula and the properties that follow from it, at the default parameters."""

    name: str
    module: str
    aliases: tuple[str, ...]
    kind: str
    """``"step"``, ``"sign"``, ``"smooth_abs"``, ``"smooth_relu"``, ``"gate"`` or ``"piecewise"``."""
    parameters: tuple[Parameter, ...]
    ascending: bool
    """Each parameter must be greater than the one before it."""
    definition: str
    """The formula as a Python expression in ``x`` and the parameters; ``where(c, a, b)`` selects."""
    source: str
    limits: tuple[float, float]
    """f at -inf and +inf."""
    slopes: tuple[float, float]
    """f' at -inf and +inf."""
    value_at_zero: float
    smoothness: int
    """f has this many continuous derivatives; 99 stands for all."""
    kinks: tuple[float, ...]
    """Where f' jumps; there the derivative is that of the left side, but at ``right_kinks``."""
    right_kinks: tuple[float, ...]
    """The kinks at which torch takes, and so do we, the derivative of the right side."""
    inplace: bool
    two_terms: bool
    """float64 is computed in numbers of two terms, float32 in double: thousands of operations, for which a compiler
    keeps the kernel."""
    selector: tuple[str, Mapping[str, str]] | None = field(hash=False)
    """A keyword of the function, and the activation that each of its values chooses."""
    domain: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    """Every activation is defined for all numbers."""

    @functools.cached_property
    def card(self) -> Card:
        """What :func:`smoothact.card.measure` finds at the default parameters."""
        from .card import measure

        return measure(self.name)

    @property
    def slope_at_zero(self) -> float:
        """Measured, as f' by the package; at a kink that of the left side."""
        return self.card.slope_at_zero

    @property
    def minimum(self) -> tuple[float, float] | None:
        """x and f(x) where f is least, measured; ``None`` if it is nowhere lower than a limit."""
        return self.card.minimum


@dataclass(frozen=True)
class Resolved:
    """What a name stands for: an activation, and the parameters that the name sets."""

    descriptor: Descriptor
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)
    framework: str | None = None
    """Whose name it is, where it is none of the catalogue's own."""

    def at_defaults(self) -> Descriptor:
        """The activation, for a use that takes no parameters.

        Raises:
            ValueError: the name sets some.
        """
        if not self.parameters:
            return self.descriptor
        sets = ", ".join(f"{name}={value:g}" for name, value in self.parameters.items())
        raise ValueError(f"{self.framework}'s name means {self.descriptor.name}({sets}); only defaults are known here")


class Catalogue(Mapping[str, Descriptor]):
    """Every activation's :class:`Descriptor` by its name."""

    def __init__(self, records: list[dict]) -> None:
        built = {r["name"] for r in records}  # not all, where SMOOTHACT_ONLY chose
        for r in records:
            if r["selector"]:
                keyword, choices = r["selector"]
                r["selector"] = (keyword, {value: name for value, name in choices.items() if name in built})
        self._entries = {
            r["name"]: Descriptor(**{**r, "parameters": tuple(Parameter(**p) for p in r["parameters"])})
            for r in records
        }
        # As written before in any case, before without underscores: HardSigmoid and Hardsigmoid are two.
        self._exact = {alias: d.name for d in self._entries.values() for alias in (d.name, d.module, *d.aliases)}
        self._names: dict[str, str] = {}
        for spelling in (str.lower, _key):
            for alias, name in self._exact.items():
                self._names.setdefault(spelling(alias), name)
        self._frameworks = {
            framework: {_key(name): alias for name, alias in aliases.items() if alias.activation in self._entries}
            for framework, aliases in FRAMEWORKS.items()
        }

    def __getitem__(self, name: str) -> Descriptor:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Catalogue({', '.join(self)})"

    def resolve(self, name: str) -> Resolved:
        """What a name stands for: an activation's, its module's or an alias, whatever its case and underscores.

        A framework's name may be qualified, and then has that framework's meaning: ``"keras.leaky_relu"`` is steeper
        than torch's, ``"jax.nn.gelu"`` is ``gelu_tanh``. The frameworks are torch, transformers, timm, keras and jax.

        Raises:
            ValueError: no activation has the name; the message has the nearest ones.
        """
        if not isinstance(name, str):
            raise TypeError(f"an activation is named by a str, not {type(name).__name__}")
        *qualifiers, last = name.split(".")
        wanted, theirs = _key(last), self._frameworks
        if qualifiers:
            framework = qualifiers[0].lower()
            if framework not in theirs:
                raise ValueError(f"{name!r} begins with no known framework: {', '.join(theirs)}")
            if found := theirs[framework].get(wanted):
                return Resolved(self._entries[found.activation], found.parameters, framework)
        if own := self._exact.get(last) or self._names.get(last.lower()) or self._names.get(wanted):
            return Resolved(self._entries[own])
        for framework, aliases in theirs.items() if not qualifiers else ():
            if found := aliases.get(wanted):
                return Resolved(self._entries[found.activation], found.parameters, framework)
        raise ValueError(f"no activation is named {name!r}: {self._hint(last)}")

    def _hint(self, name: str) -> str:
        known = {n.lower(): n for d in self.values() for n in (*d.aliases, d.module, d.name)}
        known |= {n: n for framework in FRAMEWORKS.values() for n, a in framework.items() if a.activation in self}
        near = [known[n] for n in difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)]
        return f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {', '.join(self)}."


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


catalogue = Catalogue(_C.registry())
