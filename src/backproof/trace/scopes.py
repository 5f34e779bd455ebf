"""Which function a name belongs to, by Python's own rules of scope."""

from __future__ import annotations

import ast
from collections.abc import Iterator

FunctionLike = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Scope:
    """The names that one module or function binds.

    ``number`` identifies the scope; ``owner`` finds the scope that a name used here belongs to, or None
    where it is a builtin or bound in a way that cannot be seen (a star import, a class body).
    """

    def __init__(self, number: int, node: ast.Module | FunctionLike, parent: Scope | None) -> None:
        self.number = number
        self.parent = parent
        self.is_module = parent is None
        self.module: Scope = self if parent is None else parent.module
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.names: set[str] = set()
        if isinstance(node, ast.Lambda):
            self.names |= set(argument_names(node.args))
            self._collect([node.body])
        else:
            if not isinstance(node, ast.Module):
                self.names |= set(argument_names(node.args))
            self._collect(node.body)
        self.names -= self.globals | self.nonlocals

    def _collect(self, body: list[ast.stmt] | list[ast.expr]) -> None:
        for node in _same_scope(body):
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    self.names.add(name)
                case ast.Global(names=names):
                    self.globals |= set(names)
                case ast.Nonlocal(names=names):
                    self.nonlocals |= set(names)
                case (
                    ast.ExceptHandler(name=str(name))
                    | ast.MatchAs(name=str(name))
                    | ast.MatchStar(name=str(name))
                    | ast.MatchMapping(rest=str(name))
                ):
                    self.names.add(name)
                case ast.alias(name=name, asname=asname):
                    self.names.add((asname or name).split(".")[0])
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    self.names.add(name)

    def owner(self, name: str) -> Scope | None:
        """Find the scope that ``name`` belongs to when used here."""
        if name in self.globals:
            return self.module
        scope: Scope | None = self.parent if name in self.nonlocals else self
        while scope is not None:
            if name in scope.names:
                return scope
            if name in scope.globals:
                return scope.module
            scope = scope.parent
        return None


def argument_names(arguments: ast.arguments) -> list[str]:
    """List the names that a call binds: positional, keyword-only, then the starred ones."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [argument.arg for argument in every]
    names += [star.arg for star in (arguments.vararg, arguments.kwarg) if star is not None]
    return names


def _same_scope(body: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.AST]:
    """Walk without entering functions, classes and comprehensions, which have scopes of their own."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            stack.extend(node.decorator_list)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            stack.extend(generator.iter for generator in node.generators)
            continue
        stack.extend(ast.iter_child_nodes(node))
