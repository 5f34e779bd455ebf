"""Another name of the same shape stands where the right one should."""

from __future__ import annotations

import ast
import random
import zlib
from collections.abc import Iterator

from ..mutation import Change, Mutation
from ..observe import Shapes
from ..text import Source, is_reading

OTHERS = 2  # names that are tried in a place


def wrong_operand(source: Source, seen: Shapes) -> Iterator[Mutation]:
    """A name in a product, sum or call becomes another one that is there and has the same shape."""
    for node in source.expressions():
        if not (is_reading(node) and isinstance(node, ast.Name | ast.Attribute)):
            continue
        parent = source.parents[node]
        if isinstance(parent, ast.Attribute) and parent.attr == "T":
            parent = source.parents[parent]
        if not isinstance(parent, ast.BinOp | ast.Call | ast.UnaryOp):
            continue
        text = source.of_node(node)
        known = seen.get(source.statement(node).lineno, {})
        if text not in known:
            continue
        near = _read_nearby(source, node)
        others = sorted(other for other, shape in known.items() if shape == known[text] and other != text)
        others = [other for other in others if other in near]
        random.Random(zlib.crc32(f"{source.place(node)}{text}".encode())).shuffle(others)
        for other in others[:OTHERS]:
            names: tuple[str, ...] = ("wrong-operand", "derivative-at-wrong-point", "wrong-index")
            if _is_factor(source, other, text):
                names += ("missing-factor",)  # the right one is the wrong one times something
            yield Mutation("operand", names, (Change(source.place(node), other),))


def _is_factor(source: Source, part: str, whole: str) -> bool:
    """Is a name a factor of what another one is assigned?"""
    for statement in source.statements():
        if isinstance(statement, ast.Assign) and source.of_node(statement.targets[0]) == whole:
            stack, factors = [statement.value], set[str]()
            while stack:
                node = stack.pop()
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
                    stack += [node.left, node.right]
                else:
                    factors.add(source.of_node(node))
            if part in factors:
                return True
    return False


def _read_nearby(source: Source, node: ast.expr) -> set[str]:
    """What is read or bound in the same function, or in the same script."""
    scope = source.function(node) or source.tree
    return {
        source.of_node(other)
        for other in ast.walk(scope)
        if isinstance(other, ast.Name | ast.Attribute) and source.function(other) is source.function(node)
    }
