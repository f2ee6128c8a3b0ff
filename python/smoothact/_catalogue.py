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

if TYPE_CHECKING:
    from .card import Card


@dataclass(frozen=True)
class Parameter:
    """A parameter of an activation; an ``optional`` one may be ``None``."""

    name: str
    default: float | None
    domain: str
    """``"real"``, ``"nonnegative"`` or ``"positive"``."""
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
    """Where f' jumps; there the derivative is that of the left side."""
    inplace: bool
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


class Catalogue(Mapping[str, Descriptor]):
    """Every activation's :class:`Descriptor` by its name."""

    def __init__(self, records: list[dict]) -> None:
        self._entries = {
            r["name"]: Descriptor(**{**r, "parameters": tuple(Parameter(**p) for p in r["parameters"])})
            for r in records
        }
        self._names: dict[str, str] = {}
        for d in self._entries.values():
            for alias in (d.name, d.module, *d.aliases):
                self._names.setdefault(alias.lower(), d.name)

    def __getitem__(self, name: str) -> Descriptor:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Catalogue({', '.join(self)})"

    def resolve(self, name: str) -> Descriptor:
        """The activation of this name, alias or module name, whatever its case.

        Raises:
            ValueError: no activation has the name; the message has the nearest ones.
        """
        if not isinstance(name, str):
            raise TypeError(f"an activation is named by a str, not {type(name).__name__}")
        if found := self._names.get(name.lower()):
            return self._entries[found]
        near = difflib.get_close_matches(name.lower(), self._names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {', '.join(self)}."
        raise ValueError(f"no activation is named {name!r}: {hint}")


catalogue = Catalogue(_C.registry())
