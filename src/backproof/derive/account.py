"""The derivation as somebody tells it: the chain of each parameter, then every derivative and its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from backproof.derive.backward import Backward, backward
from backproof.derive.plan import Derivation, Line
from backproof.derive.reasons import Reasons
from backproof.derive.rolled import Rolled
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
    """The values between a parameter and the loss, the parameter first.

    ``summed`` is what counts the rounds of a loop over which the chains are summed.
    """

    parameter: str
    values: tuple[str, ...]
    branches: bool
    summed: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Section:
    """One part of a derivation: all of it, or what stands behind a loop, or one round of that.

    ``reads`` are expressions that stand for names in its lines, ``summed`` the names of derivatives to which
    every round adds, ``counter`` what counts the rounds, ``also`` a sentence that the lines do not say.
    """

    title: str | None
    derived: Derivation
    forward: tuple[Line, ...]
    chains: tuple[Chain, ...]
    told: tuple[Told, ...]
    reads: Mapping[str, str] = field(default_factory=dict)
    summed: frozenset[str] = frozenset()
    counter: str | None = None
    also: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Account:
    """Everything that is to be written, in order."""

    backward: Backward
    loss: str
    sections: tuple[Section, ...]


def account(derived: Derivation) -> Account:
    """Give the reasons of every step, and the chain of every parameter.

    Raises
    ------
    DerivationError
        When the backward pass does not stand its test.
    """
    found = backward(derived)
    derived = found.derived
    if found.loop is None:
        sections: tuple[Section, ...] = (_section(None, derived, derived.forward_lines),)
    else:
        sections = tuple(_around(found.loop))
    return Account(found, derived.forward.loss_name, sections)


def _around(loop: Rolled) -> list[Section]:
    """A loop: what stands behind it, and one round."""
    counter, spelling, body = loop.spelling.counter, loop.spelling, loop.body
    loss = body.forward.loss_name
    reads = {name: read.text(counter) for name, read in spelling.reads.items() if name != loss}
    reads |= {f"{name}_": name for name in loop.states.values()}
    adding = {n: body.gradients[n] for n in loop.sums if n in body.gradients}
    header = loop.spelling.header()[0].removeprefix("for ").rstrip(":")
    seen = set(body.forward.names.values())
    added = [Line(name, node, None) for name, node in loop.added()]
    names = {line.name for line in added} | {loss}
    lines = (*(line for line in body.forward_lines if line.name not in names), *added)
    reads = {name: text for name, text in reads.items() if name not in names}
    backs = [f"`{name}`" for name in loop.states.values() if name in seen]
    back = " and ".join(backs)
    are, them = ("is", "it") if len(backs) == 1 else ("are", "them")
    last = "nothing in the last round" if loop.after is None else "from behind the loop in the last round"
    also = (
        f"{back} {are} what the next round hands back, {last}; a round ends with {them} for the one before."
    )
    inside = replace(
        _section(
            f"One round, for {header}", body, lines, frozenset(adding), counter, tuple(loop.states.values())
        ),
        reads=reads,
        summed=frozenset(adding.values()) | {line.name for line in added},
        counter=counter,
        also=also if backs else None,
    )
    if loop.after is None:
        return [inside]
    after = _section("Behind the loop", loop.after, loop.after.forward_lines)
    return [_without(after, loop.dropped), inside]


def _without(section: Section, dropped: Collection[str]) -> Section:
    """The part behind a loop without what a round says of itself; one line for all that rounds hand over."""
    names = section.derived.forward.names
    given = {names[of] for of, name in section.derived.named.items() if name in dropped and of in names}
    lines, put = list[Line](), list[Line]()
    for line in section.forward:
        read = {n.name for n in ancestors([line.node]) if not n.operands and n.name in given}
        (put if len(read) > 1 else lines).append(line)
    together = " and ".join(f"`{line.name}`" for line in put)
    return replace(
        section,
        forward=tuple(lines),
        chains=tuple(chain for chain in section.chains if chain.values[0] not in given),
        told=tuple(told for told in section.told if told.line.name not in dropped),
        also=f"{together} is put together from what every round hands over." if put else None,
    )


def _section(
    title: str | None,
    derived: Derivation,
    lines: tuple[Line, ...],
    summed: frozenset[Node] = frozenset(),
    counter: str | None = None,
    arriving: Collection[str] = (),
) -> Section:
    reasons, forward = Reasons(derived, arriving), derived.forward
    told = tuple(
        Told(
            line,
            None if line.of is None else reasons.called(line.of).strip("`"),
            reasons.shape(line.node if line.of is None else line.of),
            "used more than once" if line.of is None else reasons.of(line.of),
        )
        for line in derived.steps
    )
    chains = (
        _chain(derived, p.leaf, p.text, counter if p.leaf in summed else None) for p in forward.parameters
    )
    more = tuple(chain for chain in chains if len(chain.values) > 2)  # of one factor there is nothing to say
    return Section(title, derived, lines, more, told)


def _chain(derived: Derivation, leaf: Node, text: str, summed: str | None) -> Chain:
    """The named values on the shortest way from a parameter to the loss."""
    forward = derived.forward
    inside = hidden(derived.known.values())
    order = ancestors([forward.loss])
    values = _named_between(derived, order, inside, leaf, shortest=True)
    if not values:
        values = _named_between(derived, order, inside, leaf, shortest=False)
    users = [user for user in order if leaf in user.operands and user not in inside]
    names = (forward.names.get(leaf, text), *values, forward.loss_name)
    return Chain(text, names, len(users) > 1, summed)


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
