"""Rewrite a program so that every expression hands its value to the recorder, and means the same as before.

``a * b`` becomes ``__bp__.binop(site, "*", a, b)``, ``w -= g`` becomes ``w = __bp__.augname(frame, site,
"-", "w", w, g)``, a function's body opens with ``frame = __bp__.enter(...)``. Names keep their scopes,
values keep their types, and what cannot be followed (class bodies, patterns, annotations) is left as it is.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from typing import TypeVar

from backproof.source import Span
from backproof.trace.scopes import FunctionLike, Scope, argument_names
from backproof.trace.sites import Site

T = TypeVar("T", bound=ast.AST)
RECORDER = "__bp__"
UNTOUCHED_CALLS = frozenset(
    {"super", "locals", "globals", "vars", "eval", "exec", "dir", "__import__", "breakpoint"}
)
BINARY = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&",
}  # fmt: skip
UNARY = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
COMPARE = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
BARE = (ast.Name, ast.Attribute, ast.Subscript)


class Rewriter:
    """Rewrites one file; ``sites`` grows by one entry an expression or statement seen.

    ``first`` is the number of the first site, so that several files can share one table.
    """

    def __init__(self, text: str, filename: str, sites: list[Site]) -> None:
        self.filename = filename
        self.sites = sites
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.scopes = 0
        self.scope: Scope
        self.function = ""
        self.parent: int | None = None
        self.statement: int | None = None
        self.comprehension: list[set[str]] = []
        self.imported: set[str] = set()
        self.in_class = False

    # ------------------------------------------------------------------ entry
    def module(self, tree: ast.Module) -> ast.Module:
        """Rewrite a whole module.

        Its frame is a global variable, made by the recorder under ``enter_module``.
        """
        self.scope = self._new_scope(tree, None)
        self.imported = {
            (alias.asname or alias.name).split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        body = self.body(tree.body)
        split = 0
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            split = 1
        while split < len(body) and _is_future(body[split]):
            split += 1
        enter = self._assign(self.frame(self.scope), self._hook("enter_module"))
        tree.body = [*body[:split], enter, *body[split:]]
        return ast.fix_missing_locations(tree)

    def _new_scope(self, node: ast.Module | FunctionLike, parent: Scope | None) -> Scope:
        self.scopes += 1
        return Scope(len(self.sites) * 1000 + self.scopes, node, parent)

    @staticmethod
    def frame(scope: Scope) -> str:
        """The name of the variable that holds the frame of a scope."""
        return f"_bp_frame_{scope.number}"

    # ------------------------------------------------------------------ sites
    def site(self, node: ast.expr | ast.stmt | ast.arg, detail: str = "", target: str | None = None) -> Site:
        """Make the site of a node, under the current parent."""
        span = self._span(node)
        site = Site(
            len(self.sites), type(node).__name__, span, self._text(span), self.filename, self.parent,
            target=target, function=self.function, scope=self.scope.number, detail=detail, statement=self.statement, owner=self.class_name,
        )  # fmt: skip
        self.sites.append(site)
        if self.parent is not None and isinstance(node, ast.expr):
            self.sites[self.parent].children.append(site.number)
        return site

    def _span(self, node: ast.expr | ast.stmt | ast.arg) -> Span:
        end_row, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(
            node.lineno, self._column(node.lineno, node.col_offset), end_row, self._column(end_row, end)
        )

    def _column(self, row: int, offset: int) -> int:
        line = self.lines[row - 1] if row <= len(self.lines) else ""
        return len(line.encode()[:offset].decode(errors="ignore")) + 1

    def _text(self, span: Span) -> str:
        if span.row == span.end_row:
            return self.lines[span.row - 1][span.column - 1 : span.end_column - 1]
        middle = self.lines[span.row : span.end_row - 1]
        return "\n".join(
            [
                self.lines[span.row - 1][span.column - 1 :],
                *middle,
                self.lines[span.end_row - 1][: span.end_column - 1],
            ]
        )

    # ------------------------------------------------------------------ building blocks
    def _hook(self, name: str, *arguments: ast.expr) -> ast.Call:
        function = ast.Attribute(ast.Name(RECORDER, ast.Load()), name, ast.Load())
        return ast.Call(function, list(arguments), [])

    def _assign(self, name: str, value: ast.expr) -> ast.Assign:
        return ast.Assign([ast.Name(name, ast.Store())], value)

    def _frame_of(self, name: str) -> ast.expr:
        """The frame that a name used here belongs to, as an expression (None for builtins)."""
        owner = self.scope.owner(name)
        if owner is None or any(name in names for names in self.comprehension):
            return ast.Constant(None)
        return ast.Name(self.frame(owner), ast.Load())

    # ------------------------------------------------------------------ expressions
    def expr(self, node: ast.expr, target: str | None = None) -> tuple[ast.expr, Site]:
        """Rewrite an expression that is evaluated here; give it and its site."""
        site = self.site(node, target=target)
        outer, self.parent = self.parent, site.number
        try:
            method = getattr(self, "expr_" + type(node).__name__, None)
            new = method(node, site) if method else self.generic(node)
        finally:
            self.parent = outer
        rewritten: ast.expr = ast.copy_location(new, node)
        return rewritten, site

    def generic(self, node: T) -> T:
        """Rewrite the sub-expressions of a node and leave the node itself as it is."""
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                if isinstance(getattr(value, "ctx", None), ast.Store | ast.Del):
                    continue
                setattr(node, name, self.expr(value)[0])
            elif isinstance(value, list):
                setattr(node, name, [self._item(item) for item in value])
            elif isinstance(value, ast.keyword | ast.comprehension | ast.withitem):
                self.generic(value)
        return node

    def _item(self, item: object) -> object:
        if isinstance(item, ast.expr) and not isinstance(getattr(item, "ctx", None), ast.Store | ast.Del):
            return self.expr(item)[0]
        if isinstance(item, ast.keyword | ast.withitem):
            return self.generic(item)
        return item

    def expr_Constant(self, node: ast.Constant, site: Site) -> ast.expr:
        if type(node.value) is float and not self.in_class:
            return self._hook("const", ast.Constant(site.number), node)
        return node

    def expr_Name(self, node: ast.Name, site: Site) -> ast.expr:
        frame = self._frame_of(node.id)
        if isinstance(frame, ast.Constant) or node.id in self.imported:
            return node
        return self._hook("load", frame, ast.Constant(node.id), node)

    def expr_Attribute(self, node: ast.Attribute, site: Site) -> ast.expr:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self.imported:
            return node
        value, _ = self.expr(node.value)
        return self._hook(
            "attribute", ast.Constant(site.number), value, ast.Constant(self._mangled(node.attr))
        )

    def _mangled(self, name: str) -> str:
        if name.startswith("__") and not name.endswith("__") and self.class_name:
            return f"_{self.class_name.lstrip('_')}{name}"
        return name

    class_name = ""

    def expr_Subscript(self, node: ast.Subscript, site: Site) -> ast.expr:
        value, _ = self.expr(node.value)
        return self._hook("item", ast.Constant(site.number), value, self.key(node.slice))

    def key(self, node: ast.expr) -> ast.expr:
        """Rewrite what stands between the brackets into an expression of its own."""
        if isinstance(node, ast.Slice):
            parts = [
                self.expr(p)[0] if p is not None else ast.Constant(None)
                for p in (node.lower, node.upper, node.step)
            ]
            return self._hook("slice", *parts)
        if isinstance(node, ast.Tuple) and any(isinstance(e, ast.Slice) for e in node.elts):
            return ast.Tuple([self.key(e) for e in node.elts], ast.Load())
        return self.expr(node)[0]

    def expr_BinOp(self, node: ast.BinOp, site: Site) -> ast.expr:
        site.detail = BINARY[type(node.op)]
        left, _ = self.expr(node.left)
        right, _ = self.expr(node.right)
        return self._hook("binop", ast.Constant(site.number), ast.Constant(site.detail), left, right)

    def expr_UnaryOp(self, node: ast.UnaryOp, site: Site) -> ast.expr:
        if isinstance(node.op, ast.Not) or isinstance(node.operand, ast.Constant):
            if (
                isinstance(node.operand, ast.Constant)
                and type(node.operand.value) is float
                and not self.in_class
            ):
                return self._hook("const", ast.Constant(site.number), node)
            return self.generic(node)
        site.detail = UNARY[type(node.op)]
        operand, _ = self.expr(node.operand)
        return self._hook("unary", ast.Constant(site.number), ast.Constant(site.detail), operand)

    def expr_Compare(self, node: ast.Compare, site: Site) -> ast.expr:
        if len(node.ops) != 1 or type(node.ops[0]) not in COMPARE:
            return self.generic(node)
        site.detail = COMPARE[type(node.ops[0])]
        left, _ = self.expr(node.left)
        right, _ = self.expr(node.comparators[0])
        return self._hook("compare", ast.Constant(site.number), ast.Constant(site.detail), left, right)

    def expr_Call(self, node: ast.Call, site: Site) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id in UNTOUCHED_CALLS:
            return node
        function = node.func
        if isinstance(function, ast.Attribute):
            root: ast.expr = function
            while isinstance(root, ast.Attribute):
                root = root.value
            if not (isinstance(root, ast.Name) and root.id in self.imported) and not (
                isinstance(root, ast.Call) and isinstance(root.func, ast.Name) and root.func.id == "super"
            ):
                site.detail = function.attr
                value, _ = self.expr(function.value)
                hook = self._hook(
                    "method", ast.Constant(site.number), value, ast.Constant(self._mangled(function.attr))
                )
            else:
                hook = self._hook("call", ast.Constant(site.number), function)
        else:
            new = function if isinstance(function, ast.Name) else self.expr(function)[0]
            hook = self._hook("call", ast.Constant(site.number), new)
        site.arguments = len(site.children)
        arguments = [
            ast.Starred(self.expr(a.value)[0], ast.Load()) if isinstance(a, ast.Starred) else self.expr(a)[0]
            for a in node.args
        ]
        hook.args += arguments
        hook.keywords = [ast.keyword(k.arg, self.expr(k.value)[0]) for k in node.keywords]
        return hook

    def expr_IfExp(self, node: ast.IfExp, site: Site) -> ast.expr:
        return ast.IfExp(self.expr(node.test)[0], self.expr(node.body)[0], self.expr(node.orelse)[0])

    def expr_JoinedStr(self, node: ast.JoinedStr, site: Site) -> ast.expr:
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                value.value = self._hook("shown", self.expr(value.value)[0])
        return node

    def expr_Lambda(self, node: ast.Lambda, site: Site) -> ast.expr:
        node.args = self.defaults(node.args)
        if self.in_class:
            return node
        outer, self.scope = self.scope, self._new_scope(node, self.scope)
        function, self.function = self.function, "<lambda>"
        comprehension, self.comprehension = self.comprehension, []
        try:
            parent, self.parent = self.parent, None
            enter = self.enter(node.args, site.number)
            body, inner = self.expr(node.body)
            self.parent = parent
            done = self._hook(
                "returned", ast.Name(self.frame(self.scope), ast.Load()), ast.Constant(inner.number), body
            )
            node.body = ast.Subscript(
                ast.Tuple(
                    [ast.NamedExpr(ast.Name(self.frame(self.scope), ast.Store()), enter), done], ast.Load()
                ),
                ast.Constant(1),
                ast.Load(),
            )
        finally:
            self.scope, self.function, self.comprehension = outer, function, comprehension
        return node

    def comprehension_expr(self, node: ast.expr, parts: Sequence[str]) -> ast.expr:
        """Rewrite a comprehension.

        Its iterables hand out items, its element and conditions are evaluated inside.
        """
        bound: set[str] = set()
        generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
        for number, generator in enumerate(generators):
            if number:
                self.comprehension.append(bound)
            iterable, site = self.expr(generator.iter)
            if number:
                self.comprehension.pop()
            generator.iter = self._hook("iterate", ast.Constant(site.number), iterable)
            bound |= {n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)}
        self.comprehension.append(bound)
        for generator in generators:
            generator.ifs = [self.expr(test)[0] for test in generator.ifs]
        for part in parts:
            setattr(node, part, self.expr(getattr(node, part))[0])
        self.comprehension.pop()
        return node

    def expr_ListComp(self, node: ast.ListComp, site: Site) -> ast.expr:
        return self.comprehension_expr(node, ["elt"])

    expr_SetComp = expr_GeneratorExp = expr_ListComp

    def expr_DictComp(self, node: ast.DictComp, site: Site) -> ast.expr:
        return self.comprehension_expr(node, ["key", "value"])

    def expr_NamedExpr(self, node: ast.NamedExpr, site: Site) -> ast.expr:
        node.value = self.expr(node.value)[0]
        return node

    # ------------------------------------------------------------------ functions
    def defaults(self, arguments: ast.arguments) -> ast.arguments:
        """Rewrite the default values of a function, which are evaluated where it is defined."""
        arguments.defaults = [self.expr(d)[0] for d in arguments.defaults]
        arguments.kw_defaults = [self.expr(d)[0] if d is not None else None for d in arguments.kw_defaults]
        return arguments

    def enter(self, arguments: ast.arguments, site: int) -> ast.Call:
        """The call that makes a frame and binds the arguments in it."""
        names = argument_names(arguments)
        return self._hook(
            "enter",
            ast.Constant(site),
            ast.Tuple([ast.Constant(name) for name in names], ast.Load()),
            ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load()),
        )

    def stmt_FunctionDef(self, node: ast.FunctionDef) -> list[ast.stmt]:
        site = self.site(node)
        outer = (self.scope, self.function, self.comprehension, self.parent, self.in_class, self.statement)
        node.args = self.defaults(node.args)
        if not self.in_class:
            node.decorator_list = [self.expr(d)[0] for d in node.decorator_list]
        self.scope = self._new_scope(node, self.scope)
        self.function, self.comprehension, self.parent, self.in_class = node.name, [], None, False
        frame = self.frame(self.scope)
        enter = self._assign(frame, self.enter(node.args, site.number))
        body = self.body(node.body)
        first: list[ast.stmt] = []
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            first, body = body[:1], body[1:]
        leave = ast.Expr(self._hook("leave", ast.Name(frame, ast.Load())))
        node.body = [*first, enter, ast.Try(body or [ast.Pass()], [], [], [leave])]
        self.scope, self.function, self.comprehension, self.parent, self.in_class, self.statement = outer
        return [node]

    stmt_AsyncFunctionDef = stmt_FunctionDef

    def stmt_ClassDef(self, node: ast.ClassDef) -> list[ast.stmt]:
        outer = (self.in_class, self.class_name)
        self.in_class, self.class_name = True, node.name
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self.stmt_FunctionDef(statement)  # type: ignore[arg-type]
            elif isinstance(statement, ast.ClassDef):
                self.stmt_ClassDef(statement)
        self.in_class, self.class_name = outer
        return [node]

    def stmt_Return(self, node: ast.Return) -> list[ast.stmt]:
        if node.value is not None:
            self.begin(node)
            value, site = self.expr(node.value)
            frame = ast.Name(self.frame(self.scope), ast.Load())
            node.value = self._hook("returned", frame, ast.Constant(site.number), value)
        return [node]

    # ------------------------------------------------------------------ assignments
    def begin(self, node: ast.stmt) -> Site:
        """Open a statement: its expressions become its children."""
        self.parent = None
        self.statement = None
        site = self.site(node)
        self.statement = site.number
        return site

    def stmt_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        statement = self.begin(node)
        single = node.targets[0] if len(node.targets) == 1 else None
        value, site = self.expr(
            node.value, target=self._text(self._span(single)) if single is not None else None
        )
        bare = ast.Constant(isinstance(node.value, BARE) or type(getattr(node.value, "value", None)) is float)
        match single:
            case ast.Name(id=name):
                node.value = self._hook(
                    "store", self._frame_of(name), ast.Constant(site.number), ast.Constant(name), value, bare
                )
                return [node]
            case ast.Attribute(value=owner, attr=attr):
                hook = self._hook(
                    "set_attribute",
                    ast.Constant(site.number),
                    value,
                    self.expr(owner)[0],
                    ast.Constant(self._mangled(attr)),
                    bare,
                )
                return [ast.copy_location(ast.Expr(hook), node)]
            case ast.Subscript(value=container, slice=key):
                new_container, _ = self.expr(container)
                hook = self._hook(
                    "set_item", ast.Constant(site.number), value, new_container, self.key(key), bare
                )
                return [ast.copy_location(ast.Expr(hook), node)]
            case ast.Tuple(elts=elements) | ast.List(elts=elements) if (
                isinstance(node.value, ast.Tuple | ast.List)
                and len(node.value.elts) == len(elements)
                and not any(isinstance(e, ast.Starred) for e in [*elements, *node.value.elts])
            ):
                return self._parallel(node, elements, value, site, statement)
        if any(isinstance(t, ast.Tuple | ast.List) for t in node.targets):
            value = self._hook("unpack", ast.Constant(site.number), value)
        return self._unpacked(node, node.targets, value, site)

    def _parallel(
        self, node: ast.Assign, targets: list[ast.expr], value: ast.expr, site: Site, statement: Site
    ) -> list[ast.stmt]:
        """``a, b = x, y``: every target knows the expression it takes its value from."""
        node.value = value
        children = site.children
        for child, target in zip(children, targets, strict=False):
            self.sites[child].target = self._text(self._span(target))
        stored = [
            self._stored(target, ast.Constant(child))
            for child, target in zip(children, targets, strict=False)
        ]
        return [node, *[s for group in stored for s in group]]

    def _unpacked(
        self, node: ast.Assign, targets: list[ast.expr], value: ast.expr, site: Site
    ) -> list[ast.stmt]:
        """Assign to a temporary first when a target is an attribute or item.

        So that it goes through the recorder.
        """
        node.value = value
        after: list[ast.stmt] = []
        for target in targets:
            after += self._stored(target, ast.Constant(site.number))
        return [node, *after]

    def _stored(self, target: ast.expr, site: ast.expr) -> list[ast.stmt]:
        """Statements that tell the recorder what a target holds after a plain assignment."""
        statements: list[ast.stmt] = []
        match target:
            case ast.Name(id=name):
                hook = self._hook(
                    "stored", self._frame_of(name), site, ast.Constant(name), ast.Name(name, ast.Load())
                )
                statements.append(ast.copy_location(ast.Expr(hook), target))
            case ast.Attribute(value=owner, attr=attr):
                plain = copy.deepcopy(owner)
                _loads(plain)
                hook = self._hook("stored_attribute", site, plain, ast.Constant(self._mangled(attr)))
                statements.append(ast.copy_location(ast.Expr(hook), target))
            case ast.Subscript(value=container, slice=key) if not isinstance(key, ast.Slice | ast.Tuple):
                plain, plain_key = copy.deepcopy(container), copy.deepcopy(key)
                hook = self._hook("stored_item", site, plain, plain_key)
                statements.append(ast.copy_location(ast.Expr(hook), target))
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    statements += self._stored(element, site)
            case ast.Starred(value=value):
                statements += self._stored(value, site)
        return statements

    def stmt_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        if node.value is None:
            return [node]
        plain = ast.copy_location(ast.Assign([node.target], node.value), node)
        return self.stmt_Assign(plain)

    def stmt_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        statement = self.begin(node)
        statement.detail = BINARY[type(node.op)]
        op = ast.Constant(statement.detail)
        match node.target:
            case ast.Name(id=name):
                target_site = self.site(node.target)
                value, site = self.expr(node.value)
                statement.children = [target_site.number, site.number]
                old = ast.Name(name, ast.Load())
                hook = self._hook(
                    "aug_name",
                    self._frame_of(name),
                    ast.Constant(statement.number),
                    op,
                    ast.Constant(name),
                    old,
                    value,
                )
                return [ast.copy_location(ast.Assign([node.target], hook), node)]
            case ast.Attribute(value=owner, attr=attr):
                target_site = self.site(node.target)
                new_owner, _ = self.expr(owner)
                value, site = self.expr(node.value)
                statement.children = [target_site.number, site.number]
                hook = self._hook(
                    "aug_attribute",
                    ast.Constant(statement.number),
                    op,
                    new_owner,
                    ast.Constant(self._mangled(attr)),
                    value,
                )
                return [ast.copy_location(ast.Expr(hook), node)]
            case ast.Subscript(value=container, slice=key):
                target_site = self.site(node.target)
                new_container, _ = self.expr(container)
                new_key = self.key(key)
                value, site = self.expr(node.value)
                statement.children = [target_site.number, site.number]
                hook = self._hook(
                    "aug_item", ast.Constant(statement.number), op, new_container, new_key, value
                )
                return [ast.copy_location(ast.Expr(hook), node)]

    # ------------------------------------------------------------------ control flow
    def body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrite a list of statements."""
        new: list[ast.stmt] = []
        for statement in statements:
            method = getattr(self, "stmt_" + type(statement).__name__, None)
            rewritten = method(statement) if method else self.stmt(statement)
            for part in rewritten:
                new.append(ast.copy_location(part, statement) if not hasattr(part, "lineno") else part)
        return new

    def stmt(self, node: ast.stmt) -> list[ast.stmt]:
        """Any other statement: expressions inside are rewritten, blocks are rewritten as bodies."""
        if isinstance(
            node,
            ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal | ast.Pass | ast.Break | ast.Continue,
        ):
            return [node]
        self.begin(node)
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                if not isinstance(getattr(value, "ctx", None), ast.Store | ast.Del):
                    setattr(node, name, self.expr(value)[0])
            elif isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    setattr(node, name, self.body(value))
                elif value and isinstance(value[0], ast.ExceptHandler | ast.match_case):
                    for handler in value:
                        handler.body = self.body(handler.body)
                elif value and isinstance(value[0], ast.withitem):
                    for item in value:
                        item.context_expr = self.expr(item.context_expr)[0]
        return [node]

    def stmt_If(self, node: ast.If) -> list[ast.stmt]:
        self.begin(node)
        node.test = self.expr(node.test)[0]
        node.body = self.body(node.body)
        node.orelse = self.body(node.orelse)
        return [node]

    def stmt_For(self, node: ast.For) -> list[ast.stmt]:
        statement = self.begin(node)
        iterable, site = self.expr(node.iter)
        statement.children = [site.number]
        node.iter = self._hook("iterate", ast.Constant(statement.number), iterable)
        bound = self._stored(node.target, ast.Constant(site.number))
        node.body = [*bound, *self.body(node.body)]
        node.orelse = self.body(node.orelse)
        return [node]

    def stmt_While(self, node: ast.While) -> list[ast.stmt]:
        statement = self.begin(node)
        test, _ = self.expr(node.test)
        node.test = test
        tick = ast.Expr(self._hook("tick", ast.Constant(statement.number)))
        node.body = [tick, *self.body(node.body)]
        node.orelse = self.body(node.orelse)
        end = ast.Expr(self._hook("loop_end", ast.Constant(statement.number)))
        return [node, end]

    def stmt_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        return [node]


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _loads(node: ast.AST) -> None:
    for inner in ast.walk(node):
        if hasattr(inner, "ctx"):
            inner.ctx = ast.Load()
