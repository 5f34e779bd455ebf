"""Minimisers of SciPy: what a program hands to one is a loss, its gradient, and parameters to start from.

No update of them is seen, since the minimiser makes it. So the loss and the gradient are computed once for
the recorder, at the same parameters, as one training step that takes the gradient off.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import Node, apply, leaf
from backproof.trace.events import Objective, Store
from backproof.trace.flow.arrays import array_node
from backproof.trace.flow.nodes import NAMED, Nodes
from backproof.trace.flow.values import NUMBER
from backproof.trace.hooks.loops import Activities

HOME = "scipy.optimize"
ROUNDS = 2  # steps to record: the start may be a place where much vanishes
SHORT = 0.01  # of the size of the parameters: how far the second is from the first
FREE = frozenset({"nelder-mead", "powell", "cobyla", "cobyqa"})  # methods that ask for no gradient
LIMITS = {
    "fmin_bfgs": "maxiter", "fmin_cg": "maxiter", "fmin_ncg": "maxiter", "fmin_l_bfgs_b": "maxiter",
    "fmin_tnc": "maxfun", "fmin_slsqp": "iter", "minimize": "options", "basinhopping": "minimizer_kwargs",
    "check_grad": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Handed:
    """A loss and its gradient as they were handed to ``minimiser``, and where it is to start.

    ``gradient`` is None where ``loss`` gives both. ``given`` are the arguments of the minimiser by name.
    """

    minimiser: Callable[..., Any]
    loss: Callable[..., Any]
    gradient: Callable[..., Any] | None
    start: Any
    rest: tuple[Any, ...]
    given: inspect.BoundArguments


def handed(function: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Handed | None:
    """Read a call of a minimiser; None where it is none, or was given no gradient of the program's own."""
    module, name = getattr(function, "__module__", None), getattr(function, "__name__", None)
    if not isinstance(module, str) or not module.startswith(HOME) or name not in LIMITS:
        return None
    try:
        given = inspect.signature(function).bind(*arguments, **keywords)
    except (TypeError, ValueError):
        return None  # which the call itself will say
    parameters = inspect.signature(function).parameters.values()
    values = {p.name: given.arguments.get(p.name, p.default) for p in parameters}
    loss = next(iter(values.values()))
    options = values
    if name == "basinhopping":
        options = values["minimizer_kwargs"] if isinstance(values["minimizer_kwargs"], dict) else {}
    gradient = options.get("grad" if name == "check_grad" else "jac" if "jac" in options else "fprime")
    both = gradient is True or (gradient is None and options.get("approx_grad") == 0)
    if str(options.get("method") or "").lower() in FREE or not (both or callable(gradient)):
        return None
    rest = values["args"] if name == "check_grad" else options.get("args", ())
    rest = () if rest is inspect.Parameter.empty else rest
    rest = rest if isinstance(rest, tuple) else (rest,)
    return Handed(function, loss, None if both else gradient, values["x0"], rest, given)


