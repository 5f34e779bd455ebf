"""What a reader would call a place: the path by which the program itself can reach it."""

from __future__ import annotations

import contextlib
import re
import types
from collections import deque
from typing import Any

import numpy as np

from backproof.trace.events import Trace
from backproof.trace.flow.keys import is_data
from backproof.trace.rewriting import RECORDER

PASSING = {"args", "kwargs", "self"}  # say least: what else a value is called by tells more
DEPTH, COUNT = 6, 20_000
SKIPPED = (
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    type,
    str,
    bytes,
    int,
    float,
    complex,
    bool,
)


def labels(trace: Trace, space: dict[str, Any], frames: list[dict[str, Any]]) -> dict[tuple[Any, ...], str]:
    """Name every place that the run stored into, by the shortest path from a global.

    Else from a local name.
    """
    loops = {
        name
        for site in trace.sites
        if site.kind == "For"
        for name in re.findall(r"\w+", site.text.split(" in ")[0])
    }
    first = {name: value for name, value in space.items() if name not in loops}
    passing = loops | PASSING
    inner = [{name: value for name, value in frame.items() if name not in passing} for frame in frames]
    paths = _paths([first, *inner, space, *frames])
    found: dict[tuple[Any, ...], str] = {}
    for store in trace.stores:
        place = store.place
        if place in found:
            continue
        match place:
            case ("name", _, name):
                found[place] = name
            case ("object", number) if number in paths:
                found[place] = paths[number]
            case ("attribute", number, name) if number in paths:
                found[place] = f"{paths[number]}.{name}"
            case ("item", number, key) if number in paths:
                found[place] = f"{paths[number]}[{_key(key, paths)}]"
            case ("item", tuple() as outer, key):
                found[place] = f"{_outer(outer, paths)}[{_key(key, paths)}]"
            case ("attribute", _, name):
                found[place] = f".{name}"
            case _:
                found[place] = trace.sites[store.site].target or store.after.name or "?"
    return found


def _outer(place: tuple[Any, ...], paths: dict[int, str]) -> str:
    """What a container that a place holds is called."""
    match place:
        case ("name", _, name):
            return str(name)
        case ("attribute", number, name):
            return f"{paths[number]}.{name}" if number in paths else f".{name}"
        case ("item", tuple() as outer, key):
            return f"{_outer(outer, paths)}[{_key(key, paths)}]"
        case ("item", number, key) if number in paths:
            return f"{paths[number]}[{_key(key, paths)}]"
    return "?"


def _key(key: Any, paths: dict[int, str]) -> str:
    """A key as the program could write it: an object by what it is called."""
    if type(key) is tuple and key and not is_data(key):
        return ", ".join(_key(part, paths) for part in key)
    return repr(key) if is_data(key) else paths.get(id(key), type(key).__name__.lower())


def _paths(roots: list[dict[str, Any]]) -> dict[int, str]:
    paths: dict[int, str] = {}
    for root in roots:
        _walk(root, paths)
    return paths


def _walk(root: dict[str, Any], paths: dict[int, str]) -> None:
    """Add what can be reached from the names of one frame, nearest first."""
    queue: deque[tuple[Any, str, int]] = deque(
        (value, name, 0)
        for name, value in root.items()
        if not name.startswith(("__", "_bp_")) and name != RECORDER
    )
    while queue and len(paths) < COUNT:
        value, path, depth = queue.popleft()
        if id(value) in paths or isinstance(value, SKIPPED) or value is None:
            continue
        paths[id(value)] = path
        if depth >= DEPTH:
            continue
        if isinstance(value, dict):
            for key, inner in list(value.items())[:1000]:
                queue.append((inner, f"{path}[{_key(key, paths)}]", depth + 1))
        elif isinstance(value, list | tuple):
            for number, inner in enumerate(list(value)[:1000]):
                queue.append((inner, f"{path}[{number}]", depth + 1))
        elif not isinstance(value, np.ndarray | np.generic):
            for name, inner in _attributes(value):
                queue.append((inner, f"{path}.{name}", depth + 1))


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """What an object holds, in its dictionary or in slots."""
    found = list(vars(value).items()) if hasattr(value, "__dict__") else []
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            member = kind.__dict__.get(name)
            if isinstance(member, types.MemberDescriptorType):
                with contextlib.suppress(AttributeError):
                    found.append((name, member.__get__(value)))
    return found
