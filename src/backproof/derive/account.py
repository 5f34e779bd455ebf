"""The derivation as somebody tells it: the chain of each parameter, then every derivative and its reason."""

from __future__ import annotations

from dataclasses import dataclass

from backproof.derive.plan import Derivation, Line
from backproof.derive.reasons import Reasons
from backproof.graph import Node, ancestors
from backproof.graph.compositions import hidden


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One derivative: its line, the value it belongs to, its shape in words, and why it is what it is."""

    line: Line
    of: str | None
    shape: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """The values between a parameter and the loss, the parameter first."""

    parameter: str
    values: tuple[str, ...]
    branches: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Account:
    """Everything that is to be written, in order."""

    derived: Derivation
    loss: str
    formula: Node
    chains: tuple[Chain, ...]
    told: tuple[Told, ...]


def account(derived: Derivation) -> Account:
    """Give the reasons of every step, and the chain of every parameter."""
    reasons, forward = Reasons(derived), derived.forward
    told = tuple(
        Told(
            line,
            None if line.of is None else reasons.called(line.of).strip("`"),
            reasons.shape(line.node if line.of is None else line.of),
            "used more than once" if line.of is None else reasons.of(line.of),
        )
        for line in derived.steps
    )
    chains = tuple(_chain(derived, p.leaf, p.text) for p in forward.parameters)
    return Account(derived, forward.loss_name, forward.loss, chains, told)


def _chain(derived: Derivation, leaf: Node, text: str) -> Chain:
    """The named values on the shortest way from a parameter to the loss."""
    forward = derived.forward
    inside = hidden(derived.known.values())
    order = ancestors([forward.loss])
    values = _named_between(derived, order, inside, leaf, shortest=True)
    if not values:
        values = _named_between(derived, order, inside, leaf, shortest=False)
    users = [user for user in order if leaf in user.operands and user not in inside]
    return Chain(text, (forward.names.get(leaf, text), *values, forward.loss_name), len(users) > 1)


def _named_between(
    derived: Derivation, order: list[Node], inside: set[Node], leaf: Node, shortest: bool
) -> list[str]:
    """The names on the shortest or the longest way from a leaf to the loss."""
    forward = derived.forward
    after: dict[Node, Node | None] = {forward.loss: None}
    distance = {forward.loss: 0}
    for user in reversed(order):
        for operand in user.operands if user in distance else ():
            step = distance[user] + 1
            known = distance.get(operand)
            if known is None or (step < known if shortest else step > known):
                distance[operand], after[operand] = step, user
    values: list[str] = []
    here = after.get(leaf)
    while here is not None:
        if here in forward.names and here not in inside and here is not forward.loss:
            values.append(forward.names[here])
        here = after[here]
    return values
