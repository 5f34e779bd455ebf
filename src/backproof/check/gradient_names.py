"""What gradients are called: by the name of what they belong to, or by how that name begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from backproof.graph import Node, ancestors
from backproof.step import TrainingStep

STEM = re.compile(r"(g_?|d_?|grad_?|delta_?|del_?)([A-Za-z]+)$")  # before an owner's name, or how it begins


def called_alike(step: TrainingStep, names: Mapping[Node, str], gradient: str, name: str) -> bool:
    """Do the names of a gradient and of its owner belong together as others do that are applied?"""
    asked = pattern(gradient, name)
    if asked is None:
        return False
    used = {names[node] for node in _made(step) if node in names}
    return any(pattern(other, p.name) == asked for p in step.parameters for other in used)


def shortened_alike(step: TrainingStep, names: Mapping[Node, str], gradient: str, name: str) -> bool:
    """Is a gradient called by the beginning of its owner's name, behind what begins another's too?

    As ``g_off`` is for ``offset`` beside ``g_w`` for ``weights``.
    """
    stem = _stem(gradient, name)
    if stem is None:
        return False
    used = {names[node] for node in _made(step) if node in names}
    return any(_stem(other, p.name) == stem for p in step.parameters for other in used)


@lru_cache(1)  # the step of one program, for those who ask of it
def _made(step: TrainingStep) -> tuple[Node, ...]:
    """What the gradients of a step are computed from."""
    return tuple(ancestors(step.descents))


def _stem(gradient: str, name: str) -> str | None:
    """What stands before the beginning of a parameter's name in the name of its gradient."""
    found, word = STEM.match(last_word(gradient)), _first_word(name).lower()
    return found[1] if found is not None and word.startswith(found[2].lower()) else None


def _first_word(name: str) -> str:
    """The first word of a label: ``weights`` of ``weights[j]``, ``w`` of ``self.w``."""
    return last_word(name.partition("[")[0])


def pattern(gradient: str, name: str) -> tuple[str, str] | None:
    """What stands before and behind the last word of a parameter's name in the name of its gradient."""
    word, own = last_word(name), last_word(gradient)
    if not word or word not in own or word == own:
        return None
    before, _, after = own.partition(word)
    return before, after


def last_word(name: str) -> str:
    """The last word of a label: ``b1`` of ``net.params['b1']``."""
    words = [w for w in "".join(c if c.isalnum() or c == "_" else " " for c in name).split() if w]
    words = [w for w in words if not w.isdigit()]
    return words[-1] if words else ""
