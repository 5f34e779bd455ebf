"""Hinges that the program never writes: ``if label * score < 1: gradient -= label * x``.

The condition says which loss it is: that of what lies on the wrong side of it, as far as it lies there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.graph import Node, apply
from backproof.step.change import made_between
from backproof.step.cut import dependent
from backproof.step.loss import SURE, Hypothesis, ancestors_since, stated
from backproof.step.update import time_of
from backproof.step.window import Window
from backproof.trace import Trace

LESS, GREATER = frozenset({"less", "less_equal"}), frozenset({"greater", "greater_equal"})
MOST = 4000  # decisions in one step


def hinges(trace: Trace, window: Window) -> Iterator[Hypothesis]:
    """The losses that the decisions of a step imply, one for each comparison and side of it.

    A decision by the loss itself, such as to stop where it is small or runs away, implies none.
    """
    sites: dict[int, list[tuple[Node, Node]]] = {}
    befores = [c.before for c in window.parameters]
    since = min(time_of(b) for b in befores)
    recent = made_between(trace, since + 1)
    moving = dependent(recent, befores)
    for guard in trace.guards:
        node = guard.node
        while node.operation in ("identity", "index", "reshape") and node.operands:
            node = node.operands[0]
        if not window.start <= guard.time < window.end or node.operation not in LESS | GREATER:
            continue
        if guard.site >= 0 and trace.sites[guard.site].kind == "Call":
            continue  # ``max`` or ``min`` brings something within bounds, and asks for nothing
        x, y = node.operands if node.operation in LESS else node.operands[::-1]  # asked: is x below y?
        if np.size(x.value) == np.size(y.value) == 1 and (x in moving) != (y in moving):
            sites.setdefault(guard.site, []).append((x, y))
    losses = _losses(trace, window) if sites else set[Node]()
    for site, pairs in sites.items():
        sides = [x if x in moving else y for x, y in pairs]
        if len(pairs) > MOST or losses.intersection(ancestors_since(sides, since)):
            continue
        for below in (True, False):
            terms = [apply("subtract", y, x) if below else apply("subtract", x, y) for x, y in pairs]
            counting = [side for side, term in zip(sides, terms, strict=True) if np.all(term.value > 0)]
            total = apply("maximum", terms[0], 0.0)
            for term in terms[1:]:
                total = apply("add", total, apply("maximum", term, 0.0))
            text = trace.sites[site].text if site >= 0 else "the condition"
            formula = f"sum of hinges, as far as `{text}` is {'true' if below else 'false'}"
            outputs = tuple(counting or sides)
            yield Hypothesis(total, None, None, False, formula, 0, outputs=outputs, site=site, decided=True)


def _losses(trace: Trace, window: Window) -> set[Node]:
    """What the program calls a loss; of what it calls an error, all but a plain difference."""
    return {
        h.node
        for h in stated(trace, window)
        if h.declared or (h.evidence >= SURE and h.node.operation != "subtract")
    }
