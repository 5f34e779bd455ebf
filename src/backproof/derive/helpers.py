"""The program's own functions of one value: recorded calls of ``sigmoid(z)``, to be written as such again.

They are never called: what one gives for another argument is computed from the graph of a call of it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, evaluate
from backproof.graph.compositions import Composition, close
from backproof.step.cut import recomputed
from backproof.trace import Trace

Values = Mapping[Node, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of a function of the program.

    ``argument`` is its argument as the function sees it, ``given`` what the caller put there, ``result`` what
    the caller got, ``frame`` the number of the call.
    """

    function: str
    argument: Node
    given: Node
    result: Node
    frame: int


def calls(trace: Trace) -> list[Call]:
    """The calls of functions whose result hangs on their one argument and on plain numbers alone."""
    bound: dict[tuple[int, str], Node] = {}
    for binding in trace.bindings:
        bound.setdefault((binding.frame, binding.name), binding.node)
    results: dict[tuple[int, int], list[Node]] = {}
    for node in trace.nodes:
        if node.operation == "identity" and node.origin is not None:
            results.setdefault((node.origin.site, node.origin.frame), []).append(node)
    found = []
    for frame in trace.frames:
        if frame.call is None or frame.site is None or frame.parent is None:
            continue
        function = _function(trace.sites[frame.call].text)
        name = _argument(trace.sites[frame.site].text)
        argument = bound.get((frame.number, name)) if function and name else None
        if function is None or argument is None or argument.operation != "identity":
            continue
        after = [r for r in results.get((frame.call, frame.parent), ()) if r.origin.time > frame.time]
        if after and _alone(after[0], argument):
            found.append(Call(function, argument, argument.operands[0], after[0], frame.number))
    return found


def _function(text: str) -> str | None:
    """The function in a call with one plain argument."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return None
    if not isinstance(tree, ast.Call) or len(tree.args) != 1 or isinstance(tree.args[0], ast.Starred):
        return None
    if any(not isinstance(k.value, ast.Constant) for k in tree.keywords) or tree.keywords:
        return None
    named = tree.func
    while isinstance(named, ast.Attribute):
        named = named.value
    return ast.unparse(tree.func) if isinstance(named, ast.Name) else None


def _argument(text: str) -> str | None:
    """The first argument of a definition, after ``self``."""
    try:
        tree = ast.parse(text.strip()).body[0]
    except (SyntaxError, IndexError):
        try:
            expression = ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            return None
        if not isinstance(expression, ast.Lambda):
            return None
        names = [a.arg for a in expression.args.args]
        return names[0] if names else None
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Lambda):
        names = [a.arg for a in tree.value.args.args]
    elif isinstance(tree, ast.FunctionDef):
        names = [a.arg for a in tree.args.args if a.arg not in ("self", "cls")]
    else:
        return None
    return names[0] if names else None


def _alone(result: Node, argument: Node) -> bool:
    """Does a result hang on the argument and on numbers only?"""
    seen = ancestors([result], {argument}.__contains__)
    return argument in seen and all(n.operands or n is argument or np.size(n.value) <= 1 for n in seen)


class Helpers:
    """The functions behind calls, by the text of a call; the first call of each stands for it."""

    def __init__(self, found: Sequence[Call]) -> None:
        self.calls: dict[str, Call] = {}
        for call in found:
            self.calls.setdefault(call.function, call)

    def function(self, name: str) -> Callable[[Any], Any]:
        """What a function computes, from the graph of a call."""
        call = self.calls[name]
        return lambda value: evaluate([call.result], {call.argument: value})[call.result]

    def applied(self, name: str, node: Node) -> Node | None:
        """The graph of a function of another value; None where it cannot take it."""
        call = self.calls[name]
        try:
            return recomputed([call.result], {call.argument: node})[call.result]
        except (ValueError, TypeError, IndexError):
            return None

    def namespace(self) -> dict[str, Any]:
        """Objects by which text that calls the functions can be run."""
        space: dict[str, Any] = {}
        for name in self.calls:
            root, *rest = name.split(".")
            function: Any = self.function(name)
            if not rest:
                space[root] = function
                continue
            holder = space.setdefault(root, SimpleNamespace())
            for part in rest[:-1]:
                if not hasattr(holder, part):
                    setattr(holder, part, SimpleNamespace())
                holder = getattr(holder, part)
            setattr(holder, rest[-1], function)
        return space


def derivative_calls(
    helpers: Helpers, outer: Node, inner: Node, local: Node, tables: Sequence[Values]
) -> list[tuple[str, Node]]:
    """Functions of the program that give the derivative ``local`` of ``outer`` by ``inner``.

    With the value to call them with. ``tables`` hold the values at two or more points.
    """
    truths = [evaluate([local], table)[local] for table in tables]
    found = []
    for name in helpers.calls:
        function = helpers.function(name)
        for argument in (inner, outer):
            try:
                same = all(
                    close(function(np.asarray(table[argument], dtype=float)), truth)
                    for table, truth in zip(tables, truths, strict=True)
                )
            except (ValueError, TypeError, IndexError, KeyError):
                same = False
            if same:
                found.append((name, argument))
                break
    return found


def one_line(rule_of: Composition, factor: Node) -> Composition:
    """A composition whose derivative is another expression of the same value."""
    from backproof.graph import apply

    return Composition(
        rule_of.name, rule_of.outer, rule_of.inner, lambda g, _z, _x: apply("multiply", g, factor)
    )
