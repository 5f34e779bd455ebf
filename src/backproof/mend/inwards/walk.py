"""Go from the updates inwards, and find the statements that give what is wrong from what is right."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.check.grades import RIGHT
from backproof.graph import Node, ancestors
from backproof.mend.inwards.evaluation import Values, is_same
from backproof.mend.inwards.knowledge import Knowledge, Wish
from backproof.mend.inwards.sums import rounds
from backproof.mend.inwards.ways import Question, Reason, Ways

AGAIN = 3  # times that a value is looked at, as others are found to want it
DEPTH = 2  # statements through which what is known of their inputs is carried on


@dataclass(frozen=True, slots=True, eq=False)
class Miss:
    """A statement that gives what is wrong, and the corrections that would make it give what is wanted."""

    result: Node
    options: tuple[int, ...]


class Walk:
    """The statements of one step, as they are wanted: the rounds of a sum first, then the last."""

    def __init__(self, knowledge: Knowledge, ways: Ways) -> None:
        self.knowledge, self.ways, self.bench = knowledge, ways, knowledge.bench
        ways.could_be = self._could_be
        self.missed: dict[Node, Miss] = {}
        self.looked: dict[Node, int] = defaultdict(int)
        self.waiting: list[tuple[bool, int, int, int, Node]] = []
        self.count = 0
        self.puzzles: dict[Node, None] = {}  # what nothing has explained as yet, in order
        self.tried: set[tuple[Node, int, int, bool]] = set()

    def run(self, scale: Sequence[float]) -> list[Miss]:
        """The statements that are wrong in themselves, where right gradients have a scale at each point."""
        bench = self.bench
        for k, (descent, state) in enumerate(zip(bench.step.descents, bench.initial, strict=True)):
            if state == RIGHT:
                self.knowledge.sure.update(ancestors([descent]))
            else:
                values = [c * np.asarray(t[k], dtype=float) for c, t in zip(scale, bench.truths, strict=True)]
                for node, wanted in _unpacked(descent, values):
                    self._wish(node, tuple(wanted), None)
        self._look_at_all()
        self._settle()
        for node in list(self.puzzles):
            if node in self.puzzles and not self._is_part(node):
                self._blame(node)
        return list(self.missed.values())

    def _settle(self) -> None:
        """Go back to what nothing has explained, for as long as that explains more."""
        # what explains one evaluation of a statement mostly explains the others
        while not self.ways.is_over and any(
            self._again(deep, every) for every in (False, True) for deep in (False, True)
        ):
            pass

    def _look_at_all(self) -> None:
        while self.waiting and not self.ways.is_over:
            self._look(heapq.heappop(self.waiting)[-1])

    def _again(self, deep: bool, every: bool) -> bool:
        """Try what nothing explained: more is known by now of what it reads, or it is worth more work.

        Of the evaluations of one statement the one of which most is known, or ``every`` one.
        """
        seen = set[int]()
        for node in sorted(self.puzzles, key=lambda n: (self._unknown(n), -self.bench.order[n])):
            tried, site = (node, *self._known_of(node), deep), node.origin.site
            if site in seen and not every:
                continue
            seen.add(site)
            if self.ways.is_over or tried in self.tried:
                continue
            self.tried.add(tried)
            if self._explain(node, deep=deep):
                self.puzzles.pop(node, None)
                self._look_at_all()
                return True
        return False

    def _known_of(self, node: Node) -> tuple[int, int]:
        """How much is known that explains a value: of its inputs, and of what would mend its statement."""
        return self._unknown(node), len(self.ways.mends.get(node.origin.site, ()))

    def _unknown(self, node: Node) -> int:
        """How many inputs of a statement might have to be anything."""
        knowledge = self.knowledge
        inputs = knowledge.evaluation(node).inputs
        return sum(u not in knowledge.sure and knowledge.known(u) is None for u in inputs)

    def _wish(self, node: Node, wanted: Values, by: Node | None) -> None:
        self.knowledge.wishes[node].append(Wish(wanted, by))
        self.count += 1
        later, doubtful = node not in self.knowledge.given, self._doubtful(node)
        heapq.heappush(self.waiting, (later, doubtful, -self.bench.order[node], self.count, node))

    def _doubtful(self, node: Node) -> int:
        """How many inputs of a statement are no true value, so that they may have to be anything."""
        knowledge = self.knowledge
        inputs = knowledge.evaluation(node).inputs
        return sum(u not in knowledge.sure and not knowledge.truths.holds(u) for u in inputs)

    # ------------------------------------------------------------------ one value
    def _look(self, node: Node) -> None:
        """Explain why a value is not what is wanted of it, where it is not."""
        knowledge = self.knowledge
        self.looked[node] += 1
        wishes, wrong = knowledge.wishes[node], knowledge.unmet(node)
        if self.looked[node] > AGAIN or not any(np.any(each) for wish in wishes for each in wish.values):
            return  # that it is to be nothing says little of what makes it so
        if not wrong:
            knowledge.sure.update(ancestors([node]))
        elif self._is_wrong(node, wrong):
            if any(other.origin.site == node.origin.site for other in self.puzzles if other is not node):
                self.puzzles[node] = None
            elif self._explain(node):
                self.puzzles.pop(node, None)
            else:
                self.puzzles[node] = None
                self.tried.add((node, *self._known_of(node), False))

    def _is_wrong(self, node: Node, wrong: Sequence[Wish]) -> bool:
        """Is it the value that is wrong? Else the statements that want it otherwise are."""
        knowledge = self.knowledge
        first = wrong[0].values
        agreed = all(is_same(a, b) for w in wrong[1:] for a, b in zip(w.values, first, strict=True))
        right = node in knowledge.sure or len(wrong) < len(knowledge.wishes[node])
        if agreed and not right and node not in knowledge.kept:
            return True
        refused = [wish for wish in wrong if not self._otherwise(wish, node)]
        if refused and not right and len(refused) == len(knowledge.wishes[node]):
            return True
        for wish in refused:
            if wish.by is not None:
                self._miss(wish.by, ())
        return False

    def _blame(self, node: Node) -> None:
        """What nothing explains is where a true value is wanted otherwise, or else where none is given."""
        knowledge = self.knowledge
        askers = [wish for wish in knowledge.unmet(node) if wish.by is not None]
        if not askers or not knowledge.truths.holds(node):
            self._miss(node, ())
            return
        for wish in askers:
            if wish.by is not None and not self._otherwise(wish, node):
                self._miss(wish.by, ())

    def _is_part(self, made: Node) -> bool:
        """Want of a value a part of what it is wanted to be, where its readers leave the rest out."""
        knowledge, handed = self.knowledge, [made]
        for read in handed:
            for wish in knowledge.unmet(read):
                if wish.by is None or not (asked := knowledge.unmet(wish.by)):
                    continue
                if knowledge.is_met(made, knowledge.values(wish.by)):
                    handed += [wish.by] if wish.by not in handed else []
                    continue
                for question in self._questions(wish.by, asked[0].values, ()):
                    reason = self.ways.by_part(question, read, made)
                    if reason is not None:
                        self._part_out(handed, reason.inputs[0][1])
                        return True
        return False

    def _part_out(self, handed: Sequence[Node], values: Values) -> None:
        """Want of a value, wherever it is handed on, to be something else; ask its readers again."""
        knowledge = self.knowledge
        wished = [node for node in knowledge.wishes if node not in handed and knowledge.unmet(node)]
        readers = [n for n in wished if not set(handed).isdisjoint(knowledge.evaluation(n).inputs)]
        for node in handed:
            knowledge.wishes[node] = [Wish(values, None)]
            self.puzzles.pop(node, None)
        for node in (handed[0], *readers):
            if knowledge.unmet(node) and not self._explain(node):
                self._miss(node, ())
        self._look_at_all()
        self._settle()

    def _otherwise(self, wish: Wish, node: Node) -> bool:
        """Explain the statement that has a wish without that: its input is right."""
        return wish.by is not None and self._explain(wish.by, {node})

    def _explain(self, node: Node, barred: Collection[Node] = (), *, deep: bool = False) -> bool:
        """Say why a statement does not give what is wanted, where no input is wrong that is barred."""
        knowledge = self.knowledge
        wanted = knowledge.unmet(node)[0].values
        if node not in knowledge.given:
            for part, total in rounds(knowledge, node, wanted)[:-1]:
                self._wish(part, total, None)
        if not deep and not barred and self._part(node, wanted):
            return True
        for question in self._questions(node, wanted, barred):
            reason = self.ways.explain(question, deep and not question.far)
            if reason is not None:
                self._take(question, reason)
                return True
        return False

    def _part(self, node: Node, wanted: Values) -> bool:
        """Want of each of the parts that a value is joined from what it is to give, where some are wrong."""
        pieces = list(_joined(node, wanted))
        wrong = [(part, piece) for part, piece in pieces if not self.knowledge.is_met(part, piece)]
        for part, piece in wrong:
            if part.origin is None or part.origin.site < 0 or part in self.bench.forward:
                return False
            self._wish(part, piece, None)
        return bool(wrong)

    def _questions(self, node: Node, wanted: Values, barred: Collection[Node]) -> Iterator[Question]:
        """What to ask of a statement: with what is known of its inputs, then with what follows from that."""
        knowledge = self.knowledge
        here, given = knowledge.evaluation(node), list(knowledge.given.get(node, ()))
        fixed = {edge.operand for edge, _ in given}
        free = [u for u in here.inputs if u not in barred and u not in fixed and u not in knowledge.sure]
        free.sort(key=lambda u: (knowledge.truths.holds(u), -self.bench.order[u]))
        for depth in (0, DEPTH):
            known = {u: true for u in free if (true := knowledge.known(u, depth)) is not None}
            if depth and not known:
                continue
            instead = given + [change for u, true in known.items() for change in here.reading(u, true)]
            others = [u for u in free if u not in known]
            yield Question(here, wanted, [*instead, *knowledge.beside(here)], others, depth > 0)

    def _could_be(self, node: Node, wanted: Values) -> bool:
        """Would one thing explain why a statement does not give something?"""
        if self.knowledge.is_met(node, wanted):
            return True
        questions = self._questions(node, wanted, ())
        return any(self.ways.explain(question, deep=False) is not None for question in questions)

    def _take(self, question: Question, reason: Reason) -> None:
        """Carry on with what explains a value."""
        changed = {edge.operand for edge, _ in question.given} | {node for node, _ in reason.inputs}
        self.knowledge.keep(question.here, changed)
        if reason.options:
            self._miss(question.here.result, reason.options)
        for node, values in reason.inputs:
            self._wish(node, values, question.here.result)

    def _miss(self, node: Node, options: tuple[int, ...]) -> None:
        if node not in self.missed or options:
            self.missed[node] = Miss(node, options)
            self.knowledge.faulty.add(node)
        if options:
            self.ways.mends[node.origin.site] = options


def _joined(node: Node, wanted: Values) -> Iterator[tuple[Node, Values]]:
    """The arrays that a value is joined from, each with what it has to be."""
    while node.operation == "identity":
        node = node.operands[0]
    axis = node.attributes.get("axis", 0)
    if node.operation == "stack":
        for k, part in enumerate(node.operands):
            yield part, tuple(np.take(each, k, axis=axis) for each in wanted)
    elif node.operation == "concatenate":
        ends = np.cumsum([np.shape(part.value)[axis] for part in node.operands])[:-1]
        pieces = [np.split(np.asarray(each), ends, axis=axis) for each in wanted]
        for k, part in enumerate(node.operands):
            yield part, tuple(each[k] for each in pieces)


def _unpacked(node: Node, wanted: Sequence[Any]) -> Iterator[tuple[Node, list[Any]]]:
    """What the statements of an update have to give, so that the step gives what is wanted.

    A vector that several gradients are put into, for a minimiser, wants each to be its part of the whole.
    """
    packed = _packed(node)
    if packed is not None:
        ends = np.cumsum([np.size(part.value) for part in packed])[:-1]
        pieces = [np.split(np.ravel(each), ends) for each in wanted]
        for k, part in enumerate(packed):
            yield from _unpacked(part, [piece[k].reshape(np.shape(part.value)) for piece in pieces])
    elif node.origin is not None and node.origin.site >= 0:
        yield node, list(wanted)
    elif node.operation == "negative":
        yield from _unpacked(node.operands[0], [-each for each in wanted])
    elif node.operation == "subtract" and not np.any(node.operands[0].value):
        yield from _unpacked(node.operands[1], [-each for each in wanted])
    elif node.operation == "reshape":
        shape = np.shape(node.operands[0].value)
        yield from _unpacked(node.operands[0], [np.reshape(each, shape) for each in wanted])
    elif node.operation == "stack" and node.attributes.get("axis", 0) == 0:
        for part, piece in _joined(node, tuple(wanted)):
            yield from _unpacked(part, piece)


def _packed(node: Node) -> list[Node] | None:
    """The arrays of which the elements follow each other in a vector."""
    while node.operation == "identity":
        node = node.operands[0]
    if node.operation != "concatenate" or np.ndim(node.value) != 1:
        return None
    parts = []
    for part in node.operands:
        while part.operation in ("identity", "reshape"):
            part = part.operands[0]
        parts.append(part)
    return parts
