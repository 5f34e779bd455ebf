"""Hessian-vector products: the derivative of the gradient along a vector."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from backproof.derive.as_python import as_python
from backproof.derive.points import random_points
from backproof.derive.second import hessian_product
from backproof.derive.statements import statements
from backproof.derive.verified import computed
from backproof.graph import adjoints, evaluate
from backproof.runner import Runner

from .test_corpus import MEMBERS, derived

NAMES = {
    *("question", "nested_tanh", "two_layers", "residual", "cross_entropy", "cross_entropy_by_labels"),
    *("binary_cross_entropy", "layer_norm", "attention", "recurrent", "embedding", "convolution_by_loops"),
}
CHOSEN = [member for member in MEMBERS if member[1] in NAMES]
STEP = 1e-200


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """One process that runs all of them."""
    with Runner() as runner:
        yield runner


@pytest.mark.parametrize(("module", "name", "shapes"), CHOSEN, ids=[name for _, name, _ in CHOSEN])
def test_it_is_the_complex_step_of_the_gradient(module: str, name: str, shapes: str, runner: Runner) -> None:
    """What the text computes is Im ∇L(θ + ihv)/h, for every parameter."""
    first = derived(module, name, shapes, runner)
    product = hessian_product(first)
    assert "H_" in as_python(product)
    forward = first.forward
    leaves = [p.leaf for p in forward.parameters]
    gradients = adjoints(forward.loss, leaves)
    vectors = {
        text.removeprefix("v_"): node.value
        for node, text in product.forward.names.items()
        if text.startswith("v_") and node not in forward.names
    }
    (point,) = random_points(forward, 1, seed=9)
    moved = {
        leaf: np.asarray(value, dtype=float) + 1j * STEP * vectors[forward.names[leaf]]
        for leaf, value in point.items()
    }
    table = evaluate(list(gradients.values()), {**forward.state, **moved}, np.complex128)
    truths = {leaf: np.imag(table[gradients[leaf]]) / STEP for leaf in leaves}
    given = computed(product, statements(product), point)
    assert given is not None
    scale = max(float(np.linalg.norm(true)) for true in truths.values())
    assert scale > 0
    for leaf in leaves:
        assert np.linalg.norm(given[leaf] - truths[leaf]) <= 1e-9 * scale, forward.names[leaf]


def test_the_chosen_are_there() -> None:
    """Every name is one of the corpus."""
    assert {name for _, name, _ in CHOSEN} == NAMES
