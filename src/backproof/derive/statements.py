"""Lines as statements of Python: an expression, or an array that is written to part by part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.derive.plan import STATEMENTS, Derivation, Line
from backproof.graph import Node, attribute
from backproof.graph.literal import index_literal
from backproof.graph.node import shape_of
from backproof.notation import to_numpy


def statements(derived: Derivation) -> str:
    """Forward values that have no name in the program, then one derivative after the other."""
    return "".join(f"{text}\n" for line in (*derived.first, *derived.lines) for text in written(line))


def written(line: Line) -> Iterator[str]:
    """The statements of one line."""
    node = line.node
    if node.operation not in STATEMENTS:
        yield f"{line.name} = {to_numpy(node)}"
        return
    writes = []
    while node.operation in STATEMENTS:
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
            first = write is writes[-1] and not np.any(node.value) and node.operation == "constant"
            yield f"{line.name}[{place}] {'=' if first else '+='} {value}"


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
