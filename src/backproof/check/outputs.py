"""How losses hang together: which is part of which, and which are computed from the same outputs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from backproof.check.digest import digest
from backproof.check.ranking import Entry
from backproof.graph import Node, ancestors
from backproof.step import Hypothesis, TrainingStep, Window
from backproof.step.change import root
from backproof.step.loss import ancestors_since
from backproof.step.update import time_of


def with_site(step: TrainingStep, judged: list[Entry]) -> TrainingStep:
    """Tell where the backward pass of a loss that is stated begins."""
    hypothesis = step.hypothesis
    if hypothesis.site is not None:
        return step
    made = set(ancestors([hypothesis.node]))
    sites = (h.site for _, h, _, _ in judged if h.outputs and made.issuperset(h.outputs))
    return replace(step, hypothesis=replace(hypothesis, site=next(sites, None)))


def _continues(whole: Node, parts: Collection[Node], window: Window) -> bool:
    """Is this a running total: a part, and what was there before the step, which changes no gradient?"""
    if whole.operation != "add":
        return False
    x, y = whole.operands
    return any(a in parts and time_of(b) < window.start for a, b in ((x, y), (y, x)))


def with_wholes(hypotheses: list[Hypothesis], window: Window) -> list[Hypothesis]:
    """Tell every hypothesis which scalars of the program it is part of."""
    since = min(time_of(c.before) for c in window.parameters)
    made = {h.node: set(ancestors_since([h.node], since)) for h in hypotheses if h.stated}
    found = []
    for hypothesis in hypotheses:
        parts = hypothesis.outputs or (hypothesis.node,)
        wholes = tuple(
            whole
            for whole, inside in made.items()
            if inside.issuperset(parts) and whole not in parts and not _continues(whole, parts, window)
        )
        found.append(replace(hypothesis, wholes=wholes))
    return found


def same_outputs(declared: Hypothesis, best: Hypothesis, judged: list[Entry], window: Window) -> bool:
    """Is the declared loss computed from the very outputs that the best one is made of?

    Or from what they are computed from, such as the logits; or from values that were computed once more. The
    outputs of a loss that is stated are those that the backward pass begins with.
    """
    befores = {c.before for c in window.parameters}
    since = min(time_of(b) for b in befores)
    made = set(ancestors_since([declared.node], since))
    part = set(ancestors_since([best.node], since))
    if best.stated and (best.node in made or declared.node in part):
        return False  # one is a part of the other
    outputs = best.outputs or next(
        (h.outputs for _, h, _, _ in judged if h.outputs and part.issuperset(h.outputs)), ()
    )
    known = {digest(node.value) for node in made if node.operands and time_of(node) > since}
    stack, done, parameters = list(outputs), set[Node](), {root(before, 0) for before in befores}
    while stack:
        node = stack.pop()
        if root(node, 0) in parameters:  # by whatever name a call was given it
            return False
        if node in done or node in made or time_of(node) <= since or digest(node.value) in known:
            continue
        done.add(node)
        stack.extend(node.operands)
    return bool(outputs)
