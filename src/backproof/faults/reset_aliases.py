"""Buffers of gradients that every step begins anew by another name of what it has added to before.

``updates = self.zeros`` gives no new array: what is added to ``updates`` is added to ``self.zeros`` as well.
"""

from __future__ import annotations

from backproof.source import Edit
from backproof.trace import Site, Trace


def begun_by_name(trace: Trace, buffer: str, start: int, zeros_like: str) -> tuple[Site, Edit] | None:
    """Where a step that begins at ``start`` gives an old array, or a list of them, the name of a buffer.

    With the edit that makes zeros of its shape; None where there is no such place.
    """
    found = [
        site
        for site in trace.sites
        if site.target == buffer and site.kind in ("Name", "Attribute") and site.parent is None
    ]
    if len(found) != 1 or found[0].text == buffer:
        return None
    site = found[0]
    name = buffer.rpartition(".")[2]
    given = any(h.time >= start and h.place[-1] == name for h in trace.holdings)
    if not given and not any(b.time >= start and b.name == name for b in trace.bindings):
        return None  # once, before the training
    array = any(node.origin is not None and node.origin.site == site.number for node in trace.nodes)
    of, whole = site.text, f"{zeros_like}({site.text})"
    return site, Edit(site.span, whole if array else f"[{zeros_like}(each) for each in {of}]")
