"""Mistakes in what is stored when: order, zeroing, accumulation, copies, updates left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from ..mutation import Change, Mutation
from ..text import Place, Source, constant

GRADIENT = re.compile(r"(^|[._'\"])(d[A-Z_]?\w*|g[A-Z_]?\w{0,2}|\w*grad\w*|\w*nabla\w*|\w*delta\w*)['\"\]]*$")


def updated_weights(source: Source) -> Iterator[Mutation]:
    """An update moves before the statement that still reads the weight."""
    for node in source.statements():
        target = _updated(node)
        if target is None:
            continue
        block = source.block(node)
        k = block.index(node)
        bound: set[str] = set()
        for before in reversed(block[:k]):
            if _binds(before) & _reads(node):
                break
            bound |= _binds(before)
            if target in _reads(before) and _updated(before) is None and not isinstance(before, ast.Return):
                start = source.lines_of(before)[0]
                line = source.text[slice(*source.lines_of(node))]
                line = line if line.endswith("\n") else line + "\n"
                if source.text[start : source.place(before)[0]].strip() or ";" in line:
                    break
                yield Mutation(
                    "moved-up",
                    ("updated-weights", "overwritten"),
                    (Change((start, start), line), Change(source.lines_of(node), "")),
                    tuple(source.place(s) for s in block[block.index(before) : k] if target in _reads(s)),
                )
                break


def _updated(node: ast.stmt) -> str | None:
    """What a statement replaces by something computed from itself."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        return ast.unparse(node.target)
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.BinOp):
        text = ast.unparse(node.targets[0])
        return text if ast.unparse(node.value.left) == text else None
    return None


def _reads(node: ast.stmt) -> set[str]:
    kinds = ast.Name | ast.Attribute | ast.Subscript
    parts = [part for part in ast.walk(node) if isinstance(part, kinds)]
    return {ast.unparse(part) for part in parts if isinstance(part.ctx, ast.Load)}


def _binds(node: ast.stmt) -> set[str]:
    kinds = ast.Name | ast.Attribute | ast.Subscript
    parts = [part for part in ast.walk(node) if isinstance(part, kinds)]
    return {ast.unparse(part) for part in parts if isinstance(part.ctx, ast.Store)}


def not_reset(source: Source, loop: str) -> Iterator[Mutation]:
    """A gradient buffer is not zeroed, or only once, before the training loop."""
    outer = next((s for s in source.statements() if source.of_node(s).startswith(loop)), None)
    for node in source.statements():
        if not _zeroes(node):
            continue
        parent = source.parents[node]
        if isinstance(parent, ast.Module) or (
            isinstance(parent, ast.FunctionDef) and parent.name == "__init__"
        ):
            continue
        block = source.block(node)
        k = block.index(node)
        targets = _binds(node)
        near = [
            source.place(s) for s in block[max(0, k - 1) : k + 2] if s is not node and not hasattr(s, "body")
        ]
        near += [source.place(s) for s in source.statements() if _accumulates(s) & targets]
        if not any(_accumulates(s) & targets for s in source.statements()):
            continue
        gone = Change(source.lines_of(node), "" if len(block) > 1 else " " * node.col_offset + "pass\n")
        yield Mutation("unzeroed", ("not-reset",), (gone,), tuple(near))
        if outer is not None and _inside(source, node, outer):
            start = source.lines_of(outer)[0]
            indent = " " * outer.col_offset
            hoisted = Change((start, start), f"{indent}{source.of_node(node)}\n")
            yield Mutation("zeroed-once", ("not-reset",), (hoisted, gone), tuple(near))


def _inside(source: Source, node: ast.AST, outer: ast.AST) -> bool:
    while node in source.parents:
        node = source.parents[node]
        if node is outer:
            return True
    return False


def _zeroes(node: ast.stmt) -> bool:
    """Does a statement set something to zero?"""
    if not isinstance(node, ast.Assign):
        return False
    values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    return all(constant(value) == 0 or "zeros" in ast.unparse(value) for value in values)


def _accumulates(node: ast.stmt) -> set[str]:
    """What a statement adds to: its target, and what the target is an item of."""
    if not (isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub)):
        return set()
    found = {ast.unparse(node.target)}
    target: ast.expr = node.target
    while isinstance(target, ast.Subscript):
        target = target.value
        found.add(ast.unparse(target))
    return found


