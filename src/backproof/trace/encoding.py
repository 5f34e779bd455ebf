"""A trace as bytes, to carry it from the child process: nodes by number, because the graph is deep.

What there is much of goes as tuples, which are packed several times as fast as objects of a class.
"""

from __future__ import annotations

import pickle
from typing import Any

from backproof.graph import Node, ancestors
from backproof.graph.node import EMPTY
from backproof.trace.events import (
    Activity,
    Binding,
    Frame,
    Guard,
    Holding,
    Item,
    Objective,
    Origin,
    Store,
    Trace,
)
from backproof.trace.flow.keys import as_data


def encode(trace: Trace) -> bytes:
    """Flatten a trace."""
    seen = dict.fromkeys(trace.nodes)
    roots = [*trace.nodes, *(n for s in trace.stores for n in (s.before, s.after) if n is not None)]
    roots += [b.node for b in (*trace.bindings, *trace.counters)] + trace.shown + trace.returned
    roots += [item.node for item in trace.items]
    roots += [guard.node for guard in trace.guards] + [o.loss for o in trace.objectives]
    roots += [h.content for h in trace.holdings if isinstance(h.content, Node)]
    for node in ancestors(roots):
        seen.setdefault(node)
    order = sorted(seen, key=lambda n: n.origin.time if n.origin is not None else -1)
    order = ancestors(order)
    number = {node: k for k, node in enumerate(order)}
    rows = [
        (
            n.operation,
            tuple([number[o] for o in n.operands]),
            dict(n.attributes) if n.attributes else None,
            n.value,
            n.name,
            _origin(n.origin),
        )
        for n in order
    ]
    table: dict[str, Any] = {
        "rows": rows,
        "nodes": [number[n] for n in trace.nodes],
        "stores": [
            (s.time, as_data(s.place), _number(number, s.before), number[s.after], s.site, s.frame, s.key)
            for s in sorted(trace.stores, key=lambda s: s.time)
        ],
        "bindings": [(b.time, b.frame, b.name, number[b.node]) for b in trace.bindings],
        "counters": [(b.time, b.frame, b.name, number[b.node]) for b in trace.counters],
        "items": [(i.start, i.end, i.frame, i.name, number[i.node]) for i in trace.items],
        "holdings": [
            (
                h.time,
                as_data(h.place),
                *((h.content, None) if isinstance(h.content, int) else (0, number[h.content])),
            )
            for h in trace.holdings
        ],
        "shown": [number[n] for n in trace.shown],
        "returned": [number[n] for n in trace.returned],
        "guards": [(g.time, number[g.node], g.site) for g in trace.guards],
        "objectives": [(o.time, number[o.loss]) for o in trace.objectives],
        "random": [number[n] for n in trace.random if n in number],
        "activities": [(a.kind, a.site, a.start, a.end, a.depth, a.complete) for a in trace.activities],
        "frames": [(f.number, f.site, f.call, f.parent, f.time, f.within) for f in trace.frames],
        "rest": {
            name: getattr(trace, name) for name in ("sites", "supplied", "ended", "crash", "files", "timing")
        }
        | {"labels": {as_data(place): label for place, label in trace.labels.items()}},
    }
    return pickle.dumps(table, protocol=5)


def _number(numbers: dict[Node, int], node: Node | None) -> int | None:
    return None if node is None else numbers[node]


def _origin(origin: Any) -> tuple[int, tuple[int | None, ...], int, int] | None:
    return None if origin is None else (origin.site, origin.operand_sites, origin.frame, origin.time)


def decode(data: bytes) -> Trace:
    """Make the trace again."""
    table = pickle.loads(data)
    nodes: list[Node] = []
    for operation, operands, attributes, value, name, origin in table["rows"]:
        made = None if origin is None else Origin(*origin)
        given = tuple([nodes[k] for k in operands])
        nodes.append(Node(operation, given, EMPTY if attributes is None else attributes, value, name, made))
    trace = Trace(**table["rest"])
    trace.activities = [Activity(*row) for row in table["activities"]]
    trace.frames = [Frame(*row) for row in table["frames"]]
    trace.nodes = [nodes[k] for k in table["nodes"]]
    trace.stores = [
        Store(t, p, None if b is None else nodes[b], nodes[a], s, f, k)
        for t, p, b, a, s, f, k in table["stores"]
    ]
    trace.bindings = [Binding(t, f, n, nodes[k]) for t, f, n, k in table["bindings"]]
    trace.counters = [Binding(t, f, n, nodes[k]) for t, f, n, k in table["counters"]]
    trace.items = [Item(s, e, f, n, nodes[k]) for s, e, f, n, k in table["items"]]
    trace.holdings = [Holding(t, p, i if k is None else nodes[k]) for t, p, i, k in table["holdings"]]
    trace.shown = [nodes[k] for k in table["shown"]]
    trace.returned = [nodes[k] for k in table["returned"]]
    trace.guards = [Guard(t, nodes[k], s) for t, k, s in table["guards"]]
    trace.objectives = [Objective(t, nodes[k]) for t, k in table["objectives"]]
    trace.random = {nodes[k] for k in table["random"]}
    return trace
