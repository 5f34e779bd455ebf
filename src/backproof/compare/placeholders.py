"""Programs that train by a graph of placeholders, as TensorFlow 1 has them, written as NumPy.

The framework is not needed for it: placeholders become what is fed to them, variables arrays, and what is
computed from both is computed where the session runs it. The backward pass is the derived one, as the
framework's is; the rule of its optimizer follows.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from backproof.compare.dialect import MATHS, NUMPY, PRELUDE, call_text, updates
from backproof.derive.statements import statements
from backproof.deriving import Request, derive_program
from backproof.errors import DerivationError, NoTrainingStepError
from backproof.runner import Runner
from backproof.source import Program

LOSS = "backproof_loss"
SESSIONS = frozenset({"Session", "InteractiveSession"})
PREPARING = frozenset(
    {
        *("initialize_all_variables", "global_variables_initializer", "local_variables_initializer"),
        *("initializers.global_variables", "disable_v2_behavior", "disable_eager_execution"),
        *("reset_default_graph", "set_random_seed", "random.set_random_seed"),
    }
)


APART = (  # what runs at another time than the statement that it stands in, or more than once
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def has_placeholders(program: Program) -> bool:
    """Does a program feed placeholders of TensorFlow?"""
    try:
        tree = ast.parse(program.text)
    except SyntaxError:
        return False
    alias = _alias(tree)
    return any(_dotted(n, alias) == "placeholder" for n in ast.walk(tree))


def as_numpy(program: Program, seconds: float, runner: Runner) -> Program:
    """Write such a program as NumPy, with its backward pass.

    Raises
    ------
    NoTrainingStepError
        When it does what cannot be written so, with the line.
    """
    tree = ast.parse(program.text)
    writer = _Writer(program.filename, _alias(tree))
    forward = ast.fix_missing_locations(ast.Module(writer.block(tree.body), []))
    if writer.minimised is None:
        raise NoTrainingStepError(f"{program.filename}: no optimizer of it minimises anything.")
    head = PRELUDE + "".join(f"from numpy import {name}\n" for name in _missing(tree))
    text = head + ast.unparse(forward)
    driver = text.replace("backproof_update()", "raise SystemExit").replace("backproof_memory()", "pass")
    try:
        request = Request(tuple(writer.variables), LOSS, None, seconds)
        derived = derive_program(Program(program.filename, driver), request, runner)
        backward = statements(derived)
    except DerivationError as error:
        raise NoTrainingStepError(f"{program.filename}: {error}") from None
    gradients = {p.text: derived.gradients[p.leaf] for p in derived.forward.parameters}
    memory, update = updates(*writer.minimised, gradients)
    lines = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        inserted = {"backproof_update()": backward + update, "backproof_memory()": memory}.get(line.strip())
        lines += [line] if inserted is None else [indent + each for each in inserted.splitlines()]
    return Program(program.filename, "\n".join(lines) + "\n")


@dataclass(eq=False)
class _Writer:
    """Goes through a program and writes its statements anew.

    ``values`` are the statements that give the graph's values, in order; ``dropped`` the names that are
    nothing outside the framework, such as sessions.
    """

    filename: str
    alias: str
    placeholders: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    values: list[ast.Assign] = field(default_factory=list)
    optimizers: dict[str, ast.Call] = field(default_factory=dict)
    trains: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    minimised: tuple[str, dict[str, str]] | None = None
    loss: str = ""

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Write some statements."""
        return [new for statement in body for new in self.statement(statement)]

    def statement(self, node: ast.stmt) -> Iterator[ast.stmt]:
        """Write one statement: as it is, otherwise, or not at all."""
        match node:
            case ast.Import() | ast.ImportFrom() if _is_framework(node):
                return
            case ast.With(items=[ast.withitem(context_expr=given, optional_vars=name)]) if (
                _dotted(given, self.alias) in SESSIONS
            ):
                if isinstance(name, ast.Name):
                    self.dropped.add(name.id)
                yield from self.block(node.body)
            case ast.For() | ast.While() | ast.If():
                head = node.iter if isinstance(node, ast.For) else node.test
                if not isinstance(node, ast.If):
                    self._require_no_run(head)
                yield from self._before(head)
                self._require_none(head)
                node.body, node.orelse = self.block(node.body), self.block(node.orelse)
                yield node
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if self._is_of_graph(value):
                yield from self._bound(name, value)
            case ast.Expr(value=ast.Call() as call) if self._is_preparing(call):
                return
            case _:
                for inner in ast.walk(node):
                    if isinstance(inner, APART):
                        self._require_no_run(inner)
                yield from self._before(node)
                changed = _Fetched(self).visit(node)
                self._require_none(changed)
                yield changed

    def _bound(self, name: str, value: ast.expr) -> Iterator[ast.stmt]:
        """Write the binding of a name to a part of the graph."""
        called = _dotted(value, self.alias)
        if called == "placeholder":
            self.placeholders.append(name)
        elif called in SESSIONS or called in PREPARING:
            self.dropped.add(name)
        elif called in ("Variable", "get_variable") and isinstance(value, ast.Call):
            given = [k.value for k in value.keywords if k.arg == "initial_value"] or value.args[:1]
            if not given or called == "get_variable":
                self.refuse(value)
            self.variables.append(name)
            first = f"np.asarray({self.text(given[0])}, dtype=float)"
            yield _assign(name, ast.parse(first, mode="eval").body)
        elif called is not None and called.endswith("Optimizer") and isinstance(value, ast.Call):
            self.optimizers[name] = value
        elif isinstance(value, ast.Call) and (minimised := self._minimised(value)) is not None:
            if self.minimised is not None:
                self.refuse(value)
            optimizer, loss = minimised
            self.trains.add(name)
            self.loss = self.text(loss)
            rule = (_dotted(optimizer, self.alias) or "").rpartition(".")[2]
            arguments = {str(k): self.text(a) for k, a in enumerate(optimizer.args)}
            arguments |= {k.arg: self.text(k.value) for k in optimizer.keywords if k.arg}
            self.minimised = rule, arguments
            yield from ast.parse("backproof_memory()").body
        else:
            self.values.append(_assign(name, ast.parse(self.text(value), mode="eval").body))

    def _minimised(self, call: ast.Call) -> tuple[ast.Call, ast.expr] | None:
        """The optimizer and the loss of ``optimizer.minimize(loss)``."""
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "minimize"):
            return None
        owner = call.func.value
        optimizer = self.optimizers.get(owner.id) if isinstance(owner, ast.Name) else owner
        loss = [*call.args, *(k.value for k in call.keywords if k.arg == "loss")]
        others = {k.arg for k in call.keywords} - {"loss", "global_step", "name"}
        if not isinstance(optimizer, ast.Call) or len(loss) != 1 or others:
            self.refuse(call)
        return optimizer, loss[0]

    def _is_of_graph(self, value: ast.expr) -> bool:
        """Is this a part of the graph, and no call that runs it?"""
        if any(self.run(n) is not None for n in ast.walk(value)):
            return False
        known = {*self.placeholders, *self.variables, *self.optimizers, *(_name(v) for v in self.values)}
        return any(
            _dotted(n, self.alias) is not None or (isinstance(n, ast.Name) and n.id in known)
            for n in ast.walk(value)
        )

    def _is_preparing(self, call: ast.Call) -> bool:
        """Does a call only prepare or end a session?"""
        if _dotted(call, self.alias) in PREPARING:
            return True
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if not (isinstance(owner, ast.Name) and owner.id in self.dropped):
            return False
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        nothing = [
            (isinstance(a, ast.Name) and a.id in self.dropped) or _dotted(a, self.alias) in PREPARING
            for a in call.args
        ]
        return attribute == "close" or (bool(nothing) and all(nothing))

    def run(self, node: ast.AST) -> tuple[ast.expr, ast.expr | None] | None:
        """What a call of the session fetches, and what it feeds; None of any other."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            return None
        owner, attribute = node.func.value, node.func.attr
        if not isinstance(owner, ast.Name) or attribute not in ("run", "eval"):
            return None
        keywords = {k.arg: k.value for k in node.keywords}
        if owner.id in self.dropped and attribute == "run":
            given = [*node.args, keywords.get("feed_dict")]
            fetched = node.args[0] if node.args else keywords.get("fetches")
            if fetched is None:
                self.refuse(node)
            return fetched, given[1] if node.args else keywords.get("feed_dict")
        if owner.id in {*self.trains, *self.variables, *(_name(v) for v in self.values)}:
            return owner, node.args[0] if node.args else keywords.get("feed_dict")
        return None

    def _before(self, node: ast.AST) -> Iterator[ast.stmt]:
        """The statements that do what the calls of the session in a statement do."""
        for call in ast.walk(node):
            found = self.run(call)
            if found is None:
                continue
            fetched, fed = found
            if fed is not None and not isinstance(fed, ast.Dict):
                self.refuse(call)
            pairs = [] if fed is None else zip(fed.keys, fed.values, strict=True)
            for key, value in pairs:
                if not (isinstance(key, ast.Name) and key.id in self.placeholders):
                    self.refuse(call)
                self._require_none(value)
                yield _assign(
                    key.id, ast.parse(f"np.asarray({ast.unparse(value)}, dtype=float)", mode="eval").body
                )
            if fed is not None or not self.placeholders:
                yield from self.values
            if any(isinstance(n, ast.Name) and n.id in self.trains for n in ast.walk(fetched)):
                yield from ast.parse(f"{LOSS} = np.sum({self.loss})\nbackproof_update()").body

    def text(self, node: ast.expr) -> str:
        """Write an expression of the graph as one of NumPy."""
        return ast.unparse(ast.fix_missing_locations(_Numpy(self).visit(node)))

    def _require_none(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            if _dotted(inner, self.alias) is not None:
                self.refuse(inner)

    def _require_no_run(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            if self.run(inner) is not None:
                self.refuse(inner)

    def refuse(self, node: ast.AST, text: str = "") -> NoReturn:
        """Say that a part of the program cannot be written as NumPy."""
        row = getattr(node, "lineno", 0)
        raise NoTrainingStepError(
            f"{self.filename}:{row}: `{text or ast.unparse(node)}` is not read yet: of programs that "
            "train by a framework, those with placeholders, simple layers and a session are compared."
        )


class _Fetched(ast.NodeTransformer):
    """Puts the values that a call of the session fetches in its place."""

    def __init__(self, writer: _Writer) -> None:
        self.writer = writer

    def visit_Call(self, node: ast.Call) -> ast.expr:
        found = self.writer.run(node)
        if found is None:
            self.generic_visit(node)
            return node
        fetched = found[0]
        several = isinstance(fetched, ast.List | ast.Tuple)
        parts = fetched.elts if isinstance(fetched, ast.List | ast.Tuple) else [fetched]
        values: list[ast.expr] = [
            ast.Constant(None)
            if isinstance(part, ast.Name) and part.id in self.writer.trains
            else ast.parse(self.writer.text(part), mode="eval").body
            for part in parts
        ]
        return ast.List(values, ast.Load()) if several else values[0]


class _Numpy(ast.NodeTransformer):
    """Writes the framework's functions as NumPy's."""

    def __init__(self, writer: _Writer) -> None:
        self.writer = writer

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = _dotted(node, self.writer.alias)
        if name is None:
            self.generic_visit(node)
            return node
        if name not in NUMPY:
            self.writer.refuse(node)
        written = ast.unparse(node)
        node.args = [self.visit(a) for a in node.args]
        node.keywords = [self.visit(k) for k in node.keywords]
        arguments = [ast.unparse(a) for a in node.args]
        keywords = {k.arg: ast.unparse(k.value) for k in node.keywords if k.arg is not None}
        text = call_text(name, arguments, keywords)
        if text is None:
            self.writer.refuse(node, written)
        return ast.parse(text, mode="eval").body

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if _dotted(node, self.writer.alias) is not None:  # a type of numbers
            return ast.Constant(None)
        self.generic_visit(node)
        return node


def _alias(tree: ast.AST) -> str:
    """What a program calls TensorFlow."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.startswith("tensorflow"):
                    return name.asname or name.name
    return "tf"


def _is_framework(node: ast.Import | ast.ImportFrom) -> bool:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
    return all(name.startswith("tensorflow") for name in names)


def _dotted(node: ast.AST, alias: str) -> str | None:
    """The name of the framework's function that is called or meant: ``nn.sigmoid``; None of anything else."""
    if isinstance(node, ast.Call):
        node = node.func
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not (isinstance(node, ast.Name) and node.id == alias and parts):
        return None
    name = ".".join(reversed(parts))
    return name.removeprefix("compat.v1.").removeprefix("math.")


def _name(statement: ast.Assign) -> str:
    (target,) = statement.targets
    assert isinstance(target, ast.Name)
    return target.id


def _assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)


def _missing(tree: ast.AST) -> list[str]:
    """Functions of NumPy that a pasted program uses and does not import."""
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {name.asname or name.name for name in node.names}
        elif isinstance(node, ast.FunctionDef):
            bound.add(node.name)
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return sorted((used & MATHS) - bound)
