"""The step of a program as the graph that the kernel compiles, and all that it begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node, ancestors, apply, constant, leaf, simplify
from backproof.health.replay import replay
from backproof.retrain.aligned import Entry, RetrainError
from backproof.retrain.losses import Loss
from backproof.retrain.masks import with_masks
from backproof.retrain.recurrence import Recurrence
from backproof.retrain.samples import Samples
from backproof.retrain.tables import Table
from backproof.step.change import root
from backproof.training.loop import Loop
from backproof.training.network import Step
from backproof.training.run import compiled_step

if TYPE_CHECKING:
    from backproof.training.kernel import Kernel

Array = NDArray[np.float64]
INPUTS = 2  # arrays that the kernel gathers rows of; more are put side by side into one
WRITTEN = 4096  # numbers of a constant array that stands in the code; larger ones are read from memory


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Machine:
    """A training ready to be done: the step, the loss of one step, the data, and what it all begins with.

    ``reason`` says why it is not compiled, where it is not.
    """

    names: tuple[str, ...]
    step: Step
    judge: Step  # adds up the loss of one step after the other, and changes nothing else
    first: tuple[Array, ...]
    x: Array
    y: Array
    rate: float
    kernel: Kernel | None
    judging: Kernel | None
    reason: str | None
    batch: int

    def loop(self, state: Sequence[Array] | None = None) -> Loop:
        """A training loop from a state, else from the program's own first one."""
        given = list(self.first if state is None else state)
        if self.kernel is not None:
            return self.kernel.loop(given, self.x, self.y)
        return Replayed(self.step, given, self.x, self.y)

    def loss(self, state: Sequence[Array], order: NDArray[np.int32]) -> float:
        """The mean loss of the steps that would take these samples, ``order`` of shape `(steps, batch)`."""
        given = [*state, np.zeros(())]
        loop: Loop = (
            self.judging.loop(given, self.x, self.y)
            if self.judging is not None
            else Replayed(self.judge, given, self.x, self.y)
        )
        loop.advance(order, self.rate)
        return float(loop.state()[-1]) / len(order)


class Replayed:
    """Steps in NumPy, what does not change from step to step computed once: where nothing can be compiled."""

    def __init__(self, step: Step, state: Sequence[Array], x: Array, y: Array) -> None:
        self._step, self._x, self._y = step, x, y
        self._replay = replay(step.updated, [*step.state, step.x, step.y, step.rate])
        self._state: list[Array] = []
        self.restore(state)

    def advance(self, order: NDArray[np.int32], rate: float | Array) -> None:
        """Do one step for each row of the order."""
        step = self._step
        for rows, own in zip(order, np.broadcast_to(rate, len(order)), strict=True):
            point: dict[Node, Any] = dict(zip(step.state, self._state, strict=True))
            point[step.x] = _shaped(self._x[rows], step.x)
            point[step.y] = _shaped(self._y[rows], step.y)
            point[step.rate] = np.asarray(own)
            table = self._replay.at(point)
            self._state = [np.asarray(table[node], dtype=np.float64) for node in step.updated]

    def state(self) -> list[Array]:
        """The state after the last step."""
        return [value.copy() for value in self._state]

    def restore(self, state: Sequence[Array]) -> None:
        """Go back to a state."""
        self._state = [np.array(value, dtype=np.float64) for value in state]


def _shaped(rows: Array, node: Node) -> Array:
    return rows.reshape(np.shape(node.value))


def machine(
    found: Recurrence,
    samples: Samples,
    loss: Loss,
    rates: Iterable[Entry] = (),
    *,
    compiled: bool = True,
) -> Machine:
    """Build the step of a program, and compile it where it can be.

    ``rates`` are the entries that hold the learning rate.
    """
    made = _Maker(found, samples, list(rates))
    updated = [made.node(each.after) for each in found.carried]
    scalar = made.loss(loss)
    befores = [made.nodes[each.before] for each in found.carried]
    if set(befores[: found.parameters]).isdisjoint(ancestors([scalar])):
        raise RetrainError("How the loss of the program depends on its parameters could not be seen.")
    state, after = [*befores, *made.held, *made.numbers], [*updated, *made.held]
    after += [apply("add", number, 1.0) for number in made.numbers]
    first = [*(each.first for each in found.carried)]
    first += [np.asarray(n.value, dtype=np.float64) for n in (*made.held, *made.numbers)]
    after = [
        node if np.shape(node.value) == np.shape(old.value) else _as(node, old)
        for node, old in zip(after, state, strict=True)
    ]
    *after, scalar = simplify(with_masks([*after, scalar]))
    total = leaf(np.zeros(()), "total")
    parameters = tuple(befores[: found.parameters])
    step = Step(made.x, made.y, made.rate, scalar, scalar, parameters, tuple(state), tuple(after))
    judge = Step(
        made.x, made.y, made.rate, scalar, scalar, parameters, (*state, total),
        (*state, apply("add", total, scalar)),
    )  # fmt: skip
    kernel, reason = compiled_step(step) if compiled else (None, "it was not asked to be")
    judging = compiled_step(judge)[0] if kernel is not None else None
    names = tuple(each.name for each in found.carried)
    return Machine(
        names, step, judge, tuple(first), made.data[0], made.data[1], float(made.rate.value), kernel, judging,
        reason, samples.batch,
    )  # fmt: skip


