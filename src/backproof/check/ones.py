"""Parts of an array that the program has set to one, and never changes: constants beside the parameters.

So one factor of a user is, which is multiplied by the bias of an item: ``X[:, -1] = 1``. The rest of the
array is learned; that part is no parameter that its update forgets.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backproof.check.compare import compare
from backproof.check.ranking import Entry, rank_of
from backproof.graph import Node, apply
from backproof.step import Change, TrainingStep, Window


def with_ones(entry: Entry, window: Window, position: int) -> Entry:
    """Judge a step with the ones of its parameters for constants, where that explains more."""
    _, hypothesis, step, verdict = entry
    masks = _masks(step)
    if not masks:
        return entry
    truths = tuple(
        apply("where", masks[p.leaves[0]], 0.0, truth) if p.leaves[0] in masks else truth
        for p, truth in zip(step.parameters, step.truths, strict=True)
    )
    held = replace(step, truths=truths, constants=masks)
    found = compare(held)
    if sum(found.right) <= sum(verdict.right):
        return entry
    return rank_of(hypothesis, found, window, position), hypothesis, held, found


def _masks(step: TrainingStep) -> dict[Node, Any]:
    """Where each array is one for good, as far as the run was seen."""
    changes = {p.changes[0].place: (p.leaves[0], p.changes[0]) for p in step.parameters if not p.listed}
    masks = dict[Node, Any]()
    last = dict[Node, Node]()
    for store in step.trace.stores:
        if store.place not in changes:
            continue
        leaf, _ = changes[store.place]
        last[leaf] = store.after
        if store.time < step.window.start and _is_set_to_one(store.after):
            mask = masks.setdefault(leaf, np.zeros(np.shape(leaf.value), dtype=bool))
            mask[store.after.attributes["index"]] = True
    return {
        leaf: masks[leaf]
        for leaf, change in changes.values()
        if leaf in masks and not masks[leaf].all() and _stays(masks[leaf], change, last[leaf])
    }


def _is_set_to_one(node: Node) -> bool:
    """Was a number of the source, one, written into a part of an array?"""
    if node.operation != "index_update":
        return False
    number = node.operands[1]
    return number.operation == "constant" and np.size(number.value) == 1 and float(number.value) == 1.0


def _stays(mask: Any, change: Change, last: Node) -> bool:
    return all(np.all(np.asarray(node.value)[mask] == 1.0) for node in (change.before, change.after, last))
