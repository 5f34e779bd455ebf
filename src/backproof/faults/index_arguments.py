"""An index that is an argument: what is deleted, taken, inserted, or how far an array is rolled."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backproof.check.place import Place, where
from backproof.check.reading import parsed
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, make
from backproof.faults.subscripts import subscripts
from backproof.graph import Node, shape_of

LOWERED = {"delete": "index", "take": "index", "roll": "roll", "insert": "concatenate"}
MOST, NAMED = 4, 0.05  # numbers by their names, and how much farther they are than the next index
METHODS = frozenset({"take"})  # of an array, whose index is the first argument


def corrections(place: Place) -> Iterator[Correction]:
    """Another index where it is an argument: one less or more, from the other end, another counter."""
    found = _argument(place) if place.site.kind == "Call" else None
    if found is None:
        return
    function, argument = found
    text, start, end = place.text, argument.col_offset, argument.end_col_offset or 0
    written, span = text[start:end], place.site.span
    whole = "\n" in text  # then the argument's own columns are not known
    at = replace(span, column=span.column + start, end_column=span.column + end) if not whole else None
    keys = dict(subscripts(f"x[{written}]", place.counters))
    for inner in _lengths(place) if function == "delete" and written.isdigit() else ():
        keys.setdefault(f"x[{inner}]", NAMED)
    for key, far in keys.items():
        inner = key[2:-1]

        def build(edge: Edge, key: str = key) -> Node | None:
            frame, time = where(edge)
            index = place.scenery.memory.key(key, place.scenery.enclosing(frame), time)
            if not isinstance(index, int | np.integer) or edge.operand.operation != LOWERED[function]:
                return None
            return _at(function, edge.operand, int(index))

        node = build(place.edges[0])
        if node is None or shape_of(node) != place.shape:
            continue
        new = text[:start] + inner + text[end:]
        why = f"`{text}` has the wrong index: `{inner}` belongs here, as in the forward pass"
        part = Part(place, new if whole else inner, build, at)
        yield Correction("wrong-index", (part,), 1.2 + far, why, expected=new)


def _lengths(place: Place) -> list[str]:
    """What may stand for the number of the entry that is left out: a count that has a name, or the last."""
    edge = place.edges[0]
    most = max(shape_of(edge.operand.operands[0]), default=0)
    held = ((name, place.value(name, edge)) for name in place.names)
    found = [name for name, node in held if node is not None and _is_below(node, most)]
    return [*found[:MOST], "-1"]


def _is_below(node: Node, most: int) -> bool:
    """Is a value a whole number that could be an index?"""
    return isinstance(node.value, int | np.integer) and 0 < int(node.value) < most


def _argument(place: Place) -> tuple[str, ast.expr] | None:
    """The function of a call, and the argument that is an index."""
    node = parsed(place.text) if place.text.isascii() else None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
        return None
    function = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
    if LOWERED.get(function) != place.edges[0].operand.operation:
        return None
    position = 0 if function in METHODS and len(place.children) == place.site.arguments + 1 else 1
    own = node.args[position] if len(node.args) > position else None
    return None if own is None or isinstance(own, ast.Starred | ast.List | ast.Tuple) else (function, own)


def _at(function: str, node: Node, index: int) -> Node | None:
    """What a call gives with another index."""
    if function == "roll":
        return make("roll", node.operands[0], shift=index, axis=node.attributes["axis"])
    if function == "insert":
        return _inserted(node, index)
    key = node.attributes["index"]
    parts = key if isinstance(key, tuple) else (key,)
    length = shape_of(node.operands[0])[len(parts) - 1]
    if not -length <= index < length:
        return None
    last = np.delete(np.arange(length), index) if function == "delete" else np.array(index)
    return make("index", node.operands[0], index=(*parts[:-1], last))


def _inserted(node: Node, index: int) -> Node | None:
    """An array with the same put into it at another place."""
    (before, middle, after), axis = node.operands, int(node.attributes["axis"])
    whole = make("concatenate", before, after, axis=axis)
    around = [
        make("index", whole, index=(slice(None),) * axis + (part,))
        for part in (slice(None, index), slice(index, None))
    ]
    return make("concatenate", around[0], middle, around[1], axis=axis)
