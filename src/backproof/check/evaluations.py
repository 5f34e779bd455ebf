"""Losses that a program evaluates beside its steps, and which of the usual ones their derivatives tell.

Such as after each epoch, with the outputs of then: the evaluation is no value of the step, so the step cannot
be held against it. Its own derivatives can, by those outputs and by the parameters that it counts itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backproof.graph import Node, adjoints, ancestors, apply, as_number, evaluate
from backproof.step import TrainingStep
from backproof.step.change import root
from backproof.step.cut import cut, dependent
from backproof.step.families import FAMILIES
from backproof.step.pairs import is_literal
from backproof.trace import Trace

FAR = 3000  # values between a loss and the outputs that it is computed from
MOST = 4  # outputs that are looked at
POOLED, TELLING = 40, 4  # outputs whose differences are looked at as one, and differences that tell a power
TOLERANCE = 1e-3  # relative: a small number inside a logarithm makes no other loss
PASSED = frozenset(
    {"add", "subtract", "clip", "maximum", "minimum", "identity", "index"}
)  # inside a logarithm
DEEP = 40  # data among which a target is looked for
POWER = "power"  # of the differences, another than the first, as no usual loss has for its derivative


class Moving:
    """What a run computes from the parameters of a step, whatever values they have at the time."""

    def __init__(self, step: TrainingStep) -> None:
        self.trace: Trace = step.trace
        self.sites = {o.origin.site for o in step.hypothesis.outputs if o.origin is not None}
        self.number: dict[Node, int] = {}  # of the parameter whose value a node is
        places = {s.place: k for k, p in enumerate(step.parameters) for c in p.changes for s in c.stores}
        for store in self.trace.stores:
            if store.place in places:
                for value in filter(None, (store.before, store.after)):
                    self.number.setdefault(root(value, 0), places[store.place])

    @cached_property
    def nodes(self) -> set[Node]:
        """All that is computed from a value of a parameter, with these values."""
        return set(dependent(self.trace.nodes, list(self.number)))


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A scalar, cut at the ``outputs`` and at the ``weights`` that it counts by no output.

    ``slopes`` are its derivatives there; ``outputs`` are given with the targets that they meet in a
    difference, where they do, and ``weights`` with the number of their parameter.
    """

    node: Node
    outputs: Mapping[Node, Node | None]
    weights: Mapping[Node, int]
    slopes: Mapping[Node, Any]
    copies: Mapping[Node, Node]

    def factors(self, name: str) -> list[float] | None:
        """What the terms of a family are multiplied by to have these slopes, output by output.

        None where no one number does, with what an output meets as its target, or with any of the data that
        the scalar is computed from.
        """
        found, data = [], self.data
        for output, target in list(self.outputs.items())[:MOST]:
            leaf, slope = self.copies[output], self.slopes[output]
            targets = [d for d in data if np.shape(d.value) == slope.shape]
            targets = [target] if target is not None else targets
            targets.append(Node("leaf", (), value=(slope != 0).astype(float)))
            each = next((f for t in targets if (f := _factor(name, leaf, t, slope)) is not None), None)
            if each is None:
                return None
            found.append(each)
        return found if max(found) <= min(found) * (1 + TOLERANCE) else None

    @property
    def data(self) -> list[Node]:
        """What the scalar is computed from that no parameter moves, and what that itself is made of."""
        used, ends = set(ancestors([self.copies[self.node]])), {*self.outputs, *self.weights}
        found = [n for n, c in self.copies.items() if c in used and not c.operands and n not in ends]
        for node in found:
            found += [o for o in node.operands if o not in found] if len(found) < DEEP else []
        return found

    def families(self) -> set[str]:
        """The families whose terms have the derivative of this scalar by its outputs, up to a factor.

        A derivative that is a power of the differences is of none, and is told by that.
        """
        if sum(self.slopes[output].size for output in self.outputs) < 2:
            return set()  # one number is a multiple of any other
        found = {family.name for family in FAMILIES if self.factors(family.name) is not None}
        if "binary" in found and all(np.all(self.slopes[output] < 0) for output in self.outputs):
            found.add("categorical")  # these may be the probabilities of the right classes alone
        if found & {"binary", "categorical"} and all(map(_of_two, self.outputs)):
            found |= {"binary", "categorical"}  # of two that sum to one, each says what the other does
        return found or ({POWER} if self._is_power() else set())

    def is_level(self) -> bool:
        """Are all slopes of one size, or none, as those of a distance, or of the largest error?"""
        every = np.abs(np.concatenate([np.ravel(self.slopes[output]) for output in self.outputs]))
        sizes = every[every > 0]
        return bool(sizes.size == 0 or np.ptp(sizes) <= TOLERANCE * np.max(sizes))

    def _is_power(self) -> bool:
        """Is every slope a power of its difference, with one exponent above that of the first?"""
        differences, slopes = list[np.ndarray](), list[np.ndarray]()
        for output, target in list(self.outputs.items())[:POOLED]:
            if target is None or np.asarray(target.value).dtype.kind not in "fiub":
                return False
            differences.append(np.ravel(np.asarray(output.value, dtype=float) - target.value))
            slopes.append(np.ravel(self.slopes[output]))
        d, s = np.concatenate(differences), np.concatenate(slopes)
        kept = (d != 0) & (s != 0)
        if np.count_nonzero(kept) < TELLING or np.any(np.sign(d[kept]) != np.sign(s[kept])):
            return False
        x, y = np.log(np.abs(d[kept])), np.log(np.abs(s[kept]))
        exponent, level = np.polyfit(x, y, 1) if np.ptp(x) > TOLERANCE else (0.0, 0.0)
        return bool(exponent > 1 + TOLERANCE and np.allclose(exponent * x + level, y, atol=TOLERANCE))


