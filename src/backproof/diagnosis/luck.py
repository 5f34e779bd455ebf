"""Gradients that are right for these data only: what a batch of one sample hides."""

from __future__ import annotations

import re

import numpy as np

from backproof.check.compare import compare_nodes
from backproof.check.judge import Judgement
from backproof.check.points import informative_points
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.graph import Node, ancestors
from backproof.step import TrainingStep
from backproof.trace import Site

LENGTH = re.compile(r"len\([\w.\[\]]+\)|[\w.]+\.shape\[-?\d\]|[\w.]+\.size")
SAMPLES = 3.0  # that a batch is taken to have, where it has one


def hidden(judgement: Judgement) -> tuple[Finding, ...]:
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
