"""A backward pass with a loop as statements of Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

import numpy as np

from backproof.derive.rolled import Rolled
from backproof.derive.statements import written
from backproof.graph import Node


def loop_statements(rolled: Rolled) -> str:
    """What stands behind the loop, what is added to, and the loop backwards."""
    lines = list(_behind(rolled))
    given = {text.partition(" = ")[0] for text in lines}
    lines += _begun(rolled, given)
    header, _ = rolled.spelling.header()
    inside = list(_round(rolled))
    return "\n".join([*lines, header, *(f"    {line}" for line in inside), ""])


def _behind(rolled: Rolled) -> list[str]:
    """The statements of what stands behind the loop."""
    after = rolled.after
    if after is None:
        return []
    kept = [line for line in (*after.first, *after.lines) if line.name not in rolled.dropped]
    lines = [text for line in kept for text in written(line)]
    stand_ins = {p.leaf: p.text for p in after.forward.parameters}
    wanted = {**rolled.sums, **rolled.handed_over}
    for node in stand_ins:
        name = after.gradients[node]
        target = wanted.get(node)
        if target is not None and target != name:
            lines.append(f"{target} = {name}" + ".copy()" * (np.ndim(node.value) > 0))
    return lines


def _begun(rolled: Rolled, given: set[str]) -> list[str]:
    """What the rounds add to, and what the last round gets from behind the loop, where that is nothing."""
    lines = []
    for p, name in rolled.states.items():
        if name not in given:
            lines.append(f"{name} = {_zeros(p, rolled.last_texts.get(p))}")
    for leaf, name in rolled.sums.items():
        if name not in given:
            lines.append(f"{name} = {_zeros(leaf, rolled.forward.names.get(leaf))}")
    for stand_in, name in rolled.parts.items():
        read = rolled.spelling.reads[rolled.spelling.names[stand_in]]
        lines.append(f"{name} = [None] * len({read.base})" if read.offset == 0 else f"{name} = {{}}")
    return lines


def _zeros(node: Node, text: str | None) -> str:
    if np.ndim(node.value) == 0:
        return "0.0"
    if text is not None:
        return f"np.zeros_like({text})"
    shape = np.shape(node.value)
    return f"np.zeros({shape[0] if len(shape) == 1 else shape})"


def _round(rolled: Rolled) -> list[str]:
    """The statements of one round: values, derivatives, what is added, and what the round before gets."""
    body, spelling = rolled.body, rolled.spelling
    texts = [text for line in (*body.first, *body.lines) for text in written(line)]
    texts = renamed(texts, {name: read.text(spelling.counter) for name, read in spelling.reads.items()})
    ends: list[tuple[str, str, str]] = []  # the name in the round, how it is kept, and under which text
    for leaf, name in rolled.sums.items():
        if leaf in body.gradients:
            ends.append((body.gradients[leaf], "+=", name))
    stand_ins = {p.text: p.leaf for p in body.forward.parameters}
    for node, name in rolled.parts.items():
        given = stand_ins.get(spelling.names[node])
        read = spelling.reads[spelling.names[node]]
        if given is not None:
            ends.append(
                (body.gradients[given], "=", f"{name}[{read.text(spelling.counter).partition('[')[2]}")
            )
    backs: list[tuple[str, str, str]] = []
    for node, source in rolled.loop.before.items():
        given = stand_ins.get(spelling.names[node])
        if source in rolled.states and given is not None:
            backs.append((body.gradients[given], "=", rolled.states[source]))
    return _handed_back(_kept(texts, ends), backs)


def _kept(texts: Sequence[str], ends: Sequence[tuple[str, str, str]]) -> list[str]:
    """Put every result where it is kept: in its own statement, or behind the last of several."""
    texts = list(texts)
    for name, sign, target in ends:
        places = [k for k, text in enumerate(texts) if _assigns(text, name)]
        if len(places) == 1 and not texts[places[0]].endswith("("):
            texts[places[0]] = f"{target} {sign} {texts[places[0]].partition(' = ')[2]}"
            continue
        texts = [_word(name).sub(f"{name}_now", text) for text in texts]
        at = max(k for k, text in enumerate(texts) if _assigns(text, f"{name}_now"))
        while at + 1 < len(texts) and texts[at + 1][:1] in " )":
            at += 1
        texts.insert(at + 1, f"{target} {sign} {name}_now")
    return texts


def _handed_back(texts: Sequence[str], backs: Sequence[tuple[str, str, str]]) -> list[str]:
    """What the round before gets, last of all: no statement behind may read what it replaces."""
    texts = list(texts)
    moved: list[tuple[str, str]] = []
    for name, _, target in backs:
        places = [k for k, text in enumerate(texts) if text.startswith(f"{name} = ")]
        read = sum(bool(_word(name).search(text)) for text in texts)
        if len(places) == 1 and read == 1 and name != target and not texts[places[0]].endswith("("):
            moved.append((target, texts.pop(places[0]).partition(" = ")[2]))
        else:
            moved.append((target, name))
    waiting, ordered = list(moved), list[str]()
    while waiting:
        free = next(
            (one for one in waiting if not any(_word(one[0]).search(o[1]) for o in waiting if o is not one)),
            None,
        )
        if free is None:  # each reads what another replaces: all at once
            left, right = ", ".join(t for t, _ in waiting), ", ".join(v for _, v in waiting)
            return [*texts, *ordered, f"{left} = {right}"]
        waiting.remove(free)
        ordered.append(f"{free[0]} = {free[1]}")
    return [*texts, *ordered]


def _assigns(text: str, name: str) -> bool:
    return re.match(rf"(np\.add\.at\()?{re.escape(name)}\b", text) is not None


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)(?!=[^=])")


def renamed(texts: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Statements in which names are replaced by what is read in their place."""
    if not names:
        return list(texts)
    pattern = re.compile(
        r"(?<![\w.])(" + "|".join(sorted(map(re.escape, names), key=len, reverse=True)) + r")(?!\w)(?!=[^=])"
    )
    return [pattern.sub(lambda found: names[found[1]], text) for text in texts]


def in_prose(text: str, names: Mapping[str, str]) -> str:
    """A sentence in which names are replaced, but only in what is marked as code."""
    parts = text.split("`")
    return "`".join(renamed([part], names)[0] if k % 2 else part for k, part in enumerate(parts))


def read_in(text: str) -> list[str]:
    """The names that statements read before they assign them, in order."""
    tree = ast.parse(text)
    assigned = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    read = [
        n for n in ast.walk(tree)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id not in assigned
    ]  # fmt: skip
    ordered = sorted(read, key=lambda n: (n.lineno, n.col_offset))
    return list(dict.fromkeys(n.id for n in ordered))
