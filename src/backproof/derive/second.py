"""Second derivatives: the product of the Hessian with a vector, as the gradient of gradient · vector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backproof.derive.derived import derivation
from backproof.derive.plan import Derivation
from backproof.errors import DerivationError
from backproof.graph import OPERATIONS, Node, ancestors, apply, leaf


def hessian_product(first: Derivation) -> Derivation:
    """Derive H·v, for v of the shapes of the parameters, whose parts are called ``v_`` and the parameter.

    The gradient is that of ``first``, in its names; its derivative comes from the same rules once more
    (Pearlmutter 1994).

    Raises
    ------
    DerivationError
        When an operation on the way is differentiated numerically, which cannot be done twice.
    """
    forward = first.forward
    numeric = [
        n.operation for n in ancestors([forward.loss]) if n.operands and not OPERATIONS[n.operation].exact
    ]
    if numeric:
        raise DerivationError(f"--order 2: {numeric[0]} has a numeric derivative only, and no second one.")
    drawn = np.random.default_rng(11)
    taken = set(forward.names.values())
    names, written = dict(forward.names), dict(forward.written)
    total: Node | None = None
    for p in forward.parameters:
        name = f"v_{p.name}"
        while name in taken:
            name += "_"
        vector = leaf(drawn.standard_normal(np.shape(p.leaf.value))[()], name)
        names[vector] = name
        part = apply("multiply", first.found[p.leaf], vector)
        part = apply("sum", part) if np.ndim(part.value) else part
        total = part if total is None else apply("add", total, part)
    if total is None:
        raise DerivationError("--order 2: there is nothing to derive by.")
    below = set(ancestors([total]))
    for of, node in first.found.items():
        given = first.named.get(of)
        known = given is None or given in names.values() or node in names
        if given is not None and not known and node in below and node.operands:
            names[node] = written[node] = given
    return derivation(
        replace(
            forward,
            loss=total,
            loss_name=f"the gradient of {forward.loss_name} times v",
            names=names,
            written=written,
            backward=(),
            applied={p.leaf: f"H_{p.name}" for p in forward.parameters},
        ),
        first.known,
    )
