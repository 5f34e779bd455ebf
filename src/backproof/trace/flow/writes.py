"""Arrays that are written to: an array has a new node after every write, and so has what it is a view of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant
from backproof.trace.events import Origin, Store
from backproof.trace.flow.arrays import array_node, made_array
from backproof.trace.flow.claims import opaque, record
from backproof.trace.flow.keys import frozen_index, key_text
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.operators import BINARY
from backproof.trace.flow.values import NUMBER, TRACKED, as_made, of_objects, same

PART = "an assignment to part of an array"


def changed_in_place(nodes: Nodes, value: Any, before: Node, after: Node, site: int, key: str = "") -> None:
    """An array was written to: it has a new node, and so has the array that it is a view of."""
    nodes.keep(value, after)
    time = nodes.moment.tick()
    nodes.changed[id(value)] = time
    store = Store(time, ("object", id(value)), before, after, site, nodes.moment.current.number, key)
    nodes.trace.stores.append(store)
    view = nodes.views.get(id(value))
    if view is not None:
        base, made, _ = view
        old = nodes.find(base)
        if old is not None:
            new = _write_back(nodes, made, old, after, site)
            if new is not None and same(new.value, base):
                part = key or str(made.attributes.get("index", ""))
                changed_in_place(nodes, base, old, nodes.add(new), site, part)
                # A part, or a second name, is taken anew of what the base became; all of an array without a
                # name of its own, as where it was only made to get another shape, is that itself.
                alone = made.operation != "index" and old.name is None
                nodes.views[id(value)] = base, made, nodes.moment.time if alone else time
                nodes.known[id(value)] = after
    nodes.stopper.stored(store)


def _write_back(nodes: Nodes, made: Node, base: Node, after: Node, site: int) -> Node | None:
    """The base of a view, after the view was written to."""
    origin = nodes.origin(site, (None, None))
    try:
        if made.operation == "index":
            return apply(
                "index_update", base, after, index=made.attributes["index"], name=base.name, origin=origin
            )
        one = Origin(site, (None,), origin.frame, origin.time)
        if made.operation == "reshape":
            return apply("reshape", after, shape=np.shape(base.value), name=base.name, origin=one)
        if made.operation == "transpose":
            axes = made.attributes.get("axes")
            inverse = None if axes is None else tuple(int(a) for a in np.argsort(axes))
            return apply("transpose", after, axes=inverse, name=base.name, origin=one)
        if made.operation == "flip":
            return apply("flip", after, **made.attributes, name=base.name, origin=one)
        if made.operation == "identity":
            return Node("identity", (after,), value=after.value, name=base.name, origin=one)
    except Exception:
        return None
    return None


def assigned(
    nodes: Nodes, site: int, array: Any, key: Any, value: Any, before: Node, operand_site: int | None
) -> None:
    """``array[key] = value`` was done to an array whose node was ``before``."""
    after: Node | None = None
    try:
        _refuse_objects(array)
        if isinstance(value, list | tuple):
            given = array_node(nodes, value, operand_site)
            new = given if given is not None else constant(np.asarray(value))
        else:
            new = nodes.node(value, operand_site)
        mask = nodes.find(key) if isinstance(key, np.ndarray) and key.dtype == bool else None
        if mask is not None and np.ndim(value) == 0:
            expand = mask
            if np.ndim(mask.value) < np.ndim(before.value):
                shape = np.shape(mask.value) + (1,) * (np.ndim(before.value) - np.ndim(mask.value))
                expand = nodes.add(apply("reshape", mask, shape=shape, origin=nodes.origin(site, (None,))))
            origin = nodes.origin(site, (None, operand_site, None))
            after = apply("where", expand, new, before, name=before.name, origin=origin)
        else:
            origin = nodes.origin(site, (None, operand_site))
            after = apply(
                "index_update", before, new, index=frozen_index(key), name=before.name, origin=origin
            )
    except Exception:
        after = None
    _written(nodes, site, array, before, after, key_text(key), PART)


def augmented_item(nodes: Nodes, site: int, op: str, array: Any, key: Any, part: Any, value: Any) -> None:
    """``array[key] op= value``, where ``part`` is what ``array[key]`` was."""
    old_site, value_site = nodes.sites[site].children
    before = nodes.refreshed(array, old_site)
    _, in_place, name = BINARY[op]
    operand: Node | None = None
    if isinstance(value, NUMBER):
        operand = nodes.refreshed(value, value_site)
    elif isinstance(value, list | tuple):
        operand = array_node(nodes, value, value_site)
    new = in_place(part, value)
    array[key] = new
    after: Node | None = None
    try:
        _refuse_objects(array)
        if operand is None:
            operand = constant(np.asarray(value))
        mask = nodes.find(key) if isinstance(key, np.ndarray) and key.dtype == bool else None
        if mask is not None and np.ndim(value) == 0 and np.shape(mask.value) == np.shape(before.value):
            origin = nodes.origin(site, (old_site, value_site))
            whole = nodes.add(apply(name, before, operand, origin=origin))
            origin = nodes.origin(site, (None, None, None))
            after = apply("where", mask, whole, before, name=before.name, origin=origin)
        else:
            index = frozen_index(key)
            origin = nodes.origin(old_site, (None,))
            old = nodes.add(apply("index", before, index=index, origin=origin))
            origin = nodes.origin(site, (old_site, value_site))
            changed = nodes.add(apply(name, old, operand, origin=origin))
            origin = nodes.origin(site, (None, None))
            after = apply("index_update", before, changed, index=index, name=before.name, origin=origin)
    except Exception:
        after = None
    _written(nodes, site, array, before, after, key_text(key), PART)


def reshaped(nodes: Nodes, site: int, array: Any, shape: Any) -> None:
    """``array.shape = shape``: the same memory, read in another form.

    What the array was a view of, and its own views, go on by a view that keeps the form it had.
    """
    if not nodes.has(array):
        array.shape = shape
        return
    before, held = nodes.refreshed(array, None), array.view()
    array.shape = shape
    origin = nodes.origin(site, (None,))
    after = nodes.add(apply("reshape", before, shape=array.shape, name=before.name, origin=origin))
    nodes.keep(array, after)
    nodes.changed[id(array)] = time = nodes.moment.tick()
    looking = {number: view for number, view in nodes.views.items() if view[0] is array}
    below = nodes.views.get(id(array))
    if below is None and not looking:
        return
    if below is not None:
        nodes.keep(held, before)
        nodes.views[id(held)] = below
        nodes.views[id(array)] = (held, after, time)
    else:
        origin = nodes.origin(site, (None,))
        old = nodes.add(apply("reshape", after, shape=held.shape, name=before.name, origin=origin))
        nodes.keep(held, old)
        nodes.views[id(held)] = (array, old, time)
    for number, (_, made, taken) in looking.items():
        nodes.views[number] = (held, made, taken)


def _refuse_objects(array: Any) -> None:
    if of_objects(array):
        raise TypeError("arrays of objects are not computed with")


def _written(
    nodes: Nodes, site: int, array: Any, before: Node, after: Node | None, key: str, what: str
) -> None:
    """Hold what a write should have given against what it gave."""
    made = None if after is None else as_made(after, array)
    if made is None:
        made = nodes.unknown(array, what, site, (before,), before.name, blind=True)
    else:
        nodes.add(made)
    changed_in_place(nodes, array, before, made, site, key)


def augmented(
    nodes: Nodes, site: int, op: str, old: Any, value: Any, places: Sequence[int] | None = None
) -> Any:
    """``old op= value``: the new value, in the same object where it is an array.

    ``places`` are the sites of the two, where they are not the children of ``site``.
    """
    plain, in_place, name = BINARY[op]
    old_site, value_site = nodes.sites[site].children if places is None else places
    if not isinstance(old, NUMBER) or not isinstance(value, NUMBER):
        if isinstance(old, np.ndarray) and isinstance(value, list | tuple):
            value = made_array(nodes, value, value_site)
        elif isinstance(old, list | tuple) and isinstance(value, np.ndarray):
            result = plain(old, value)
            made = made_array(nodes, old, old_site)
            record(nodes, site, name, (made, value), (old_site, value_site), result)
            return result
        else:
            result = in_place(old, value)
            opaque(nodes, site, (old, value), result, f"{op}=")
            return result
    if not isinstance(old, np.ndarray):
        result = plain(old, value)
        if isinstance(result, TRACKED):
            record(nodes, site, name, (old, value), (old_site, value_site), result)
        return result
    if isinstance(old, np.matrix) and op == "*" and np.ndim(value):
        name = "matmul"
    before = nodes.refreshed(old, old_site)
    operand = nodes.refreshed(value, value_site)
    result = in_place(old, value)
    after: Node | None = None
    try:
        _refuse_objects(old)
        origin = nodes.origin(site, (old_site, value_site))
        after = apply(name, before, operand, name=before.name, origin=origin)
        if np.asarray(after.value).dtype != result.dtype:
            nodes.add(after)
            origin = nodes.origin(site, (None,))
            after = apply("astype", after, dtype=result.dtype, name=before.name, origin=origin)
    except Exception:
        after = None
    if result is old:
        _written(nodes, site, result, before, after, "", f"{op}=")
        return result
    made = None if after is None else as_made(after, result)
    if made is None:
        made = nodes.unknown(result, f"{op}=", site, (before, operand), before.name)
    else:
        nodes.add(made)
    nodes.keep(result, made)
    return result
