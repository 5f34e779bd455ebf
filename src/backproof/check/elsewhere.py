"""A loss that the program evaluates outside of its step, such as after each epoch, with the outputs of then.

It is no value of the step. But which of the usual losses it is, its own derivative by the outputs tells.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node, adjoints, ancestors, apply, evaluate
from backproof.step import Hypothesis
from backproof.step.cut import cut
from backproof.step.families import FAMILIES
from backproof.step.loss import DECLARED, described
from backproof.trace import Trace

MOST = 4  # evaluations that are looked at, the last first
FAR = 3000  # values between a loss and the outputs that it is computed from
TOLERANCE = 1e-3  # relative: a small number inside a logarithm makes no other loss


def evaluated_elsewhere(judgement: Judgement) -> Hypothesis | None:
    """The loss that a program calls so and that is surely of another family than the inferred one."""
    step, trace = judgement.step, judgement.step.trace
    hypothesis = step.hypothesis
    sites = {o.origin.site for o in hypothesis.outputs if o.origin is not None}
    if hypothesis.stated or not hypothesis.family or hypothesis.weights is not None:
        return None
    evaluations = [node for node in trace.nodes if _is_called_a_loss(trace, node)]
    for node in evaluations[: -MOST - 1 : -1]:
        outputs = _outputs(node, sites)
        found = set(_families_of(node, outputs)) if outputs else set()
        if found and hypothesis.family not in found:
            name, row, formula = described(trace, node, returned=node in trace.returned)
            return Hypothesis(node, name, row, True, formula, 0)
    return None


def _is_called_a_loss(trace: Trace, node: Node) -> bool:
    if np.size(node.value) != 1 or np.asarray(node.value).dtype.kind != "f" or node.origin is None:
        return False
    if not node.operands or node.origin.site < 0:
        return False
    returned = node in trace.returned and DECLARED.search(trace.sites[node.origin.site].function)
    return bool(returned or (node.name and DECLARED.search(node.name)))


def _outputs(node: Node, sites: Collection[int]) -> list[Node]:
    """The nearest values that a loss is computed from and that are made where the outputs of the step are."""
    found, stack, seen = list[Node](), [node], {node}
    while stack and len(seen) < FAR:
        each = stack.pop()
        if each.origin is not None and each.origin.site in sites and each is not node:
            found.append(each)
            continue
        new = [operand for operand in each.operands if operand not in seen]
        seen.update(new)
        stack += new
    return [] if stack else found


def _families_of(node: Node, outputs: list[Node]) -> list[str]:
    """The families whose terms have the derivative of this loss by its outputs, up to a factor."""
    copies = cut([node], outputs)
    scalar = copies[node] if np.ndim(node.value) == 0 else apply("reshape", copies[node], shape=())
    leaves = [copies[output] for output in outputs]
    try:
        slopes = adjoints(scalar, leaves)
        table = evaluate([slopes[leaf] for leaf in leaves], {})
    except (ValueError, TypeError, NotImplementedError):
        return []
    line = ancestors([scalar])
    names = [family.name for family in FAMILIES]
    for leaf in leaves[:MOST]:
        slope = np.asarray(table[slopes[leaf]], dtype=float)
        data = [n for n in line if not n.operands and n not in leaves and np.shape(n.value) == slope.shape]
        data.append(Node("leaf", (), value=(slope != 0).astype(float)))
        names = [name for name in names if any(_is_slope(name, leaf, d, slope) for d in data)]
    return names


def _is_slope(name: str, output: Node, target: Node, slope: np.ndarray) -> bool:
    """Is this the derivative of the terms of a family with that target, times a positive number?"""
    family = next(f for f in FAMILIES if f.name == name)
    if np.asarray(target.value).dtype.kind not in "fiub" or np.shape(output.value) != slope.shape:
        return False
    term = family.term(output, target)
    if term is None:
        return False
    total = apply("sum", term, axis=None, keepdims=False) if np.ndim(term.value) else term
    adjoint = adjoints(total, [output])[output]
    own = np.asarray(evaluate([adjoint], {})[adjoint], dtype=float)
    size = float(np.vdot(own, own))
    if not np.all(np.isfinite(own)) or not size or own.shape != slope.shape:
        return False
    factor = float(np.vdot(own, slope)) / size
    return factor > 0 and float(np.linalg.norm(slope - factor * own)) <= TOLERANCE * float(
        np.linalg.norm(slope)
    )
