"""What values without a name are read as: items, attributes, arrays that are filled in parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from backproof.derive.identifiers import identifier, is_numeric
from backproof.graph import Node, unnamed
from backproof.graph.literal import index_literal
from backproof.trace import Trace


def attributes(
    trace: Trace, texts: Mapping[Node, str], of: Mapping[Node, Node], copies: Mapping[Node, Node]
) -> dict[Node, str]:
    """Values that share their name, as the attribute that holds each: ``layers[1].y`` for ``h``."""
    shared = Counter(identifier(text) for text in texts.values())
    ambiguous = {node for node, text in texts.items() if shared[identifier(text)] > 1 and node.operands}
    if not ambiguous:
        return {}
    plain_of = {unnamed(node): of[copy] for node, copy in copies.items() if copy in of}
    found: dict[Node, str] = {}
    for store in trace.stores:
        node, label = plain_of.get(unnamed(store.after)), trace.labels.get(store.place, "")
        if node in ambiguous and re.search(r"\]\.\w+$", label):
            found.setdefault(node, label)
    return found


def short(node: Node, text: str) -> str:
    """What a leaf without a name is read as, unless that is a calculation."""
    calculation = "(" in text and not is_numeric(text)
    return ("data" if np.ndim(node.value) else "c") if calculation else text


def elements(
    order: Sequence[Node], texts: Mapping[Node, str], recorded: Mapping[Node, Node]
) -> dict[Node, str]:
    """Items with the numbers of this run: ``x[0]`` for ``x[t]`` as it was read, and ``out[i]`` as written."""
    found: dict[Node, str] = {}
    for node in order:
        if node.operation == "index_update" and "[" in texts.get(node.operands[1], ""):
            place = index_literal(node.attributes["index"])
            base = texts[node.operands[1]].partition("[")[0]
            if base.isidentifier() and "(" not in place:
                found[node.operands[1]] = f"{base}[{place}]"
        if node.operation != "leaf" or (node in texts and "[" not in texts[node]):
            continue
        read = recorded.get(node)
        while read is not None and read.operation == "identity":
            read = read.operands[0]
        if read is not None and read.operation == "index" and (read.operands[0].name or "").isidentifier():
            place = index_literal(read.attributes["index"])
            if "(" not in place and len(place) <= 24:
                found[node] = f"{read.operands[0].name}[{place}]"
    return found


def filled_parts(
    trace: Trace, order: Sequence[Node], texts: Mapping[Node, str], local: Mapping[Node, str]
) -> dict[Node, str]:
    """Arrays that were filled part by part, as what they are read as when they are full."""
    bases = {node.operands[0] for node in order if node.operation in ("index_update", "index_add")}
    found: dict[Node, str] = {}
    for node in order:
        sites = node.origin.operand_sites if node.origin is not None else ()
        for operand, site in zip(node.operands, sites, strict=False):
            filled = operand.operation in ("index_update", "index_add") and operand not in bases
            if filled and operand not in texts and operand not in local and site is not None and site >= 0:
                text = trace.sites[site].text
                if text.isidentifier():
                    found.setdefault(operand, text)
    return found


def reads_of(trace: Trace, order: Iterable[Node]) -> dict[Node, str]:
    """What leaves without a name are read as: ``data[i]``."""
    found: dict[Node, str] = {}
    for node in order:
        sites = node.origin.operand_sites if node.origin is not None else ()
        for operand, site in zip(node.operands, sites, strict=False):
            if operand.operation == "leaf" and not operand.operands and site is not None and site >= 0:
                text = trace.sites[site].text
                if np.ndim(operand.value) or not _number(text):
                    found.setdefault(operand, text)
    return found


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
