"""Whether a rule of updates goes down, and whether it is plain descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backproof.derive.updates import Rule
from backproof.graph import Node
from backproof.notation import to_numpy


def descends(rule: Rule, names: Mapping[Node, str]) -> bool:
    """Does every parameter become less where its gradient becomes more?"""
    drawn = np.random.default_rng(3)
    space: dict[str, Any] = {"np": np, "step": 5, **{name: values[0] for name, values in rule.series.items()}}
    space |= {name: eval(law, {"step": 5}) for name, law in rule.laws.items()}
    space |= {name: 0.5 + drawn.random(np.shape(value)) for name, value in rule.state.items()}
    space |= {names[p]: np.asarray(p.value, dtype=float) for p in names}
    found: list[dict[str, Any]] = []
    for more in (0.0, 1.0):
        given = {rule.gradients[p]: np.full(np.shape(p.value), more) for p in names}
        here = space | given
        with np.errstate(all="ignore"):
            for name, node in rule.lines:
                here[name] = eval(to_numpy(node), here)
        found.append(here)
    return all(np.all(found[1][name] <= found[0][name]) for name in names.values())


def plain_rate(rule: Rule, names: Mapping[Node, str]) -> dict[str, float] | None:
    """The rates of plain descent, by parameter: what is taken off is a number times the gradient."""
    found: dict[str, float] = {}
    by_name = {name: p for p, name in names.items()}
    for name, node in rule.lines:
        p = by_name.get(name)
        if rule.state or rule.series or rule.laws or p is None or node.operation != "subtract":
            return None
        first, taken = node.operands
        factor = 1.0
        if taken.operation == "multiply" and taken.operands[0].operation == "constant":
            factor, taken = float(taken.operands[0].value), taken.operands[1]
        if first.name != name or taken.operands or taken.name != rule.gradients[p]:
            return None
        found[name] = factor
    return found
