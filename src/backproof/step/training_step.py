"""One training step as a graph: parameters, the updates applied to them, and the true gradients of a loss."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, apply, as_number, evaluate, finite_adjoints
from backproof.step.behind import brought_back
from backproof.step.bent import projected
from backproof.step.change import Change, made_between, root
from backproof.step.cut import cut, dependent, recomputed
from backproof.step.decided import sampled
from backproof.step.descent import descent
from backproof.step.earlier import earlier_values
from backproof.step.loss import Hypothesis, ancestors_since
from backproof.step.neutral import neutral
from backproof.step.penalty import penalised
from backproof.step.rates import Rate, own_rates
from backproof.step.shrinking import Share, shares
from backproof.step.switches import Switch, switches
from backproof.step.update import keeps, mixes, reaches, terms, time_of
from backproof.step.window import Window
from backproof.trace import Trace


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parameter:
    """A parameter of the step: an array, a number, or the numbers of one list.

    ``leaves`` hold its values before, ``afters`` those that the program put in their place, and ``changes``
    tell where: one of each, or one for each number of a list, whose ``shape`` is then ``(length,)``.
    """

    name: str
    changes: tuple[Change, ...]
    leaves: tuple[Node, ...]
    afters: tuple[Node, ...]
    listed: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the parameter."""
        return (len(self.leaves),) if self.listed else np.shape(self.leaves[0].value)

    def joined(self, nodes: Sequence[Node]) -> Node:
        """Join what belongs to the leaves one by one into one node of the parameter's shape."""
        return apply("stack", *nodes, axis=0) if self.listed else nodes[0]

    def gathered(self, point: Mapping[Node, Any]) -> Any:
        """Take the parameter's values out of a point, as one array of float64."""
        values = [np.asarray(point[leaf], dtype=np.float64) for leaf in self.leaves]
        return np.stack(values) if self.listed else values[0]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TrainingStep:
    """A step, cut out of the trace.

    ``descents`` are the values ``before − after`` of the parameters: the learning rate times the gradient
    that the program applies. ``truths`` are the adjoints of ``loss`` at the parameters. ``state`` holds
    values to evaluate with for what the optimizer remembers, so that it adds nothing of its own. ``copies``
    maps the nodes of the trace to those of the step. ``guards`` are the nodes by which the program decided
    where to go: only where they have the values that they had is this the program's own step. ``penalised``
    tells whose size the loss counts, itself or in a sum that it is part of: what more is added to such a
    gradient is no mere convention. ``opened`` maps gradients that the program brought within bounds to those
    that are compared in their place, both of the trace. ``lengths`` are numbers by which the updates scale
    whole gradients, made of these gradients; they are part of the state, as ``decays`` are, which only
    shrink the parameters. ``rates`` are different learning rates with the one that stands for them all.
    ``switches`` are what the updates hold on purpose beside the gradients, as a flag that freezes one.
    ``samples`` are values that data have in other steps of the same code. ``constants`` tell for leaves which
    of their elements are no parameters, and stay as they are. ``plain`` is the step as it was cut, whatever
    has been made of it since.
    """

    trace: Trace
    window: Window
    hypothesis: Hypothesis
    parameters: tuple[Parameter, ...]
    loss: Node
    descents: tuple[Node, ...]
    truths: tuple[Node, ...]
    state: Mapping[Node, Any]
    copies: Mapping[Node, Node]
    penalised: frozenset[Node] = frozenset()
    unread: tuple[Change, ...] = ()
    guards: tuple[Node, ...] = ()
    opened: Mapping[Node, Node] = field(default_factory=dict)
    lengths: tuple[Node, ...] = ()
    decays: tuple[Share, ...] = ()
    rates: Mapping[Node, Rate] = field(default_factory=dict)
    switches: tuple[Switch, ...] = ()
    samples: tuple[Mapping[Node, Any], ...] = ()
    constants: Mapping[Node, Any] = field(default_factory=dict)
    plain: TrainingStep | None = None

    @property
    def leaves(self) -> tuple[Node, ...]:
        """The values of all parameters before the step."""
        return tuple(leaf for parameter in self.parameters for leaf in parameter.leaves)

    @property
    def remembered(self) -> tuple[Change, ...]:
        """What the step changes beside its parameters, as an optimizer's memory."""
        taken = {change for parameter in self.parameters for change in parameter.changes}
        return (*self.window.others, *(c for c in self.window.parameters if c not in taken))


