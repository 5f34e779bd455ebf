"""Gradients that are brought within bounds before they are applied.

They are clipped, or divided by their own length, or only their signs are taken: the direction of the step, or
its size, is no longer that of the gradient, and is not meant to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backproof.graph import OPERATIONS, Node, ancestors
from backproof.step.training_step import Parameter, TrainingStep
from backproof.step.update import SUMS, THROUGH, keeps

LIMIT = 400  # nodes of an update that are looked through
STEPS = 40  # nodes between a gradient and what is made of it within bounds
WITHIN = frozenset({"clip", "sign", "minimum", "maximum", "where", "tanh", "arctan", "index_update"})
READ = frozenset({"identity", "index", "reshape", "transpose", "astype"})
HUGE = (1e6, 1e9)  # sizes of a gradient that are far out of any bounds


def boundings(step: TrainingStep) -> dict[Node, Node]:
    """What stands for a gradient within bounds in the update of its parameter, and that gradient.

    Both as nodes of the trace. What is made of it has its signs, and does not grow with it. A difference that
    the loss itself is computed from, or an item of it, is no gradient: its bounds belong to the loss. Nor is
    a bounded value that enters the update of another parameter too, or one that the optimizer's memory
    enters. But a clip within bounds on both sides of zero is meant for errors and gradients, wherever it
    stands.
    """
    known = {copy: node for node, copy in step.copies.items()}
    forward = _read_forward(step)
    apart = {*step.leaves, *(step.copies.get(change.before) for change in step.window.others)}
    owners = {node: bits for node, bits in _owners(step).items() if node not in forward}
    bounded = 0  # those with anything in their updates that brings within bounds
    for node, bits in owners.items():
        bounded |= bits if _is_bound(node) else 0
    found: dict[Node, Node] = {}
    for parameter, bit in zip(step.parameters, _bits(step), strict=True):
        for node in _on_the_way(parameter) if bounded & bit else ():
            if node in found or node in forward or node not in known or not _may_bound(node, forward):
                continue
            for gradient, made in _inside(node, forward, apart):
                if gradient in known and _bounds(step, gradient, made):
                    found[node] = gradient
                    break
    alone = {n: g for n, g in found.items() if owners.get(n, 0).bit_count() == 1}
    within = {n: n.operands[0] for n in owners if n in known and _is_clip(n) and n.operands[0] in known}
    return {known[n]: known[g] for n, g in {**within, **alone}.items()}


def _read_forward(step: TrainingStep) -> set[Node]:
    """What the loss is computed from, also where it is read once more, as an output from a list of them."""
    forward = set(ancestors([step.loss]))
    for node in ancestors([after for parameter in step.parameters for after in parameter.afters]):
        if node.operation in READ and node.operands[0] in forward:
            forward.add(node)
    return forward


def _bits(step: TrainingStep) -> list[int]:
    """A bit for each parameter; those of one name share it."""
    names = list(dict.fromkeys(parameter.name for parameter in step.parameters))
    number = {name: k for k, name in enumerate(names)}
    return [1 << number[parameter.name] for parameter in step.parameters]


def _owners(step: TrainingStep) -> dict[Node, int]:
    """The bits of the parameters whose update each value enters."""
    found: dict[Node, int] = {}
    for parameter, bit in zip(step.parameters, _bits(step), strict=True):
        for after in parameter.afters:
            found[after] = found.get(after, 0) | bit
    for node in reversed(ancestors(list(found))):
        bits = found[node]
        for operand in node.operands:
            found[operand] = found.get(operand, 0) | bits
    return found


def _on_the_way(parameter: Parameter) -> Iterator[Node]:
    """What is of the parameter's size, and after it was made only scaled and added up.

    Or of that size for each sample: every sample's gradient may have its own bounds before they are added up.
    """
    pairs = list(zip(parameter.leaves, parameter.afters, strict=True))
    shape = np.shape(pairs[0][0].value)
    for before, after in pairs:
        stack, seen = [after], {after}
        while stack and len(seen) < LIMIT:
            node = stack.pop()
            if node.operands and _is_of_size(node, shape) and not keeps(node, before):
                yield node
            if node.operation in SUMS | THROUGH | {"multiply", "sum", "mean"}:
                operands = node.operands
            elif node.operation == "divide":
                operands = node.operands[:1]
            else:
                continue
            new = [o for o in operands if o not in seen and o is not before]
            seen.update(new)
            stack.extend(new)


def _is_of_size(node: Node, shape: tuple[int, ...]) -> bool:
    """Has a value the shape of a parameter, or that of one such value for each sample?

    The sign of a value for each sample is more likely part of the derivative of a loss.
    """
    own = np.shape(node.value)
    if own == shape:
        return True
    if node.operation == "sign" or len(own) < len(shape):
        return False
    return all(length in (1, other) for length, other in zip(shape[::-1], own[::-1], strict=False))


def _is_clip(node: Node) -> bool:
    """Is this a clip of what may have either sign?"""
    if node.operation != "clip":
        return False
    lower, upper = (node.attributes.get(side) for side in ("lower", "upper"))
    return lower is not None and upper is not None and bool(np.all(lower < 0) and np.all(upper > 0))


def _is_bound(node: Node) -> bool:
    """Is this made as a value within bounds is? Of a single number the size cannot be told from a factor."""
    return node.operation in WITHIN or (node.operation in ("multiply", "divide") and np.size(node.value) > 1)


def _may_bound(node: Node, forward: set[Node]) -> bool:
    """Can this bring a value within bounds: by itself, or as a product with what is computed from it?"""
    if not _is_bound(node) or node.operation in WITHIN:
        return node.operation in WITHIN
    x, y = (_near(operand) for operand in node.operands)
    return any(shared.operands and shared not in forward for shared in x & y)


def _near(node: Node) -> set[Node]:
    """A node and what it is made of, a few operations back."""
    queue, near = [node], {node}
    while queue and len(near) < STEPS:
        new = [o for o in queue.pop(0).operands if o not in near]
        near.update(new)
        queue.extend(new)
    return near


def _inside(node: Node, forward: set[Node], apart: set[Node | None]) -> Iterator[tuple[Node, list[Node]]]:
    """What a value of the same size is made of and of nothing else that depends on the parameters.

    With what is computed on the way from that one to the value, in order.
    """
    shape, queue, near = np.shape(node.value), [node], {node}
    while queue and len(near) < STEPS:
        current = queue.pop(0)
        of_size = current is not node and np.shape(current.value) == shape and bool(current.operands)
        if of_size and (made := _only_through(node, current, apart)) is not None:
            yield current, made
        new = [o for o in current.operands if o not in near and o not in forward]
        near.update(new)
        queue.extend(new)


def _only_through(node: Node, gradient: Node, apart: set[Node | None]) -> list[Node] | None:
    """What a value is computed by, in order, if it is from ``gradient``, numbers and nothing else."""
    order: list[Node] = []
    stack, seen = [(node, False)], {gradient}
    while stack:
        current, done = stack.pop()
        if done:
            order.append(current)
            continue
        if current in seen:
            continue
        if current in apart or (current.operation == "leaf" and np.size(current.value) > 1):
            return None
        seen.add(current)
        if len(seen) > STEPS:
            return None
        stack.append((current, True))
        stack.extend((o, False) for o in current.operands)
    return order


def _bounds(step: TrainingStep, gradient: Node, made: list[Node]) -> bool:
    """Does what is made of a gradient keep its signs, and stop growing with it?"""
    drawn = np.random.default_rng(7).standard_normal(np.shape(gradient.value))
    return all(_settles(step, gradient, made, direction) for direction in (drawn, -drawn))


def _settles(step: TrainingStep, gradient: Node, made: list[Node], direction: np.ndarray) -> bool:
    values = []
    for size in HUGE:
        table: dict[Node, Any] = {gradient: size * direction}
        try:
            with np.errstate(all="ignore"):
                for node in made:
                    table[node] = _value(step, node, table)
        except (ValueError, TypeError, IndexError, ArithmeticError):
            return False
        if np.iscomplexobj(table[made[-1]]):
            return False
        values.append(np.asarray(table[made[-1]], dtype=float))
    near, far = values
    with np.errstate(all="ignore"):
        alike = np.allclose(near, far, rtol=1e-4, atol=0.0)
    return bool(alike and np.all(np.isfinite(far)) and np.all(np.sign(near) * np.sign(direction) > 0))


def _value(step: TrainingStep, node: Node, table: dict[Node, Any]) -> Any:
    if not node.operands:
        return step.state.get(node, node.value)
    return OPERATIONS[node.operation].value(*(table[o] for o in node.operands), **node.attributes)
