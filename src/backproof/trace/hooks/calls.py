"""Calls: into the program's own functions, by operations of the table, or past the recorder."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as np

from backproof.graph import leaf
from backproof.trace.flow.arrays import items, total
from backproof.trace.flow.claims import follows
from backproof.trace.flow.values import TRACKED, copied
from backproof.trace.hooks.expressions import Expressions
from backproof.trace.hooks.functions import Functions
from backproof.trace.hooks.library import lowered
from backproof.trace.lowering import LOWERINGS, METHODS

ITERATED = frozenset({zip, enumerate, reversed, list, tuple, map, filter, iter, sorted})


class Calls:
    """Makes the calls of the program."""

    def __init__(self, expressions: Expressions, functions: Functions) -> None:
        self.shown = expressions.shown
        self.places = expressions.places
        self.nodes = expressions.nodes
        self.moment = functions.moment
        self.functions = functions
        self.activities = functions.activities

    def call(self, site: int, function: Any, *arguments: Any, **keywords: Any) -> Any:
        """``function(...)``.

        Into the program's own functions, by an operation of the table, or past the recorder.
        """
        try:
            lowering = LOWERINGS.get(function)
        except TypeError:
            lowering = None
        if lowering is not None:
            return lowered(self.nodes, site, function, lowering, arguments, keywords)
        if function in ITERATED:
            arguments = tuple(
                items(self.nodes, None, a) if isinstance(a, np.ndarray) else a for a in arguments
            )
            if function is reversed:
                arguments = tuple(list(a) if isinstance(a, Iterator) else a for a in arguments)
            return function(*arguments, **keywords)
        if function is getattr and len(arguments) >= 2 and isinstance(arguments[1], str):
            value = getattr(*arguments)
            if isinstance(value, TRACKED) and not isinstance(arguments[0], np.ndarray | np.generic):
                self.places.point(("attribute", id(arguments[0]), arguments[1]), value)
            return value
        if function is setattr:
            setattr(*arguments)
            owner, name, value = arguments
            child = self.nodes.sites[site].children[-1]
            self.places.placed(("attribute", id(owner), name), child, value, owner, False)
            return None
        if function is builtins.sum:
            return total(self.nodes, site, *arguments, **keywords)
        if function is print:
            for value in arguments:
                self.shown(value)
            return function(*arguments, **keywords)
        return self.plain(site, function, arguments, keywords)

    def plain(self, site: int, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call something that is not an operation; a function of the program records itself."""
        open_, moment, functions = self.activities.open, self.moment, self.functions
        before, current, depth = len(moment.frames), moment.current, len(open_)
        here = self.nodes.sites[site]
        places = here.children[here.arguments :]
        given = [*arguments, *keywords.values()]
        functions.pending = (site, {id(v): s for v, s in zip(given, places, strict=False)})
        result = function(*arguments, **keywords)
        functions.pending = None
        entered = len(moment.frames) > before
        if moment.current is not current:
            moment.current = current
        if len(open_) > depth and not isinstance(result, Iterator):
            self.activities.end(depth, moment.tick())
        if isinstance(result, TRACKED):
            if entered:
                node = self.nodes.find(result)
                if node is not None:
                    self.nodes.alias(result, node, site, here.target)
            elif self.nodes.find(result) is None or not any(result is a for a in arguments):
                self._foreign(site, function, given, result)
        return result

    def _foreign(self, site: int, function: Any, given: list[Any], result: Any) -> None:
        """What a function that is not the program's own gave."""
        node = leaf(copied(result), self.nodes.sites[site].target, self.nodes.origin(site, ()))
        self.nodes.add(node)
        if _is_random(function):
            self.nodes.trace.random.add(node)
        elif follows(self.nodes, tuple(given)):
            self.nodes.trace.unknown[node] = getattr(function, "__qualname__", type(function).__name__)
        self.nodes.keep(result, node)

    def method(self, site: int, owner: Any, name: str, *arguments: Any, **keywords: Any) -> Any:
        """``owner.name(...)``."""
        function = getattr(owner, name)
        if isinstance(owner, np.ndarray | np.generic):
            lowering = METHODS.get(name)
            if lowering is not None:
                return lowered(
                    self.nodes, site, function, lowering, (owner, *arguments), keywords, method=True
                )
        if isinstance(owner, list) and name == "append":
            if arguments:
                self.shown(arguments[0])
            return function(*arguments, **keywords)
        if isinstance(owner, list | dict | set | str):
            return function(*arguments, **keywords)
        return self.call(site, function, *arguments, **keywords)


def _is_random(function: Any) -> bool:
    module = getattr(function, "__module__", None) or ""
    owner = type(getattr(function, "__self__", None))
    return module.startswith(("random", "numpy.random")) or owner.__module__.startswith(
        ("random", "numpy.random")
    )
