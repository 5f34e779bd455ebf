"""Where in the source a measurement is to be shown: what made a value, and what it is called."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors
from backproof.health.examination import Examination
from backproof.health.layers import Layer
from backproof.step import Parameter, TrainingStep
from backproof.step.update import time_of
from backproof.trace import Site

CALLED = re.compile(r"rate|^lr$|_lr$|^lr_|^eta$|^alpha$|step_?size", re.IGNORECASE)
MOVED = frozenset({"identity", "index", "reshape", "transpose", "astype", "stack", "concatenate"})


def site_of(step: TrainingStep, node: Node) -> Site | None:
    """The expression that made a node."""
    origin: Any = node.origin
    return step.trace.sites[origin.site] if origin is not None and origin.site >= 0 else None


def made_at(step: TrainingStep, node: Node) -> Site | None:
    """The expression that made the data behind a node: not where it was named, indexed or rearranged."""
    site = site_of(step, node)
    while node.operation in MOVED and node.operands:
        node = node.operands[0]
        site = site_of(step, node) or site
    return site


def original(step: TrainingStep, copy: Node) -> Node:
    """The node of the trace that a node of the step was copied from."""
    return next((node for node, c in step.copies.items() if c is copy), copy)


def initial_site(examination: Examination, parameter: Parameter) -> Site | None:
    """The expression that a parameter got its first value from."""
    step, leaf = examination.step, parameter.leaves[0]
    node = examination.first.get(leaf, leaf)
    while (site := made_at(step, node)) is not None and site.kind == "AugAssign" and node.operands:
        node = node.operands[0]  # an update before those that were looked at
    return site


def layer_name(examination: Examination, layer: Layer) -> str:
    """What the program calls a layer's output: a name, or else the expression."""
    step, after = examination.step, layer.function.after
    if after.name:
        return after.name
    site = site_of(step, after)
    return site.text if site is not None else "the layer"


def spread(value: Any) -> float:
    """The root of the mean square of some values."""
    return float(np.sqrt(np.mean(np.square(np.asarray(value, dtype=float)))))


def rate_of(examination: Examination) -> tuple[float | None, Site | None]:
    """The learning rate, where the updates have one, and the expression that it is written at."""
    step, rate = examination.step, examination.judgement.verdict.rate
    change = step.parameters[-1].changes[-1]
    update = step.trace.sites[change.stores[-1].site]
    made = ancestors([change.after], stop=lambda n: time_of(n) < step.window.start or n is change.before)
    for node in made[::-1]:
        sites = node.origin.operand_sites if node.origin is not None else ()
        for operand, number in zip(node.operands, sites, strict=False):
            if np.size(operand.value) != 1 or np.asarray(operand.value).dtype.kind not in "fi":
                continue
            value = abs(float(np.ravel(operand.value)[0]))
            site = step.trace.sites[number] if number is not None and number >= 0 else None
            name = operand.name or (site.text if site is not None else "")
            if value == rate if rate is not None else bool(CALLED.search(name)):
                return value, _written(step, operand, site) or update
    return rate, update


def _written(step: TrainingStep, node: Node, site: Site | None) -> Site | None:
    """The expression that a number was bound by to the name that is read at ``site``, if there is one."""
    named = [s for s in step.trace.sites if site is not None and s.target == site.text]
    if node.operation == "leaf" and site_of(step, node) is not None:
        return site_of(step, node)
    return named[0] if len(named) == 1 else site
