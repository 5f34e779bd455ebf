"""Which scalar does the program descend? Those that it computes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from backproof.graph import Node, ancestors, apply, computed_from
from backproof.graph.dependence import AT_ONCE
from backproof.step.change import made_between
from backproof.step.cut import dependent
from backproof.step.update import time_of
from backproof.step.window import Window
from backproof.trace import Site, Trace

CALLED = re.compile(
    r"loss|cost|err|obj|mse|sse|ssd|nll|xent|huber|hinge|log_?cosh|cross|entropy|energy|risk|penal|total|criterion|likelihood|log_?lik|^[jel]$|^[JEL]\b|^ce$|^fx?$",
    re.IGNORECASE,
)
DECLARED = re.compile(
    r"loss|cost|objective|criterion|nll|likelihood|log_?lik|cross_?entropy|xent|bce|(^|_)ce($|_)|huber|hinge"
    r"|log_?cosh",
    re.IGNORECASE,
)
GROWS = re.compile(
    r"likelihood|log_?lik|reward|elbo|utility|fitness|score|log_?prob|ascent|uphill|climb|^ll$", re.IGNORECASE
)
FALLS = re.compile(r"loss|cost|neg|nll|err|minus", re.IGNORECASE)
DERIVED = re.compile(r"grad|deriv|prime|delta|^d_?(?=[A-Z]|loss|cost|err|l$)", re.IGNORECASE)
BY_NAME = 4  # evidence of a name
SURE = 5  # evidence enough: called a loss and computed in the step, or called one and shown


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """A scalar that may be the loss.

    ``stated`` says that the program computes it, ``declared`` that it calls it a loss, in the step itself;
    ``formula`` is how to write it; ``evidence`` counts what speaks for it. ``outputs`` are the values that an
    inferred loss is made of; ``wholes`` the scalars that the program computes from it, or from these;
    ``site`` and ``differences`` what implies it, and ``weights`` what weighs its terms.
    ``held`` are values that the gradient takes for constants. ``decided`` says that only a condition implies
    the loss. ``minimised`` says that the program handed it to a minimiser, beside the gradient: then it is
    the loss, and the gradient has to be all of its own. ``family`` is that of an inferred loss. ``joined``
    says that the program computes the parts, and their sum is inferred.
    """

    node: Node
    name: str | None
    row: int | None
    stated: bool
    formula: str
    evidence: int
    declared: bool = False
    outputs: tuple[Node, ...] = ()
    wholes: tuple[Node, ...] = ()
    site: int | None = None
    weights: str | None = None
    differences: tuple[Node, ...] = ()
    held: tuple[Node, ...] = ()
    decided: bool = False
    minimised: bool = False
    family: str = ""
    joined: bool = False


def objective(trace: Trace, window: Window) -> Hypothesis | None:
    """The loss that the program hands to a minimiser in this window; None where there is none."""
    node = next((o.loss for o in trace.objectives if o.time == window.start), None)
    if node is None:
        return None
    name, row, formula = described(trace, node, returned=True)
    return Hypothesis(node, name, row, True, formula, 2 * SURE, declared=True, minimised=True)


def stated(trace: Trace, window: Window) -> list[Hypothesis]:
    """The scalars that the program computes from the parameters of this window and that feed no update.

    Or not all of them, where they are called a loss.

    Likeliest first.
    """
    befores = [c.before for c in window.parameters]
    since, changed = min(time_of(b) for b in befores), set(befores)
    recent = made_between(trace, since + 1)
    moving = dependent(recent, befores) - dependent(recent, [c.after for c in window.parameters])
    feeding = set(_inside(ancestors_since([c.after for c in window.parameters], since), since))
    returned = set(trace.returned)
    outcome = returned.union(trace.shown)
    found: dict[tuple[int, str | None], Hypothesis] = {}
    every: dict[tuple[int, str | None], list[Node]] = {}
    taken = max((time_of(node) for node in window.kept), default=since)
    numbers = [
        node
        for node in recent
        if node in moving
        and time_of(node) >= min(taken, window.start)
        and np.size(node.value) == 1
        and np.asarray(node.value).dtype.kind == "f"
        and node not in changed
    ]
    unpacked = _unpacked(trace, numbers)
    called = [n for n in numbers if n in feeding and _is_called(trace, n, outcome)]
    meant = _straying(called, window, since).union(n for n in called if _is_root(n, moving))
    for node in numbers:
        if node in feeding and node not in meant:
            continue
        evidence, function = evidence_for(trace, node, node in outcome), _function(trace, node)
        evidence += BY_NAME * (node in unpacked)
        if not evidence and node.name is None:
            continue
        if window.decided and not DECLARED.search(node.name or ""):
            continue  # what the program goes by is a score
        inside = window.start <= time_of(node) < window.end
        evidence += 2 * inside - _accumulates(trace, node)
        name, row, formula = described(trace, node, returned=node in returned)
        name = unpacked.get(node, name)
        site = node.origin.site if node.origin is not None else -1
        key = (site, node.name)
        old = found.get(key)
        if inside:
            every.setdefault(key, []).append(node)
        if old is None or inside or not (window.start <= time_of(old.node) < window.end):
            named = DECLARED.search(name or "") or DECLARED.search(function)
            declared = inside and bool(named) and evidence >= SURE
            found[key] = Hypothesis(node, name, row, True, formula, evidence, declared)
    sums = [_added_up(found[key], nodes, since) for key, nodes in every.items() if found[key].declared]
    settled = [h for h in sums if h is not None]
    settled += [_behind_its_part(h, list(found.values()), window) for h in found.values()]
    # A sum, which was made at no time, is before what it is made of.
    settled.sort(key=lambda h: (-h.evidence, h.node.origin is not None, -time_of(h.node)))
    return settled[:16]


def evidence_for(trace: Trace, node: Node, outcome: bool) -> int:
    """What speaks for a scalar as the loss: its name, that of its function, that it is shown or returned."""
    by_function = (outcome or node.operation == "identity") and bool(CALLED.search(_function(trace, node)))
    return BY_NAME * bool(node.name and CALLED.search(node.name)) + 2 * outcome + 3 * by_function


def _unpacked(trace: Trace, numbers: Sequence[Node]) -> dict[Node, str]:
    """The numbers that get the name of a loss where what a call returns is taken apart, and had none before.

    As in ``loss, d_scores = hinge(scores, labels)``.
    """
    nameless = {node for node in numbers if node.name is None}
    return {b.node: b.name for b in trace.bindings if b.node in nameless and DECLARED.search(b.name)}


def _function(trace: Trace, node: Node) -> str:
    """The name of the function that a value was computed in."""
    return trace.sites[node.origin.site].function if node.origin is not None and node.origin.site >= 0 else ""


def _is_called(trace: Trace, node: Node, outcome: set[Node]) -> bool:
    """Is this called a loss, itself or by its function, and no derivative?"""
    function = _function(trace, node) if node in outcome or node.operation == "identity" else ""
    called = f"{node.name or ''} {function}"
    return bool(DECLARED.search(called)) and not DERIVED.search(called)


def _straying(called: list[Node], window: Window, since: int) -> set[Node]:
    """Those of what is called a loss that get into some updates, though not into all: by mistake.

    What the gradients of all that it depends on go through is a derivative, whatever it is called.
    """
    if not called:
        return set()
    updates = [*window.parameters, *window.others]
    order = ancestors(
        [*called, *(c.after for c in updates)], lambda n: n.origin is not None and time_of(n) < since
    )
    found = set[Node]()
    for first, used in computed_from(order, called):
        for start, bits in computed_from(order, [c.before for c in updates]):
            asked = updates[start : start + AT_ONCE]
            for number, node in enumerate(called[first : first + AT_ONCE]):
                mine = bits.get(node, 0)
                if mine and any(
                    mine >> k & 1 and not used.get(c.after, 0) >> number & 1 for k, c in enumerate(asked)
                ):
                    found.add(node)
    return found


def _is_root(node: Node, moving: set[Node]) -> bool:
    """Is this a root, times a number at most? Its derivative is what is below it, over the root itself."""
    while node.operation in ("identity", "multiply", "divide"):
        inner = [operand for operand in node.operands if operand in moving]
        if len(inner) != 1:
            return False
        (node,) = inner
    half = node.operation == "power" and node.operands[1].operation == "constant"
    return node.operation == "sqrt" or (half and float(node.operands[1].value) == 0.5)


def described(trace: Trace, node: Node, returned: bool) -> tuple[str | None, int | None, str]:
    """The name of a scalar, its line, and how the author writes it."""
    site = trace.sites[node.origin.site] if node.origin is not None and node.origin.site >= 0 else None
    name = node.name or (_caller(trace, node) if returned else None)
    row = site.span.row if site is not None else None
    return name, row, " ".join(_definition(trace, node).split())


def _added_up(hypothesis: Hypothesis, nodes: Sequence[Node], since: int) -> Hypothesis | None:
    """The sum of a loss that a step computes several times, as of each sample of a batch by itself.

    The gradients of a batch are then added up, and the losses are nowhere. None of a running total.
    """
    if len(nodes) < 2 or nodes[-2] in ancestors_since([nodes[-1]], since):
        return None
    total = nodes[0]
    for node in nodes[1:]:
        total = apply("add", total, node)
    formula = f"{hypothesis.formula}, added up over the step"
    return replace(hypothesis, node=total, formula=formula, declared=False)


def _behind_its_part(hypothesis: Hypothesis, others: list[Hypothesis], window: Window) -> Hypothesis:
    """Put a running total behind the loss that it adds up, where that has a name of its own.

    A sum of two parts, both of this step and neither by the name of the sum, is no such total.
    """
    node = hypothesis.node
    if node.operation != "add":
        return hypothesis
    for other in others:
        if other.name and other.node in node.operands and other.evidence >= SURE:
            rest = node.operands[1] if node.operands[0] is other.node else node.operands[0]
            if rest.name == node.name or not rest.operands or time_of(rest) < window.start:
                return replace(hypothesis, evidence=min(hypothesis.evidence, other.evidence - 1))
    return hypothesis


def turned(hypothesis: Hypothesis) -> Hypothesis | None:
    """The negative of a scalar that is to grow by its name, such as a likelihood; None of any other."""
    name = hypothesis.name or ""
    if not hypothesis.stated or not GROWS.search(name) or FALLS.search(name):
        return None
    return negated(hypothesis)


def negated(hypothesis: Hypothesis) -> Hypothesis:
    """The negative of a scalar."""
    node, name = apply("negative", hypothesis.node), f"-{hypothesis.name}" if hypothesis.name else None
    return replace(hypothesis, node=node, name=name, formula=f"-({hypothesis.formula})")


def _accumulates(trace: Trace, node: Node) -> bool:
    """Is this a running total, which a loss is added to?"""
    return (
        node.origin is not None
        and node.origin.site >= 0
        and trace.sites[node.origin.site].kind == "AugAssign"
    )


def _caller(trace: Trace, node: Node) -> str | None:
    """The name of the function that returned a value."""
    if node.origin is None or node.origin.site < 0:
        return None
    site: Site = trace.sites[node.origin.site]
    return site.function or (site.text.split("(")[0] if site.kind == "Call" else None) or None


def _definition(trace: Trace, node: Node) -> str:
    """The expression that a value was computed by, as the author wrote it."""
    while node.operation == "identity" and node.operands:
        node = node.operands[0]
    if node.origin is None or node.origin.site < 0:
        return node.name or "?"
    site: Site = trace.sites[node.origin.site]
    if site.kind == "AugAssign" and len(site.children) > 1:
        return trace.sites[site.children[1]].text
    return site.text


def ancestors_since(results: list[Node], since: int) -> list[Node]:
    """What the results are computed from, leaving out what is older than ``since``."""
    found, stack = set(results), list(results)
    while stack:
        node = stack.pop()
        if node.origin is not None and time_of(node) < since:
            continue
        for operand in node.operands:
            if operand not in found:
                found.add(operand)
                stack.append(operand)
    return list(found)


def _inside(nodes: list[Node], since: int) -> list[Node]:
    return [n for n in nodes if time_of(n) > since]
