"""Updates that a flag lets through at some times only, and not those of the other parameters."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from backproof.check.judgement import Judgement
from backproof.graph import ancestors
from backproof.trace import Trace

OFTEN = 3  # rounds at least that a loop was seen to count
NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def timed(judgement: Judgement) -> dict[str, str]:
    """The flags of the parameters whose updates only some times let through, unlike those of others.

    One that asks for no count of a loop freezes a parameter, or chooses among the data.
    """
    step = judgement.step
    flags = {s.node: s.text for s in step.switches if s.kind == "flag"}
    if not flags:
        return {}
    lines = [ancestors([descent]) for descent in step.descents]
    each = [tuple(flags[n] for n in line if n in flags) for line in lines]
    if len(set(each)) == 1:
        return {}
    return {
        parameter.name: texts[0]
        for parameter, texts in zip(step.parameters, each, strict=True)
        if texts and any(_is_of_time(step.trace, text) for text in texts)
    }


def _is_of_time(trace: Trace, text: str) -> bool:
    """Does an expression ask for what counts the rounds of a loop?"""
    asked, values = set(NAME.findall(text)), defaultdict[str, list[int]](list)
    for binding in sorted((*trace.counters, *trace.bindings), key=lambda b: b.time):
        if binding.name in asked and type(binding.node.value) is int:
            values[binding.name].append(binding.node.value)
    return any(_is_count(found) for found in values.values())


def _is_count(values: Sequence[int]) -> bool:
    """Do these go up one by one, or begin anew?"""
    return len(values) >= OFTEN and all(b in (a + 1, values[0]) for a, b in pairwise(values))