def training_step(
    trace: Trace,
    window: Window,
    hypothesis: Hypothesis,
    apart: Sequence[Node] = (),
    opened: Mapping[Node, Node] | None = None,
    lengths: Sequence[Node] = (),
    decaying: bool = True,
    written: Collection[Node] = (),
    switching: bool = False,
) -> TrainingStep | None:
    """Cut the step of ``window`` out of the trace and differentiate the loss.

    ``apart`` are older values that stay leaves of their own: without, what is computed from them and from no
    parameter is one leaf with them. ``opened`` are gradients within bounds, and the gradients that are taken
    in their place. ``lengths`` are numbers that only scale the step, and are set to 1. Without ``decaying``
    nothing shrinks the parameters; with ``switching`` flags, masks and noise are out. What is ``written`` is
    no leaf, though it is computed from data alone. None where the loss depends on nothing.
    """
    befores = [c.before for c in window.parameters]
    made = made_between(trace, window.start, window.end)
    deciding = dict.fromkeys(g.node for g in trace.guards if window.start <= g.time < window.end)
    results = [*(c.after for c in window.parameters), hypothesis.node, *made, *deciding]
    handed = _handed_on(trace, window, made)
    earlier = earlier_values(trace, window, hypothesis.node, made)
    if window.decided:  # else what is added would be one leaf, whatever it is computed from
        apart = [*apart, *sampled(hypothesis.node, window.parameters, window.start)]
    memory = [*(c.before for c in (*window.others, *window.states)), *apart, *handed, *lengths, *window.kept]
    copies = cut(results, befores, memory, opened, written, earlier)
    loss = copies[hypothesis.node]
    moving = _ancestor_set(loss)
    changes = (
        [c for c in window.parameters if copies.get(c.before) in moving]
        if hypothesis.stated
        else list(window.parameters)
    )
    changes = [c for c in changes if c.before in copies]
    branched, unread = _without_gradient_flow(window, hypothesis, copies, moving)
    if branched:
        changes += branched
        results += [c.after for c in branched]
        starts = [*befores, *(c.before for c in branched)]
        copies = cut(results, starts, memory, opened, written, earlier)
        loss = copies[hypothesis.node]
        moving = _ancestor_set(loss)
    if not changes or not any(copies[c.before] in moving for c in changes):
        return None
    parameters = _parameters(trace, changes, copies)
    taken = set(changes)
    state = neutral(window, copies, [c for c in window.parameters if c not in taken], moving)
    for node in handed:
        leaf = copies.get(node)
        if leaf is not None and leaf not in moving:
            state[leaf] = np.zeros(np.shape(leaf.value))
    sizes = tuple(copies[node] for node in lengths if node in copies)
    state.update({leaf: np.ones(np.shape(leaf.value)) for leaf in sizes})
    if np.size(loss.value) != 1:
        return None
    scalar = as_number(loss)
    truths = _truths(scalar, parameters, [copies[node] for node in hypothesis.held if node in copies])
    descents = tuple(
        p.joined([descent(*pair) for pair in zip(p.leaves, p.afters, strict=True)]) for p in parameters
    )
    leaves = [leaf for p in parameters for leaf in p.leaves]
    updates = [pair for p in parameters for pair in zip(p.afters, p.leaves, strict=True)]
    rates = own_rates(trace, updates, copies.values(), moving)
    state.update({node: rate.value for node, rate in rates.items()})
    drawn = {copies[n] for n in made if n.operation == "leaf" and n in copies} - {*leaves}
    switched = switches(trace, updates, moving, drawn)
    since = dependent(copies.values(), leaves)
    guards = tuple(copies[node] for node in deciding if copies[node] in since)
    scalars = [scalar, *(copies[whole] for whole in hypothesis.wholes if whole in copies)]
    counted = penalised(scalars, set(leaves))
    plain = TrainingStep(
        trace,
        window,
        hypothesis,
        parameters,
        scalar,
        descents,
        truths,
        state,
        copies,
        counted,
        tuple(unread),
        guards,
        opened or {},
        sizes,
        (),
        rates,
        tuple(switched),
    )
    return _varied(plain if apart or lengths or written else replace(plain, plain=plain), decaying, switching)


