"""Biases that the forward pass adds and that no update changes, beside weights that are trained.

Their gradient needs no line of its own, where it is the error of a layer: nothing that is computed and left
tells that it was forgotten. Values that were drawn for them, as for the weights, do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from backproof.check.dropped import kept_leaves, names_of, part_of, with_older_values_apart
from backproof.check.grades import is_multiple
from backproof.check.gradient_names import last_word
from backproof.check.points import informative_points
from backproof.graph import Node, adjoints, ancestors, evaluate
from backproof.step import Parameter, TrainingStep
from backproof.step.computed import COMPUTED

CALLED = re.compile(r"(\w*_)?bias(es)?(_?\w{1,2})?|b_?\w{0,2}", re.IGNORECASE)
PRODUCTS = frozenset({"matmul", "dot", "multiply", "einsum", "outer", "tensordot"})
DEEP = 4  # sums in one another
MOST = 40  # values that could be biases; of more, they are data


@dataclass(frozen=True, slots=True, eq=False)
class ForgottenBias:
    """``leaf``, called ``name``, is never updated, unlike ``sibling``; ``gradients`` are its gradient.

    Each of them is called by a name, beside which stands whether the samples are still in it.
    """

    leaf: Node
    name: str
    sibling: Parameter
    gradients: tuple[tuple[str, bool], ...]

    @property
    def drawn(self) -> bool:
        """Does it begin with numbers that differ, as of what is drawn at random?"""
        value = np.asarray(self.leaf.value)
        return len(np.unique(value)) == value.size


@lru_cache(1)  # the step of one program, for those who ask of it
def forgotten_biases(step: TrainingStep) -> tuple[ForgottenBias, ...]:
    """Find them in a step whose applied gradients are right, beside products with weights that it updates.

    Where the weights of a layer are left as they are as well, it is frozen.
    """
    if step.window.kind[0] == COMPUTED:
        return ()
    step = with_older_values_apart(step)
    loss, updated = ancestors([step.loss]), set(step.leaves)
    sums = [n for n in loss if n.operation == "add" and any(_is_product(o, updated) for o in n.operands)]
    added = {o for n in sums for o in n.operands}
    otherwise = {o for n in loss if n.operation != "add" for o in n.operands}
    kept = {
        leaf: (name, sibling)
        for leaf, (_, name, sibling) in kept_leaves(step).items()
        if leaf in added - otherwise and CALLED.fullmatch(last_word(name)) and np.size(leaf.value) > 1
    }
    if not kept or len(kept) > MOST:
        return ()
    truths, points = adjoints(step.loss, list(kept)), informative_points(step, 2)
    names, forward = names_of(step), set(loss)
    backward = [n for n in ancestors(step.descents) if n.operands and n not in forward and n in names]
    tables = [evaluate([*truths.values(), *backward], {**step.state, **point}) for point in points]
    found = []
    for leaf, (name, sibling) in kept.items():
        true = [np.asarray(table[truths[leaf]]) for table in tables]
        if all(np.any(t) for t in true):
            gradients = dict.fromkeys(
                (names[n], summed)
                for n in backward
                for summed in _ways([np.asarray(table[n]) for table in tables], true)
            )
            found.append(ForgottenBias(leaf, name, sibling, tuple(gradients)))
    return tuple(found)


def _is_product(node: Node, updated: set[Node], deep: int = DEEP) -> bool:
    """Is this a product, or a sum of a few products, with parameters that are updated?"""
    node = part_of(node)
    if node.operation in ("add", "sum") and deep:
        return any(_is_product(o, updated, deep - 1) for o in node.operands)
    return node.operation in PRODUCTS and any(part_of(o) in updated for o in node.operands)


def _ways(found: list[np.ndarray], true: list[np.ndarray]) -> Iterator[bool]:
    """Is a value the gradient itself, or with the samples in it along the first axis?"""
    if found[0].shape == true[0].shape:
        if is_multiple(list(zip(found, true, strict=True))):
            yield False
    elif found[0].ndim == 2 and found[0].shape[1:] == true[0].shape[-1:]:
        sums = [f.sum(axis=0).reshape(t.shape) for f, t in zip(found, true, strict=True)]
        if is_multiple(list(zip(sums, true, strict=True))):
            yield True
