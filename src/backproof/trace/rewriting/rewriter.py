"""The rewriter: what it knows while it walks through a program, and how it goes down into each part."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from backproof.source import Program, span_of, text_of
from backproof.trace.rewriting import assignments, control, expressions, functions
from backproof.trace.rewriting.build import assign, frame_name, hook, is_target
from backproof.trace.scopes import FunctionLike, Scope
from backproof.trace.sites import Site

T = TypeVar("T", bound=ast.AST)
Expression = Callable[["Rewriter", Any, Site], ast.expr]
Statement = Callable[["Rewriter", Any], list[ast.stmt]]
EXPRESSIONS: dict[type[ast.expr], Expression] = {**expressions.REWRITES, **functions.EXPRESSIONS}
STATEMENTS: dict[type[ast.stmt], Statement] = {
    **assignments.REWRITES, **control.REWRITES, **functions.STATEMENTS,
}  # fmt: skip


def _no_module(name: str | None) -> bool:
    return False


class Rewriter:
    """Rewrites one file; ``sites`` grows by one entry an expression or statement seen.

    Several files can share one table of sites. ``parent`` is the site whose sub-expressions are being
    rewritten, ``statement`` the statement around; ``comprehension`` holds the names that the comprehensions
    around bind, ``imported`` those that the file imports from elsewhere: ``own`` says of a module's name
    whether it belongs to the program, None standing for a relative import. ``module`` says that this is not
    the program's own file but a module that it imports.
    """

    def __init__(
        self,
        text: str,
        filename: str,
        sites: list[Site],
        own: Callable[[str | None], bool] = _no_module,
        module: bool = False,
    ) -> None:
        self.program = Program(filename, text)
        self.file = filename if module else ""
        self.sites = sites
        self.own = own
        self.scopes = 0
        self.temporaries = 0
        self.scope: Scope
        self.function = ""
        self.class_name = ""
        self.in_class = False
        self.parent: int | None = None
        self.statement: int | None = None
        self.comprehension: list[set[str]] = []
        self.imported: set[str] = set()

    # ------------------------------------------------------------------ modules and scopes
    def module(self, tree: ast.Module) -> ast.Module:
        """Rewrite a whole module.

        Its frame is a global variable, made by the recorder under ``enter_module``.
        """
        self.scope = self.new_scope(tree, None)
        self.imported = self._imported(tree)
        body = self.body(tree.body)
        split = 0
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            split = 1
        while split < len(body) and _is_future(body[split]):
            split += 1
        enter = assign(frame_name(self.scope), hook("enter_module"))
        tree.body = [*body[:split], enter, *body[split:]]
        return ast.fix_missing_locations(tree)

    def _imported(self, tree: ast.Module) -> set[str]:
        """The names of modules, and of what is in them, that are not the program's own."""
        names: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {a.asname or a.name.split(".")[0] for a in node.names if not self.own(a.name)}
            elif isinstance(node, ast.ImportFrom) and not self.own(None if node.level else node.module):
                names |= {a.asname or a.name for a in node.names}
        return names

    def new_scope(self, node: ast.Module | FunctionLike, parent: Scope | None) -> Scope:
        """The scope of a module or function, with a number that no other scope of the run has."""
        self.scopes += 1
        return Scope(len(self.sites) * 1000 + self.scopes, node, parent)

    def frame(self) -> ast.expr:
        """The variable that holds the frame of the function that is being rewritten."""
        return ast.Name(frame_name(self.scope), ast.Load())

    def frame_of(self, name: str) -> ast.expr:
        """The frame that a name used here belongs to, as an expression (None for builtins)."""
        owner = self.scope.owner(name)
        if owner is None or any(name in names for names in self.comprehension):
            return ast.Constant(None)
        return ast.Name(frame_name(owner), ast.Load())

    def mangled(self, name: str) -> str:
        """The name of an attribute as Python spells it inside this class."""
        owner = self.class_name.lstrip("_")
        if owner and name.startswith("__") and not name.endswith("__"):
            return f"_{owner}{name}"
        return name

    def temporary(self) -> str:
        """A name that the program does not have."""
        self.temporaries += 1
        return f"_bp_value_{self.temporaries}"

    # ------------------------------------------------------------------ sites
    def site(self, node: ast.expr | ast.stmt, target: str | None = None) -> Site:
        """Make the site of a node, under the current parent."""
        span = span_of(self.program, node)
        if self.file:
            span = replace(span, file=self.file)
        site = Site(
            len(self.sites), type(node).__name__, span, text_of(self.program, span), self.program.filename,
            self.parent, target=target, function=self.function, scope=self.scope.number,
            statement=self.statement, owner=self.class_name,
        )  # fmt: skip
        self.sites.append(site)
        if self.parent is not None and isinstance(node, ast.expr):
            self.sites[self.parent].children.append(site.number)
        return site

    def text(self, node: ast.expr) -> str:
        """The source text of an expression."""
        return text_of(self.program, span_of(self.program, node))

    def begin(self, node: ast.stmt) -> Site:
        """Open a statement: its expressions become its children."""
        self.parent = None
        self.statement = None
        site = self.site(node)
        self.statement = site.number
        return site

    # ------------------------------------------------------------------ going down
    def expr(self, node: ast.expr, target: str | None = None) -> tuple[ast.expr, Site]:
        """Rewrite an expression that is evaluated here; give it and its site."""
        site = self.site(node, target=target)
        outer, self.parent = self.parent, site.number
        try:
            rewrite = EXPRESSIONS.get(type(node))
            new = rewrite(self, node, site) if rewrite else self.inside(node)
        finally:
            self.parent = outer
        return ast.copy_location(new, node), site

    def inside(self, node: T) -> T:
        """Rewrite the sub-expressions of a node and leave the node itself as it is."""
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                if not is_target(value):
                    setattr(node, name, self.expr(value)[0])
            elif isinstance(value, list):
                setattr(node, name, [self._item(item) for item in value])
            elif isinstance(value, ast.keyword | ast.comprehension | ast.withitem):
                self.inside(value)
        return node

    def _item(self, item: object) -> object:
        if isinstance(item, ast.expr) and not is_target(item):
            return self.expr(item)[0]
        if isinstance(item, ast.keyword | ast.withitem):
            return self.inside(item)
        return item

    def body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrite a list of statements."""
        new: list[ast.stmt] = []
        for statement in statements:
            rewrite = STATEMENTS.get(type(statement), control.other)
            new += [
                ast.copy_location(part, statement) if not hasattr(part, "lineno") else part
                for part in rewrite(self, statement)
            ]
        return new


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