class Minimisers:
    """Records what minimisers are given; ``call`` makes a call of the program at a site."""

    def __init__(self, nodes: Nodes, activities: Activities, call: Callable[..., Any]) -> None:
        self.nodes = nodes
        self.moment = nodes.moment
        self.activities = activities
        self.call = call

    def minimised(self, site: int, places: Sequence[int], task: Handed) -> Any:
        """Record steps of a minimiser; give what it gives after a round of its own.

        A run that is to go to its end lets it go to its own.
        """
        start = np.asarray(task.start)
        if start.dtype.kind not in "fiub" or start.size == 0:
            return task.minimiser(*task.given.args, **task.given.kwargs)
        name = _named(task.loss) or self._written(places) or "x"
        first = len(self.nodes.trace.nodes)
        point = np.array(start, dtype=float).ravel()
        for _ in range(ROUNDS):
            slope = self._step(site, task, name, point)
            size = float(np.linalg.norm(slope)) if slope is not None else 0.0
            if slope is None or not np.isfinite(size) or size == 0.0:
                break
            point = point - SHORT * max(1.0, float(np.linalg.norm(point))) * slope / size
        if self.nodes.stopper.never:
            return task.minimiser(*task.given.args, **task.given.kwargs)
        if task.minimiser.__name__ == "check_grad":
            return 0.0
        result = task.minimiser(*_shortened(task).args, **task.given.kwargs)
        self.nodes.stopper.minimised(site, len(self.nodes.trace.nodes) - first)
        return result

    def _written(self, places: Sequence[int]) -> str | None:
        """How the program writes the parameters that it begins with."""
        sites = [self.nodes.sites[number] for number in places[1:2]]
        return next((site.text for site in sites if site.kind in NAMED), None)

    def _step(self, site: int, task: Handed, name: str, point: Any) -> Any:
        """Compute the loss and its gradient at a point, and take the gradient off."""
        nodes, trace, depth = self.nodes, self.nodes.trace, len(self.activities.open)
        before = nodes.add(leaf(np.array(point), name, nodes.origin(-1, ())))
        activity = self.activities.begin("round", site, depth)
        current = self.moment.current
        try:
            value = self._at(site, task.loss, task.rest, point, before)
            if task.gradient is None:
                value, slope = value
            else:
                slope = self._at(site, task.gradient, task.rest, point, before)
            loss, taken = self._node(value, site), self._node(slope, site)
            if loss is not None and taken is not None and np.size(taken.value) == point.size:
                self._take_off(site, point, before, taken)
                trace.objectives.append(Objective(activity.start, loss))
                return np.array(np.asarray(slope), dtype=float).ravel()
            return None
        finally:
            self.moment.current = current
            self.activities.leave(activity, depth)

    def _at(self, site: int, function: Any, rest: tuple[Any, ...], point: Any, before: Node) -> Any:
        given = np.array(point)
        self.nodes.keep(given, before)
        return self.call(site, function, given, *rest)

    def _node(self, value: Any, site: int) -> Node | None:
        """The node of what the program gave back, where it is a number or made of numbers.

        What the minimiser gives at the ``site`` of its call is another thing.
        """
        if isinstance(value, NUMBER):
            node = self.nodes.node(value, None)
            while node.operation == "identity" and node.origin is not None and node.origin.site == site:
                node = node.operands[0]
            return node
        return array_node(self.nodes, value, None) if isinstance(value, list | tuple) else None

    def _take_off(self, site: int, point: Any, before: Node, slope: Node) -> None:
        """Enter the update that every minimiser begins with, at no place of the program's own."""
        nodes = self.nodes
        if np.shape(slope.value) != point.shape:
            slope = nodes.add(apply("reshape", slope, shape=point.shape, origin=nodes.origin(-1, (None,))))
        after = nodes.add(
            apply("subtract", before, slope, name=before.name, origin=nodes.origin(-1, (None, None)))
        )
        frame, time = self.moment.current.number, self.moment.tick()
        place = ("name", frame, str(before.name))
        nodes.trace.stores.append(Store(time, place, before, after, site, frame))


def _named(function: Any) -> str | None:
    """What a function of the program calls its first argument."""
    while isinstance(function, functools.partial) and not function.args:
        function = function.func
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None or code.co_argcount == 0:
        return None
    bound = int(inspect.ismethod(function))
    return str(code.co_varnames[bound]) if code.co_argcount > bound else None


def _shortened(task: Handed) -> inspect.BoundArguments:
    """The arguments of a minimiser, of which one round is asked."""
    limit, values = LIMITS[task.minimiser.__name__], task.given.arguments
    inner = values.get(limit) or {}
    if limit == "options":
        values[limit] = {**inner, "maxiter": 1}
    elif limit == "minimizer_kwargs":
        values[limit] = {**inner, "options": {**(inner.get("options") or {}), "maxiter": 1}}
        values["niter"] = 1
    else:
        values[limit] = 1
    return task.given
