"""Calls that no operation expresses: recorded so that they can be made again, where that is safe.

A function of a numeric library that gives the same for the same arguments becomes an ``opaque`` node: its
value at other points comes from calling it, its derivative from numeric differentiation. Whatever else is
called gives an ``unknown`` value, which still says what it hangs on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import Node, Operand, apply, leaf
from backproof.graph.operations.opaque import find_function
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import TRACKED, copied, flat, of_objects, same

# libraries whose functions may be called once more: what they give hangs on their arguments alone
NUMERIC = frozenset(
    {
        "numpy", "scipy", "math", "cmath", "statistics", "operator", "skimage", "sklearn", "cv2",
        "bottleneck", "numexpr",
    }
)  # fmt: skip
PLAIN = (type(None), bool, int, float, complex, str, slice, type(Ellipsis), np.dtype)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that can be made again: the path of its function, its arguments, and the values to put there."""

    function: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    operands: tuple[Any, ...]


class NotPlainError(Exception):
    """An argument is something that cannot be given again."""


# ---------------------------------------------------------------------- what was called
def described(function: Any, arguments: Sequence[Any], keywords: dict[str, Any]) -> Call | None:
    """Describe a call so that it can be made again; None where it is not sure to give the same then.

    Of a method of an array, the array is the first of ``arguments``.
    """
    path = _path(function)
    if path is None:
        return None
    operands: list[Any] = []
    try:
        given = tuple(_marked(argument, operands) for argument in arguments)
        named = {name: _marked(value, operands) for name, value in keywords.items()}
    except NotPlainError:
        return None
    return Call(path, given, named, tuple(operands))


def _path(function: Any) -> str | None:
    """The dotted name by which a function of a numeric library can be imported."""
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    module = getattr(function, "__module__", None)
    owner = getattr(function, "__self__", None)
    places: list[str] = []
    if isinstance(owner, np.ndarray):
        return f"numpy.ndarray.{function.__name__}" if type(owner) is np.ndarray else None
    if isinstance(function, np.ufunc):
        places = [f"numpy.{function.__name__}", f"scipy.special.{function.__name__}"]
    elif isinstance(module, str) and isinstance(name, str):
        places = [f"{module}.{name}"]
    if owner is not None and not isinstance(owner, type(sys)):
        home = type(owner).__module__
        names = [n for n, value in vars(sys.modules.get(home, sys)).items() if value is owner]
        places = [f"{home}.{n}.{function.__name__}" for n in names]
    for place in places:
        if place.partition(".")[0] in NUMERIC and not place.startswith("numpy.random"):
            try:
                found = find_function(place)
            except Exception:
                continue
            if found is function or found == function:
                return place
    return None


def _marked(argument: Any, operands: list[Any]) -> Any:
    """An argument with marks where values stand that may be others another time."""
    if isinstance(argument, (list, tuple)) and type(argument) in (list, tuple):
        return type(argument)([_marked(item, operands) for item in argument])
    if isinstance(argument, np.ndarray | np.generic) or type(argument) is float:
        if np.asarray(argument).dtype.kind not in "fiub":
            raise NotPlainError
        operands.append(argument)
        return Operand(len(operands) - 1)
    if isinstance(argument, PLAIN) or (isinstance(argument, type) and issubclass(argument, np.generic)):
        return argument
    raise NotPlainError


# ---------------------------------------------------------------------- what it gave
def outcome(
    nodes: Nodes,
    site: int,
    call: Call | None,
    result: Any,
    hanging: Iterable[Node],
    what: str,
    blind: bool = False,
) -> None:
    """Record what a call gave: by calling it again where that is possible, else as unknown.

    ``hanging`` are the nodes that the result hangs on.
    """
    values = list(result) if isinstance(result, list | tuple) else [result]
    single = not isinstance(result, list | tuple)
    state = np.random.get_state()
    made = None if call is None else _again(nodes, site, call, None if single else len(values), values)
    np.random.set_state(state)
    hanging = list(hanging)
    for number, value in enumerate(values):
        if not isinstance(value, TRACKED):
            continue
        if made is None:
            target = nodes.sites[site].target
            nodes.keep(value, nodes.unknown(value, what, site, hanging, target, blind=blind))
        else:
            nodes.keep(value, made[number])
    for value in flat(v for v in values if isinstance(v, list | tuple)):
        if isinstance(value, TRACKED):
            nodes.keep(value, nodes.unknown(value, what, site, hanging, blind=blind))


def _again(
    nodes: Nodes, site: int, call: Call, count: int | None, values: Sequence[Any]
) -> list[Node] | None:
    """Call once more; None unless it gives the same to the last bit, and real numbers."""
    if not all(isinstance(v, int | float | np.ndarray | np.generic) for v in values):
        return None
    if any(of_objects(v) or np.asarray(v).dtype.kind not in "fiub" for v in values):
        return None
    fields: dict[str, Any] = {"function": call.function, "arguments": call.arguments}
    if call.keywords:
        fields["keywords"] = call.keywords
    simple = tuple(map(Operand, range(len(call.operands))))
    if call.arguments == simple and not call.keywords:
        del fields["arguments"]
    operands = [nodes.refreshed(value, None) for value in call.operands]
    name, none = nodes.sites[site].target, tuple(None for _ in operands)
    made: list[Node] = []
    for part in [None] if count is None else range(count):
        own = fields if part is None else {**fields, "part": part}
        try:
            node = apply("opaque", *operands, name=name, origin=nodes.origin(site, none), **own)
        except Exception:  # whatever the function raises when it is called again
            return None
        value = values[part or 0]
        if not same(node.value, value):
            return None
        nodes.add(node)
        made.append(node)
    return made


def data(nodes: Nodes, site: int, value: Any) -> Node:
    """The leaf of a value that hangs on nothing of the program."""
    return nodes.add(leaf(copied(value), nodes.sites[site].target, nodes.origin(site, ())))
