"""Faults of the forward pass that its own backward pass gives away: a reduction over the wrong axis.

The backward pass is written for a forward pass; where it is the true derivative of one that differs from the
program's in a single axis, that axis is the mistake. Nothing else of a forward pass is guessed at.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from backproof.check.compare import compare_nodes
from backproof.check.place import Place, Scenery
from backproof.check.points import informative_points
from backproof.check.trial import Bench, Edge
from backproof.faults import wrong_axis
from backproof.faults.correction import Correction
from backproof.graph import Node, ancestors
from backproof.step import gradients_of
from backproof.step.cut import recomputed


def forward_axis(bench: Bench) -> Correction | None:
    """The one change of an axis in the forward pass that makes every gradient true.

    None where there is none.
    """
    step = bench.step
    made: dict[int, list[Node]] = defaultdict(list)
    for node in ancestors([step.loss, *step.descents]):  # a loss of other rounds has nodes of its own
        if node.origin is None:
            continue
        over = node.operands[0] if node.operation in wrong_axis.REDUCTIONS else wrong_axis.summed_rows(node)
        if over is not None and np.ndim(over.value) > 1:
            made[node.origin.site].append(node)
    scenery, forward = Scenery.of(bench), set(ancestors([step.loss]))
    for number, nodes in made.items():
        if forward.isdisjoint(nodes):
            continue
        site = step.trace.sites[number]
        edges = [Edge(c, c.operands.index(n), True) for n in nodes for c in bench.consumers.get(n, ())]
        if site.kind != "Call" or not edges:
            continue
        for correction in wrong_axis.corrections(Place(scenery, site, tuple(edges))):
            if _explains(bench, nodes, correction):
                return correction
    return None


def _explains(bench: Bench, nodes: list[Node], correction: Correction) -> bool:
    step, build = bench.step, correction.parts[0].build
    replacement: dict[Node, Node] = {}
    for node in nodes:
        consumers = bench.consumers.get(node, ())
        new = build(Edge(consumers[0], consumers[0].operands.index(node))) if consumers else None
        if new is None:
            return False
        replacement[node] = new
    try:
        copies = recomputed([step.loss, *step.descents], replacement)
        loss = copies[step.loss]
        if np.size(loss.value) != 1:
            return False
        descents = [copies[d] for d in step.descents]
        if any(np.shape(d.value) != p.shape for d, p in zip(descents, step.parameters, strict=True)):
            return False
        truths = gradients_of(loss, step.parameters)
        verdict = compare_nodes(step, descents, informative_points(step, 3), truths)
    except (ValueError, TypeError, IndexError, NotImplementedError):
        return False
    return verdict.correct
