"""The forward pass of a program that updates nothing, or not what is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backproof.derive import Forward, identifier, make
from backproof.deriving.request import Request
from backproof.errors import DerivationError
from backproof.graph import Node, ancestors
from backproof.source import Program
from backproof.step.cut import cut, dependent
from backproof.step.update import time_of
from backproof.trace import Trace

LOSS, RESULT = "backproof_loss", "backproof_result"
CALLED = re.compile(r"loss|cost|err|mse|sse|nll|energy|objective|^[jelJEL]$", re.IGNORECASE)
WEIGHT = re.compile(
    r"weight|bias|theta|param|kernel|embed|gamma|beta|^[wbuv]s?\d*$|^[wb]_|_[wb]\d*$"
    r"|(?-i:^[WUVK][a-z]{0,3}\d*$|^b[a-z]{1,2}\d*$)",
    re.IGNORECASE,
)
PLACE = re.compile(
    r"[\w.]+(\[['\"]?\w+['\"]?\]|\.\w+)*"
)  # a name, an item, an attribute; no part of an array


def without_updates(trace: Trace, program: Program, request: Request, result: str | None = None) -> Forward:
    """The forward pass of a program that updates nothing, or not what is asked for.

    ``result`` is what a loss is called that has no name in the program, which then has to be computed first.
    """
    loss = _loss(trace, program, request.loss)
    time = time_of(loss)
    values = {}
    for binding in trace.bindings:
        if binding.time <= time and (binding.frame == 0 or binding.name not in values):
            values[binding.name] = binding.node
    above = set(ancestors([loss]))
    for store in trace.stores:
        label = trace.labels.get(store.place)
        if label is not None and store.time <= time and label not in values:
            values[label] = store.after
    for label, node in _held(trace, time):
        values.setdefault(label, node)
    if request.wrt:
        missing = [name for name in request.wrt if name not in values]
        if missing:
            raise DerivationError(f"--wrt: {program.filename} has no variable {', '.join(missing)}.")
        chosen = {values[name]: name for name in request.wrt}
        apart = [name for node, name in chosen.items() if node not in above]
        if apart:
            raise DerivationError(f"--wrt: the loss does not depend on {', '.join(apart)}.")
    else:
        chosen = {
            node: name
            for name, node in values.items()
            if node in above
            and PLACE.fullmatch(name)
            and WEIGHT.search(identifier(name))
            and np.asarray(node.value).dtype.kind == "f"
        }
        computed = dependent(ancestors([loss]), chosen)  # bn of W1 is called like a bias, and is none
        made = {n for n in chosen if any(o in computed for o in n.operands)}
        chosen = {node: name for node, name in chosen.items() if node not in made}
        chosen = dict(sorted(chosen.items(), key=lambda pair: time_of(pair[0])))
    if not chosen:
        raise DerivationError(
            f"{program.filename} computes a loss, but updates no parameter; "
            "name what to derive it by: --wrt NAMES."
        )
    copies = cut([loss], chosen)
    scalar = copies[loss]
    own = _own_name(loss)
    name = own or result or "loss"
    forward = make(trace, scalar, name, {copies[node]: text for node, text in chosen.items()}, copies)
    if own is None and forward.loss in forward.names:
        return replace(forward, written={**forward.written, forward.loss: forward.names[forward.loss]})
    return forward


def _own_name(loss: Node) -> str | None:
    """What the program calls its loss, which a function may return without a name."""
    while loss.name is None or loss.name in (LOSS, RESULT):
        if loss.operation != "identity":
            return None
        loss = loss.operands[0]
    return loss.name


def _held(trace: Trace, time: int) -> Iterator[tuple[str, Node]]:
    """What lists, dictionaries and objects hold that have a name: ``weights[0]``, ``net.layers[1].W``."""
    called: dict[int, str] = {}
    for holding in trace.holdings:
        kind, *place = holding.place
        if holding.time > time:
            continue
        if kind == "name" and place[0] == 0:
            label = str(place[1])
        elif kind == "item" and place[0] in called:
            label = f"{called[place[0]]}[{place[1]!r}]"
        elif kind == "attribute" and place[0] in called:
            label = f"{called[place[0]]}.{place[1]}"
        else:
            continue
        if isinstance(holding.content, Node):
            yield label, holding.content
        else:
            called.setdefault(holding.content, label)


def _loss(trace: Trace, program: Program, name: str | None) -> Node:
    """The scalar called ``name``, or the last one that is called a loss."""
    scalars = [
        b
        for b in trace.bindings
        if np.size(b.node.value) == 1 and np.asarray(b.node.value).dtype.kind == "f" and b.node.operands
    ]
    found = [b for b in scalars if (b.name == name if name else CALLED.search(b.name))]
    arrays = [b.node for b in trace.bindings if b.name == name and np.size(b.node.value) > 1]
    if not found and arrays:
        what = "what is returned" if name == LOSS else f"'{name}'"
        raise DerivationError(
            f"{program.filename}: {what} has the shape {np.shape(arrays[-1].value)}, and only one number "
            "can be derived: sum it up, or take its mean."
        )
    if not found:
        what = f"no scalar called '{name}'" if name else "no scalar that is called a loss"
        if program.filename == "formula" and trace.crash is not None:
            raise DerivationError(
                f"--formula cannot be computed with these --shapes: {trace.crash.message}."
                if trace.crash.kind != "NameError"
                else f"--formula: {trace.crash.message}; it may use what NumPy has."
            )
        if name == LOSS and trace.crash is not None:
            raise DerivationError(
                f"{program.filename} failed with these shapes, line {trace.crash.row}: "
                f"{trace.crash.kind}: {trace.crash.message}"
            )
        if trace.crash is not None:
            what += f" before it failed ({trace.crash.kind}: {trace.crash.message}, line {trace.crash.row})"
        raise DerivationError(f"{program.filename} computes {what}; --loss NAME says which it is.")
    return found[-1].node