def varied(
    step: TrainingStep, window: Window, hypothesis: Hypothesis, decaying: bool, switching: bool
) -> TrainingStep | None:
    """Cut the step of ``window`` out again, with the gradients that were opened, and ``decaying`` or not.

    What was cut before is taken where it is the same: then only the state is another.
    """
    trace, opened, plain = step.trace, step.opened, step.plain
    if plain is not None and (plain.window, plain.hypothesis, plain.opened) == (window, hypothesis, opened):
        return _varied(replace(plain, plain=plain), decaying, switching)
    return training_step(trace, window, hypothesis, opened=opened, decaying=decaying, switching=switching)


def _varied(step: TrainingStep, decaying: bool, switching: bool) -> TrainingStep:
    """A step as it was cut, without its decay or its switches."""
    state, shrunk = dict(step.state), list[Share]()
    if switching:
        state.update({switch.node: switch.value for switch in step.switches})
    if not decaying and not step.hypothesis.minimised:
        moving = _ancestor_set(step.copies[step.hypothesis.node])
        afters = [a for p in step.parameters for a in p.afters]
        shrunk = shares(step.leaves, afters, step.copies.values(), moving, step.penalised)
        state.update({share.node: share.value for share in shrunk})
    return replace(step, state=state, decays=tuple(shrunk))


def _without_gradient_flow(
    window: Window, hypothesis: Hypothesis, copies: Mapping[Node, Node], moving: set[Node]
) -> tuple[list[Change], list[Change]]:
    """Updates whose gradient is not computed from the value that they change, beside others that are.

    A bias under a hinge is one: it decides whether there is a gradient, not how large. The loss depends on
    it, and what it becomes does not enter the loss, as a running total and the state of a recurrent network
    do. Beside these, values that are replaced from themselves in a way that is no gradient step.
    """
    fed = set(ancestors_since([hypothesis.node], window.start - 1))
    if not hypothesis.stated:  # what weighs the terms is data
        moving = set(ancestors([copies[output] for output in hypothesis.outputs if output in copies]))
    found, unread = [], []
    updated = {node for c in window.parameters for node in (c.before, c.after, root(c.after, 0))}
    for change in window.others:
        floating = np.asarray(change.before.value).dtype.kind == "f"
        if copies.get(change.before) not in moving or root(change.after, window.start) in fed or not floating:
            continue
        if mixes(change.after, change.before, updated.__contains__) or _same_numbers(change):
            continue
        bent = brought_back(change.after, change.before) or projected(change.after, change.before)
        if keeps(change.after, change.before, whole=True):
            found.append(change)
        elif bent is not None:
            found.append(replace(change, after=bent))
        elif not keeps(change.after, change.before) and _replaced_from(change, window):
            unread.append(change)
    return found, unread


def _same_numbers(change: Change) -> bool:
    """Was a value only brought into another shape, or nothing taken off it but a zero that is written so?"""
    before, after = change.before.value, change.after.value
    if not np.array_equal(np.ravel(before), np.ravel(after)):
        return False
    if np.shape(before) != np.shape(after):
        return True
    _, added = terms(change.after, change.before)
    return all(_is_written_zero(term) for term in added)


def _is_written_zero(term: Node) -> bool:
    """Is this a zero of the source, times something?"""
    while term.operation in ("identity", "negative"):
        term = term.operands[0]
    if term.operation in ("multiply", "divide"):
        return any(
            _is_written_zero(operand) for operand in term.operands[: 2 if term.operation == "multiply" else 1]
        )
    return not term.operands and np.size(term.value) == 1 and not np.any(term.value)


