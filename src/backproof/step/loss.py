"""Which scalar does the program descend? Those it computes, and those that its backward pass implies."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from backproof.graph import Node, ancestors, apply
from backproof.step.cut import dependent
from backproof.step.update import time_of
from backproof.step.window import Window
from backproof.trace import Site, Trace

CALLED = re.compile(
    r"loss|cost|err|obj|mse|sse|ssd|nll|xent|cross|entropy|energy|risk|penal|total|criterion|likelihood|^[jel]$|^[JEL]\b|^ce$|^fx?$",
    re.IGNORECASE,
)
DECLARED = re.compile(
    r"loss|cost|objective|criterion|nll|likelihood|cross_?entropy|xent|bce|(^|_)ce($|_)", re.IGNORECASE
)
SURE = 5  # evidence enough: called a loss and computed in the step, or called one and shown


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """A scalar that may be the loss.

    ``stated`` says that the program computes it, ``declared`` that it calls it a loss, in the step itself;
    ``formula`` is how to write it; ``evidence`` counts what speaks for it. ``outputs`` are the values that an
    inferred loss is made of; ``wholes`` the scalars that the program computes from it, or from these.
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


def stated(trace: Trace, window: Window) -> list[Hypothesis]:
    """The scalars that the program computes from the parameters of this window and that feed no update.

    Likeliest first.
    """
    befores = [c.before for c in window.parameters]
    since = min(time_of(b) for b in befores)
    recent = [n for n in trace.nodes if time_of(n) > since]
    moving = dependent(recent, befores) - dependent(recent, [c.after for c in window.parameters])
    feeding = set(_inside(ancestors_since([c.after for c in window.parameters], since), since))
    outcome = set(trace.shown) | set(trace.returned)
    found: dict[tuple[int, str | None], Hypothesis] = {}
    for node in recent:
        if node not in moving or node in feeding or np.size(node.value) != 1:
            continue
        if np.asarray(node.value).dtype.kind != "f" or node in befores:
            continue
        evidence = 4 * bool(node.name and CALLED.search(node.name)) + 2 * (node in outcome)
        function = (
            trace.sites[node.origin.site].function
            if node.origin is not None and node.origin.site >= 0
            else ""
        )
        evidence += 3 * bool(CALLED.search(function)) * (node in outcome or node.operation == "identity")
        if not evidence and node.name is None:
            continue
        inside = window.start <= time_of(node) < window.end
        evidence += 2 * inside - _accumulates(trace, node)
        site = trace.sites[node.origin.site] if node.origin is not None and node.origin.site >= 0 else None
        name = node.name or _caller(trace, node)
        row = site.span.row if site is not None else None
        formula = " ".join(_definition(trace, node).split())
        key = (site.number if site is not None else -1, node.name)
        old = found.get(key)
        if old is None or inside or not (window.start <= time_of(old.node) < window.end):
            declared = inside and bool(DECLARED.search(f"{name} {function}")) and evidence >= SURE
            found[key] = Hypothesis(node, name, row, True, formula, evidence, declared)
    return sorted(found.values(), key=lambda h: (-h.evidence, -time_of(h.node)))[:16]


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


# ---------------------------------------------------------------------- implied by the backward pass
@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """An output that depends on the parameters, held against a target that does not, at one site."""

    output: Node
    target: Node
    site: int


def pairs(trace: Trace, window: Window) -> list[Pair]:
    """The differences between an output and a target that the backward pass of a window is built on."""
    befores = [c.before for c in window.parameters]
    since = min(time_of(b) for b in befores)
    feeding = sorted(
        _inside(ancestors_since([c.after for c in window.parameters], since), since), key=time_of
    )
    moving = dependent(feeding, befores)
    found: dict[tuple[Node, Node], Pair] = {}
    for node in feeding:
        if node.operation == "subtract" and node in moving and node.origin is not None:
            x, y = node.operands
            if (x in moving) == (y in moving):
                continue
            output, target = (x, y) if x in moving else (y, x)
            if output in befores or _literal(trace, node, 0 if target is x else 1):
                continue
            if time_of(output) <= since:
                continue
            output = _plain(output)
            found.setdefault((output, target), Pair(output, target, node.origin.site))
        elif node.operation == "divide" and node.operands[1] in moving and node.operands[0] not in moving:
            target, output = node.operands[0], _plain(node.operands[1])
            if time_of(output) > since and np.ndim(target.value) and not _literal(trace, node, 0):
                found.setdefault((output, target), Pair(output, target, node.origin.site))
        elif node.operation == "index_update" and _less_one(node):
            base = node.operands[0]
            mask = np.zeros(np.shape(base.value))
            mask[node.attributes["index"]] = 1.0
            found.setdefault((_plain(base), node), Pair(_plain(base), _data(mask), node.origin.site))
    return list(found.values())


