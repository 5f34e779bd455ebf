"""A step that is computed and never made: gradients that are called after the parameters, and no update.

So are functions that give a loss and its gradients, ``dW`` beside ``W`` or ``grads["W"]`` beside
``params["W"]``. There is no update to read, so names and shapes tell which gradient belongs to what.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, apply, constant
from backproof.step.change import Change, root
from backproof.step.loss import DECLARED
from backproof.step.update import time_of
from backproof.step.window import Window
from backproof.trace import Store, Trace

COMPUTED = "computed"  # the kind of a step that no update makes
BEFORE = re.compile(r"(d|g|grad|gradient|delta|nabla|del|d_?loss_?d?|d_?l_?d?|d_?j_?d?)_?", re.IGNORECASE)
AFTER = re.compile(r"_?(d|g|grad|gradient|delta|bar|prime)", re.IGNORECASE)
Place = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """A value that is held by a name, an attribute, or a key; ``owner`` is what holds it."""

    word: str
    owner: Any
    place: Place
    node: Node
    time: int
    frame: int


def computed_steps(trace: Trace) -> list[Window]:
    """The first gradients that a run has computed and applied to nothing, as a step; none without a loss."""
    named = sorted(_named(trace), key=lambda each: each.time)
    losses = [
        e.node for e in named if np.size(e.node.value) == 1 and e.node.operands and DECLARED.search(e.word)
    ]
    if trace.ended != "finished" or not losses:
        return []
    counted = set(ancestors(losses))
    parameters = [
        e for e in named if root(e.node, 0) in counted and np.asarray(e.node.value).dtype.kind == "f"
    ]
    first = _first_of_each(parameters)
    pairs: dict[tuple[str, str], dict[Node, tuple[_Named, _Named]]] = defaultdict(dict)
    words: dict[tuple[str, str], set[tuple[Any, str]]] = defaultdict(set)
    for gradient in named:
        node = gradient.node
        if root(node, 0) in counted or not root(node, 0).operands:
            continue
        for parameter in first.get(np.shape(node.value), ()):
            if time_of(parameter.node) >= gradient.time or _is_apart(gradient, parameter):
                continue
            pattern, known = _pattern(gradient, parameter), (_object(parameter), parameter.word)
            if pattern is not None and known not in words[pattern]:
                words[pattern].add(known)
                pairs[pattern].setdefault(root(parameter.node, 0), (parameter, gradient))
    best = list(max(pairs.values(), key=len, default=dict[Node, tuple[_Named, _Named]]()).values())
    if all(_is_between(root(parameter.node, 0)) for parameter, _ in best):
        return []  # what the values behind it are given may be applied under other names
    return [_window(trace, best)]


def _first_of_each(parameters: list[_Named]) -> dict[tuple[int, ...], list[_Named]]:
    """By shape, the first value that each name has, wherever it is held: a run gives it thousands."""
    first: dict[tuple[tuple[int, ...], str, Any], _Named] = {}
    for each in parameters:
        first.setdefault((np.shape(each.node.value), each.word, each.owner), each)
    found: dict[tuple[int, ...], list[_Named]] = defaultdict(list)
    for (shape, _, _), each in first.items():
        found[shape].append(each)
    return found


def _is_between(node: Node) -> bool:
    """Is this computed from several arrays, as the output of a layer is and no parameter?"""
    return sum(np.ndim(n.value) > 0 for n in ancestors([node]) if not n.operands) > 1


def _window(trace: Trace, pairs: list[tuple[_Named, _Named]]) -> Window:
    """The step that would take the gradients off what they are called after."""
    later = {
        root(s.before, 0): s.after for s in trace.stores if s.place[0] == "object" and s.before is not None
    }
    changes, end = [], 0
    for parameter, gradient in pairs:
        before, last = root(parameter.node, 0), root(gradient.node, 0)
        while last in later and root(later[last], 0) is not last:
            last = root(later[last], 0)
        end = max(end, time_of(last) + 1, gradient.time + 1)
        after = apply("subtract", before, apply("multiply", constant(1.0), last))
        site = last.origin.site if last.origin is not None else 0
        store = Store(gradient.time, parameter.place, before, after, max(site, 0), gradient.frame)
        trace.labels.setdefault(parameter.place, parameter.word)
        changes.append(Change(parameter.place, before, after, (store,)))
    start = max(time_of(change.before) for change in changes) + 1
    return Window(start, end, (COMPUTED, -1), tuple(changes), ())


def _is_apart(gradient: _Named, parameter: _Named) -> bool:
    """Is the one an attribute of an object, and the other none of that object?

    What a layer calls ``self.dinputs`` is the gradient of its own inputs, and of no other layer's.
    """
    return _object(gradient) is not None and _object(gradient) != _object(parameter)


def _object(named: _Named) -> Any:
    """The object of which this is an attribute; None of a name, and of what a key names."""
    return named.place[1] if named.place[0] == "attribute" else None


def _pattern(gradient: _Named, parameter: _Named) -> tuple[str, str] | None:
    """How a gradient is called after a parameter; None where it is not."""
    if gradient.word == parameter.word:
        called = isinstance(gradient.owner, str) and bool(re.search("grad|delta|nabla|^d", gradient.owner))
        return (gradient.owner, "[]") if called and gradient.owner != parameter.owner else None
    before, found, after = gradient.word.partition(parameter.word)
    if not found or not (BEFORE.fullmatch(before) or not before) or not (AFTER.fullmatch(after) or not after):
        return None
    return before, after


def _named(trace: Trace) -> Iterator[_Named]:
    """Every value under a name, an attribute or a key that is a word."""
    containers = {h.content: str(h.place[-1]) for h in trace.holdings if isinstance(h.content, int)}
    for binding in trace.bindings:
        place = ("name", binding.frame, binding.name)
        yield _Named(binding.name, None, place, binding.node, binding.time, binding.frame)
    held = [(s.time, s.place, s.after) for s in trace.stores]
    held += [(h.time, h.place, h.content) for h in trace.holdings if isinstance(h.content, Node)]
    for time, place, node in held:
        if place[0] in ("attribute", "item") and isinstance(place[-1], str):
            owner = containers.get(place[1]) if isinstance(place[1], int) else None
            yield _Named(place[-1], owner, place, node, time, -1)
