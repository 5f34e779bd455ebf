"""Read an update: the old value, and the terms that were added to it."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import numpy as np

from backproof.graph import Node
from backproof.step.covered import versions, written_anew

SUMS = frozenset({"add", "subtract", "index_update", "index_add", "stack", "concatenate"})
WRITTEN = frozenset({"index_update", "index_add"})
LEAST_KEPT = 0.5  # of a parameter: a learning rate times an error, in what that error becomes next, is less
DECAY = 0.01  # of a parameter that a step takes off it, at the most: a running mean forgets faster
THROUGH = frozenset({"identity", "reshape", "astype", "clip", "transpose", "negative"})


def terms(after: Node, before: Node, limit: int = 20_000) -> tuple[bool, list[Node]]:
    """Split ``after`` into the old value and the terms added to it.

    Gives whether the old value is among them, as itself or most of it, and the other terms.
    """
    kept, found, stack, met, first = False, list[Node](), [after], set[Node](), time_of(before)
    older = set[Node]()  # versions of arrays that were not written anew by the last, so by none of these
    while stack and limit:
        limit -= 1
        node = stack.pop()
        if node.operation == "index" and node.operands[0].operation in WRITTEN:
            if time_of(node.operands[0]) >= first:
                node = node.operands[0]  # an item that was changed in this step already
            elif _was(before, node.operands[0]):
                kept = True  # read before other items were changed
                continue
            elif not _is_part(node, before):
                found.append(node)
                continue
        if node.operation in WRITTEN:
            if node in met:
                continue
            met.add(node)
        if _is_part(node, before):
            kept = True
        elif node in older and time_of(node) < first:
            continue  # the array that the old value was a part of, as it was before that
        elif (
            node.operation == "index_update"
            and node not in older
            and (written := written_anew(node, before)) is not None
        ):
            stack.extend(written)
        elif node.operation in SUMS:
            if node.operation == "index_update":
                older.update(versions(node.operands[0], older))
            stack.extend(_added(node))
        elif node.operation == "where":
            stack.extend(node.operands[1:])
        elif node.operation in THROUGH or node.operation == "index":
            stack.append(node.operands[0])
        elif node.operation == "multiply" and _scaled(node, before) and _share(node, before) >= LEAST_KEPT:
            kept = True
        else:
            found.append(node)
    return kept, found


def keeps(after: Node, before: Node, limit: int = 400, whole: bool = False) -> bool:
    """Is the old value among the terms of the new one; ``whole`` asks for itself, and not times a number."""
    queue, first = deque([after]), time_of(before)
    while queue and limit:
        limit -= 1
        node = queue.popleft()
        if _is_part(node, before):
            return True
        if time_of(node) < first:
            continue  # older than the old value, so not made of it
        if node.operation == "multiply" and _scaled(node, before) and not (whole and _is_share(node, before)):
            return True
        if node.operation in SUMS:
            queue.extend(_added(node))
        elif node.operation == "where":
            queue.extend(node.operands[1:])
        elif node.operation in THROUGH:
            queue.append(node.operands[0])
    return False


def _was(array: Node, older: Node) -> bool:
    """Is ``older`` what an array was before items of it were written?"""
    while time_of(array) > time_of(older) and array.operation in ("index_update", "identity"):
        array = array.operands[0]
    return array is older


def _added(node: Node) -> tuple[Node, ...]:
    """What a sum adds up, or an array consists of; of one number that is written anew nothing is left."""
    return node.operands[1:] if np.ndim(node.value) == 0 and is_rewritten(node) else node.operands


def remembers(after: Node, before: Node) -> bool:
    """Is a share of the old value among the terms of the new one, also in a sum that is scaled as a whole?"""
    first, node = time_of(before), after

    def made_since(other: Node) -> bool:
        return time_of(other) > first

    while node.operation in ("multiply", "divide", *THROUGH) and not keeps(node, before):
        numbers = [k for k, operand in enumerate(node.operands) if np.size(operand.value) == 1]
        if len(numbers) == 2:  # a layer with one unit has a bias of one
            numbers = [k for k in numbers if not reaches(node.operands[k], before, made_since)]
        if len(node.operands) > 1 and (len(numbers) != 1 or (node.operation == "divide" and numbers == [0])):
            return False
        node = node.operands[1 - numbers[0]] if len(node.operands) > 1 else node.operands[0]
    return keeps(node, before)


def rescales(after: Node, before: Node) -> bool:
    """Is the new value nothing but the old one times something, as a learning rate that decays is?"""
    node = after
    while node is not before:
        if node.operation not in ("multiply", "divide", *THROUGH):
            return False
        x, y = (*node.operands, *node.operands)[:2]
        node = y if node.operation == "multiply" and not reaches(x, before, lambda _: True) else x
    return True


def sums(after: Node, before: Node, ones: bool = False, apart: Collection[Node] = ()) -> bool:
    """Is the whole of the old value carried on in the new one, with nothing taken off it?

    That is how a total grows. A momentum forgets a share of itself in every step, however that is written.
    With ``ones`` a product with the number 1 is the other factor. What is computed through nodes ``apart``
    is something else than the old value.
    """
    carried, others, queue, met = False, list[Node](), deque([after]), set[Node]()
    while queue:
        node = queue.popleft()
        if node in met:
            continue
        met.add(node)
        if _is_part(node, before):
            carried = True
        elif node.operation == "index" and node.operands[0].operation in WRITTEN:
            queue.append(node.operands[0])  # an item that is added to once more
        elif is_rewritten(node):
            queue.append(node.operands[1])
        elif node.operation in SUMS:
            queue.extend(node.operands)
        elif node.operation in THROUGH:
            queue.append(node.operands[0])
        elif ones and (factors := _times_one(node)):
            queue.extend(factors)
        else:
            others.append(node)
    first = time_of(before)

    def inside(node: Node) -> bool:
        return time_of(node) >= first and node not in apart

    return carried and not any_reaches(others, before, inside)


def is_rewritten(node: Node) -> bool:
    """Are all numbers of an array written anew?"""
    if node.operation != "index_update":
        return False
    return np.shape(node.value) == np.shape(node.operands[1].value) or node.attributes.get("index") is ...


def _times_one(node: Node) -> tuple[Node, ...]:
    """What is multiplied by a number that is 1, or divided by it; nothing where no such number is."""
    if node.operation not in ("multiply", "divide"):
        return ()
    inner = [o for o in node.operands if np.ndim(o.value) or float(o.value) != 1.0]
    whole = len(inner) == 1 and (node.operation == "multiply" or inner[0] is node.operands[0])
    return tuple(inner) if whole else ()


def shrinks(after: Node, before: Node) -> bool:
    """Is the old value scaled down a little where the new one is made, as in ``0.999 * w - lr * g``?"""
    stack = [after]
    while stack:
        node = stack.pop()
        if node.operation == "multiply" and _scaled(node, before):
            x, y = node.operands
            number = float(np.ravel(y.value if _is_part(x, before) else x.value)[0])
            if 0.5 < number < 1:
                return True
        elif node.operation in SUMS:
            stack.extend(node.operands)
        elif node.operation in THROUGH:
            stack.append(node.operands[0])
    return False


def own_share(after: Node, before: Node) -> float:
    """The share of a parameter that an update takes off it in a term of its own, 0 where there is none.

    As in ``w - lr * g - 0.01 * w``.
    """
    share = forgotten(after, before)
    return share if 0 < share < DECAY else 0.0


def forgotten(after: Node, before: Node) -> float:
    """The share of an old value that is taken off it in terms of their own."""
    share, stack, first = 0.0, [(after, 1.0)], time_of(before)
    while stack:
        node, sign = stack.pop()
        if time_of(node) < first:
            continue  # older than the old value, so not made of it
        if node.operation == "multiply" and _scaled(node, before):
            x, y = node.operands
            share -= sign * float(np.ravel(y.value if _is_part(x, before) else x.value)[0])
        elif node.operation in ("add", "subtract"):
            x, y = node.operands
            stack += [(x, sign), (y, -sign if node.operation == "subtract" else sign)]
        elif node.operation == "negative":
            stack.append((node.operands[0], -sign))
        elif node.operation == "identity":
            stack.append((node.operands[0], sign))
    return share


def takes_a_share(after: Node, before: Node, limit: int = 200) -> bool:
    """Is a share of the old value, or of a part of it, among what the update takes off?"""
    queue, seen = deque([(after, False)]), 0
    while queue and seen < limit:
        seen += 1
        node, scaled = queue.popleft()
        if scaled and _is_part(node, before):
            return True
        if node.operation in ("multiply", "divide"):
            others = [o for o in node.operands if np.size(o.value) > 1 or o.operands]
            queue.extend((o, True) for o in others[:1] if len(others) == 1)
        elif node.operation in SUMS or node.operation in THROUGH:
            queue.extend((o, scaled) for o in node.operands)
    return False


def _is_share(node: Node, before: Node) -> bool:
    """Is this a share of the old value, as a running mean keeps it, and no little decay of it?"""
    return abs(1 - _share(node, before)) > DECAY


def _share(node: Node, before: Node) -> float:
    """The number by which a product scales the old value."""
    x, y = node.operands
    return float(np.ravel(y.value if _is_part(x, before) else x.value)[0])


def mixes(after: Node, before: Node, is_other: Callable[[Node], bool]) -> bool:
    """Is the new value made of nothing but the old one and some others, times numbers?

    So is a copy of a network that follows it slowly.
    """
    stack, seen, found = [after], {after}, False
    while stack:
        node = stack.pop()
        if is_other(node):
            found = True
        elif not _is_part(node, before):
            numbers = node.operation in ("multiply", "divide")
            inner = [o for o in node.operands if not (numbers and _is_number(o, before))]
            if node.operation not in SUMS | THROUGH and not (numbers and len(inner) == 1):
                return False
            stack.extend(o for o in inner if o not in seen)
            seen.update(inner)
    return found


def _is_number(node: Node, beside: Node) -> bool:
    """Is this a number, or made of numbers alone where the value ``beside`` it is none?"""
    if np.size(node.value) != 1:
        return False
    if not node.operands:
        return True
    return np.size(beside.value) > 1 and is_of_numbers(node)


def is_of_numbers(node: Node, limit: int = 40) -> bool:
    """Is this computed from a few numbers alone?"""
    stack, seen = [node], {node}
    while stack:
        inner = stack.pop()
        if np.size(inner.value) != 1 or len(seen) > limit:
            return False
        stack += [o for o in inner.operands if o not in seen]
        seen.update(inner.operands)
    return True


def follows(after: Node, before: Node, since: int | None = None) -> bool:
    """Does the new value go a share of the way to something else, as in ``v += (1 - b) * (g * g - v)``?

    That is ``b * v + (1 - b) * g * g``, a mean that forgets. What it goes to has nothing of the old value
    ``since`` a time, the step's beginning: a parameter that was changed by it before may be part of it.
    """
    begun = time_of(before) if since is None else since - 1
    if after.operation != "add":
        return False
    for kept, step in (after.operands, after.operands[::-1]):
        if _is_part(kept, before) and step.operation == "multiply":
            for share, way in (step.operands, step.operands[::-1]):
                if (
                    np.size(share.value) == 1
                    and way.operation == "subtract"
                    and _is_part(way.operands[1], before)
                ):
                    return not reaches(way.operands[0], before, lambda node: time_of(node) > begun)
    return False


def _is_part(node: Node, whole: Node) -> bool:
    while node is not whole:
        if node.operation in ("index", "identity", "reshape") and node.operands:
            node = node.operands[0]
        else:
            return False
    return True


def _scaled(node: Node, before: Node) -> bool:
    x, y = node.operands
    return (_is_part(x, before) and np.size(y.value) == 1) or (_is_part(y, before) and np.size(x.value) == 1)


def reaches(start: Node, goal: Node, inside: Callable[[Node], bool]) -> bool:
    """Is ``goal`` among what ``start`` was computed from, going through nodes ``inside`` only?"""
    return any_reaches([start], goal, inside)


def any_reaches(starts: Iterable[Node], goal: Node, inside: Callable[[Node], bool]) -> bool:
    """Is ``goal`` among what any of many nodes was computed from? Each node on the way is looked at once."""
    stack = list(starts)
    done = set(stack)
    while stack:
        node = stack.pop()
        if node is goal:
            return True
        if not inside(node):
            continue
        for operand in node.operands:
            if operand not in done:
                done.add(operand)
                stack.append(operand)
    return False


def time_of(node: Node) -> int:
    """When a node was made; -1 for numbers that have no origin."""
    return -1 if node.origin is None else int(node.origin.time)


def learns(before: Node, after: Node) -> bool:
    """Is this an update: the old value plus terms that were computed from the old value?

    That is what a gradient step looks like. A counter, a running total and a momentum buffer are not: what
    is added to them does not depend on what it is added to.
    """
    kept, added = terms(after, before)
    first = time_of(before)
    return kept and any_reaches(added, before, lambda n: time_of(n) >= first)


def walk(
    results: list[Node],
    inside: Callable[[Node], bool],
    operands: Callable[[Node], Sequence[Node]] = operator.attrgetter("operands"),
) -> Iterator[Node]:
    """Every node that the results are computed from, going through nodes ``inside`` only.

    The edge is included. ``operands`` tells what a node is computed from.
    """
    stack, done = list(results), set(results)
    while stack:
        node = stack.pop()
        yield node
        if inside(node):
            for operand in operands(node):
                if operand not in done:
                    done.add(operand)
                    stack.append(operand)