def not_accumulated(source: Source) -> Iterator[Mutation]:
    """``buffer += part`` becomes ``buffer = part``."""
    zeroed = {text for s in source.statements() if _zeroes(s) for text in _binds(s)}
    zeroed |= {text.split(".")[-1] for text in zeroed if "." in text}
    for node in source.statements():
        if not (isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add)):
            continue
        names = _accumulates(node)
        if not (names | {name.split(".")[-1] for name in names if "." in name}) & zeroed:
            continue
        at = source.text.index("+=", source.place(node.target)[1])
        yield Mutation("assigned", ("not-accumulated",), (Change((at, at + 2), "="),), (source.place(node),))
    for node in source.statements():
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "np.add.at":
            buffer, index, part = (source.of_node(argument) for argument in call.args)
            new = f"{buffer}[{index}] += {part}"
            yield Mutation("assigned", ("not-accumulated",), (Change(source.place(node), new),))


def overwritten(source: Source) -> Iterator[Mutation]:
    """A copy is left out, or a difference is made in place under a second name."""
    for node in source.expressions():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "copy"
            and not node.args
        ):
            new = source.of_node(node.func.value)
            statement = source.statement(node)
            also = [source.place(statement), *_writes(source, statement)]
            yield Mutation("uncopied", ("overwritten",), (Change(source.place(node), new),), tuple(also))
    for statement in source.statements():
        value = getattr(statement, "value", None)
        if not (isinstance(statement, ast.Assign) and isinstance(value, ast.BinOp)):
            continue
        if not (isinstance(value.op, ast.Sub) and isinstance(value.left, ast.Name)):
            continue
        target = ast.unparse(statement.targets[0])
        if not target.isidentifier() or target == value.left.id:
            continue
        indent = " " * statement.col_offset
        new = f"{target} = {value.left.id}\n{indent}{target} -= {source.right(value, '-')}"
        yield Mutation("in-place", ("overwritten",), (Change(source.place(statement), new),))


def _writes(source: Source, statement: ast.stmt) -> list[Place]:
    """The statements below one that change what it binds in place."""
    targets = _binds(statement)
    block = source.block(statement)
    below = block[block.index(statement) + 1 :]
    return [
        source.place(s) for s in below if _accumulates(s) & targets or any(t in _binds(s) for t in targets)
    ]


def never_updated(source: Source) -> Iterator[Mutation]:
    """The update of a parameter whose gradient is computed is left out."""
    for node in source.statements():
        target = _updated(node)
        block = source.block(node) if target is not None else []
        if target is None or len(block) < 2:
            continue
        value = node.value if isinstance(node, ast.AugAssign | ast.Assign) else None
        assert value is not None
        names = [
            ast.unparse(part)
            for part in ast.walk(value)
            if isinstance(part, ast.Name | ast.Attribute | ast.Subscript)
        ]
        gradients = [
            n
            for n in names
            if n != target and GRADIENT.search(n) and _times_read(source, n) == 1 and _assigned(source, n)
        ]
        if not gradients:
            continue
        k = block.index(node)
        beside = [s for s in block if _updated(s)] + block[max(0, k - 1) : k + 2]
        sources = [s for s in source.statements() if _binds(s) & set(gradients)]
        made = _made_in_round(source, node, target.partition("[")[0])
        # what a round makes anew is no parameter: then a sum has a term less
        rules = ("never-updated", "missing-term") if made else ("never-updated",)
        near = [
            source.place(s) for s in (*beside, *sources, *made) if s is not node and not hasattr(s, "body")
        ]
        yield Mutation("update-deleted", rules, (Change(source.lines_of(node), ""),), tuple(near))


def _made_in_round(source: Source, node: ast.stmt, name: str) -> list[ast.stmt]:
    """The statements that make, in the same round or call, what a statement adds to.

    A term of a sum may be written where the sum begins as well as behind it. What is made before the round
    is a parameter, which has its term in the update alone.
    """
    around: ast.AST = node
    scope: ast.For | ast.While | ast.FunctionDef | None = None
    while around in source.parents:
        around = source.parents[around]
        if isinstance(around, ast.For | ast.While | ast.FunctionDef):
            scope = around
        if isinstance(around, ast.FunctionDef):
            break
    if scope is None:
        return []
    return [
        s
        for s in source.statements()
        if name in _binds(s) and scope.lineno < s.lineno < node.lineno and s is not node
    ]


def _times_read(source: Source, text: str) -> int:
    return sum(
        isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and ast.unparse(node) == text
        for node in source.expressions()
    )


def _assigned(source: Source, text: str) -> bool:
    return any(text in _binds(s) for s in source.statements() if isinstance(s, ast.Assign))


EVERY: tuple[Callable[[Source], Iterator[Mutation]], ...] = (
    updated_weights,
    not_accumulated,
    overwritten,
    never_updated,
)