def evaluation(node: Node, moving: Moving) -> Evaluation | None:
    """Differentiate a scalar by the outputs nearest to it, and by the parameters that it counts itself."""
    if node not in moving.nodes:
        return None
    outputs, weights = _ends(node, moving)
    if not outputs:
        return None
    ends = list(dict.fromkeys([*outputs, *weights]))
    copies = cut([node], ends)
    slopes = _differentiated(copies[node], {end: copies[end] for end in ends if end in copies})
    if slopes is None:
        return None
    outputs = {output: target for output, target in outputs.items() if output in slopes}
    return Evaluation(node, outputs, weights, slopes, copies)


def slopes_of(node: Node, outputs: Collection[Node]) -> Mapping[Node, Any] | None:
    """Differentiate a scalar by some outputs; None where that is not finite."""
    copies = cut([node], outputs)
    return _differentiated(copies[node], {output: copies[output] for output in outputs if output in copies})


def _differentiated(scalar: Node, leaves: Mapping[Node, Node]) -> dict[Node, Any] | None:
    try:
        found = adjoints(as_number(scalar), list(leaves.values()))
        table = evaluate([found[leaf] for leaf in leaves.values()], {})
    except (ValueError, TypeError, NotImplementedError):
        return None
    slopes = {end: np.asarray(table[found[leaf]], dtype=float) for end, leaf in leaves.items()}
    return slopes if all(np.all(np.isfinite(slope)) for slope in slopes.values()) else None


def _ends(node: Node, moving: Moving) -> tuple[dict[Node, Node | None], dict[Node, int]]:
    """The outputs nearest to a scalar, and the values of parameters that it counts by none of them.

    An output is made where the step makes its own, or is what meets a target in a difference, or a logarithm.
    """
    outputs, weights = dict[Node, Node | None](), dict[Node, int]()
    stack, seen = [node], {node}
    while stack and len(seen) < FAR:
        each = stack.pop()
        if each in moving.number:
            weights[each] = moving.number[each]
            continue
        if each is not node and each.origin is not None and each.origin.site in moving.sites:
            outputs.setdefault(each, None)
            continue
        met = dict(_met(moving.trace, each, moving.nodes))
        outputs |= met
        new = [o for o in each.operands if o in moving.nodes and o not in seen and o not in met]
        seen.update(new)
        stack += new
    return ({}, {}) if stack else (outputs, weights)


def _met(trace: Trace, node: Node, moving: Collection[Node]) -> Iterator[tuple[Node, Node | None]]:
    """What meets a target here, and that; or is what a logarithm is taken of, or of a part of which."""
    if node.operation == "subtract" and sum(o in moving for o in node.operands) == 1:
        x, y = node.operands
        output, target = (x, y) if x in moving else (y, x)
        literal = is_literal(trace, node, 0 if target is x else 1)
        if np.shape(target.value) == np.shape(output.value) and not literal:
            yield output, target
    elif node.operation == "log":
        (inner,) = node.operands
        while inner.operation in PASSED:
            rest = [o for o in inner.operands if o in moving]
            if len(rest) != 1:
                return
            inner = rest[0]
        if inner in moving:
            yield inner, None


def _of_two(output: Node) -> bool:
    """Are these the probabilities of two classes?"""
    value = np.asarray(output.value, dtype=float)
    return any(n == 2 and np.allclose(value.sum(axis=axis), 1) for axis, n in enumerate(value.shape))


def _factor(name: str, output: Node, target: Node, slope: np.ndarray) -> float | None:
    """The positive number by which the derivative of a family's terms gives this one; None if none does."""
    family = next(f for f in FAMILIES if f.name == name)
    if np.asarray(target.value).dtype.kind not in "fiub" or np.shape(output.value) != slope.shape:
        return None
    term = family.term(output, target)
    if term is None:
        return None
    total = apply("sum", term, axis=None, keepdims=False) if np.ndim(term.value) else term
    adjoint = adjoints(total, [output])[output]
    own = np.asarray(evaluate([adjoint], {})[adjoint], dtype=float)
    size = float(np.vdot(own, own))
    if not np.all(np.isfinite(own)) or not size or own.shape != slope.shape:
        return None
    factor = float(np.vdot(own, slope)) / size
    alike = float(np.linalg.norm(slope - factor * own)) <= TOLERANCE * float(np.linalg.norm(slope))
    return factor if factor > 0 and alike else None
