"""A correct program as text and syntax tree, with the places of both."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

Place = tuple[int, int]  # offsets in a text, the end exclusive
BLOCKS = ("body", "orelse", "finalbody")


@dataclass(frozen=True)
class Source:
    """A program's text, its tree, and who is whose parent there. Texts are ASCII, so offsets are simple."""

    text: str
    tree: ast.Module = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Source:
        """Parse a program. Raises ``ValueError`` for other than ASCII."""
        if not text.isascii():
            raise ValueError("the programs of the benchmark are written in ASCII")
        return cls(text, ast.parse(text))

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each line."""
        return [0, *(k + 1 for k, letter in enumerate(self.text) if letter == "\n")]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The parent of every node."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """Where a node stands, without brackets around it."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def of_node(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        start, end = self.place(node)
        return self.text[start:end]

    def lines_of(self, node: ast.stmt) -> Place:
        """The whole lines of a statement, with the end of the last."""
        assert node.end_lineno is not None
        last = self.starts[node.end_lineno] if node.end_lineno < len(self.starts) else len(self.text)
        return self.starts[node.lineno - 1], last

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node is part of."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def block(self, node: ast.stmt) -> list[ast.stmt]:
        """The statements among which one stands."""
        parent = self.parents[node]
        blocks = (getattr(parent, name, []) for name in BLOCKS)
        return next(block for block in blocks if isinstance(block, list) and node in block)

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.Lambda | None:
        """The function that a node is in."""
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, ast.FunctionDef | ast.Lambda):
                return node
        return None

    def operator_at(self, node: ast.BinOp, sign: str) -> int:
        """The offset of the operator of a binary expression."""
        return self.text.index(sign, self.place(node.left)[1], self.place(node.right)[0])

    def left(self, node: ast.BinOp, sign: str) -> str:
        """The text of the left operand with its brackets."""
        return self.text[self.place(node)[0] : self.operator_at(node, sign)].rstrip()

    def right(self, node: ast.BinOp, sign: str) -> str:
        """The text of the right operand with its brackets."""
        return self.text[self.operator_at(node, sign) + len(sign) : self.place(node)[1]].lstrip()

    def bracketed(self, node: ast.expr) -> bool:
        """May a sum stand in a node's place without brackets?"""
        start, end = self.place(node)
        around = self.text[start - 1 : start] + self.text[end : end + 1]
        return around == "()" or not isinstance(
            self.parents[node],
            ast.BinOp | ast.UnaryOp | ast.Attribute | ast.Subscript | ast.Compare | ast.Starred,
        )

    def statements(self) -> Iterator[ast.stmt]:
        """Every statement, in the order of the text."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.stmt)]
        return iter(sorted(found, key=lambda node: (node.lineno, node.col_offset)))

    def expressions(self) -> Iterator[ast.expr]:
        """Every expression, in the order of the text."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.expr)]
        return iter(sorted(found, key=self.place))


def constant(node: ast.AST) -> float | None:
    """The number that a literal is, or None."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]
    return None


def is_one_minus(node: ast.AST) -> bool:
    """Is this ``1 - something``?"""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and constant(node.left) == 1


def is_reading(node: ast.AST) -> bool:
    """Is this a name, an attribute or an item that is read?"""
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Load)
