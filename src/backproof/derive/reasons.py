"""Why a derivative is what it is, in a few words: one reason for each use of the value."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from backproof.derive.cancelling import why_difference
from backproof.derive.plan import Derivation
from backproof.derive.spelling import spelled
from backproof.graph import OPERATIONS, Node, ancestors, constant, simplify
from backproof.graph.compositions import Composition, hidden
from backproof.graph.node import shape_of
from backproof.notation import to_numpy
from backproof.step.cut import dependent

WHOLE = {
    "sigmoid": "σ′ = σ(1 − σ), and σ is {outer} here",
    "tanh": "tanh′ = 1 − tanh², and tanh is {outer} here",
    "relu": "the rectifier passes on what it let through: where {outer} is positive",
    "leaky": "the slope is 1 where it is positive, and the small one elsewhere",
    "softplus": "the derivative of ln(1 + eˣ) is σ(x)",
    "softmax": "softmax: each row's weighted mean of the derivative comes off, times the probability",
    "standardize": "mean and variance depend on every value: the means of g and of g times {outer} come off",
}
MATRIX = frozenset({"matmul", "dot"})
MOVED = {
    "transpose": "transposed back",
    "reshape": "brought back into shape",
    "index": "only the elements that were picked get it",
    "index_update": "what was written there gets the derivative of that place",
    "concatenate": "each part gets its own piece",
    "stack": "each part gets its own piece",
    "pad": "the margin is cut off again",
    "identity": "passed on",
    "astype": "passed on",
}
FUNCTIONS = frozenset(
    {"sqrt", "exp", "log", "power", "square", "abs", "sin", "cos", "tanh", "sigmoid", "log1p"}
)
LONGEST = 40  # characters of an expression that a reason quotes


class Reasons:
    """Who uses what in a forward pass, and what that does to a derivative.

    ``arriving`` are the names of derivatives that the next round of a loop hands back.
    """

    def __init__(self, derived: Derivation, arriving: Collection[str] = ()) -> None:
        self.derived, self.arriving = derived, arriving
        forward = derived.forward
        self.order = ancestors([forward.loss])
        self.moving = dependent(self.order, {p.leaf for p in forward.parameters} & set(self.order))
        self.inside = hidden(derived.known.values())
        self.texts = spelled(forward)
        self.samples = samples(derived)
        self.wholes = {
            whole.inner: whole for whole in derived.known.values() if whole.outer not in self.inside
        }
        self.users: dict[Node, list[Node]] = {}
        for node in self.order:
            if node in self.moving and node not in self.inside:
                for operand in dict.fromkeys(node.operands):
                    self.users.setdefault(operand, []).append(node)

    def of(self, node: Node) -> str:
        """The reasons for the adjoint of a forward value, joined."""
        if node in self.derived.short:
            return why_difference(self.derived, node, self.called)
        found = list(dict.fromkeys(self._each(node)))
        if len(found) > 1:
            return f"{len(found)} paths lead from it to the loss, and their parts add up: " + "; ".join(found)
        return found[0] if found else "the loss itself"

    def shape(self, node: Node) -> str:
        """A shape, the batch named in it; sizes that were given as letters as these."""
        shape = shape_of(node)
        if shape == ():
            return "a number"
        letters = self.derived.forward.symbols
        sizes = ", ".join(letters.get(n, str(n)) for n in shape) + "," * (len(shape) == 1)
        rows = self.samples is not None and shape[0] == self.samples and node not in self._parameters()
        return f"shape ({sizes})" + (", one row a sample" if rows else "")

    def _parameters(self) -> set[Node]:
        return {p.leaf for p in self.derived.forward.parameters}

    def _each(self, node: Node) -> Iterator[str]:
        for whole in self.derived.known.values():
            if whole.inner is node and whole.outer not in self.inside:
                yield self._whole(whole)
        covered = {n for w in self.derived.known.values() if w.inner is node for n in _between(w)}
        for user in self.users.get(node, ()):
            decides = np.asarray(user.value).dtype.kind == "b"  # where it is positive, and no more
            if user in self.derived.still:
                yield "its maximum is taken off again, and leads nowhere"
            elif user in self.moving and user not in covered and not decides:
                yield self._use(user, node) + self._further(user)

    def _whole(self, whole: Composition) -> str:
        outer = self.called(whole.outer)
        text = WHOLE[whole.name].format(outer=outer) if whole.name in WHOLE else f"the derivative of {outer}"
        helper = self.derived.helped.get(whole.outer)
        return text if helper is None else f"{text}; `{helper}` computes it"

    def _use(self, user: Node, node: Node) -> str:
        position = user.operands.index(node)
        others = [o for k, o in enumerate(user.operands) if k != position]
        operation = user.operation
        if operation in MATRIX:
            return self._product(user, position)
        if operation in ("add", "subtract"):
            sign = ", with its sign turned" if operation == "subtract" and position else ""
            return f"a summand of {self._into(user)}: passed on{sign}" + self._broadcast(user, node)
        if operation == "multiply":
            factor = self.called(others[0])
            if others[0].name in self.arriving:
                return f"{factor}, which the next round hands back"
            if others[0] is node:
                return f"squared in {self._into(user)}: times twice itself"
            return f"{self._in(user)}a factor beside {factor}, which remains" + self._broadcast(user, node)
        if operation == "divide":
            into, beside = self._into(user), self.called(others[0])
            rule = f"the divisor of {into}: the quotient rule"
            text = rule if position else f"divided by {beside} in {into}: and so is the derivative"
            return text + self._broadcast(user, node)
        if operation == "where" and position:
            where = "where" if position == 1 else "not where"
            return f"taken {where} {self.called(user.operands[0])}: there the derivative is passed on"
        if operation == "transpose":
            further = [u for u in self.users.get(user, ()) if u in self.moving]
            if len(further) == 1 and further[0].operation in MATRIX:
                product = self._product(further[0], further[0].operands.index(user))
                return f"{product}; and turned over, as it stands there transposed"
        if operation in ("sum", "mean"):
            over = user.attributes.get("axis")
            along = "" if over is None else f" along axis {over}"
            each = "divided by how many there are" if operation == "mean" else "unchanged"
            return f"summed up{along}: every element gets the derivative, {each}"
        if operation in MOVED:
            return MOVED[operation]
        return self._local(user, node)

    def _product(self, user: Node, position: int) -> str:
        """A factor of a matrix product."""
        other = user.operands[1 - position]
        name = self.called(other)
        if np.ndim(user.value) == 0:
            return f"{self._in(user)}a scalar product with {name}: so times {name}"
        if np.ndim(user.value) == 1 and np.ndim(user.operands[position].value) == 2:
            return f"{self._in(user)}the product {self.called(user)}: the outer product with {name}"
        side = "left" if position else "right"
        text = f"{self._in(user)}the product {self.called(user)}: times {name}, transposed, from the {side}"
        if position and self.samples is not None and shape_of(other)[:1] == (self.samples,):
            text += ", a product that also sums over the samples"
        return text

    def _further(self, user: Node) -> str:
        """The derivatives of functions on the way from a use to the value that it is a part of."""
        found = list[str]()
        for here in self._way(user)[1:]:
            if here.operation in FUNCTIONS:
                (inner,) = [o for o in here.operands if o in self.moving][:1] or here.operands[:1]
                found.append(self._local(here, inner))
        return "".join(f"; and {text}" for text in found)

    def _in(self, user: Node) -> str:
        way = self._way(user)
        if len(way) < 2:
            return ""
        summed = any(n.operation == "sum" for n in way[1:])
        return f"in {self.called(way[-1])}, " + ("where all are summed up, " if summed else "")

    def _way(self, user: Node) -> list[Node]:
        """A value, and those it leads to on its only way up to the first that has a name."""
        found = [user]
        while found[-1] not in self.derived.forward.names:
            further = [u for u in self.users.get(found[-1], ()) if u in self.moving]
            if len(further) != 1:
                return [user]
            found.append(further[0])
        return found

    def _into(self, user: Node) -> str:
        """The named value that a user belongs to, or how it is written."""
        target = self._target(user)
        return self.called(user) if target is None else self.called(target)

    def _target(self, user: Node) -> Node | None:
        """The first value with a name that a user leads to on its only way."""
        last = self._way(user)[-1]
        return last if last in self.derived.forward.names else None

    def _local(self, user: Node, node: Node) -> str:
        """The derivative of an elementwise operation, written out."""
        wanted = [k for k, o in enumerate(user.operands) if o is node]
        one = constant(np.ones(shape_of(user)) if shape_of(user) else 1.0)
        try:
            cotangents = OPERATIONS[user.operation].vjp(one, user, *user.operands, wanted=wanted)
            (local,) = simplify([c for c in cotangents if c is not None][:1])
        except (ValueError, TypeError, NotImplementedError):
            return f"the derivative of {user.operation}"
        text = to_numpy(local, {n: name for n, name in self.texts.items() if n is not local})
        return (
            f"{user.operation} has the derivative `{text}`"
            if len(text) < 60
            else f"the derivative of {user.operation}"
        )

    def _broadcast(self, user: Node, node: Node) -> str:
        """Which axes a value was repeated along, over which its derivative is summed."""
        own, whole = shape_of(node), shape_of(user)
        missing = len(whole) - len(own)
        axes = [
            *range(missing),
            *(k + missing for k, n in enumerate(own) if n == 1 and whole[k + missing] != 1),
        ]
        if not axes or own == whole:
            return ""
        if axes == [0] and whole[0] == self.samples:
            return "; every sample uses the same one, so the derivative is summed over the batch (axis 0)"
        listed = " and ".join(str(a) for a in axes)
        return f"; it was repeated along axis {listed}, so the derivative is summed over it"

    def called(self, node: Node) -> str:
        """The name of a value, or what it is computed by, marked as code."""
        text = self.texts.get(node) or to_numpy(node, self.texts)
        return f"`{text}`" if len(text) <= LONGEST else "it"


def samples(derived: Derivation) -> int | None:
    """How many samples a batch has: the first axis of the data that a parameter meets in a product."""
    forward = derived.forward
    parameters = {p.leaf for p in forward.parameters}
    for node in ancestors([forward.loss]):
        if node.operation not in MATRIX or node.operands[0] in parameters:
            continue
        if node.operands[1] in parameters and np.ndim(node.operands[0].value) >= 2:
            return shape_of(node.operands[0])[0]
    return None


def _between(whole: Composition) -> set[Node]:
    return set(ancestors([whole.outer], {whole.inner}.__contains__)) - {whole.inner}
