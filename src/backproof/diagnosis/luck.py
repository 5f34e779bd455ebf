"""Gradients that are right here only: what one sample, open units, or a small rate hide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from backproof.check.compare import compare_nodes
from backproof.check.judgement import Judgement
from backproof.check.points import informative_points
from backproof.diagnosis.late import read_late
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.graph import Node, ancestors, evaluate
from backproof.step import TrainingStep
from backproof.step.cut import dependent
from backproof.trace import Site

LENGTH = re.compile(r"len\([\w.\[\]]+\)|[\w.]+\.shape\[-?\d\]|[\w.]+\.size")
COMPARISONS = ("greater", "greater_equal", "less", "less_equal")
POINTS, TRIES = 2, 24  # with weights of other signs, that are needed, and that are tried
SAMPLES = 3.0  # that a batch is taken to have, where it has one


def hidden(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of every mistake that the program's own numbers hide."""
    return (*_batch_of_one(judgement), *_always_open(judgement), *read_late(judgement))


def _always_open(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of a rectifier without its derivative, where every unit is open, as it is not with other signs.

    The applied gradients are held against those of the loss with that derivative left out: only where they
    are these, and no longer the true ones, anything is said.
    """
    step = judgement.step
    moving = dependent(ancestors([*step.truths, step.loss]), step.leaves)
    slopes = [n for n in ancestors(step.truths) if n.operation in COMPARISONS and n in moving and _uniform(n)]
    if not slopes:
        return ()
    points = _turned(step, slopes)
    if len(points) < POINTS:
        return ()
    verdict = compare_nodes(step, step.descents, points)
    left_out = [{**point, **{s: s.value for s in slopes}} for point in points]
    if verdict.correct or not compare_nodes(step, step.descents, left_out).correct:
        return ()
    wrong = [c.name for c, right in zip(verdict.comparisons, verdict.right, strict=True) if not right]
    kink = next((k for k in ancestors([step.loss]) if k.origin is not None and _bends(k, slopes)), None)
    if kink is None or kink.origin is None:
        return ()
    rule, site = RULES["missing-factor"], step.trace.sites[kink.origin.site]
    message = (
        f"The gradient of {listed(wrong)} is right only because every unit of `{site.text}` is open here: "
        "the backward pass leaves out its derivative, which is another for a unit that is closed."
    )
    return (Finding(rule.code, rule.name, "warning", message, site.span, tuple(wrong), site.text),)


def _uniform(comparison: Node) -> bool:
    """Did a comparison of an array come out alike for every unit?"""
    value = np.asarray(comparison.value)
    return value.size > 1 and bool(np.all(value) or not np.any(value))


def _bends(node: Node, slopes: Sequence[Node]) -> bool:
    """Is this where the forward pass bends: a comparison itself, or what takes the larger or the smaller?"""
    if node.operation in ("maximum", "minimum"):
        return any(set(node.operands) & set(slope.operands) for slope in slopes)
    return node in slopes


def _turned(step: TrainingStep, slopes: Sequence[Node]) -> list[dict[Node, Any]]:
    """Points with weights of other signs, at which every comparison holds for some units and not for all."""
    generator, found = np.random.default_rng(11), list[dict[Node, Any]]()
    near = informative_points(step, TRIES)
    for point in near:
        turned = {
            leaf: np.asarray(value) * generator.choice((-1.0, 1.0), np.shape(value))
            for leaf, value in point.items()
        }
        table = evaluate([*slopes, *step.truths, *step.descents], {**step.state, **turned})
        mixed = all(0 < np.count_nonzero(table[s]) < np.size(table[s]) for s in slopes)
        if mixed and all(np.all(np.isfinite(table[n])) and np.any(table[n]) for n in step.truths):
            found.append(turned)
    return found[:POINTS]


def _batch_of_one(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of a size of the batch that only some of the gradients are divided by, while it is 1.

    The sizes that the step computes with are set to another number, in the loss and in the updates. A right
    program has every gradient changed alike.
    """
    step = judgement.step
    sizes = _sizes(step)
    if not sizes:
        return ()
    points = informative_points(step, 2, spread=judgement.verdict.spread)
    verdict = compare_nodes(
        step, step.descents, [{**point, **dict.fromkeys(sizes, SAMPLES)} for point in points]
    )
    wrong = [c for c, right in zip(verdict.comparisons, verdict.right, strict=True) if not right]
    if not wrong or not all(c.parallel and c.scales and _off(c.scales, verdict.scales) for c in wrong):
        return ()
    rule, site = RULES["wrong-scale"], next(iter(sizes.values()))
    names = [c.name for c in wrong]
    message = (
        f"The gradient of {listed(names)} is right only because `{site.text}` is 1 here, a batch of one "
        "sample: it is not divided by that as those of the other parameters are, and would be off with more."
    )
    return (Finding(rule.code, rule.name, "warning", message, site.span, tuple(names), site.text),)


def _off(scales: tuple[float, ...], common: tuple[float, ...]) -> bool:
    """Is a scale off by just the size that was put in, or by a power of it?"""
    with np.errstate(all="ignore"):
        powers = np.log(np.array(scales) / np.array(common)) / np.log(SAMPLES)
    return bool(np.all(np.isfinite(powers)) and np.allclose(powers, np.round(powers), atol=1e-4))


def _sizes(step: TrainingStep) -> dict[Node, Site]:
    """The ones that the step computes with which are sizes of something, and where they are read."""
    sites = step.trace.sites
    written: dict[str, list[str]] = {}
    for site in sites:
        if site.target:
            written.setdefault(site.target, []).append(site.text)
    found: dict[Node, Site] = {}
    for node in ancestors([*step.descents, step.loss]):
        read = node.origin.operand_sites if node.origin is not None else ()
        for operand, number in zip(node.operands, read, strict=False):
            if operand.operands or number is None or number < 0 or np.size(operand.value) != 1:
                continue
            text = sites[number].text
            texts = written.get(text, [text])
            if type(operand.value) is int and operand.value == 1 and all(map(LENGTH.fullmatch, texts)):
                found.setdefault(operand, sites[number])
    return found
