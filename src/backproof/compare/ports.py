"""Find in a step where samples go in and come out, and how they are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import Any

import numpy as np

from backproof.compare.network import Network, Port
from backproof.compare.seen import Seen, reached
from backproof.graph import Node, ancestors, evaluate
from backproof.step import TrainingStep

Array = np.ndarray[Any, Any]
EXACT = 1e-9  # relative: sums of a matrix product are taken in another order for each row
LAYOUTS = 200  # ways to lay samples out that are tried
SMALL = 1e-4  # what keeps a logarithm from zero
LABELS = (np.ndarray, list, range)
AFTER = frozenset({"log", "clip", "maximum", "minimum", "add", "identity", "negative"})


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
