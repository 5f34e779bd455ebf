"""Lines as statements of Python: an expression, or an array that is written to part by part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.derive.elements import WRITES, apart
from backproof.derive.plan import Derivation, Line
from backproof.graph import Node, attribute
from backproof.graph.literal import index_literal
from backproof.graph.node import shape_of
from backproof.notation import to_numpy

WIDTH = 100


def statements(derived: Derivation) -> str:
    """Forward values that have no name in the program, then one derivative after the other."""
    return "".join(f"{text}\n" for line in (*derived.first, *derived.lines) for text in written(line))


def written(line: Line) -> Iterator[str]:
    """The statements of one line."""
    node = line.node
    if node.operation not in WRITES:
        yield from broken(f"{line.name} = ", node)
        return
    writes = []
    while node.operation in WRITES:
        writes.append(node)
        node = node.operands[0]
    yield f"{line.name} = {_beginning(node)}"
    for write in reversed(writes):
        index = attribute(write, "index")
        value = to_numpy(write.operands[1])
        place = index_literal(index)
        if write.operation == "index_update":
            yield f"{line.name}[{place}] = {value}"
        elif _repeats(index):
            yield f"np.add.at({line.name}, {_as_argument(index, place)}, {value})"
        else:
            before = [attribute(w, "index") for w in writes[writes.index(write) + 1 :]]
            empty = node.operation == "constant" and not np.any(node.value)
            first = empty and all(apart(index, other, shape_of(node)) for other in before)
            yield f"{line.name}[{place}] {'=' if first else '+='} {value}"


def broken(start: str, node: Node) -> Iterator[str]:
    """An expression behind ``start``; a long sum on a line for each summand."""
    text = to_numpy(node)
    parts = []
    rest = node
    while rest.operation in ("add", "subtract"):
        parts.append(("+ " if rest.operation == "add" else "- ") + _summand(rest.operands[1]))
        rest = rest.operands[0]
    if len(start) + len(text) <= WIDTH or len(parts) < 2:
        yield start + text
        return
    parts.append(to_numpy(rest))
    yield f"{start}("
    yield from (f"    {part}" for part in reversed(parts))
    yield ")"


def _summand(node: Node) -> str:
    text = to_numpy(node)
    return f"({text})" if node.operation in ("add", "subtract", "negative") else text


def _beginning(node: Node) -> str:
    if node.operation == "constant" and not np.any(node.value):
        return (
            f"np.zeros({shape_of(node)!r})" if len(shape_of(node)) != 1 else f"np.zeros({shape_of(node)[0]})"
        )
    text = to_numpy(node)
    return f"{text}.copy()" if text.isidentifier() else f"np.array({text})"


def _repeats(index: object) -> bool:
    """Whether an index may name a place twice, which ``+=`` would count once."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(p, (list, np.ndarray)) and np.asarray(p).dtype.kind in "iu" for p in parts)


def _as_argument(index: object, place: str) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(p, slice) or p is Ellipsis for p in parts):
        return f"np.s_[{place}]"
    return f"({place})" if isinstance(index, tuple) else place
