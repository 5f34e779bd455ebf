"""What every test over the whole table of operations shares."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import OPERATIONS, Node, adjoints, apply, evaluate, leaf
from backproof.graph.numeric import ridders

TINY = 1e-200
EXACT = sorted(name for name, operation in OPERATIONS.items() if operation.exact)
DERIVED = sorted(name for name in EXACT if OPERATIONS[name].differentiable)


def draw(name: str, seed: int) -> tuple[list[Node], Node]:
    """Draw leaves in the domain of an operation, and apply it to them."""
    operands, attributes = OPERATIONS[name].domain(np.random.default_rng(seed))
    leaves = [leaf(x, f"v{k}") for k, x in enumerate(operands)]
    return leaves, apply(name, *leaves, **attributes)


def floating(leaves: list[Node]) -> list[Node]:
    """Pick the leaves that a derivative can be taken in."""
    return [x for x in leaves if np.asarray(x.value).dtype.kind == "f"]


def weighted_sum(nodes: list[Node], generator: np.random.Generator) -> Node:
    """Make a loss whose adjoints at the nodes are random numbers, none of them special."""
    terms = [apply("sum", apply("multiply", z, generator.normal(size=np.shape(z.value)))) for z in nodes]
    total = terms[0]
    for term in terms[1:]:
        total = apply("add", total, term)
    return total


def slopes(
    loss: Node, wanted: list[Node], generator: np.random.Generator
) -> tuple[float, float, float, float]:
    """Differentiate along a random direction: by adjoints, by complex step, by Ridders (with its error)."""
    found = adjoints(loss, wanted)
    directions = {x: generator.normal(size=np.shape(x.value)) for x in wanted}
    for x in wanted:
        assert np.shape(found[x].value) == np.shape(x.value)
    by_adjoints = sum(float(np.sum(found[x].value * directions[x])) for x in wanted)

    def moved(t: Any) -> dict[Node, Any]:
        return {x: x.value + t * directions[x] for x in wanted}

    step = evaluate([loss], moved(1j * TINY), np.complex128)[loss]
    by_ridders, error = ridders(lambda t: evaluate([loss], moved(t))[loss], 1e-3)
    return by_adjoints, float(np.imag(step)) / TINY, float(by_ridders), error