def _replaced_from(change: Change, window: Window) -> bool:
    """Is the new value computed from the old one, in this window?"""
    return np.shape(change.after.value) == np.shape(change.before.value) and reaches(
        change.after, change.before, lambda node: time_of(node) >= window.start
    )


def _truths(loss: Node, parameters: Sequence[Parameter], fixed: Sequence[Node]) -> tuple[Node, ...]:
    """Differentiate the loss, some values of it taken for constants."""
    if not fixed:
        return gradients_of(loss, parameters)
    stand_ins = {node: Node("leaf", (), value=node.value, name=node.name) for node in fixed}
    replaced = {node: apply("identity", stand_in) for node, stand_in in stand_ins.items()}
    (constant_there,) = recomputed([loss], replaced).values()
    truths = gradients_of(constant_there, parameters)
    return tuple(recomputed(truths, {stand_in: node for node, stand_in in stand_ins.items()}).values())


def gradients_of(loss: Node, parameters: Sequence[Parameter]) -> tuple[Node, ...]:
    """Differentiate a scalar by every parameter."""
    found = finite_adjoints(loss, [leaf for p in parameters for leaf in p.leaves])
    return tuple(p.joined([found[leaf] for leaf in p.leaves]) for p in parameters)


def _parameters(
    trace: Trace, changes: Sequence[Change], copies: Mapping[Node, Node]
) -> tuple[Parameter, ...]:
    """Make the parameters of a step; the numbers that one list holds are one parameter."""
    groups: dict[Any, list[Change]] = {}
    for change in changes:
        number = (
            change.place[0] == "item"
            and isinstance(change.place[2], int)
            and np.ndim(change.before.value) == 0
        )
        groups.setdefault(("list", change.place[1]) if number else change.before, []).append(change)
    parameters = []
    for key, group in groups.items():
        listed = isinstance(key, tuple)
        members = sorted(group, key=lambda c: c.place[2]) if listed else group
        name = label(trace, members[0])
        parameters.append(
            Parameter(
                name.rpartition("[")[0] or name if listed else name,
                tuple(members),
                tuple(copies[c.before] for c in members),
                tuple(copies[c.after] for c in members),
                listed,
            )
        )
    return tuple(parameters)


def _ancestor_set(node: Node) -> set[Node]:
    return set(ancestors([node]))


def label(trace: Trace, change: Change) -> str:
    """What the program's reader calls the place of a parameter."""
    for store in (change.stores[-1], change.stores[0]):
        name = trace.labels.get(store.place)
        if name and name != "?":
            return name
    return change.before.name or "?"


def _handed_on(trace: Trace, window: Window, made: Sequence[Node]) -> list[Node]:
    """What one step hands to the next as it is, to be added to its update: a momentum of one step.

    A name that held a part of the last update, is read in this step, and then holds that part of this one.
    """
    sizes = {np.size(c.before.value) for c in window.parameters}
    stores = [
        s
        for s in trace.stores
        if window.start <= s.time < window.end
        and s.before is not None
        and s.place[0] in ("name", "attribute")
        and np.size(s.after.value) in sizes
        and time_of(root(s.before, 0)) < window.start <= time_of(root(s.after, 0))
    ]
    if not stores:
        return []
    read = {root(operand, 0) for node in made for operand in node.operands}
    feeding = {root(n, 0) for n in ancestors_since([c.after for c in window.parameters], window.start - 1)}
    changed = {root(c.before, 0) for c in (*window.parameters, *window.others)}
    befores = {root(s.before, 0) for s in stores if root(s.after, 0) in feeding and s.before is not None}
    handed = [node for node in befores if node in read and node not in changed]
    return [node for node in handed if node.operation != "constant"]  # a number of the source is no memory


def values(
    step: TrainingStep, results: Sequence[Node], point: Mapping[Node, Any], dtype: Any = np.float64
) -> list[Any]:
    """Evaluate nodes of the step at a point.

    Values for the parameters, the optimizer's memory made neutral.
    """
    table = evaluate(results, {**step.state, **point}, dtype)
    return [table[node] for node in results]
