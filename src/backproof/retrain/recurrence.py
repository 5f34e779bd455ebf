"""One step of a program's training as a recurrence: what it carries on, reads, and makes of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from backproof.graph import Node
from backproof.retrain.aligned import Aligned, Entry, RetrainError, order_of
from backproof.retrain.choices import Choice, choice_of
from backproof.retrain.laws import Law, law_of
from backproof.retrain.picks import Pick, pick_of
from backproof.step import Change, TrainingStep, Window, drawing, label
from backproof.step.change import root
from backproof.step.drawing import called
from backproof.step.rates import RATE
from backproof.step.update import time_of
from backproof.trace import Trace

FEWEST = 4  # steps from which it can be told what goes on from one to the next
PICKING = frozenset({"index", "index_update", "index_add"})
DEEPEST = 4  # memories that are fed by a memory


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Carried:
    """What a step hands to the next: the value that it begins with, and the one that it makes."""

    name: str
    before: Entry
    after: Entry
    first: np.ndarray


@dataclass(slots=True, eq=False, repr=False)
class Recurrence:
    """The step of a program, from several that were recorded one after the other.

    ``parameters`` come first in ``carried``. ``constants`` are what every step reads unchanged, ``laws`` the
    numbers that follow from the number of the step, ``choices`` what it takes out of the data, ``picks``
    what it picks by labels, ``draws`` what it draws at random, and ``seen`` what differs from step to step
    and is known only as it was recorded. ``windows`` are the steps; ``chains`` are the values that parameters
    have after each step that was seen, ``moving`` the values that follow from what is carried or drawn.
    """

    trace: Trace
    windows: list[Window]
    parameters: int
    aligned: Aligned
    carried: list[Carried] = field(default_factory=list)
    constants: list[Entry] = field(default_factory=list)
    laws: dict[Entry, Law] = field(default_factory=dict)
    choices: dict[Entry, Choice] = field(default_factory=dict)
    picks: dict[Entry, Pick] = field(default_factory=dict)
    seen: list[Entry] = field(default_factory=list)
    draws: dict[Entry, drawing.Law] = field(default_factory=dict)
    chains: dict[Entry, tuple[Node, ...]] = field(default_factory=dict)
    moving: set[Entry] = field(default_factory=set)

    @property
    def results(self) -> list[Entry]:
        """What a step makes."""
        return [each.after for each in self.carried]

    def order(self) -> list[Entry]:
        """Every value of the step, operands first."""
        return order_of(self.results)


def recurrence(step: TrainingStep, windows: Sequence[Window]) -> Recurrence:
    """Find the recurrence that the steps of a program follow.

    Raises
    ------
    RetrainError
        When they do not follow one that can be told.
    """
    windows = list(windows)
    if len(windows) < FEWEST:
        raise RetrainError(
            f"Only {len(windows)} step{'s' * (len(windows) > 1)} of the program could be seen:"
            f" at least {FEWEST} are needed to tell what goes on from one to the next."
        )
    chains = _chains(windows)
    series = {_key(nodes): nodes for nodes, _, _ in chains}
    results = [afters for _, afters, _ in chains]
    depth = 0
    while depth < DEEPEST:
        count = len(windows) - depth
        aligned = Aligned(windows[:count])
        found = False
        for entry in order_of([aligned.entry(nodes[:count]) for nodes in results]):
            if not entry.operands and aligned.made_by(entry) and _key(entry.nodes) not in series:
                series[_key(entry.nodes)] = entry.nodes
                results.append(entry.nodes[1:])
                found = True
        if not found:
            break
        depth += 1
    count = len(windows) - depth - 1
    main = max(aligned.kinds, key=aligned.kinds.count)
    while count and aligned.kinds[count - 1] != main:  # the last one stands for all of its kind
        count -= 1
    if count < FEWEST - 1:
        raise RetrainError("Too few steps of the program could be seen to tell what it remembers.")
    return _classified(step, windows[:count], chains, series)


def _classified(
    step: TrainingStep,
    windows: list[Window],
    chains: Sequence[tuple[tuple[Node, ...], tuple[Node, ...], Change]],
    series: dict[Node, tuple[Node, ...]],
) -> Recurrence:
    """Walk through the steps once more, and tell of everything that they begin with what it is."""
    trace, count = step.trace, len(windows)
    aligned = Aligned(windows)
    found = Recurrence(trace, windows, len(chains), aligned)
    names = {_key(nodes): label(trace, change) for nodes, _, change in chains}
    for key, nodes in series.items():
        before = aligned.entry(nodes[:count])
        after = aligned.entry(nodes[1 : count + 1])
        shape = np.shape(before.value)
        first = np.broadcast_to(np.asarray(nodes[0].value, dtype=np.float64), shape).copy()
        if any(np.shape(node.value) != shape for node in after.nodes):
            raise RetrainError(f"{names.get(key, before.name)} changes its shape from step to step.")
        found.carried.append(Carried(names.get(key) or before.name or "memory", before, after, first))
    for each, (_, afters, _) in zip(found.carried, chains, strict=False):
        found.chains[each.before] = afters
    classify(found, found.order())
    return found


def classify(found: Recurrence, entries: Iterable[Entry]) -> None:
    """Tell of values of the step, operands first, what they begin with and what they take of the data.

    Raises
    ------
    RetrainError
        When the steps do not do the same with them.
    """
    trace, own = found.trace, {each.before for each in found.carried}
    moving = found.moving or set(own)
    found.moving = moving
    for entry in entries:
        if entry.operands:
            if any(operand in moving for operand in entry.operands):
                moving.add(entry)
            choosing = entry.operation == "index" and entry not in moving
            if entry.alike(None if choosing else found.aligned.kinds):
                continue
            picked = pick_of(entry.nodes) if entry.operation in PICKING and entry in moving else None
            if picked is not None:
                found.picks[entry] = picked
            elif choosing:
                found.choices[entry] = choice_of(entry, found.aligned.kinds)
            elif entry.operation == "index":
                raise RetrainError(
                    f"The program takes parts of its parameters by the data{_place(trace, entry.nodes[-1])},"
                    " which a compiled step cannot do."
                )
            else:
                raise RetrainError(
                    f"'{entry.operation}' does not do the same in every step"
                    f"{_place(trace, entry.nodes[-1])}: what it is told differs."
                )
        elif entry not in own:
            _place_leaf(found, entry)


def _place_leaf(found: Recurrence, entry: Entry) -> None:
    """Tell of a value that a step begins with, and that no step has made, what it is."""
    nodes = entry.nodes
    kinds = found.aligned.kinds
    firsts = [nodes[kinds.index(kind)] for kind in kinds[: len(nodes)]]
    if all(node is first or _equal(node, first) for node, first in zip(nodes, firsts, strict=True)):
        found.constants.append(entry)
        return
    made = [time_of(node) >= found.aligned.since[k] for k, node in enumerate(nodes)]
    if any(made) and any(node in found.trace.random for node in nodes):
        laws = {called(found.trace, node) for node in nodes}
        law = laws.pop() if len(laws) == 1 and all(made) and len(set(nodes)) == len(nodes) else None
        if law is None:
            raise RetrainError(
                f"The program draws random numbers in every step{_place(found.trace, nodes[-1])}, by a law"
                " that is not known."
            )
        found.draws[entry] = law
        found.moving.add(entry)
        return
    numbers = all(np.size(n.value) == 1 and np.asarray(n.value).dtype.kind in "iuf" for n in nodes)
    rule = law_of([float(np.ravel(n.value)[0]) for n in nodes]) if numbers else None
    if rule is None and numbers and RATE.search(entry.name or ""):
        raise RetrainError(f"The program changes {entry.name} on the way, by no rule that could be told.")
    if rule is not None:
        found.laws[entry] = rule
    else:
        found.seen.append(entry)


def _equal(first: Node, second: Node) -> bool:
    one, other = np.asarray(first.value), np.asarray(second.value)
    return one.shape == other.shape and one.dtype.kind in "biuf" and bool(np.array_equal(one, other))


def _chains(windows: Sequence[Window]) -> list[tuple[tuple[Node, ...], tuple[Node, ...], Change]]:
    """Every parameter through all steps: its values before them, after them, and how it is changed."""
    found = []
    for change in windows[0].parameters:
        befores, afters = [root(change.before, 0)], [_after(change)]
        for window in windows[1:]:
            following = [c for c in window.parameters if root(c.before, 0) is root(afters[-1], 0)]
            if not following:
                raise RetrainError(
                    "The steps of the program do not all update the same parameters, one after the other."
                )
            befores.append(root(following[0].before, 0))
            afters.append(_after(following[0]))
        found.append((tuple(befores), tuple(afters), change))
    return found


def _after(change: Change) -> Node:
    """What a place holds at last, with all that is done to it behind its gradient step."""
    return change.stores[-1].after


def _key(nodes: Sequence[Node]) -> Node:
    """What a carried value is known by: the value that the first step has made."""
    return nodes[1]


def _place(trace: Trace, node: Node) -> str:
    """Where in the source a value is made, to be said behind a sentence."""
    site = node.origin.site if node.origin is not None else -1
    return f" in line {trace.sites[site].span.row}" if site >= 0 else ""
