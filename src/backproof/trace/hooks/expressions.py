"""Expressions as they are evaluated: literals, operators, attributes, items."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant
from backproof.trace.flow.arrays import Structure, made_array, unpacked
from backproof.trace.flow.claims import opaque, record, still
from backproof.trace.flow.guards import compared, decided, truth
from backproof.trace.flow.keys import frozen_index
from backproof.trace.flow.operators import BINARY, COMPARE, UNARY
from backproof.trace.flow.values import NUMBER, TRACKED, boolean, flat, same
from backproof.trace.hooks.containers import CONTAINER
from backproof.trace.hooks.library import lowered
from backproof.trace.hooks.places import Places
from backproof.trace.hooks.repeated import LISTED, Repeated
from backproof.trace.lowering import LOWERINGS

INDEX = (np.integer, np.ndarray, tuple)
BITWISE = frozenset({"&", "|", "^"})
OF_MATRICES = frozenset({"*", "**"})  # what np.matrix means something else by


class Expressions:
    """Evaluates an expression as Python does, and records what it came from."""

    def __init__(self, places: Places, repeated: Repeated) -> None:
        self.repeated = repeated
        self.places = places
        self.nodes = places.nodes
        self.sites = places.nodes.sites
        self.literals: dict[int, tuple[float, Node]] = {}

    def const(self, site: int, value: float) -> float:
        """A float literal: an object of its own, so that two equal literals are not taken for one."""
        found = self.literals.get(site)
        if found is None:
            own = float(np.float64(value))
            node = self.nodes.add(constant(own, None, self.nodes.origin(site, ())))
            self.literals[site] = found = (own, node)
        self.nodes.keep(*found)  # not what it was stored as since
        return found[0]

    def attribute(self, site: int, owner: Any, name: str) -> Any:
        """``owner.name`` was read."""
        value = getattr(owner, name)
        if isinstance(value, TRACKED):
            if isinstance(owner, np.ndarray | np.generic):
                self._array_attribute(site, owner, name, value)
            else:
                self.places.attribute(owner, name, value)
        return value

    def _array_attribute(self, site: int, owner: Any, name: str, value: Any) -> None:
        child = self.sites[site].children[0] if self.sites[site].children else None
        if name == "T":
            record(self.nodes, site, "transpose", (owner,), (child,), value, axes=None)
            self.nodes.note_view(value, owner)
        elif name in ("A", "A1", "flat", "real"):
            record(self.nodes, site, "reshape", (owner,), (child,), value, shape=np.shape(value))
            self.nodes.note_view(value, owner)
        else:
            opaque(self.nodes, site, (owner,), value, f".{name}")

    def item(self, site: int, container: Any, key: Any) -> Any:
        """``container[key]`` was read."""
        if container is np.r_ or container is np.c_:
            return self._joined(site, container, key)
        value = container[key]
        if isinstance(key, INDEX):
            decided(self.nodes, key, site)
        if isinstance(value, TRACKED):
            if isinstance(container, np.ndarray):
                self._array_item(site, container, frozen_index(key), value)
            else:
                if isinstance(container, CONTAINER):
                    self.places.holdings.read(container)
                self.places.item(container, key, value)
        return value

    def _joined(self, site: int, joiner: Any, key: Any) -> Any:
        """``np.r_[...]`` or ``np.c_[...]``: what the function does that joins arrays so."""
        parts = key if isinstance(key, tuple) else (key,)
        function: Any = np.column_stack if joiner is np.c_ else np.hstack
        if joiner is np.r_ and all(np.ndim(part) > 1 for part in parts):
            function = np.concatenate
        value = joiner[key]
        given = (list(parts),)
        if all(isinstance(part, (*NUMBER, list)) for part in parts) and same(function(*given), value):
            return lowered(self.nodes, site, (), function, LOWERINGS[function], given, {})
        opaque(self.nodes, site, parts, value, "np.c_" if joiner is np.c_ else "np.r_")
        return value

    def _array_item(self, site: int, array: Any, index: Any, value: Any) -> None:
        """``array[index]`` was read; an array that is written to elsewhere need not be asked for."""
        nodes, child = self.nodes, self.sites[site].children[0]
        source = nodes.source(array, index)
        if isinstance(value, np.generic) and nodes.promise(value, source, index, site, child):
            return
        if id(array) in nodes.waiting:
            origin = nodes.origin(site, (child,))
            node = apply("index", source, index=index, name=self.sites[site].target, origin=origin)
            if same(node.value, value):
                nodes.keep(value, nodes.add(node))
                nodes.note_view(value, array)
                return
        record(nodes, site, "index", (array,), (child,), value, index=index)
        nodes.note_view(value, array)

    def binop(self, site: int, op: str, left: Any, right: Any) -> Any:
        """``left op right``."""
        function, _, name = BINARY[op]
        result = function(left, right)
        if not isinstance(result, TRACKED):
            if op == "%" and type(left) is str:
                self.shown_in(right)
            elif op == "+" and isinstance(result, LISTED):
                self.repeated.joined(result, left, right)
            return result
        children = self.sites[site].children
        if not isinstance(left, NUMBER) or not isinstance(right, NUMBER):
            if isinstance(left, list | tuple) and isinstance(right, np.ndarray | np.generic):
                left = made_array(self.nodes, left, children[0])
            elif isinstance(right, list | tuple) and isinstance(left, np.ndarray | np.generic):
                right = made_array(self.nodes, right, children[1])
            else:
                opaque(self.nodes, site, (left, right), result, op)
                return result
        elif type(left) is int and type(right) is int:
            node = constant(result, self.sites[site].text, self.nodes.origin(site, ()))
            self.nodes.keep(result, self.nodes.add(node))
            return result
        if op in BITWISE:
            name = name if boolean(result) else ""
        elif op in OF_MATRICES and (isinstance(left, np.matrix) or isinstance(right, np.matrix)):
            if op == "**":
                opaque(self.nodes, site, (left, right), result, "matrix power")
                return result
            if np.ndim(left) and np.ndim(right):
                name = "matmul"
        record(self.nodes, site, name, (left, right), (children[0], children[1]), result)
        return result

    def unary(self, site: int, op: str, value: Any) -> Any:
        """``-value`` and the like."""
        function, name = UNARY[op]
        result = function(value)
        if not isinstance(result, TRACKED):
            return result
        if not isinstance(value, NUMBER):
            opaque(self.nodes, site, (value,), result, op)
        else:
            if name == "logical_not" and not boolean(result):
                name = ""
            record(self.nodes, site, name, (value,), (self.sites[site].children[0],), result)
        return result

    def compare(self, site: int, op: str, left: Any, right: Any) -> Any:
        """``left < right`` and the like; arrays only, a Python bool has no identity to follow."""
        function, name = COMPARE[op]
        result = function(left, right)
        if (
            isinstance(result, np.ndarray | np.bool_)
            and isinstance(left, NUMBER)
            and isinstance(right, NUMBER)
        ):
            children = self.sites[site].children
            record(self.nodes, site, name, (left, right), (children[0], children[1]), result)
        elif type(result) is bool and isinstance(left, NUMBER) and isinstance(right, NUMBER):
            compared(self.nodes, name, left, right, site)
        return result

    def element(self, site: int, value: Any) -> Any:
        """A name was read to be an item of what is made: what is computed has a second name there."""
        node = self.nodes.find(value) if isinstance(value, TRACKED) else None
        if node is not None and node.operands:
            self.nodes.alias(value, node, site, node.name, site)
        return value

    def dictionary(self, made: dict[Any, Any]) -> dict[Any, Any]:
        """``{"W": dW, "b": db}`` was evaluated."""
        self.places.given(made, made.items())
        return made

    def truth(self, site: int, value: Any) -> Any:
        """A condition was evaluated, as of an ``if``."""
        return truth(self.nodes, value, site)

    def outside(self, site: int, value: Any) -> Any:
        """``eval(...)``: what text computes is not seen."""
        if isinstance(value, TRACKED) and not still(self.nodes, value):
            self.nodes.keep(value, self.nodes.unknown(value, "eval", site, name=self.sites[site].target))
        return value

    def shown(self, value: Any) -> Any:
        """A value was formatted into a string."""
        node = self.nodes.known.get(id(value)) if isinstance(value, TRACKED) else None
        if node is not None:
            self.nodes.trace.shown.append(node)
        return value

    def shown_in(self, values: Any) -> None:
        """Values were formatted into a string: one, a tuple of them, or a dictionary."""
        for value in flat(list(values.values()) if isinstance(values, dict) else [values]):
            self.shown(value)

    def unpack(self, site: int, value: Any, structure: Structure) -> Any:
        """``a, (b, c) = value``: every item of an array is an index into it."""
        return unpacked(self.nodes, site, value, structure)
