"""The updates beside one: of mends that do alike, one that makes it like them is what its author meant."""

from __future__ import annotations

import ast
import re
from collections import Counter

from backproof.check.place import Place
from backproof.faults.correction import literal, parsed
from backproof.trace import Site

ODD = 0.06  # what a mend costs more that makes an update unlike its siblings
ONLY = 0.3  # less where all siblings agree: more than the operator costs beside a difference that is swapped
NEAR = 12  # rows


def siblings(place: Place) -> list[Site]:
    """The other updates of the block that a place stands in; none where it stands in no update."""
    own = place.statement
    if own is None or not _updates(own):
        return []
    return [
        site
        for site in place.trace.sites
        if _updates(site)
        and site.number != own.number
        and (site.file, site.scope, site.span.column) == (own.file, own.scope, own.span.column)
        and abs(site.span.row - own.span.row) <= NEAR
    ]


def _updates(site: Site) -> bool:
    """Is this ``w -= step``, or ``w = w - step``; and no count, as ``n += 1``, nor ``g /= n``?"""
    if site.kind == "AugAssign":
        return site.detail in ("+", "-") and literal(_subtracted(site)) is None
    target, _, value = site.text.partition(" = ")
    if site.kind != "Assign":
        return False
    return value.startswith((f"{target} - ", f"{target} + ")) or _of_each(value) is not None


def _of_each(value: str) -> tuple[str, str] | None:
    """By what a list is made of another, and what each item gets: of ``[w - lr * g for w, g in ...]``."""
    node = parsed(value) if value.startswith("[") else None
    if not isinstance(node, ast.ListComp) or not isinstance(node.elt, ast.BinOp):
        return None
    old, operator = node.elt.left, node.elt.op
    names = {n.id for n in ast.walk(node.generators[0].target) if isinstance(n, ast.Name)}
    if not isinstance(old, ast.Name) or old.id not in names or not isinstance(operator, ast.Add | ast.Sub):
        return None
    return "-" if isinstance(operator, ast.Sub) else "+", ast.unparse(node.elt.right)


def operator_cost(place: Place, operator: str) -> float:
    """What an operator costs in an update: more where fewer of its siblings have it than do not.

    Less than anything else where it is the one update that differs from several.
    """
    alike = [_operator(site) == operator for site in siblings(place)]
    return -ONLY if len(alike) > 1 and all(alike) else _cost(alike)


def lacks_minus(place: Place) -> bool:
    """Is a place all that one update adds, where all of several beside it add what begins with a minus?"""
    own = place.statement
    if own is None or place.text != _subtracted(own) or place.text.startswith("-"):
        return False
    others = siblings(place)
    return len(others) > 1 and all(
        _operator(site) == _operator(own) and _subtracted(site).startswith("-") for site in others
    )


def _operator(update: Site) -> str:
    """By what an update adds its step to the old value, or takes it off."""
    if update.kind == "AugAssign":
        return update.detail or ""
    target, _, value = update.text.partition(" = ")
    each = _of_each(value)
    return value[len(target) + 1] if each is None else each[0]


def factor_cost(place: Place, text: str) -> float:
    """What one more factor costs in an update: more where fewer of its siblings have it than do not."""
    word = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
    return _cost([bool(word.search(site.text)) for site in siblings(place)])


def factors(place: Place) -> list[str]:
    """What the other updates multiply their gradients by, where a place is all that one subtracts or adds.

    And has not, or has behind something of its own. The most frequent first.
    """
    own = place.statement
    if own is None or place.text != _subtracted(own):
        return []
    found = Counter(factor for site in siblings(place) for factor in _factors(_subtracted(site)))
    first = leading(place)
    rest = place.text if first is None else place.text.removeprefix(f"{first} * ")
    return [
        text for text, _ in found.most_common() if text not in place.text or rest.startswith(f"{text} * ")
    ]


def leading(place: Place) -> str | None:
    """The name or number that what an update subtracts or adds begins with, where none beside it has that."""
    own = place.statement
    if own is None or place.text != _subtracted(own):
        return None
    others = [_subtracted(site) for site in siblings(place)]
    for text in _factors(place.text):
        word = re.compile(rf"(?<![\w.]){re.escape(text)}(?![\w.])")
        simple = text.isidentifier() or literal(text) is not None
        if simple and place.text.startswith(text) and not any(map(word.search, others)):
            return text
    return None


def _subtracted(update: Site) -> str:
    """What an update subtracts or adds."""
    if update.kind == "AugAssign":
        return re.split(r" [-+]= ", update.text, maxsplit=1)[-1]
    target, _, value = update.text.partition(" = ")
    each = _of_each(value)
    return value.removeprefix(f"{target} - ").removeprefix(f"{target} + ") if each is None else each[1]


def rates(place: Place) -> list[tuple[str, str]]:
    """What other updates begin with, as ``lr / n``, and the part of it that a place begins with: ``lr``.

    Where that place is all that one update subtracts or adds.
    """
    own = place.statement
    if own is None or place.text != _subtracted(own):
        return []
    found = dict[tuple[str, str], None]()
    for site in siblings(place):
        for begun in _factors(place.text):
            rate = _rate(_subtracted(site))
            if rate is not None and rate != begun and rate.startswith((f"{begun} / ", f"{begun} * ")):
                found[rate, begun] = None
    return list(found)


def _rate(text: str) -> str | None:
    """What stands before the last factor of a product, where there are several."""
    node = parsed(text)
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
        return None
    return ast.unparse(node.left) if isinstance(node.left, ast.BinOp) else None


def _factors(text: str) -> list[str]:
    """The names and numbers that a product begins with."""
    node = parsed(text)
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.MatMult):
        node = node.left
        if isinstance(node, ast.Name | ast.Attribute | ast.Constant):
            return [ast.unparse(node)]
    return []


def _cost(alike: list[bool]) -> float:
    return ODD * (1 - 2 * sum(alike) / len(alike)) if alike else 0.0
