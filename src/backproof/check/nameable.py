"""What could be named at a place that reads something else: lists, what objects keep, items beside."""

from __future__ import annotations

import ast

from backproof.check.reading import Memory, parsed
from backproof.graph import Node

DEEP = 3  # names, attributes of objects, and those of what these hold


def containers(memory: Memory, frames: tuple[int, ...], time: int) -> list[str]:
    """The lists and dictionaries that a frame can name: its names, and attributes of objects it names.

    Then those of the objects that these hold, as `self.dropout.mask`.
    """
    texts = []
    for frame in frames:
        held = ((name, memory.content(("name", frame, name), time)) for name in memory.names.get(frame, ()))
        objects = sorted((name, number) for name, number in held if isinstance(number, int))
        for _ in range(DEEP):
            inner = list[tuple[str, int]]()
            for text, number in objects:
                if _filled(memory, number, time):
                    texts.append(text)
                for attribute in sorted(memory.attributes.get(number, ())):
                    found = memory.content(("attribute", number, attribute), time)
                    if isinstance(found, int):
                        inner.append((f"{text}.{attribute}", found))
            objects = inner
    return list(dict.fromkeys(texts))


def kept(memory: Memory, frames: tuple[int, ...], time: int) -> list[str]:
    """The numbers and arrays that objects keep which functions can name: first those of ``self``."""
    texts: dict[str, None] = {}
    for frame in frames:
        for name in sorted(memory.names.get(frame, ()), key=lambda name: (name != "self", name)):
            held = memory.content(("name", frame, name), time)
            if held is None or isinstance(held, Node):
                continue
            for attribute in sorted(memory.attributes.get(held, ())):
                if isinstance(memory.content(("attribute", held, attribute), time), Node):
                    texts.setdefault(f"{name}.{attribute}")
    return list(texts)


def stored(memory: Memory, frames: tuple[int, ...], time: int, quote: str = '"') -> list[str]:
    """The numbers and arrays under the keys of dictionaries that functions can name: first those of ``self``.

    As ``self.cache["mask"]``, also where the function reads no other item of the dictionary.
    """
    texts = []
    for container in sorted(containers(memory, frames, time), key=lambda t: not t.startswith("self.")):
        owner = memory.read(container, frames, time)
        keys = sorted(memory.keys.get(owner, ())) if isinstance(owner, int) else []
        texts += [
            f"{container}[{quote}{key}{quote}]"
            for key in keys
            if key.isidentifier() and isinstance(memory.content(("item", owner, key), time), Node)
        ]
    return texts


def beside(memory: Memory, text: str, frames: tuple[int, ...], time: int) -> list[str]:
    """The items whose keys differ in the word only, as ``h["D" + str(l)]`` beside ``h["Z" + str(l)]``."""
    node, key = parsed(text), memory.key(text, frames, time)
    if not isinstance(node, ast.Subscript) or not isinstance(key, str):
        return []
    owner = memory.read(ast.unparse(node.value), frames, time)
    constants = (n.value for n in ast.walk(node.slice) if isinstance(n, ast.Constant))
    words = [value for value in constants if isinstance(value, str)]
    word = words[0].partition("%")[0] if len(words) == 1 else ""
    if not isinstance(owner, int) or not word or not key.startswith(word) or key == word:
        return []
    ending = key[len(word) :]
    others = [k[: -len(ending)] for k in sorted(memory.keys[owner]) if k.endswith(ending) and k != key]
    slice_at = text.rindex(ast.get_source_segment(text, node.slice) or "")
    return [
        text[:slice_at] + text[slice_at:].replace(word, other, 1) for other in others if other.isidentifier()
    ]


def under_objects(memory: Memory, frames: tuple[int, ...], time: int) -> list[str]:
    """The items whose keys are objects that a frame has names for, as ``cell.sources[self]``."""
    if not memory.objects:
        return []
    known: dict[int, str] = {}
    for frame in reversed(frames):
        names = sorted(memory.names.get(frame, ()))
        held = {name: memory.content(("name", frame, name), time) for name in names}
        known |= {number: name for name, number in held.items() if isinstance(number, int)}
    texts = []
    for container in containers(memory, frames, time):
        owner = memory.read(container, frames, time)
        keys = memory.objects.get(owner, set()) if isinstance(owner, int) else set()
        texts += [f"{container}[{known[number]}]" for number in sorted(keys) if number in known]
    return texts


def _filled(memory: Memory, number: int, time: int) -> bool:
    return any(memory.content((kind, number), time) is not None for kind in ("length", "size"))
