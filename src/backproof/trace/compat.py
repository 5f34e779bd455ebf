"""What an old or a pasted program needs to run today: missing imports, and what NumPy has removed since."""

from __future__ import annotations

import ast
import builtins
import collections.abc
import importlib
import importlib.util
import math
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

IMPORTS = {
    "np": "numpy", "numpy": "numpy", "math": "math", "random": "random", "plt": "matplotlib.pyplot",
    "time": "time",
    "sys": "sys", "os": "os", "copy": "copy", "pd": "pandas", "scipy": "scipy", "itertools": "itertools",
}  # fmt: skip
FUNCTIONS = {
    **dict.fromkeys(("sin", "cos", "tan", "exp", "log", "sqrt", "tanh", "pi", "floor", "ceil"), "math"),
    **dict.fromkeys(("array", "dot", "zeros", "ones", "arange", "linspace", "outer", "zeros_like"), "numpy"),
    "expit": "scipy.special", "deepcopy": "copy", "defaultdict": "collections", "randint": "random",
    "uniform": "random",
    "reduce": "functools", "get_ipython": "IPython", "namedtuple": "collections", "Counter": "collections",
}  # fmt: skip
RENAMED = {"xrange": "range", "raw_input": "input", "unicode": "str", "long": "int", "unichr": "chr"}
PACKAGES = {
    "sklearn": "scikit-learn", "cv2": "opencv-python", "PIL": "pillow", "yaml": "pyyaml",
    "skimage": "scikit-image",
    "mnist": "python-mnist", "bs4": "beautifulsoup4",
}  # fmt: skip
REMOVED: dict[str, Any] = {
    "math": math, "float": float, "int": int, "bool": bool, "object": object, "complex": complex, "str": str,
    "float_": np.float64, "product": np.prod, "cumproduct": np.cumprod, "alltrue": np.all, "sometrue": np.any,
    "Inf": math.inf, "Infinity": math.inf, "NaN": math.nan, "PINF": math.inf, "NINF": -math.inf,
    "unicode_": np.str_,
    "row_stack": np.vstack, "in1d": np.isin, "asscalar": lambda a: a.item(), "mat": np.asmatrix,
    "trapz": getattr(np, "trapezoid", None), "asfarray": lambda a, dtype=float: np.asarray(a, dtype),
}  # fmt: skip


def restore_modules() -> None:
    """Give Python back what it has moved, and what packages for Python 2 and 3 alike have supplied.

    ``collections.Hashable`` and its kin went to ``collections.abc`` in Python 3.10; ``past`` and ``future``
    belong to a package that few still have, and whose Python 3 half is Python's own.
    """
    for name in collections.abc.__all__:
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    if importlib.util.find_spec("past") is None:
        names = {"xrange": range, "unicode": str, "basestring": str, "long": int, "raw_input": builtins.input}
        sys.modules["past"] = types.ModuleType("past")
        sys.modules["past.builtins"] = module = types.ModuleType("past.builtins")
        module.__dict__.update({k: v for k, v in vars(builtins).items() if not k.startswith("_")} | names)
    if importlib.util.find_spec("future") is None:
        sys.modules["future"] = types.ModuleType("future")
        sys.modules["future.utils"] = utils = types.ModuleType("future.utils")
        utils.__dict__.update(
            iteritems=lambda d: d.items(), itervalues=lambda d: d.values(), iterkeys=lambda d: d.keys()
        )
        sys.modules["future.standard_library"] = library = types.ModuleType("future.standard_library")
        library.install_aliases = lambda: None  # type: ignore[attr-defined]


def notebook_names() -> dict[str, Any]:
    """What a notebook's cells find without importing it; nothing is shown."""

    def nothing(*_: Any, **__: Any) -> None:
        return None

    kernel = types.SimpleNamespace(
        run_line_magic=nothing, run_cell_magic=nothing, magic=nothing, system=nothing, kernel=None
    )
    return {"display": nothing, "get_ipython": lambda: kernel, "In": [], "Out": {}}


def restore_numpy() -> set[str]:
    """Give NumPy back what it has removed; the names that were given."""
    given = {name for name, value in REMOVED.items() if name not in np.__dict__ and value is not None}
    for name in given:
        setattr(np, name, REMOVED[name])
    return given


def missing_names(tree: ast.Module) -> list[tuple[str, int]]:
    """The names that a program uses and nowhere binds, each with the row of its first use."""
    bound = set(dir(builtins)) | {"__file__", "__name__", "__doc__"}
    used: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.setdefault(name, node.lineno)
                used[name] = min(used[name], node.lineno)
            case ast.Name(id=name):
                bound.add(name)
            case ast.alias(name="*"):
                return []
            case ast.alias(name=name, asname=asname):
                bound.add((asname or name).split(".")[0])
            case ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                bound.add(name)
    return sorted(((name, row) for name, row in used.items() if name not in bound), key=lambda pair: pair[1])


def supply(tree: ast.Module, space: dict[str, Any], removed: set[str]) -> list[tuple[str, int]]:
    """Put what the program forgot to import into its globals; say what and where, in the reader's words."""
    supplied: list[tuple[str, int]] = []
    for name, row in missing_names(tree):
        try:
            if name in IMPORTS:
                space[name] = importlib.import_module(IMPORTS[name])
                module = IMPORTS[name]
                supplied.append((f"import {module}" + (f" as {name}" if module != name else ""), row))
            elif name in FUNCTIONS:
                space[name] = getattr(importlib.import_module(FUNCTIONS[name]), name)
                supplied.append((f"from {FUNCTIONS[name]} import {name}", row))
            elif name in RENAMED:
                space[name] = getattr(builtins, RENAMED[name])
                supplied.append((f"{name}, which Python 3 calls {RENAMED[name]}", row))
        except (ImportError, AttributeError):
            continue
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "numpy"
    } | {name for name in ("np", "numpy") if name in space}
    rows: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=alias), attr=attr) if alias in aliases and attr in removed:
                name = f"{alias}.{attr}"
                rows[name] = min(rows.get(name, node.lineno), node.lineno)
    return supplied + [(f"{name}, which NumPy has removed", row) for name, row in rows.items()]


def explained(error: BaseException, line: str, folder: Path, asked: bool) -> str:
    """What an error said, and what to do about it where that is known.

    ``line`` is the program's line that raised, ``folder`` where the program lies; ``asked`` says that it
    was argparse that stopped it.
    """
    said = str(error)
    match error:
        case ModuleNotFoundError(name=str(name)):
            top = name.partition(".")[0]
            package = PACKAGES.get(top, top)
            return f"{said}; install it where backproof runs: {sys.executable} -m pip install {package}"
        case FileNotFoundError(filename=str(name)):
            if (folder / name).exists() and Path.cwd() != folder:
                return (
                    f"there is no file {name} here; it lies beside the program, so run backproof in {folder}"
                )
            return f"there is no file {name}; put it there, or run backproof where the program finds it"
        case FileNotFoundError():
            return f"{said.rstrip('.')}; put it there, or run backproof where the program finds it"
        case SystemExit() if asked:
            return "it wants arguments, and is run without any; give them defaults"
        case SystemExit():
            return ""
        case IndexError() if "argv" in line:
            return f"{said}; it wants arguments, and is run without any: give them defaults"
        case EOFError():
            return f"{said}; it waits for input that nobody types: give it values in the program"
        case RecursionError():
            return f"{said}; a function calls itself without end"
        case KeyboardInterrupt():
            return "it was interrupted"
    return said
