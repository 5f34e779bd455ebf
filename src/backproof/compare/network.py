"""The forward pass of a step as a function of its parameters and of one sample.

However the program lays its samples out: a batch along some axis, or one at a time, in arrays or numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any

import numpy as np

from backproof.compare.seen import Seen, reached
from backproof.graph import Node, adjoints, ancestors, apply, evaluate, leaf
from backproof.step import TrainingStep

Array = np.ndarray[Any, Any]
EXACT = 1e-9  # relative: sums of a matrix product are taken in another order for each row
LAYOUTS = 200  # ways to lay samples out that are tried
SMALL = 1e-4  # what keeps a logarithm from zero
LABELS = (np.ndarray, list, range)
AFTER = frozenset({"log", "clip", "maximum", "minimum", "add", "identity", "negative"})


@dataclass(frozen=True, slots=True, eq=False)
class Port:
    """Where samples go in or come out: ``node`` holds them, one along ``axis`` each; None: one only.

    ``twins`` hold the same, where the program reads a whole number again and again. Samples that act on each
    other, as in a batch norm, are one to the forward pass; ``laid`` is then the axis along which they lie.
    """

    node: Node
    axis: int | None
    twins: tuple[Node, ...] = ()
    laid: int | None = None

    @property
    def count(self) -> int:
        """How many samples it holds that are computed each by itself."""
        return 1 if self.axis is None else int(np.shape(self.node.value)[self.axis])

    @property
    def held(self) -> int:
        """How many samples it holds."""
        axis = self.laid if self.axis is None else self.axis
        return 1 if axis is None else int(np.shape(self.node.value)[axis])

    @property
    def width(self) -> int:
        """How many numbers a sample has."""
        return int(np.size(self.node.value)) // max(self.count, 1)

    def filled(self, sample: Array) -> Any:
        """The value with one sample, shape ``(width,)``, in all places."""
        shape = list(np.shape(self.node.value))
        if self.axis is None:
            return np.reshape(sample, shape)[()]
        rest = shape[: self.axis] + shape[self.axis + 1 :]
        row = np.expand_dims(np.reshape(sample, rest), self.axis)
        return np.broadcast_to(row, shape).copy()

    def rows(self, value: Any) -> Array:
        """The samples of a value, shape ``(held, numbers of a sample)``."""
        array, axis = np.asarray(value, dtype=float), self.laid if self.axis is None else self.axis
        return np.reshape(array if axis is None else np.moveaxis(array, axis, 0), (self.held, -1))

    def first(self, value: Any) -> Array:
        """What is computed by itself, the first of a value, shape ``(width,)``."""
        return np.ravel(np.asarray(value, dtype=float)) if self.axis is None else self.rows(value)[0]


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """Inputs, outputs and targets of a step, and the parameters as one vector of numbers.

    ``noise`` says that what is drawn in each step enters the forward pass, as a dropout mask does. ``partly``
    says that its batch is computed number by number, and this is one sample of it. ``mirrored`` says that the
    outputs are to be the inputs. ``picked`` are the classes that the loss picks outputs of, where it does.
    """

    seen: Seen
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    targets: tuple[Port, ...]
    noise: bool = False
    partly: bool = False
    mirrored: bool = False
    picked: Array | None = None

    @property
    def step(self) -> TrainingStep:
        """The step."""
        return self.seen.step

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """The parameters, in the order of the forward pass."""
        own = set(self.step.leaves)
        return tuple(n for n in ancestors([self.step.loss]) if n in own)

    @cached_property
    def foreign(self) -> bool:
        """Is the prediction made of other arrays, too, such as the state that a step was handed?"""
        ports = {p.node: p.node.value for p in (*self.inputs, *self.targets)}
        known = {
            *self.leaves,
            *self.seen.replaced({**ports, **{t: t.value for p in self.inputs for t in p.twins}}),
        }
        return any(
            n.operation == "leaf" and n not in known and (np.size(n.value) > 1 or n not in self.seen.given)
            for n in ancestors([p.node for p in self.outputs])
        )

    @property
    def clear(self) -> bool:
        """Is it seen what a sample is? Of arrays of several axes, of which none holds samples, it is not."""
        ports = (*self.inputs, *self.targets)
        return all(
            p.axis is not None or p.laid is not None or sum(n > 1 for n in np.shape(p.node.value)) < 2
            for p in ports
        )

    @property
    def batch(self) -> int:
        """How many samples a step takes."""
        return max((port.held for port in (*self.inputs, *self.outputs)), default=1)

    @property
    def together(self) -> int:
        """How many samples are one to the forward pass, as they act on each other."""
        return max(port.held // port.count for port in self.outputs)

    @property
    def width_in(self) -> int:
        """How many numbers a sample has."""
        return sum(port.width for port in self.inputs)

    @property
    def width_out(self) -> int:
        """How many numbers are predicted for a sample."""
        return sum(port.width for port in self.outputs)

    @property
    def width_target(self) -> int:
        """How many numbers are to be predicted for a sample."""
        return sum(port.width for port in self.targets)

    @property
    def size(self) -> int:
        """How many numbers the parameters hold."""
        return sum(int(np.size(n.value)) for n in self.leaves)

    def point(self, numbers: Array, sample: Array, target: Array | None = None) -> dict[Node, Any]:
        """The values of the leaves where all samples of the batch are the same one."""
        table: dict[Node, Any] = {}
        for ports, vector in ((self.inputs, sample), (self.targets, target)):
            place = 0
            if vector is None:
                continue
            for port in ports:
                value = port.filled(vector[place : place + port.width])
                table.update(dict.fromkeys((port.node, *port.twins), value))
                place += port.width
        found = {**self.step.state, **self.seen.replaced(table)}
        place = 0
        for node in self.leaves:
            size = int(np.size(node.value))
            found[node] = np.reshape(numbers[place : place + size], np.shape(node.value))[()]
            place += size
        return found

    def predict(self, numbers: Array, sample: Array) -> Array:
        """What is predicted for a sample, shape ``(width_out,)``."""
        table = evaluate([p.node for p in self.outputs], self.point(numbers, sample))
        return np.concatenate([port.first(table[port.node]) for port in self.outputs])

    def slopes(self, numbers: Array, sample: Array, seeds: Array) -> Array:
        """The gradient of ``seeds · prediction`` by all numbers of the parameters."""
        weights, found = self._projection
        point = self.point(numbers, sample)
        place = 0
        for port, weight in zip(self.outputs, weights, strict=True):
            row = seeds[place : place + port.width]
            value = port.filled(row)
            if port.axis is not None:  # the first sample only
                np.moveaxis(value, port.axis, 0)[1:] = 0
            point[weight] = value
            place += port.width
        table = evaluate(found, point)
        return np.concatenate([np.ravel(np.asarray(table[node], dtype=float)) for node in found])

    @cached_property
    def _projection(self) -> tuple[list[Node], list[Node]]:
        weights = [leaf(np.zeros(np.shape(port.node.value))[()]) for port in self.outputs]
        parts = [apply("multiply", port.node, w) for port, w in zip(self.outputs, weights, strict=True)]
        sums = [apply("sum", p, axis=None, keepdims=False) if np.ndim(p.value) else p for p in parts]
        scalar = sums[0]
        for other in sums[1:]:
            scalar = apply("add", scalar, other)
        found = adjoints(scalar, list(self.leaves))
        return weights, [found[n] for n in self.leaves]

    def loss_at(self, numbers: Array, sample: Array, target: Array) -> float:
        """The loss of a batch that is one sample again and again."""
        table = evaluate([self.step.loss], self.point(numbers, sample, target))
        return float(np.ravel(table[self.step.loss])[0])

    def applied(self, numbers: Array, sample: Array, target: Array) -> Array:
        """What the program takes off its parameters there: the learning rate times its gradient."""
        return self._joined(self.step.descents, numbers, sample, target)

    def true(self, numbers: Array, sample: Array, target: Array) -> Array:
        """The true gradient of the loss there."""
        return self._joined(self.step.truths, numbers, sample, target)

    def _joined(self, nodes: Sequence[Node], numbers: Array, sample: Array, target: Array) -> Array:
        table = evaluate(nodes, self.point(numbers, sample, target))
        parts: dict[Node, Any] = {}
        for parameter, node in zip(self.step.parameters, nodes, strict=True):
            value = np.asarray(table[node], dtype=float)
            parts.update(zip(parameter.leaves, value if parameter.listed else [value], strict=True))
        return np.concatenate([np.ravel(parts[n]) for n in self.leaves])

    @cached_property
    def owners(self) -> list[str]:
        """The name of the parameter that each number belongs to."""
        names = {n: p.name for p in self.step.parameters for n in p.leaves}
        return [names[n] for n in self.leaves for _ in range(int(np.size(n.value)))]


def network(seen: Seen) -> Network | None:
    """Read a step as a function of samples; None where it is not seen what goes in and what comes out."""
    step, bases = seen.step, seen.bases
    order = ancestors([step.loss])
    moving = reached(order, set(step.leaves))
    data = [n for n in order if n in bases and not _is_filled(n, order)]
    fed = reached(order, set(data)) & moving
    meets = _meets(order, data, moving)
    inputs = {bases[d] for d in data if any(m not in fed for m in meets[d])}
    inputs -= {base for base in inputs if _made_of(base, inputs) is not base}
    late = {d: [m for m in meets[d] if m in fed] for d in data}
    late = {d: met for d, met in late.items() if met and bases[d] not in inputs}
    drawn = {n for base in inputs for n in seen.drawn(base)}
    masks = {d for d in late if not seen.drawn(bases[d]) <= drawn}
    goals: dict[Node, list[Node]] = {}
    for d, met in late.items():
        if d not in masks:
            goals.setdefault(bases[d], []).extend(met)
    for base in list(goals):
        if (other := _made_of(base, set(goals))) is not base:
            goals[other] += goals.pop(base)
    ends = {base: _output(order, step, fed, met) for base, met in goals.items()}
    outputs = list(dict.fromkeys(end for end in ends.values() if end is not None))
    picked = None
    if not outputs and (found := _picked(order, fed)) is not None:
        outputs, picked = [found[0]], found[1]
    mirrored = not outputs
    if mirrored:  # what goes in is to come out again
        met = [m for d in data if bases[d] in inputs for m in meets[d] if m in fed]
        again = _output(order, step, fed, met) if met else None
        outputs = [] if again is None else [again]
    above = {n for end in outputs for n in ancestors(end.operands)}
    outputs = [n for n in outputs if n not in above]
    chosen = _apart(seen, [b for b in dict.fromkeys(bases[d] for d in data) if b in inputs])
    if not chosen or not outputs:
        return None
    ins, outs = _placed(seen, chosen, outputs)
    ins, outs, partly = _of_one_sample(seen, ins, outs)
    kept = {p.node for p in outs}
    wanted = _apart(seen, [b for b, end in ends.items() if end is None or end in kept or not partly])
    targets = tuple(_target(seen, b, outs) for b in wanted)
    return Network(seen, tuple(ins), tuple(outs), targets, bool(masks), partly, mirrored, picked)


def _is_filled(node: Node, order: Sequence[Node]) -> bool:
    """Is this an array that results are only put into?"""
    uses = [n for n in order if node in n.operands]
    return bool(uses) and all(n.operation == "index_update" and n.operands[0] is node for n in uses)


def _made_of(base: Node, others: set[Node]) -> Node:
    """The datum among others that a datum is computed from; itself where it is from none."""
    return next((n for n in ancestors([base]) if n in others), base)


def _meets(order: Sequence[Node], data: Iterable[Node], moving: set[Node]) -> dict[Node, list[Node]]:
    """What of the parameters each datum is combined with first."""
    behind: dict[Node, list[Node]] = {}
    meets: dict[Node, list[Node]] = {d: [] for d in data}
    for node in order:
        if node not in moving:
            own = [node] if node in meets else []
            behind[node] = list(dict.fromkeys([*own, *(s for o in node.operands for s in behind[o])]))
            continue
        partners = [o for o in node.operands if o in moving]
        for operand in node.operands:
            for source in behind.get(operand, ()):
                meets[source] += partners
    return meets


def _apart(seen: Seen, bases: Sequence[Node]) -> list[Node]:
    """One of each datum."""
    found, done = list[Node](), set[Node]()
    for base in bases:
        if base not in done:
            found.append(base)
            done.update(seen.twins(base))
    return found


def _output(order: Sequence[Node], step: TrainingStep, fed: set[Node], met: Sequence[Node]) -> Node | None:
    """The prediction that a target is held against, without the logarithm of a loss."""
    group = list(dict.fromkeys(met))
    node = group[0] if len(group) == 1 else _common(order, step, group)
    return None if node is None else _plain(node, fed)


def _picked(order: Sequence[Node], fed: set[Node]) -> tuple[Node, Array | None] | None:
    """The prediction of which the loss picks some numbers, and their places, the classes."""
    for node in order:
        index = node.attributes.get("index") if node.operation == "index" else None
        parts = index if isinstance(index, tuple) else (index,)
        if index is None or node.operands[0] not in fed or not any(isinstance(p, LABELS) for p in parts):
            continue
        counts = [
            k for k, p in enumerate(parts) if isinstance(p, LABELS) and np.array_equal(p, np.arange(len(p)))
        ]
        labels = [np.asarray(p) for k, p in enumerate(parts) if k not in counts[:1] and isinstance(p, LABELS)]
        whole = len(counts) == 1 and len(labels) == 1 and labels[0].ndim == 1
        return _plain(node.operands[0], fed), labels[0] if whole else None
    return None


def _common(order: Sequence[Node], step: TrainingStep, group: Sequence[Node]) -> Node | None:
    """The last value that all of a group is computed through, as far as it depends on parameters."""
    own = set(step.leaves)
    shared = set.intersection(*(set(ancestors([node])) for node in group))
    for node in reversed([n for n in order if n in shared and n.operands]):
        rest = ancestors(group, stop=lambda n, node=node: n is node)  # type: ignore[misc]
        if own.isdisjoint(rest) and node in rest:
            return node
    return None


def _plain(node: Node, fed: set[Node]) -> Node:
    """What a logarithm is taken of, where the output is one: that of a loss, and what keeps it from zero."""
    chain = [node]
    while chain[-1].operation in AFTER:
        inner = [o for o in chain[-1].operands if o in fed]
        if len(inner) != 1:
            break
        chain.append(inner[0])
    logs = [k for k, n in enumerate(chain[:-1]) if n.operation == "log"]
    if not logs:
        return node
    current = chain[logs[-1] + 1]
    while current.operation in AFTER - {"log", "negative"}:
        others = [o for o in current.operands if o not in fed]
        small = all(np.size(o.value) == 1 and abs(float(np.ravel(o.value)[0])) < SMALL for o in others)
        if current.operation == "add" and not small:
            break
        (current,) = [o for o in current.operands if o in fed]
    return current


def _placed(seen: Seen, inputs: Sequence[Node], ends: Sequence[Node]) -> tuple[list[Port], list[Port]]:
    """The axes along which inputs and outputs hold samples, seen from what moves when a sample is moved."""
    twins = {n: seen.twins(n)[1:] for n in inputs}
    shapes = [np.shape(n.value) for n in (*inputs, *ends)]
    sizes = set.intersection(*(set(shape) for shape in shapes)) - {1}
    for size in sorted(sizes, reverse=True):
        choices = [[k for k, n in enumerate(shape) if n == size] for shape in shapes]
        for axes in islice(product(*choices), LAYOUTS):
            ins = [Port(n, a, twins[n]) for n, a in zip(inputs, axes[: len(inputs)], strict=True)]
            outs = [Port(n, a) for n, a in zip(ends, axes[len(inputs) :], strict=True)]
            if _holds_samples(seen, ins, outs):
                return ins, outs
    laid = [shape.index(min(sizes)) if len(sizes) == 1 else None for shape in shapes]
    ins = [Port(n, None, twins[n], k) for n, k in zip(inputs, laid[: len(inputs)], strict=True)]
    return ins, [Port(n, None, (), k) for n, k in zip(ends, laid[len(inputs) :], strict=True)]


def _holds_samples(seen: Seen, ins: Sequence[Port], outs: Sequence[Port]) -> bool:
    """Does each sample move its own outputs only, and is each treated as the others are?"""
    generator = np.random.default_rng(5)
    count = ins[0].count
    own = {n: 0.5 * generator.normal(size=np.shape(n.value)) for n in seen.step.leaves}
    base = {p.node: generator.normal(size=np.shape(p.node.value)) for p in ins}

    def outcome(values: Mapping[Node, Any]) -> list[Array]:
        point = {**seen.step.state, **seen.replaced(values), **own}
        table = evaluate([p.node for p in outs], point)
        return [p.rows(table[p.node]) for p in outs]

    before = outcome(base)
    for place in (0, count - 1):
        moved = {}
        for port in ins:
            value = np.array(base[port.node], dtype=float)
            assert port.axis is not None
            part = np.moveaxis(value, port.axis, 0)
            part[place] = part[place] + generator.normal(size=np.shape(part[place]))
            moved[port.node] = value
        others = np.arange(count) != place
        pairs = list(zip(before, outcome(moved), strict=True))
        if not all(np.allclose(a[others], b[others], rtol=EXACT, atol=EXACT) for a, b in pairs):
            return False
        if not any(np.any(a[place] != b[place]) for a, b in pairs):
            return False
    alike = outcome({p.node: p.filled(generator.normal(size=p.width)) for p in ins})
    return all(np.allclose(rows, rows[:1], rtol=EXACT, atol=EXACT) for rows in alike)


def _of_one_sample(seen: Seen, ins: list[Port], outs: list[Port]) -> tuple[list[Port], list[Port], bool]:
    """One sample of a batch that is computed number by number: the first output, and what it is made of."""
    given = {n: port.node for port in ins for n in (port.node, *port.twins)}
    copies = {copy: given[base] for copy, base in seen.bases.items() if base in given}
    uses = [frozenset(copies[n] for n in ancestors([p.node]) if n in copies) for p in outs]
    kinds = set(uses)
    if len(kinds) < 2 or any(a & b for a in kinds for b in kinds if a is not b and a != b):
        return ins, outs, False
    chosen = [p for p, used in zip(outs, uses, strict=True) if used == uses[0]]
    return [p for p in ins if p.node in uses[0]], chosen, True


def _target(seen: Seen, node: Node, outs: Sequence[Port]) -> Port:
    """The port of a target, which holds samples as the outputs do."""
    twins, shape = seen.twins(node)[1:], np.shape(node.value)
    for port in outs:
        if np.shape(port.node.value) == shape:
            return Port(node, port.axis, twins, port.laid)
    counts = {port.held for port in outs} - {1}
    axis = next((k for k, n in enumerate(shape) if n in counts), None)
    alone = any(port.axis is not None for port in outs)
    return Port(node, axis if alone else None, twins, None if alone else axis)
