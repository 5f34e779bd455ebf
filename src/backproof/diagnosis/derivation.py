"""The derivation of a gradient: from the loss back to the parameter, a line for each value with a name."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from backproof.check.judgement import Judgement
from backproof.check.points import informative_points
from backproof.findings import Finding
from backproof.graph import Node, adjoints, ancestors, apply, evaluate, leaf, simplify
from backproof.graph.compositions import compositions
from backproof.graph.node import shape_of
from backproof.notation import to_numpy
from backproof.step.cut import dependent

MOST = 14  # lines: of a longer chain the ends are shown
LONGEST = 96  # characters of an expression
WHOLE = ("softmax", "standardize")
PRODUCTS = ("matmul", "dot", "outer", "einsum")


def derivation(judgement: Judgement, name: str) -> tuple[str, ...]:
    """Derive the true gradient of a parameter, in the names of the program.

    Each line makes the adjoint of one value, ``d_h`` for that of ``h``, from the adjoints above it.
    """
    step = judgement.step
    parameter = next((p for p in step.parameters if p.name == name), None)
    if parameter is None:
        return ()
    order = ancestors([step.loss])
    wanted = [node for node in parameter.leaves if node in set(order)][:1]
    moving = dependent(order, wanted)
    names = _names(order, judgement)
    tables = [
        evaluate(order, {**step.state, **point})
        for point in informative_points(step, 2, spread=judgement.verdict.spread)
    ]
    lines: list[tuple[str, Node, Node]] = []
    taken: set[str] = set()

    def called(node: Node, adjoint: Node) -> Node:
        if node not in names or not adjoint.operands:
            return adjoint
        title = _title(names[node], taken)
        lines.append((title, adjoint, node))
        return leaf(adjoint.value, title)

    given = dependent(order, [node for node in order if node.operation == "leaf"])
    found = {
        outer: each
        for outer, each in compositions(order, given, tables).items()
        if outer in names or each.name in WHOLE  # not the 1 - a of a cross-entropy, which is σ(-z)
    }
    results = adjoints(step.loss, wanted, found, called=called)
    lines += [(_title(names.get(node, name), taken), results[node], node) for node in wanted]
    named = _data(judgement, order, moving) | names
    texts = [_line(title, adjoint, node, named) for title, adjoint, node in lines]
    if len(texts) > MOST:
        texts = [*texts[: MOST // 2], "…", *texts[-MOST // 2 :]]
    return tuple(texts)


def explained(judgement: Judgement, errors: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Give the findings with the derivation of the first gradient that each makes wrong, every one once."""
    told: set[str] = set()
    found = []
    for error in errors:
        name = next((name for name in error.parameters if name not in told), None)
        if name is None:
            found.append(error)
            continue
        told.add(name)
        first = (name, *(other for other in error.parameters if other != name))
        found.append(replace(error, parameters=first, derivation=derivation(judgement, name)))
    return tuple(found)


def _data(judgement: Judgement, order: list[Node], moving: set[Node]) -> dict[Node, str]:
    """What data without a name of their own are called: the expression that made them."""
    sites = judgement.step.trace.sites
    found = {}
    for node in order:
        if node in moving or node.name or node.operation != "leaf" or np.size(node.value) == 1:
            continue
        site = sites[node.origin.site].text if node.origin is not None and node.origin.site >= 0 else ""
        known = len(site) < 30 and any(letter.isalpha() for letter in site)
        found[node] = " ".join(site.split()) if known else "data"
    return found


def _names(order: list[Node], judgement: Judgement) -> dict[Node, str]:
    """What the program calls the values of the forward pass: of several names the one furthest out."""
    plain: dict[Node, Node] = {}  # of each value: the node that it is, however many names it goes through
    found: dict[Node, tuple[int, str]] = {}
    for node in order:
        plain[node] = inner = plain[node.operands[0]] if node.operation == "identity" else node
        if node.name and inner.operation != "constant":
            frame = node.origin.frame if node.origin is not None else 0
            if inner not in found or frame < found[inner][0]:
                found[inner] = (frame, node.name)
    names = {node: found[inner][1] for node, inner in plain.items() if inner in found}
    for parameter in judgement.step.parameters:
        if not parameter.listed:
            names[parameter.leaves[0]] = parameter.name
    return names


def _title(name: str, taken: set[str]) -> str:
    """What the adjoint of a value is called: ``d_`` and the words of its name that tell it from others."""
    words = re.findall(r"[^\W_]\w*|\d+", name) or ["value"]
    for count in range(1, len(words) + 1):
        title = "d_" + "_".join(words[-count:])
        if title not in taken:
            break
    number, plain = 2, title
    while title in taken:
        title, number = f"{plain}_{number}", number + 1
    taken.add(title)
    return title


def _line(title: str, adjoint: Node, of: Node, names: dict[Node, str]) -> str:
    """Write one line: the expression, its shape, and why a sum or a transpose is in it."""
    node = simplify([_in_names(adjoint, names)])[0]
    if node.operation == "add" and node.operands[0] is node.operands[1]:
        node = apply("multiply", 2.0, node.operands[0])
    if node.operation == "index_add":
        text = f"{to_numpy(node.operands[1])} at the elements taken, else 0"
    else:
        text = to_numpy(node)
    text = re.sub(r"np\.array\(\[[^\]]{30,}\]\)", "[…]", text)
    text = re.sub(r"\d*\.\d{6,}(e-?\d+)?", lambda found: f"{float(found[0]):.4g}", text)
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    reasons = [" × ".join(map(str, shape_of(of))) or "scalar"]
    if node.operation == "sum" and shape_of(node.operands[0]) != shape_of(of):
        wide = " × ".join(map(str, shape_of(node.operands[0])))
        reasons.append(f"summed: {names.get(of, title)} was broadcast to {wide}")
    products = [node, *(o for o in node.operands if node.operation in ("add", "multiply"))]
    if any(o.operation == "transpose" for n in products if n.operation in PRODUCTS for o in n.operands):
        reasons.append("transposed: it goes back through the product")
    return f"{title} = {text}    # {'; '.join(reasons)}"


def _in_names(node: Node, names: dict[Node, str]) -> Node:
    """Put a leaf of that name in the place of every value that the program has a name for."""
    copies: dict[Node, Node] = {}
    for each in ancestors([node], stop=lambda n: n in names):
        if each in names and each is not node:
            copies[each] = leaf(each.value, names[each])
        elif each.operation == "identity":
            copies[each] = copies[each.operands[0]]
        elif each.operands:
            operands = tuple(copies[o] for o in each.operands)
            copies[each] = Node(each.operation, operands, each.attributes, each.value)
        else:
            copies[each] = each
    return copies[node]
