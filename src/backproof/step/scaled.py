"""What a value is but for the numbers that it is multiplied by."""

from __future__ import annotations

import numpy as np

from backproof.graph import Node, unnamed
from backproof.step.update import THROUGH, is_of_numbers

LIMIT = 12  # products on the way


def core_of(node: Node, end: Node | None = None) -> tuple[Node, float]:
    """What is multiplied by numbers, and the number that it comes to; ``end`` is not looked into."""
    factor = 1.0
    for _ in range(LIMIT):
        node = unnamed(node)
        if node is end:
            break
        if node.operation == "negative":
            node, factor = node.operands[0], -factor
        elif node.operation in THROUGH:
            node = node.operands[0]
        elif (pair := number_times(node)) is not None:
            node, factor = pair[0], factor * pair[1]
        else:
            break
    return node, factor


def number_times(node: Node) -> tuple[Node, float] | None:
    """What is multiplied or divided by a single number, and this number."""
    if node.operation not in ("multiply", "divide"):
        return None
    x, y = node.operands
    if np.size(y.value) == 1 and is_of_numbers(y):
        number = float(np.ravel(y.value)[0])
        return (x, number) if node.operation == "multiply" else (x, 1 / number) if number else None
    if node.operation == "multiply" and np.size(x.value) == 1 and is_of_numbers(x):
        return y, float(np.ravel(x.value)[0])
    return None


def is_square(node: Node) -> bool:
    """Is this the square of something, times a number that is not less than zero?"""
    core, factor = core_of(node)
    if factor < 0 or core.operation == "square":
        return factor >= 0
    if core.operation == "multiply":
        (x, first), (y, second) = (core_of(operand) for operand in core.operands)
        return x is y and first * second >= 0
    exponent = core.operands[1] if core.operation == "power" else None
    return exponent is not None and np.ndim(exponent.value) == 0 and float(exponent.value) == 2.0
