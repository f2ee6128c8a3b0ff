# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from types import TracebackType
from typing import Any

Replaced = Iterable[tuple[MutableMapping[str, Any], str, Any]]


class Registration:
    """Entries of other packages' tables that are replaced, until :meth:`undo` or the end of a ``with``."""

    def __init__(self, replaced: Replaced) -> None:
        self.before: list[tuple[MutableMapping[str, Any], str, Any, Any]] = []
        for table, key, ours in replaced:
            # Not table[key]: a table may make an instance of what it holds.
            self.before.append((table, key, dict.__getitem__(table, key), ours))
            dict.__setitem__(table, key, ours)

    @property
    def names(self) -> list[str]:
        """What is ours now, in the other package's words."""
        return list(dict.fromkeys(key for _, key, _, _ in self.before))

    def undo(self) -> None:
        """Puts back what was there, but for what somebody else has replaced since. What was built stays ours."""
        for table, key, theirs, ours in reversed(self.before):
            if dict.get(table, key) is ours:
                dict.__setitem__(table, key, theirs)
        self.before.clear()

    def __enter__(self) -> Registration:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo()

    def __repr__(self) -> str:
        return f"Registration({', '.join(self.names)})"


class Switch:
    """At most one registration at a time, of what a package's tables are to hold."""

    def __init__(self, replaced: Callable[[], Replaced]) -> None:
        self.replaced = replaced
        self.current: Registration | None = None

    def on(self) -> Registration:
        if self.current is None or not self.current.before:
            self.current = Registration(self.replaced())
        return self.current

    def off(self) -> None:
        if self.current is not None:
            self.current.undo()
