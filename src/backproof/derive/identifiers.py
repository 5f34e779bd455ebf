"""Identifiers for what a program reads as an expression: each value by a name of its own."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping

from backproof.graph import Node

READ = frozenset({"len", "range", "reversed", "np"})  # what derived statements call


def identifier(text: str) -> str:
    """The name for what the program reads as ``text``: its last part, and its index.

    >>> identifier("self.W1"), identifier("params['W2']"), identifier("data[i]"), identifier("layers[0].b")
    ('W1', 'W2', 'data_i', 'b0')
    """
    string = re.search(r"\[['\"](\w+)['\"]\]$", text)
    numbered = re.search(r"\[(\d+)\](\.\w+)?$", text)
    if string:
        text = string[1]
    elif numbered:
        stem = numbered[2] or text[: numbered.start()]
        text = stem.rsplit(".", 1)[-1] + numbered[1]
    elif re.fullmatch(r"[\w.]+", text) or re.search(r"\.\w+$", text):
        text = text.rsplit(".", 1)[-1]
    name = re.sub(r"\W+", "_", text).strip("_") or "value"
    if len(name) > 24:
        name = name[:24].rstrip("_")
    taken = keyword.iskeyword(name) or name in READ
    return f"v_{name}" if taken or not name.isidentifier() else name


def is_numeric(text: str) -> bool:
    """Is a text a formula of numbers alone, such as ``np.sqrt(64)``?"""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return bool(names) and names <= {"np", "math"} and "random" not in text and len(text) <= 30


def unique(first: Mapping[Node, str], texts: Mapping[Node, str], parameters: set[Node]) -> dict[Node, str]:
    """Give each value an identifier of its own; values that share one are numbered, parameters first."""
    wanted = {
        node: text if is_numeric(text) else identifier(text)
        for node, text in (*texts.items(), *first.items())
    }
    shared: dict[str, list[Node]] = {}
    for node in sorted(wanted, key=lambda n: n not in parameters):
        shared.setdefault(wanted[node], []).append(node)
    names: dict[Node, str] = {}
    taken = {name for name, nodes in shared.items() if len(nodes) == 1}
    for name, nodes in shared.items():
        if len(nodes) == 1 or not name.isidentifier():
            names |= dict.fromkeys(nodes, name)
            continue
        number = 0
        for node in nodes:
            number += 1
            while f"{name}_{number}" in taken:
                number += 1
            names[node] = f"{name}_{number}"
            taken.add(names[node])
    return names
