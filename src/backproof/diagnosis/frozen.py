"""Parameters of which the update leaves a part as it is: frozen on purpose, or forgotten; who could tell?"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from backproof.check.dropped import kept_leaves, with_older_values_apart
from backproof.check.fed import fed_by_nothing
from backproof.check.judgement import Judgement
from backproof.check.points import informative_tables
from backproof.check.unread import unread_parts
from backproof.check.untrained import Untrained
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.graph import Node, adjoints, ancestors
from backproof.step import Change, Parameter, TrainingStep, label
from backproof.step.change import root
from backproof.trace import Site

SAME = 1e-6
INDEX = re.compile(r"\[[^\]]*\]")
ITEM = re.compile(r".*\[[^\]]*\d[^\]]*\]")  # an item by its number, `B[0]`, or by a key with one, `p['W1']`


def frozen_part(judgement: Judgement) -> str | None:
    """Say that only a part of some parameters is updated, rightly, where nothing else is wrong.

    The part has to be chosen by the update itself: by an index of what it writes to, or by a factor of zeros
    and ones. And what is changed has to be changed at the rate of all.
    """
    step, verdict = judgement.step, judgement.verdict
    wrong = [k for k, ok in enumerate(verdict.right) if not ok]
    if not wrong or not all(_chosen(step, step.parameters[k], k) for k in wrong):
        return None
    found = informative_tables(step, step.descents, 2, spread=verdict.spread)
    pairs = [
        [(table[g], table[t]) for _, table in found] for g, t in zip(step.descents, step.truths, strict=True)
    ]
    if not all(_right_where_moved(pairs[k]) for k in wrong):
        return None
    whole = [k for k, ok in enumerate(verdict.right) if ok and not verdict.comparisons[k].decay]
    if any(not _at_one_rate([pairs[k][point] for k in (*wrong, *whole)]) for point in range(len(found))):
        return None
    names = listed([step.parameters[k].name for k in wrong])
    return (
        f"The update leaves a part of {names} as it is, and changes the rest by the true gradient. Where "
        "that part is meant to stay, all is right; where it is not, update the whole of it."
    )


def forgotten_part(judgement: Judgement) -> tuple[Finding, ...]:
    """Make findings of the gradients that nothing reads, of the part of a parameter that is left as it is."""
    if frozen_part(judgement) is None:
        return ()
    trace, found = judgement.step.trace, list[Finding]()
    for each in unread_parts(judgement.step):
        site = trace.sites[each.gradient.origin.site]
        message = f"`{each.name}`, the gradient of a part of {listed(list(each.owners))}, is never applied."
        found.append(_error("never-updated", message, site, each.owners))
    return tuple(found)


def untouched_items(judgement: Judgement) -> str | None:
    """Say that items beside those that are parameters are never written, and the loss depends on them.

    Numbers of a list, or arrays that the same list holds, or the same dictionary under keys alike. The lists
    of a list are one parameter to their author. A matrix that stays as it is is frozen as a whole.
    """
    step = with_older_values_apart(judgement.step)
    listed_numbers = {INDEX.sub("", parameter.name) for parameter in step.parameters if parameter.listed}
    arrays = {_unnumbered(p.name) for p in step.parameters if not p.listed and ITEM.fullmatch(p.name)}
    if not listed_numbers and not arrays:
        return None
    kept = {
        leaf: name
        for leaf, (place, name, _) in kept_leaves(step).items()
        if place[0] == "item"
        and (_unnumbered(name) in arrays if np.ndim(leaf.value) else INDEX.sub("", name) in listed_numbers)
    }
    truths = adjoints(step.loss, list(kept))
    moving = [(leaf, name) for leaf, name in kept.items() if np.any(truths[leaf].value)]
    if not moving:
        return None
    whole = [name if np.ndim(leaf.value) else name.rpartition("[")[0] or name for leaf, name in moving]
    names = listed(list(dict.fromkeys(whole)))
    what = names if any(np.ndim(leaf.value) for leaf, _ in moving) else f"some numbers of {names}"
    return (
        f"The gradients that are applied are right, but nothing is ever written to {what}, "
        "on which the loss depends as on those beside them. Where these are meant to stay, all is right; "
        "where they are not, a loop over them does not reach its ends."
    )


def overwritten_with_itself(judgement: Judgement) -> str | None:
    """Say that the step writes into an array what it holds already, as where a gradient was left out."""
    found = [label(judgement.step.trace, change) for change in _overwritten(judgement)]
    if not found:
        return None
    names = listed(list(dict.fromkeys(found)))
    return (
        f"The gradients that are applied are right, but the step writes into {names} "
        "just what is there already, and the loss depends on it: as if its gradient had been left out."
    )


def written_back(judgement: Judgement) -> tuple[Finding, ...]:
    """Make findings of the statements that write into an array the very value that it has: `b[...] = b`.

    And of those that keep a share of a memory of gradients and add none: `v = 0.9 * v`.
    """
    trace, found = judgement.step.trace, dict[int, Finding]()
    for change in _overwritten(judgement):
        new = root(change.after, 0)
        if new.operation == "index_update":
            new = root(new.operands[1], 0)
        site = trace.sites[change.stores[-1].site]
        statement = site if site.statement is None else trace.sites[site.statement]
        if new is root(change.before, 0):
            name = label(trace, change)
            message = (
                f"`{statement.text}` writes into {name} what it holds already: its gradient is left out."
            )
            found[statement.number] = _error("never-updated", message, site, (name,))
    for change in fed_by_nothing(judgement):
        site, name = trace.sites[change.stores[-1].site], label(trace, change)
        message = f"`{site.text}` keeps a share of {name} and adds nothing to it: it stays zero."
        found.setdefault(site.number, _error("missing-term", message, site, (name,)))
    return tuple(found.values())


def _error(name: str, message: str, site: Site, owners: tuple[str, ...]) -> Finding:
    """What is wrong at a site, under the name of a rule."""
    rule = RULES[name]
    return Finding(rule.code, rule.name, "error", message, site.span, owners, site.text)


def _overwritten(judgement: Judgement) -> list[Change]:
    """The arrays into which the step writes what they hold already, and on which the loss depends."""
    step = judgement.step
    line = set(ancestors([step.loss]))
    return [
        change
        for change in step.window.others
        if change.place[0] == "object"
        and np.size(change.before.value) > 1
        and step.copies.get(change.before) in line
        and np.array_equal(change.before.value, change.after.value)
    ]


def left_out(found: Untrained | None) -> str | None:
    """Say that numbers of a model are given a gradient, as its parameters are, and not changed by it."""
    if found is None:
        return None
    return (
        f"The gradients that are applied are right, but {listed(found.names)} is computed and not applied, "
        "unlike those beside it in the same model, as if it were missing in a list of parameters. Where "
        "what it belongs to is meant to stay, all is right."
    )


def _unnumbered(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def _chosen(step: TrainingStep, parameter: Parameter, number: int) -> bool:
    """Does the update choose which elements it changes?"""
    if any(store.key for change in parameter.changes for store in change.stores):
        return True
    return any(_is_mask(node, parameter) for node in ancestors([step.descents[number]]))


def _is_mask(node: Node, parameter: Parameter) -> bool:
    if node.operands or np.ndim(node.value) == 0 or np.shape(node.value) != parameter.shape:
        return False
    kinds = np.unique(node.value)  # zeros, and ones times a rate
    return len(kinds) == 2 and kinds[0] == 0


def _right_where_moved(pairs: list[tuple[Any, Any]]) -> bool:
    """Is the applied gradient the true one, but for elements that no point moves?"""
    arrays = [(np.asarray(g, dtype=float), np.asarray(t, dtype=float)) for g, t in pairs]
    still = np.logical_and.reduce([g == 0 for g, _ in arrays])
    if still.all() or not still.any():
        return False
    for g, t in arrays:
        if g.shape != t.shape:
            return False
        size = float(np.vdot(t[~still], t[~still]))
        c = float(np.vdot(g[~still], t[~still])) / size if size else 0.0
        if c <= 0 or np.linalg.norm((g - c * t)[~still]) > SAME * np.linalg.norm(g):
            return False
    return True


def _at_one_rate(gradients: list[tuple[Any, Any]]) -> bool:
    """Have the gradients that are not zero one scale to the true ones, where they change anything?"""
    scales = []
    for g, t in gradients:
        true = np.where(np.asarray(g) == 0, 0.0, t)
        if size := float(np.vdot(true, true)):
            scales.append(float(np.vdot(g, true)) / size)
    return not scales or max(scales) - min(scales) <= SAME * max(map(abs, scales))