def _literal(trace: Trace, node: Node, position: int) -> bool:
    """Is an operand a number written in the source, as in ``1 - a``?"""
    site = node.origin.operand_sites[position]
    if site is None or site < 0:
        return node.operands[position].operation == "constant"
    return trace.sites[site].kind in ("Constant", "UnaryOp")


def _plain(node: Node) -> Node:
    while node.operation == "identity":
        node = node.operands[0]
    return node


def _data(value: object) -> Node:
    return Node("leaf", (), value=value, name="target")


def _less_one(node: Node) -> bool:
    change = node.operands[1]
    if change.operation != "subtract" or change.operands[0].operation != "index":
        return False
    same = change.operands[0].operands[0] is node.operands[0]
    return same and bool(np.all(np.asarray(change.operands[1].value) == 1))


def implied(trace: Trace, window: Window) -> list[Hypothesis]:
    """The losses that the backward pass may belong to.

    Each family on the pairs of one site, and on all pairs.
    """
    every = pairs(trace, window)
    by_site: dict[int, list[Pair]] = defaultdict(list)
    for pair in every:
        by_site[pair.site].append(pair)
    groups = list(by_site.values())
    if len(groups) > 1:
        groups.append(_outermost(every))
    found: list[Hypothesis] = []
    for group in groups[:12]:
        if len(group) > 4000:
            continue
        for family, build in FAMILIES.items():
            parts = [build(pair.output, pair.target) for pair in group]
            if any(part is None for part in parts):
                continue
            total = _total([p for p in parts if p is not None])
            outputs = tuple(pair.output for pair in group)
            formula = _formula(family, group[0])
            found.append(Hypothesis(total, None, None, False, formula, 0, False, outputs))
    return found


def _outermost(every: list[Pair]) -> list[Pair]:
    """The pairs whose output no other pair's output is computed from."""
    outputs = {pair.output for pair in every}
    inner: set[Node] = set()
    for pair in every:
        since = min(time_of(p.output) for p in every)
        inner |= (set(ancestors_since([pair.output], since)) - {pair.output}) & outputs
    return [pair for pair in every if pair.output not in inner]


def _total(parts: list[Node]) -> Node:
    while len(parts) > 1:
        parts = [
            apply("add", *parts[k : k + 2]) if k + 1 < len(parts) else parts[k]
            for k in range(0, len(parts), 2)
        ]
    return parts[0]


def _sum(node: Node) -> Node:
    return apply("sum", node, axis=None, keepdims=False) if np.ndim(node.value) else node


def squared(output: Node, target: Node) -> Node | None:
    """½Σ(o − t)²."""
    return _sum(apply("multiply", 0.5, apply("square", apply("subtract", output, target))))


def _probabilities(output: Node, target: Node) -> bool:
    o, t = np.asarray(output.value), np.asarray(target.value, dtype=float)
    return bool(np.all((o > 0) & (o < 1)) and np.all((t >= 0) & (t <= 1)))


def binary_cross_entropy(output: Node, target: Node) -> Node | None:
    """−Σ t log o + (1 − t) log(1 − o)."""
    if not _probabilities(output, target):
        return None
    positive = apply("multiply", target, apply("log", output))
    rest = apply("multiply", apply("subtract", 1.0, target), apply("log", apply("subtract", 1.0, output)))
    return _sum(apply("negative", apply("add", positive, rest)))


def cross_entropy(output: Node, target: Node) -> Node | None:
    """−Σ t log o, where the outputs of a sample sum to one."""
    o = np.asarray(output.value)
    if not _probabilities(output, target) or o.ndim == 0:
        return None
    if not any(np.allclose(o.sum(axis=axis), 1) for axis in range(o.ndim)):
        return None
    return _sum(apply("negative", apply("multiply", target, apply("log", output))))


FAMILIES = {"squared": squared, "binary": binary_cross_entropy, "categorical": cross_entropy}
FORMULAS = {
    "squared": "0.5*sum(({o} - {t})**2)",
    "binary": "-sum({t}*log({o}) + (1 - {t})*log(1 - {o}))",
    "categorical": "-sum({t}*log({o}))",
}


def _formula(family: str, pair: Pair) -> str:
    def text(node: Node, other: str) -> str:
        return node.name or other

    return FORMULAS[family].format(o=text(pair.output, "output"), t=text(pair.target, "target"))


__all__ = ["Hypothesis", "Pair", "ancestors", "implied", "pairs", "stated"]
