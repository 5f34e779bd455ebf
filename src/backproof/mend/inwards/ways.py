"""How a statement comes to give what is wrong: by what it reads, or by what is written there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from backproof.check.catalogue import Entry
from backproof.check.trial import Edge
from backproof.graph import Node
from backproof.mend.inwards.evaluation import Change, Evaluation, Values, is_forward
from backproof.mend.inwards.knowledge import Knowledge
from backproof.mend.inwards.options import Options

PAIRED = 30  # true values for each of two inputs of a statement
LIKELY = 2  # corrections of another evaluation of a statement that are tried first
AROUND, NEAREST = 40, 8  # adjoints for an input where something else has to be written: looked at, and tried


@dataclass(frozen=True, slots=True, eq=False)
class Reason:
    """Why a statement gives what is wrong: inputs that have to be others, and corrections that would do."""

    inputs: tuple[tuple[Node, Values], ...] = ()
    options: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A statement, what it has to give, what is given of that already, and what else may be wrong."""

    here: Evaluation
    wanted: Values
    given: Sequence[Change]
    free: Sequence[Node]
    far: bool  # is what is given of the inputs what follows from other statements?


class Ways:
    """Answers questions by trying, on the graph of one statement."""

    def __init__(self, knowledge: Knowledge, options: Options, limit: int) -> None:
        self.knowledge, self.options, self.limit = knowledge, options, limit
        self.truths, self.bench = knowledge.truths, knowledge.bench
        self.mends: dict[int, tuple[int, ...]] = {}  # of statements, by the sites of their results
        # what says whether the statement that gave an input could have given that instead
        self.could_be: Callable[[Node, Values], bool] | None = None

    @property
    def is_over(self) -> bool:
        """Has there been enough work?"""
        return self.bench.work > self.limit

    def explain(self, question: Question, deep: bool) -> Reason | None:
        """The first way that explains a value. ``deep`` says that two things may be wrong at once."""
        ways: list[Callable[[Question], Reason | None]]
        ways = [self._by_mended, self._by_given, self._by_input, self._by_rest, self._by_writing]
        ways += [self._by_true_input, *((self._by_two, self._by_both) if deep else ())]
        return next((reason for way in ways if (reason := way(question)) is not None), None)

    def _by_mended(self, question: Question) -> Reason | None:
        """What another evaluation of the statement wants to be written does here as well."""
        here, wanted, given = question.here, question.wanted, question.given
        numbers = self.mends.get(here.result.origin.site, ())
        for first in numbers[:LIKELY]:
            changes = [*given, *(self.options.changes(here, first) or ())]
            readings: list[tuple[list[Change], Node | None]] = [([], None)]
            readings += [(here.reading(u, t), u) for u in question.free for t, _, _ in self._near(wanted, u)]
            readings += [
                ([(edge, t)], edge.operand)
                for edge in self._read_anew(here, changes)
                for t, _, _ in self._near(wanted, edge.operand)
            ]
            for reading, node in readings:
                if not self.is_over and here.gives(wanted, [*changes, *reading]):
                    alike = tuple(k for k in numbers if self._does(question, k, reading))
                    inputs = () if node is None else ((node, self.knowledge.values(reading[0][1])),)
                    return Reason(inputs, alike)
        return None

    def _does(self, question: Question, number: int, reading: Sequence[Change]) -> bool:
        """Does a correction, with other inputs, make a statement give what is wanted?"""
        changes = self.options.changes(question.here, number)
        return bool(changes) and question.here.gives(
            question.wanted, [*question.given, *reading, *(changes or ())]
        )

    def _read_anew(self, here: Evaluation, changes: Sequence[Change]) -> list[Edge]:
        """Uses of the values that only a correction reads, which may themselves be wrong as yet."""
        bench, changed = self.bench, {edge.operand for edge, _ in changes}
        read = bench.read([change for change in changes if change[0].operand not in here.inputs])
        return [
            Edge(user, user.operands.index(node), True)
            for node in read
            if node in bench.main and node.operands and not is_forward(bench, node)
            if node not in changed and node not in here.inputs and node not in here.inside
            for user in bench.consumers[node][:1]
        ]

    def _by_given(self, question: Question) -> Reason | None:
        """What is given already is all that is wrong."""
        given = question.given
        return Reason() if given and question.here.gives(question.wanted, given) else None

    def _by_input(self, question: Question) -> Reason | None:
        """One of the inputs has to be another adjoint: it is none as it is, or one with the sign turned."""
        return self._by_one(
            question, lambda node, true: not self.truths.holds(node) or self._is_turned(node, true)
        )

    def _by_true_input(self, question: Question) -> Reason | None:
        """One of the inputs has to be another adjoint than it is."""
        return self._by_one(
            question, lambda node, true: self.truths.holds(node) and not self._is_turned(node, true)
        )

    def _by_one(self, question: Question, may: Callable[[Node, Node], bool]) -> Reason | None:
        here, wanted = question.here, question.wanted
        for node in question.free:
            # what is broadcast has another shape than it should have
            shapes = dict.fromkeys((np.shape(node.value), np.shape(wanted[0])))
            for true, _, _ in (each for shape in shapes for each in self.truths.behind(wanted, shape)):
                if self.is_over:
                    return None
                if may(node, true) and here.gives(wanted, [*question.given, *here.reading(node, true)]):
                    return Reason(((node, self.knowledge.values(true)),))
        return None

    def _is_turned(self, node: Node, true: Node) -> bool:
        """Is a value what another is with the sign turned?"""
        return self.knowledge.is_met(node, tuple(-np.asarray(value) for value in self.knowledge.values(true)))

    def _by_rest(self, question: Question) -> Reason | None:
        """One of the inputs has to be all the rest of an adjoint, of which another part is added to it."""
        here, wanted, knowledge = question.here, question.wanted, self.knowledge
        of = {entry.of for _, entry, _ in self.truths.alike(wanted)}
        now = [here.value(question.given, point) for point in range(len(wanted))] if of else []
        if not of or any(np.shape(v) != np.shape(w) for v, w in zip(now, wanted, strict=True)):
            return None
        for node in question.free:
            own = knowledge.values(node)
            if np.shape(own[0]) != np.shape(wanted[0]):
                continue
            others = self.truths.alike([v - x for v, x in zip(now, own, strict=True)])
            if of.isdisjoint(entry.of for _, entry, _ in others):
                continue
            rest = tuple(w - v + x for w, v, x in zip(wanted, now, own, strict=True))
            if here.gives(wanted, [*question.given, *here.reading(node, knowledge.leaf(rest))]):
                return Reason(((node, rest),))
        return None

    def _by_writing(self, question: Question) -> Reason | None:
        """Something else has to be written."""
        found = self._options(question.here, question.wanted, question.given)
        return Reason(options=found) if found else None

    def _by_two(self, question: Question) -> Reason | None:
        """Two of the inputs have to be other adjoints."""
        here, wanted, values = question.here, question.wanted, self.knowledge.values
        for a, b in combinations(question.free, 2):
            first, second = (self.truths.behind(wanted, np.shape(node.value))[:PAIRED] for node in (a, b))
            for x, _, _ in first:
                for y, _, _ in second:
                    if self.is_over:
                        return None
                    if here.gives(wanted, [*question.given, *here.reading(a, x), *here.reading(b, y)]):
                        return Reason(((a, values(x)), (b, values(y))))
        return None

    def _by_both(self, question: Question) -> Reason | None:
        """Something else has to be written, and one of the inputs has to be another adjoint."""
        here, wanted = question.here, question.wanted
        found = list[tuple[bool, float, Reason]]()
        for node in question.free:
            if self.truths.holds(node):
                continue
            for true, _, _ in self._near(wanted, node):
                numbers = self._options(here, wanted, [*question.given, *here.reading(node, true)])
                if numbers:
                    cost = min(self.options.corrections[k].cost for k in numbers)
                    values = self.knowledge.values(true)
                    hidden = self.could_be is not None and not self.could_be(node, values)
                    found.append((hidden, cost, Reason(((node, values),), numbers)))
        return min(found, key=lambda each: each[:2])[2] if found else None

    def by_part(self, question: Question, read: Node, made: Node) -> Reason | None:
        """An input has to be a part of the adjoint that it is wanted to be; the rest is left out here.

        As where a value reaches the loss by two ways, and what comes back by one of them is wrong as well.
        It is ``made`` by one statement, and handed on until it is ``read``.
        """
        here, wanted, knowledge = question.here, question.wanted, self.knowledge
        for whole in list(knowledge.wishes[read]):
            for values in self._parts(whole.values):
                if self.is_over:
                    return None
                reading = here.reading(read, knowledge.leaf(values))
                numbers = self._options(here, wanted, [*question.given, *reading])
                if numbers and self.could_be is not None and self.could_be(made, values):
                    return Reason(((made, values),), numbers)
        return None

    def _parts(self, whole: Values) -> Iterator[Values]:
        """What comes back of an adjoint by one way, and by all others."""
        of = {entry.of for _, entry, _ in self.truths.alike(whole)}
        for true, entry, _ in self.truths.different(np.shape(whole[0])) if of else ():
            if entry.kind == "path" and entry.of in of:
                part = self.knowledge.values(true)
                rest = tuple(np.asarray(w) - p for w, p in zip(whole, part, strict=True))
                yield from (each for each in (rest, part) if any(map(np.any, each)))

    def _near(self, wanted: Values, node: Node) -> list[tuple[Node, Entry, float]]:
        """The adjoints that an input might have to be, of what whole statements gave first, parts last.

        None that is wanted itself: the rest of the statement would have to be nothing.
        """
        near = [
            (true, entry, scale)
            for true, entry, scale in self.truths.behind(wanted, np.shape(node.value))
            if entry.kind != "local"
            and any(np.any(value) for value in self.knowledge.values(true))
            and not self.knowledge.is_met(true, wanted)
        ]
        ranks = {
            each[0]: (each[1].kind == "path", not self.truths.is_whole(each[1])) for each in near[:AROUND]
        }
        return sorted(near[:AROUND], key=lambda each: ranks[each[0]])[:NEAREST]

    def _options(self, here: Evaluation, wanted: Values, given: Sequence[Change]) -> tuple[int, ...]:
        """The corrections with which a statement gives what is wanted."""
        found = list[int]()
        for number, changes in self.options.inside(here, wanted, given):
            if self.is_over:
                break
            if here.gives(wanted, [*given, *changes]):
                found.append(number)
        return tuple(found)
