"""Fill the templates of the table of operations, operand by operand, with as few parentheses as possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from backproof.graph import OPERATIONS, Node, ancestors, attribute
from backproof.graph.literal import index_literal, literal

Levels = tuple[
    int | None, Mapping[int, int]
]  # how tightly a template binds (None: as its operand), what it asks
Part = tuple[str, int]  # a text and how tightly it binds


def fill(template: str, parts: list[Part], levels: Levels, enclose: Callable[[str], str]) -> Part:
    """Put the texts of operands into a template; what binds less than its place asks for is enclosed."""
    own, needed = levels

    def operand(match: re.Match[str]) -> str:
        text, level = parts[int(match[1])]
        return enclose(text) if level < needed.get(int(match[1]), 0) else text

    return re.sub(r"\$(\d+)", operand, template), parts[0][1] if own is None else own


def expand(
    template: str,
    node: Node,
    write: Callable[[Any], str] = literal,
    write_index: Callable[[Any], str] = index_literal,
) -> str:
    """Write a node's attributes, and the list of its operands, into its template."""

    def expansion(match: re.Match[str]) -> str:
        key = match[1]
        if key == "*":
            return ", ".join(f"${k}" for k in range(len(node.operands)))
        if key == "operation":
            return node.operation
        if key == "attributes":
            return "".join(f", {name}={write(value)}" for name, value in _stated(template, node))
        if key == "over":
            axis = attribute(node, "axis")
            return "" if axis is None else rf"_{{\text{{axis }} {write(axis)}}}"
        return write_index(attribute(node, key)) if key == "index" else write(attribute(node, key))

    return re.sub(r"\$(\*|[a-z_]+)", expansion, template)


def _stated(template: str, node: Node) -> list[tuple[str, Any]]:
    """List the attributes that differ from their default and have no place of their own in the template."""
    defaults = OPERATIONS[node.operation].attributes
    named = set(re.findall(r"\$([a-z_]+)", template))
    return [
        (name, attribute(node, name))
        for name, default in defaults.items()
        if name not in named and not _same(attribute(node, name), default)
    ]


def _same(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and bool(value == default))


def render(
    root: Node,
    named: Callable[[Node], Part | None],
    template: Callable[[Node], str],
    combine: Callable[[Node, str, list[Part]], Part],
) -> str:
    """Build the text of a graph from its named nodes up, without recursion."""
    stops: dict[Node, Part] = {}

    def stop(node: Node) -> bool:
        part = named(node)
        if part is not None:
            stops[node] = part
        return part is not None

    parts: dict[Node, Part] = {}
    for node in ancestors([root], stop):
        if node in stops:
            parts[node] = stops[node]
        else:
            parts[node] = combine(node, template(node), [parts[operand] for operand in node.operands])
    return parts[root][0]