def _as(node: Node, old: Node) -> Node:
    same = np.size(node.value) == np.size(old.value)
    return apply("reshape" if same else "broadcast_to", node, shape=np.shape(old.value))


class _Maker:
    """Makes nodes of entries: each sort of what a step begins with becomes what the kernel reads."""

    def __init__(self, found: Recurrence, samples: Samples, rates: list[Entry]) -> None:
        self.found = found
        self.nodes: dict[Entry, Node] = {}
        self.held: list[Node] = []
        self.numbers: list[Node] = []
        self.rate = leaf(np.float64(rates[0].value) if rates else np.float64(1.0), "rate")
        for each in found.carried:
            value = np.asarray(each.before.value, dtype=np.float64)
            self.nodes[each.before] = leaf(value, each.name)
        for entry in rates:
            self.nodes[entry] = self.rate
        for entry in found.constants:
            if entry not in self.nodes:
                self.nodes[entry] = self._constant(entry)
        self.x = leaf(np.ones(1), "x")
        self.y = leaf(np.ones(1), "y")
        count = max(samples.count, 1)
        self.data = [np.zeros((count, 1)), np.zeros((count, 1))]
        if samples.batch > 1:
            self.x, self.y = leaf(np.ones((samples.batch, 1)), "x"), leaf(np.ones((samples.batch, 1)), "y")
        seen = list(samples.rows[-1] if samples.rows else (0,))
        kinds: dict[bytes, list[Table]] = {}  # the same rows may be read transposed as well
        for table in samples.tables:
            kinds.setdefault(table.rows.tobytes(), []).append(table)
        whole = [tables[0].rows for tables in kinds.values()]
        if len(whole) > INPUTS:
            whole = [np.concatenate(whole, axis=1)]
        self.data[: len(whole)] = whole
        leaves = [leaf(rows[seen] if samples.batch > 1 else rows[seen[0]], "data") for rows in whole]
        self.x, self.y = [*leaves, *(self.x, self.y)[len(leaves) :]]
        begin = 0
        for number, tables in enumerate(kinds.values()):
            width = tables[0].rows.shape[1]
            if len(kinds) > INPUTS:
                index = (slice(None), slice(begin, begin + width))[samples.batch == 1 :]
                row = apply("index", leaves[0], index=index)
            else:
                row = leaves[number]
            begin += width
            for table in tables:
                self.nodes[table.entry] = _placed(row, table)

    def _constant(self, entry: Entry) -> Node:
        value = np.asarray(entry.value)
        if value.size <= WRITTEN or value.dtype.kind not in "biuf":
            return constant(entry.value if np.ndim(entry.value) == 0 else value, entry.name)
        held = leaf(np.asarray(value, dtype=np.float64), entry.name or "data")
        self.held.append(held)
        return held

    def node(self, result: Entry) -> Node:
        """The node of an entry."""
        stack = [result]
        while stack:
            entry = stack[-1]
            if entry in self.nodes:
                stack.pop()
                continue
            if entry in self.found.laws:
                if not self.numbers:
                    self.numbers.append(leaf(np.zeros(()), "step"))
                self.nodes[entry] = self.found.laws[entry].node(self.numbers[0])
                continue
            waiting = [operand for operand in entry.operands if operand not in self.nodes]
            if waiting:
                stack += waiting
                continue
            if not entry.operands:
                self.nodes[entry] = self._constant(entry)
                continue
            operands = [self.nodes[operand] for operand in entry.operands]
            if entry in self.found.picks:
                pick = self.found.picks[entry]
                self.nodes[entry] = pick.made(entry.operation, operands, self.nodes[pick.mask])
                continue
            attributes = _wide(entry.attributes())
            self.nodes[entry] = apply(entry.operation, *operands, name=entry.name, **attributes)
        return self.nodes[result]

    def loss(self, loss: Loss) -> Node:
        """The loss of one step, a number, from the nodes of the trace that it is made of.

        A total of earlier steps that it is added to does not count.
        """
        if loss.entry is not None:
            return _scalar(self.node(loss.entry))
        copies: dict[Node, Node] = {}
        for each in loss.line():
            entry = loss.known.get(root(each, 0))
            if entry is not None:
                copies[each] = self.node(entry)
            elif each.operation == "identity" and each.operands[0] in copies:
                copies[each] = copies[each.operands[0]]
            elif each.operands and not loss.is_older(each):
                given = [copies[operand] for operand in each.operands]
                if each in loss.picks:
                    pick = loss.picks[each]
                    copies[each] = pick.made(each.operation, given, self.nodes[pick.mask])
                    continue
                copies[each] = apply(each.operation, *given, name=each.name, **_wide(each.attributes))
            else:
                total = loss.is_total(each)
                value = np.zeros_like(np.asarray(each.value, dtype=np.float64)) if total else each.value
                copies[each] = constant(value, each.name)
        return _scalar(copies[loss.node])


def _scalar(node: Node) -> Node:
    return node if np.ndim(node.value) == 0 else apply("reshape", node, shape=())


def _wide(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with float64 for every floating type."""
    return {
        name: np.float64 if name == "dtype" and np.dtype(value).kind == "f" else value
        for name, value in attributes.items()
    }


def _placed(row: Node, table: Table) -> Node:
    """The value of a step from the rows that it gathers."""
    if table.axis not in (None, 0) and np.shape(row.value)[-1] > 1:
        row = apply("transpose", row, axes=None)
    return row if np.shape(row.value) == table.shape else apply("reshape", row, shape=table.shape)
