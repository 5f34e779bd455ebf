"""Why a derivative is what it is, in a few words: one reason for each use of the value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from backproof.derive.plan import Derivation
from backproof.graph import OPERATIONS, Node, ancestors, constant, simplify
from backproof.graph.compositions import Composition, hidden
from backproof.graph.node import shape_of
from backproof.notation import to_numpy
from backproof.step.cut import dependent

WHOLE = {
    "sigmoid": "σ′ = σ(1 − σ), and σ is {outer} here",
    "tanh": "tanh′ = 1 − tanh², and tanh is {outer} here",
    "relu": "the rectifier passes on what it let through: where {outer} > 0",
    "softplus": "the derivative of ln(1 + eˣ) is σ(x)",
    "softmax": "softmax: each row's weighted mean of the derivative comes off, times the probability",
    "standardize": "mean and variance depend on every value: the means of g and of g times {outer} come off",
}
MATRIX = frozenset({"matmul", "dot"})
MOVED = {
    "transpose": "transposed back",
    "reshape": "brought back into shape",
    "index": "only the elements that were picked get it",
    "concatenate": "each part gets its own piece",
    "stack": "each part gets its own piece",
    "identity": "passed on",
    "astype": "passed on",
}


class Reasons:
    """Who uses what in a forward pass, and what that does to a derivative."""

    def __init__(self, derived: Derivation) -> None:
        self.derived = derived
        forward = derived.forward
        order = ancestors([forward.loss])
        self.moving = dependent(order, {p.leaf for p in forward.parameters} & set(order))
        self.inside = hidden(derived.known.values())
        self.wholes = {
            whole.inner: whole for whole in derived.known.values() if whole.outer not in self.inside
        }
        self.users: dict[Node, list[Node]] = {}
        for node in order:
            if node in self.moving and node not in self.inside:
                for operand in dict.fromkeys(node.operands):
                    self.users.setdefault(operand, []).append(node)

    def of(self, node: Node) -> str:
        """The reasons for the adjoint of a forward value, joined."""
        if node in self.derived.short:
            return "the loss and everything before it, together: what is predicted less what is wanted"
        found = list(dict.fromkeys(self._each(node)))
        if len(found) > 1:
            return f"{len(found)} paths lead from it to the loss, and their parts add up: " + "; ".join(found)
        return found[0] if found else "the loss itself"

    def _each(self, node: Node) -> Iterator[str]:
        for whole in self.derived.known.values():
            if whole.inner is node and whole.outer not in self.inside:
                yield self._whole(whole)
        covered = {n for w in self.derived.known.values() if w.inner is node for n in _between(w)}
        for user in self.users.get(node, ()):
            if user in self.moving and user not in covered:
                yield self._use(user, node)

    def _whole(self, whole: Composition) -> str:
        return WHOLE[whole.name].format(outer=self.called(whole.outer))

    def _use(self, user: Node, node: Node) -> str:
        position = user.operands.index(node)
        others = [o for k, o in enumerate(user.operands) if k != position]
        target, operation = self.called(user), user.operation
        if operation in MATRIX:
            side = "from the left" if position else "from the right"
            other = self.called(others[0])
            text = f"{target} is its product with {other}: times {other}, transposed, {side}"
            summed = np.ndim(user.value) == 2 and np.ndim(node.value) == 2 and node.operation == "leaf"
            return text + (", which sums over the samples" if summed else "") + self._broadcast(user, node)
        if operation in ("add", "subtract"):
            sign = ", with its sign turned" if operation == "subtract" and position else ""
            return f"a summand of {target}: passed on{sign}" + self._broadcast(user, node)
        if operation == "multiply":
            factor = self.called(others[0]) if others else self.called(node)
            return f"a factor of {target}: times the other one, {factor}" + self._broadcast(user, node)
        if operation == "divide":
            text = "the divisor of" if position else "the dividend of"
            return f"{text} {target}: the quotient rule" + self._broadcast(user, node)
        if operation in ("sum", "mean"):
            over = user.attributes.get("axis")
            along = "" if over is None else f" along axis {over}"
            each = "divided by how many there are" if operation == "mean" else "unchanged"
            return f"summed up{along}: every element gets the derivative, {each}"
        if operation in MOVED:
            return MOVED[operation]
        return self._local(user, node)

    def _local(self, user: Node, node: Node) -> str:
        """The derivative of an elementwise operation, written out."""
        wanted = [k for k, o in enumerate(user.operands) if o is node]
        one = constant(np.ones(shape_of(user)) if shape_of(user) else 1.0)
        try:
            cotangents = OPERATIONS[user.operation].vjp(one, user, *user.operands, wanted=wanted)
            (local,) = simplify([c for c in cotangents if c is not None][:1])
        except (ValueError, TypeError, NotImplementedError):
            return f"the derivative of {user.operation}"
        text = to_numpy(local, {n: name for n, name in self.derived.forward.names.items() if n is not local})
        return (
            f"{user.operation} has the derivative {text}"
            if len(text) < 60
            else f"the derivative of {user.operation}"
        )

    def _broadcast(self, user: Node, node: Node) -> str:
        """Which axes a value was repeated along, over which its derivative is summed."""
        own, whole = shape_of(node), shape_of(user)
        if own == whole or (user.operation in MATRIX and np.ndim(node.value) >= 2):
            return ""
        if user.operation in MATRIX:
            return ""
        missing = len(whole) - len(own)
        axes = [
            *range(missing),
            *(k + missing for k, n in enumerate(own) if n == 1 and whole[k + missing] != 1),
        ]
        if not axes:
            return ""
        listed = " and ".join(str(a) for a in axes)
        return f"; it was repeated along axis {listed}, so the derivative is summed over it"

    def called(self, node: Node) -> str:
        """The name of a value, or what it is computed by."""
        names: Mapping[Node, str] = self.derived.forward.names
        name = names.get(node)
        if name is not None:
            return name
        text = to_numpy(node, names)
        return text if len(text) <= 40 else "it"


def _between(whole: Composition) -> set[Node]:
    return set(ancestors([whole.outer], {whole.inner}.__contains__)) - {whole.inner}
