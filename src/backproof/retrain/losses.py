"""The loss of a program's step, in the words of the steps that were walked through together.

Where every step computes it, it is walked through as the parameters are. Where only some do, as every
hundredth, or where it is inferred, it is read from the step that was judged.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from backproof.graph import Node, ancestors
from backproof.retrain.aligned import Aligned, Entry, RetrainError, order_of, same
from backproof.retrain.picks import Pick, pick_of
from backproof.retrain.recurrence import Recurrence, classify
from backproof.step import TrainingStep, Window
from backproof.step.change import root
from backproof.step.update import time_of
from backproof.trace import Trace


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Loss:
    """The loss of one of the steps, ``position``: ``known`` are the nodes of that step with their entries.

    The step begins at the time ``since``, the first of all steps ``begun``, and is of a ``kind``. ``entry``
    is the loss in every step; None where it is known of this one only. ``places`` are the samples of the
    batch that it is of, where these are values of their own, and ``summed`` says that it is their sum.
    """

    node: Node
    position: int
    known: Mapping[Node, Entry]
    since: int
    begun: int
    picks: dict[Node, Pick] = field(default_factory=dict)
    entry: Entry | None = None
    kind: int = 0
    places: tuple[int, ...] = ()
    summed: bool = False

    @property
    def share(self) -> float:
        """What it is to be multiplied by, to be that of one sample."""
        return 1.0 / len(self.places) if self.summed and self.places else 1.0

    def line(self) -> list[Node]:
        """What the loss is computed from in its step, operands first, up to what the update is made of."""
        return ancestors([self.node], lambda n: root(n, 0) in self.known or self.is_older(n))

    def is_older(self, node: Node) -> bool:
        """Was a node made before the step? What an inferred loss is made of was made at no time."""
        return node.origin is not None and time_of(node) < self.since

    def is_total(self, node: Node) -> bool:
        """Is this what earlier steps have added up, to which the loss of the step is added?"""
        begun = root(node, 0)
        return self.is_older(node) and bool(begun.operands) and time_of(begun) >= self.begun

    def read(self) -> list[Entry]:
        """The entries that it is made of."""
        if self.entry is not None:
            return [self.entry]
        found = (self.known.get(root(node, 0)) for node in self.line())
        return list(dict.fromkeys(entry for entry in found if entry is not None))


def loss_of(found: Recurrence, step: TrainingStep, steps: Sequence[Window]) -> Loss:
    """The loss of the step that was judged, one of ``steps``.

    What it takes of the data by itself, as ``Y[rows]`` for the second time, is what the update takes.
    """
    position = next((k for k, each in enumerate(steps) if each.start == step.window.start), len(steps) - 1)
    count = len(found.windows)
    whole = Aligned(steps)
    for each in found.carried[: found.parameters]:
        whole.entry(found.chains[each.before])
    entries = found.aligned.entries
    known = {key[position]: entries[key[:count]] for key in whole.entries if key[:count] in entries}
    taken = [(node, entry) for node, entry in known.items() if entry in found.choices]
    newest = max(time_of(root(change.before, 0)) for change in steps[position].parameters)
    since = min(whole.since[position], newest + 1)  # it may be evaluated at the end of the round before
    loss = Loss(
        step.hypothesis.node, position, known, since, whole.since[0], kind=_kind_of(position, whole, found),
        summed=not step.hypothesis.stated,
    )  # fmt: skip
    entry = _in_every_step(loss.node, found, whole.since)
    if entry is not None:
        return replace(loss, entry=entry)
    for node in loss.line():
        if node.operation != "index" or root(node, 0) in known:
            continue
        picked = _picked(node, found, whole.since)
        if picked is not None:
            loss.picks[node] = picked
            found.picks[Entry((node,) * count)] = picked
            continue
        for other, entry in taken:
            of_one = root(other.operands[0], 0) is root(node.operands[0], 0)
            if of_one and same(other.attributes, node.attributes):
                known[node] = entry
    return loss


def _kind_of(position: int, whole: Aligned, found: Recurrence) -> int:
    """The kind of the step at a place, by the numbers of the steps whose kinds are known."""
    kinds = found.aligned.kinds
    alike = [k for k, kind in enumerate(whole.kinds[: len(kinds)]) if kind == whole.kinds[position]]
    return kinds[alike[0]] if alike else -1


def _in_every_step(node: Node, found: Recurrence, since: Sequence[int]) -> Entry | None:
    """The loss as it is in every step, without the total that it is added to; None where it is not in all."""
    nodes = _beside(node, found.trace, since, len(found.windows))
    if nodes is None:
        return None
    nodes = _without_total(nodes, since)
    known = set(found.aligned.entries.values())
    own = {each.before for each in found.carried}
    try:
        entry = found.aligned.entry(nodes)
        made = order_of([entry])
        if any(e not in known and not e.operands and found.aligned.made_by(e) for e in made):
            return None
        if own.isdisjoint(made) or not set(found.results).isdisjoint(made):
            return None
        classify(found, [e for e in made if e not in known])
    except RetrainError:
        return None
    return entry


def _without_total(nodes: list[Node], since: Sequence[int]) -> list[Node]:
    """What is added to a total, in every step, where the nodes are what it becomes."""
    nodes = [root(node, 0) for node in nodes]
    while all(node.operation == "add" for node in nodes):
        for k in (0, 1):
            olds = [root(node.operands[k], 0) for node in nodes]
            older = [not o.operands or time_of(o) < since[step] for step, o in enumerate(olds)]
            if all(older) and any(old.operands for old in olds):
                nodes = [root(node.operands[1 - k], 0) for node in nodes]
                break
        else:
            break
    return nodes


def _beside(node: Node, trace: Trace, since: Sequence[int], count: int) -> list[Node] | None:
    """What one expression has made in every step, one after the other; None where not every step has it."""
    if node.origin is None:
        return None
    steps: dict[int, list[Node]] = {}
    for other in trace.nodes:
        if other.origin is not None and other.origin.site == node.origin.site:
            steps.setdefault(bisect_right(since, time_of(other)) - 1, []).append(other)
    own = steps.get(bisect_right(since, time_of(node)) - 1, [])
    every = [steps.get(k, []) for k in range(count)]
    if node not in own or any(len(step) != len(own) for step in every):
        return None
    return [step[own.index(node)] for step in every]


def _picked(node: Node, found: Recurrence, since: Sequence[int]) -> Pick | None:
    """What an index of the loss picks by the labels of the samples; None where it is always the same."""
    nodes = _beside(node, found.trace, since, len(found.windows))
    if nodes is None or all(same(other.attributes, nodes[0].attributes) for other in nodes):
        return None
    return pick_of(nodes)
