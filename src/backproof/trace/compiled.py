"""A stand-in for Numba, whose decorators leave a function as it is: what is compiled cannot be followed."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import sys
import types
from typing import Any

import numpy as np

NAME = "numba"
DECORATORS = frozenset({"jit", "njit", "generated_jit", "jitclass", "cfunc", "overload"})


class Signature:
    """Stands for a type of Numba, an array of it, and a signature made of these."""

    def __call__(self, *_: Any, **__: Any) -> Signature:
        """The signature of a function of such arguments."""
        return self

    def __getitem__(self, _: Any) -> Signature:
        return self

    def __getattr__(self, name: str) -> Signature:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def _plain(*arguments: Any, **_: Any) -> Any:
    """A decorator, with or without a signature and options, that gives back what it is given."""
    if len(arguments) == 1 and isinstance(arguments[0], types.FunctionType | type):
        return arguments[0]
    return lambda function: function


def _elementwise(*arguments: Any, **_: Any) -> Any:
    """``numba.vectorize``, with or without signatures."""
    if len(arguments) == 1 and isinstance(arguments[0], types.FunctionType):
        return np.vectorize(arguments[0])
    return np.vectorize


class PlainNumba(types.ModuleType):
    """Numba, or a module in it."""

    __path__: list[str] = []  # noqa: RUF012 - the import system asks for a list
    prange = range
    vectorize = staticmethod(_elementwise)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in DECORATORS:
            return _plain
        return {"Dict": dict, "List": list}.get(name, Signature())


class PlainNumbaFinder:
    """Finds Numba and the modules in it, installed or not."""

    def find_spec(self, name: str, *_: Any) -> Any:
        """The import system asks for a module."""
        if not _is_numba(name):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> PlainNumba:
        """The module."""
        return PlainNumba(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


def leave_plain(tree: ast.Module) -> list[tuple[str, int]]:
    """Put the stand-in in Numba's place; what to tell of it where it is not installed, and the row."""
    installed = importlib.util.find_spec(NAME) is not None
    sys.meta_path.insert(0, PlainNumbaFinder())
    rows = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names, lineno=row) if any(_is_numba(alias.name) for alias in names):
                rows.append(row)
            case ast.ImportFrom(module=str(module), level=0, lineno=row) if _is_numba(module):
                rows.append(row)
    told = f"{NAME}, whose functions ran without being compiled"
    return [] if installed or not rows else [(told, min(rows))]


def _is_numba(module: str) -> bool:
    return module.partition(".")[0] == NAME
