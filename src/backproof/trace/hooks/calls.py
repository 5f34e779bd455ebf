"""Calls: into the program's own functions, by operations of the table, or past the recorder."""

from __future__ import annotations

import builtins
import collections
import copy
import functools
import itertools
import math
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backproof.trace.flow.arrays import TAKEN_APART, aliased, items, listed, total
from backproof.trace.flow.claims import hanging, still
from backproof.trace.flow.foreign import data, described, outcome
from backproof.trace.flow.guards import decided, extreme, ordered, rounded
from backproof.trace.flow.values import TRACKED, flat, same
from backproof.trace.flow.writes import changed_in_place
from backproof.trace.hooks.expressions import Expressions
from backproof.trace.hooks.functions import Functions
from backproof.trace.hooks.library import lowered
from backproof.trace.hooks.minimisers import Minimisers, handed
from backproof.trace.hooks.older import CHANGED, as_before
from backproof.trace.hooks.operators import NAMED, Operators
from backproof.trace.hooks.slices import along_an_axis
from backproof.trace.hooks.vectorized import of_python, vectorized
from backproof.trace.lowering import LOWERINGS, METHODS, Context

# what asks its arguments for their items, and hands these on as they are
ITERATING = (
    zip, enumerate, reversed, list, tuple, set, frozenset, iter, sorted, filter, map, functools.reduce,
    collections.deque, itertools.chain, itertools.cycle, itertools.islice, itertools.zip_longest,
    itertools.product, itertools.combinations, itertools.permutations, itertools.pairwise,
    itertools.accumulate, itertools.starmap, itertools.takewhile, itertools.dropwhile,
)  # fmt: skip
CALLING = (map, functools.reduce, itertools.starmap)  # what calls its first argument
EXTREMES = (max, min)
HANDING_OUT = frozenset({"items", "values"})
WHOLE = (int, bool, round, math.floor, math.ceil, math.trunc)
TEXT = frozenset({str, repr, format})
Sites = list[int]


