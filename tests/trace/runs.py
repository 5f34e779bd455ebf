"""Run a program as Python does, and once more rewritten, under a recorder."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import types
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, evaluate
from backproof.trace.hooks import Recorder
from backproof.trace.rewriting import RECORDER, Rewriter
from backproof.trace.stopping import NEVER, Stopper


@dataclass
class Run:
    """What a run left: its globals, what it printed, what it raised, and the recorder where there was one."""

    space: dict[str, Any]
    output: str
    error: BaseException | None
    recorder: Recorder
    leaves: dict[str, Node] = field(default_factory=dict)

    def node(self, name: str) -> Node:
        """The node of a global variable."""
        node = self.recorder.nodes.find(self.space[name])
        assert node is not None, f"{name} has no node"
        return node

    def unknown(self, name: str) -> list[str]:
        """Why a global variable hangs on values that could not be followed; nothing where it does not."""
        nodes = ancestors([self.node(name)])
        return [n.attributes["why"] for n in nodes if n.operation == "unknown"]


def plainly(text: str, given: Mapping[str, Any] | None = None) -> Run:
    """Run a program as it is."""
    return _run(compile(text, "<program>", "exec"), dict(given or {}), None)


def traced(text: str, given: Mapping[str, Any] | None = None) -> Run:
    """Run a program rewritten, to its end; the nodes of what it was given are its ``leaves``."""
    sites: list[Any] = []
    recorder = Recorder(sites, Stopper(NEVER))
    tree = Rewriter(text, "<program>", sites).module(ast.parse(text))
    given = dict(given or {})
    tracked = {name: value for name, value in given.items() if not callable(value)}
    leaves = {name: recorder.nodes.node(value, None) for name, value in tracked.items()}
    run = _run(compile(tree, "<program>", "exec"), {**given, RECORDER: recorder}, recorder)
    run.leaves = leaves
    return run


def _run(code: types.CodeType, space: dict[str, Any], recorder: Recorder | None) -> Run:
    module = types.ModuleType("__main__")  # dataclasses look a class's module up
    module.__dict__.update(space)
    output, error, outer, limit = io.StringIO(), None, sys.modules["__main__"], sys.getrecursionlimit()
    sys.modules["__main__"] = module
    sys.setrecursionlimit(6 * limit if recorder else limit)  # as the child process does
    np.random.seed(7)
    try:
        with contextlib.redirect_stdout(output), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # as in the child process: np.matrix warns
            exec(code, module.__dict__)
    except Exception as caught:
        error = caught
    finally:
        sys.modules["__main__"] = outer
        sys.setrecursionlimit(limit)
    own = {
        name: value
        for name, value in module.__dict__.items()
        if not name.startswith(("__", "_bp_")) and not isinstance(value, types.ModuleType)
    }
    return Run(own, output.getvalue(), error, recorder)  # type: ignore[arg-type]


def alike(a: Any, b: Any) -> bool:
    """Are two values of two runs the same to the last bit, and of the same types?"""
    if isinstance(a, types.FunctionType | type | types.MethodType):
        return isinstance(b, types.FunctionType | type | types.MethodType)
    if type(a) is not type(b):
        return (
            type(a).__name__ == type(b).__name__ and type(a).__module__ == "__main__" and _alike_inside(a, b)
        )
    if isinstance(a, np.ndarray) and a.dtype != object:
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.ndarray | list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, float | np.generic):
        return np.asarray(a).tobytes() == np.asarray(b).tobytes()
    return type(a).__module__ != "builtins" or a == b or isinstance(a, types.GeneratorType)


def _alike_inside(a: Any, b: Any) -> bool:
    """Have two objects of the program's own classes the same attributes, and items where they have any?"""
    if isinstance(a, dict | list | tuple) and not alike(_plain(a), _plain(b)):
        return False
    slots = getattr(type(a), "__slots__", ())
    names = [*getattr(a, "__dict__", {}), *(n for n in slots if hasattr(a, n))]
    others = [*getattr(b, "__dict__", {}), *(n for n in slots if hasattr(b, n))]
    return names == others and all(alike(_get(a, n), _get(b, n)) for n in names)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else list(value)


def _get(value: Any, name: str) -> Any:
    return vars(value)[name] if name in getattr(value, "__dict__", {}) else getattr(value, name)


def evaluated(node: Node, leaves: Mapping[Node, Any]) -> Any:
    """The value of a node with other values for some leaves."""
    return evaluate([node], leaves)[node]
