"""Calls of a function for the slope of an activation, with something else than that activation.

A function that gives slopes of the forward pass is written for nothing else: what it gives for the targets,
or for an error, belongs to no loss.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from backproof.check.catalogue import Catalogue
from backproof.check.judgement import Judgement
from backproof.check.trial import Bench
from backproof.graph import Node
from backproof.mend import Repair, Tried
from backproof.mend.blame import mended
from backproof.trace import Site, Trace

NEAR = 1e-7


def calls_for_slope(judgement: Judgement, repair: Repair, tried: Tried) -> bool:
    """Does a correction let a call give the output's slope, as others of its function give theirs?"""
    step = judgement.step
    call = _call(step.trace, tried.correction.parts[0].place.site)
    others = [] if call is None else _alike(step.trace, call)
    if call is None or not others:
        return False
    changes = [change for each in repair.steps for change in each.changes]
    bench = mended(Bench.of(step, judgement.verdict), changes, repair.states)
    catalogue = Catalogue.of(bench)
    given = {n.origin.site: n for n in bench.order if n.origin is not None and n.operands}
    instead = {edge.operand: new for edge, new in tried.changes if edge.whole}
    own = given.get(call.number)
    beside = [given[site.number] for site in others if site.number in given]
    if own is None or not beside or not all(_is_slope(catalogue, _values(bench, node)) for node in beside):
        return False
    output = step.copies[step.hypothesis.outputs[0]]
    return _is_slope(catalogue, _values(bench, instead.get(own, own)), output)


def _call(trace: Trace, site: Site) -> Site | None:
    """The call that a place is, or is an argument of."""
    while site.kind != "Call":
        if site.parent is None:
            return None
        site = trace.sites[site.parent]
    return site


def _alike(trace: Trace, call: Site) -> list[Site]:
    """The other calls of a function that differ from one in their first argument at most."""
    wanted = _apart_from_first(call)
    return [
        site
        for site in trace.sites
        if site.kind == "Call" and site.number != call.number and _apart_from_first(site) == wanted
    ]


def _apart_from_first(call: Site) -> str | None:
    """The text of a call of a plain function without its first argument."""
    try:
        node = ast.parse(call.text, mode="eval").body
    except SyntaxError:
        return None
    if not isinstance(node, ast.Call) or not node.args:
        return None
    node.args = node.args[1:]
    return ast.unparse(node)


def _values(bench: Bench, node: Node) -> list[Any]:
    return [bench.value(node, {}, table) for table in bench.base]


def _is_slope(catalogue: Catalogue, values: Sequence[Any], of: Node | None = None) -> bool:
    """Is a value the derivative of an elementwise function of the forward pass, or of that giving ``of``?"""
    outputs = {of}
    while of is not None and of.operation == "identity":
        of = of.operands[0]
        outputs.add(of)
    return any(
        all(
            np.allclose(v, t[entry.node], rtol=NEAR, atol=0)
            for v, t in zip(values, catalogue.tables, strict=True)
        )
        for entry in catalogue.shaped.get(np.shape(values[0]), ())
        if entry.kind == "local" and (of is None or entry.through in outputs)
    )