class Calls:
    """Makes the calls of the program."""

    def __init__(self, expressions: Expressions, functions: Functions) -> None:
        self.expressions = expressions
        self.shown = expressions.shown
        self.places = expressions.places
        self.nodes = expressions.nodes
        self.sites = expressions.sites
        self.moment = functions.moment
        self.functions = functions
        self.activities = functions.activities
        self.minimisers = Minimisers(self.nodes, self.activities, self._called)
        self.operators = Operators(expressions)
        self.special: dict[Any, Callable[..., Any]] = {
            **dict.fromkeys(ITERATING, self._iterating),
            **dict.fromkeys((print, *TEXT), self._showing),
            **dict.fromkeys((copy.copy, copy.deepcopy), self._copying),
            **self.operators.functions, getattr: self._getattr, builtins.sum: self._sum,
            setattr: self._setattr, object.__setattr__: self._setattr,
            np.frompyfunc: self._frompyfunc, np.apply_along_axis: self._along_an_axis,
        }  # fmt: skip
        self.of_python: dict[Any, Any] = {}  # what np.frompyfunc made, and the function that it calls

    # ------------------------------------------------------------------ hooks
    def call(self, site: int, function: Any, /, *arguments: Any, **keywords: Any) -> Any:
        """``function(...)``.

        Into the program's own functions, by an operation of the table, or past the recorder.
        """
        here = self.sites[site]
        return self._call(site, here.children[here.arguments :], function, arguments, keywords)

    def method(self, site: int, owner: Any, name: str, /, *arguments: Any, **keywords: Any) -> Any:
        """``owner.name(...)``."""
        function = getattr(owner, name)
        here = self.sites[site]
        kind = type(owner)
        if name in NAMED and not keywords and isinstance(owner, (*TRACKED, list, dict)):
            done, result = self.operators.method(site, owner, name, arguments)
            if done:
                return result
        if isinstance(owner, np.ndarray | np.generic):
            if name == "tolist" and np.ndim(owner):
                decided(self.nodes, owner, site)
                return listed(self.nodes, site, owner)
            lowering = METHODS.get(name)
            if lowering is not None:
                given = (owner, *arguments)
                return lowered(
                    self.nodes, site, here.children, function, lowering, given, keywords, method=True
                )
        elif kind is list or kind is dict or kind is set:
            if name == "append":
                self.expressions.shown_in(arguments)
            elif name == "extend":
                arguments = tuple(map(self._handed_out, arguments))
            result = function(*arguments, **keywords)
            if name == "append" and kind is list:
                self.places.given(owner, [(len(owner) - 1, owner[-1])])
            elif kind is dict and name in HANDING_OUT:
                self.places.handed_out(owner)
            self.places.holdings.called(owner, name)
            return result
        elif kind is str:
            self.expressions.shown_in((*arguments, *keywords.values()))
            return function(*arguments, **keywords)
        return self._call(site, here.children[here.arguments :], function, arguments, keywords)

    # ------------------------------------------------------------------ kinds of functions
    def _call(
        self, site: int, places: Sites, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        """Call a function; ``places`` are the sites of its arguments, where they stand in its brackets."""
        try:
            if function in CHANGED:
                arguments = as_before(self.nodes, site, function, arguments)
            lowering = LOWERINGS.get(function)
            special = self.special.get(function) if lowering is None else None
        except TypeError:  # an object that can be called and cannot be hashed
            lowering = special = None
        if lowering is not None:
            if function in EXTREMES and not keywords and self._is_bound(arguments):
                return self._bounded(site, places, function, arguments)
            result = lowered(self.nodes, site, places, function, lowering, arguments, keywords)
            self._decided(site, function, arguments, keywords, result)
            if function in EXTREMES:
                self._picked(site, places, arguments, result)
            return result
        if special is not None:
            return special(site, places, function, *arguments, **keywords)
        if isinstance(function, functools.partial):
            merged = {**function.keywords, **keywords}
            return self._call(site, [], function.func, (*function.args, *arguments), merged)
        if isinstance(function, np.vectorize) and not keywords:
            call = functools.partial(self._called, site, function.pyfunc)
            return vectorized(self.nodes, site, function, arguments, call)
        if isinstance(function, np.ufunc) and function in self.of_python and not keywords:
            call = functools.partial(self._called, site, self.of_python[function])
            return of_python(self.nodes, site, function, arguments, call)
        task = handed(function, arguments, keywords)
        if task is not None:
            return self.minimisers.minimised(site, places, task)
        return self._plain(site, places, function, arguments, keywords)

    def _plain(
        self, site: int, places: Sites, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        """Call something that is not an operation; a function of the program records itself."""
        open_, moment, functions = self.activities.open, self.moment, self.functions
        before, current, depth = len(self.nodes.trace.frames), moment.current, len(open_)
        returns = len(self.nodes.trace.returned)
        given = [*arguments, *keywords.values()]
        functions.pending = (site, list(zip(given, places, strict=False)))
        try:
            result = function(*arguments, **keywords)
        finally:
            functions.pending = None
            moment.current = current
        if len(open_) > depth and not isinstance(result, Iterator):
            self.activities.end(depth, moment.tick())
        entered = len(self.nodes.trace.frames) > before
        if not entered:
            self._decided(site, function, arguments, keywords, result)
        if entered and isinstance(result, TRACKED) and self.nodes.has(result):
            node = self.nodes.find(result)
            assert node is not None
            self.nodes.alias(result, node, site, self.sites[site].target)
        elif result is None and not entered:
            self._written_by(site, function, given)
        elif isinstance(result, (*TRACKED, list, tuple)):
            self._foreign(site, function, arguments, keywords, result, returns if entered else None)
        return result

    def _decided(
        self, site: int, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any], result: Any
    ) -> None:
        """What a call picks by the size of its arguments, or makes whole, holds only while it is the same."""
        if not arguments:
            return
        if function in EXTREMES and "key" not in keywords:
            values = arguments if len(arguments) > 1 else arguments[0]
            if isinstance(values, list | tuple):
                extreme(self.nodes, values, result, function is max, site)
        elif function in WHOLE and isinstance(result, int):
            rounded(self.nodes, arguments[0], function, site)

    def _is_bound(self, arguments: tuple[Any, ...]) -> bool:
        """Are these two numbers, of which one is computed?"""
        if len(arguments) != 2 or not all(isinstance(v, int | float | np.number) for v in arguments):
            return False
        found = (self.nodes.find(v) if isinstance(v, TRACKED) else None for v in arguments)
        return any(node is not None and node.operands for node in found)

    def _bounded(self, site: int, places: Sites, function: Any, arguments: tuple[Any, ...]) -> Any:
        """``max`` or ``min`` of two numbers, as an operation.

        What it gives is one of them, so its copy stands for the result, where that is no whole number.
        """
        result = function(*arguments)
        extreme(self.nodes, arguments, result, function is max, site)
        if not isinstance(result, float | np.floating):
            return result
        context = Context(self.nodes, site, {id(v): s for v, s in zip(arguments, places, strict=False)})
        node = context.apply("maximum" if function is max else "minimum", *arguments)
        if not same(node.value, result):  # as with what is not a number
            return result
        copied = result.copy() if isinstance(result, np.floating) else result * 1.0
        target = self.sites[site].target
        self.nodes.keep(copied, self.nodes.renamed(node, target) if target else node)
        return copied

    def _picked(self, site: int, places: Sites, arguments: tuple[Any, ...], result: Any) -> None:
        """What ``max`` or ``min`` picks of several values is the one that it was, under a new name."""
        position = next((k for k, value in enumerate(arguments) if value is result), None)
        node = self.nodes.find(result) if position is not None else None
        if position is not None and node is not None and node.operands:
            operand = places[position] if position < len(places) else None
            self.nodes.alias(result, node, site, self.sites[site].target, operand)

    def _called(self, site: int, function: Any, /, *arguments: Any, **keywords: Any) -> Any:
        """A function that another one calls for the program, such as the first argument of ``map``."""
        return self._call(site, [], function, arguments, keywords)

    # ------------------------------------------------------------------ what other functions give and change
    def _foreign(
        self,
        site: int,
        function: Any,
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        result: Any,
        returns: int | None,
    ) -> None:
        """What a function that is not the program's own gave.

        What it handed on is what it was. What it made is what it gives again, or unknown, where the function
        was given tracked values or called the program for them (which has returned values since ``returns``);
        else it is data, which becomes a leaf when it is used.
        """
        nodes = self.nodes
        made = [v for v in flat([result]) if isinstance(v, TRACKED) and not still(nodes, v)]
        if not made or function is np.empty_like:  # which takes nothing but the shape
            return
        if _is_random(function):
            for value in made:
                node = data(nodes, site, value)
                nodes.trace.random.add(node)
                nodes.keep(value, node)
            return
        owner = getattr(function, "__self__", None)
        given = [owner, *arguments, *keywords.values()]
        why = _called(function)
        if returns is not None:
            called = nodes.trace.returned[returns:]
            outcome(nodes, site, None, result, [*hanging(nodes, given), *called], why, not called)
        elif found := hanging(nodes, given):
            whole = (owner, *arguments) if isinstance(owner, np.ndarray) else arguments
            call = described(function, whole, keywords)
            bound = owner is not None and not isinstance(owner, types.ModuleType | np.ndarray)
            outcome(nodes, site, call, result, found, why, blind=bound)

    def _written_by(self, site: int, function: Any, given: list[Any]) -> None:
        """A function that gives nothing may have written to the arrays that it was given."""
        for value in (getattr(function, "__self__", None), *given):
            before = self.nodes.find(value) if isinstance(value, np.ndarray) else None
            if before is None or still(self.nodes, value):
                continue
            if _is_random(function):
                node = data(self.nodes, site, value)
                self.nodes.trace.random.add(node)
            else:
                why = _called(function)
                operands = (before, *hanging(self.nodes, given))
                node = self.nodes.unknown(value, why, site, operands, before.name)
            changed_in_place(self.nodes, value, before, node, site)

    # ------------------------------------------------------------------ builtins that are imitated
    def _handed_out(self, argument: Any) -> Any:
        if isinstance(argument, TAKEN_APART):
            return items(self.nodes, None, argument)
        return self.functions.repeated.items(argument)

    def _iterating(
        self, site: int, _places: Sites, function: Any, /, *arguments: Any, **keywords: Any
    ) -> Any:
        given: list[Any] = list(map(self._handed_out, arguments))
        given[2:] = arguments[2:] if function is functools.reduce else given[2:]  # where it begins
        if function is reversed and isinstance(arguments[0], np.ndarray):
            given[0] = list(given[0])
        if function in CALLING and given:
            given[0] = functools.partial(self._called, site, given[0])
        if function is itertools.accumulate and len(given) == 1 and "func" not in keywords:
            given.append(operator.add)
        if function is itertools.accumulate and len(given) > 1:
            given[1] = functools.partial(self._called, site, given[1])
        current = self.moment.current
        try:
            result = function(*given, **keywords)
        finally:
            self.moment.current = current
        if function in (list, tuple) and arguments:
            self.functions.repeated.copied(result, arguments[0])
        if function is sorted and "key" not in keywords:
            ordered(self.nodes, result[::-1] if keywords.get("reverse") else result, site)
        return result

    def _showing(self, _site: int, _places: Sites, function: Any, /, *arguments: Any, **keywords: Any) -> Any:
        for value in arguments:
            self.shown(value)
        return function(*arguments, **keywords)

    def _sum(self, site: int, places: Sites, _function: Any, /, *arguments: Any, **keywords: Any) -> Any:
        return total(self.nodes, site, places[0] if places else None, *arguments, **keywords)

    def _copying(
        self, site: int, _places: Sites, function: Any, original: Any, *rest: Any, **keywords: Any
    ) -> Any:
        result = function(original, *rest, **keywords)
        aliased(self.nodes, site, original, result)
        return result

    def _frompyfunc(
        self, _site: int, _places: Sites, _function: Any, *arguments: Any, **keywords: Any
    ) -> Any:
        made = np.frompyfunc(*arguments, **keywords)
        self.of_python[made] = arguments[0]
        return made

    def _along_an_axis(
        self, site: int, places: Sites, function: Any, *arguments: Any, **keywords: Any
    ) -> Any:
        if len(arguments) < 3:
            return self._plain(site, places, function, arguments, keywords)
        called, axis, array, *rest = arguments
        call = functools.partial(self._called, site, called)
        return along_an_axis(self.nodes, site, call, axis, array, tuple(rest), keywords)

    def _getattr(self, _site: int, _places: Sites, _function: Any, *arguments: Any) -> Any:
        value = getattr(*arguments)
        if isinstance(value, TRACKED) and not isinstance(arguments[0], np.ndarray | np.generic):
            self.places.point(("attribute", id(arguments[0]), arguments[1]), value)
        return value

    def _setattr(self, site: int, places: Sites, function: Any, *arguments: Any) -> None:
        function(*arguments)
        owner, name, value = arguments
        self.places.placed(
            ("attribute", id(owner), name), places[-1] if places else site, value, owner, False
        )


def _called(function: Any) -> str:
    """What a function is called."""
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def _is_random(function: Any) -> bool:
    module = getattr(function, "__module__", None) or ""
    owner = type(getattr(function, "__self__", None))
    return module.startswith(("random", "numpy.random")) or owner.__module__.startswith(
        ("random", "numpy.random")
    )
