"""The structure of the package: who may import whom, and what importing it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import backproof

ROOT = Path(backproof.__file__).parent
# What each room may import; errors everybody may. Data goes one way: nothing reaches back up.
ALLOWED = {
    "graph": set(),
    "source": set(),
    "runner": set(),
    "findings": {"source"},
    "notation": {"graph"},
    "trace": {"graph", "source", "runner"},
    "step": {"graph", "trace"},
    "check": {"graph", "trace", "step"},
    "faults": {"graph", "source", "trace", "check"},
    "mend": {"graph", "notation", "source", "trace", "step", "check", "faults"},
    "diagnosis": {"graph", "notation", "source", "findings", "trace", "step", "check", "faults", "mend"},
    "health": {"graph", "source", "findings", "trace", "step", "check", "faults"},
    "rules": {"faults", "health"},
    "report": {"source", "findings"},
    "derive": {"graph", "notation", "trace", "step"},
    "training": {"graph", "notation"},
    "pipeline": {"source", "findings", "runner", "trace", "check", "health", "mend", "diagnosis"},
    "retrain": {
        "graph",
        "source",
        "runner",
        "findings",
        "trace",
        "step",
        "check",
        "health",
        "pipeline",
        "training",
    },
    "deriving": {"graph", "source", "runner", "trace", "step", "check", "derive", "pipeline"},
    "compare": {
        *("graph", "source", "findings", "runner", "trace", "step", "check", "health", "report"),
        *("pipeline", "derive", "deriving"),
    },
    "demo": {"source", "findings", "report", "pipeline", "training"},
}
HEAVY = ("numba", "llvmlite", "matplotlib", "rich", "torch", "jax", "tensorflow", "IPython", "scipy", "numpy")


def imports(path: Path) -> Iterator[str]:
    """The rooms that a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module == "backproof":
            names = [f"backproof.{alias.name}" for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith("backproof."))


def modules(room: str) -> list[Path]:
    """The files of a room."""
    folder = ROOT / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{room}.py"]


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_stands_below_it(room: str) -> None:
    """No module reaches for a room that its own may not know."""
    seen = {(path.name, name) for path in modules(room) for name in imports(path)}
    assert not {(file, name) for file, name in seen if name not in ALLOWED[room] | {room, "errors"}}


def test_nobody_imports_the_command_line() -> None:
    """The command line calls the others; only the module that starts it knows it."""
    files = [p for p in ROOT.rglob("*.py") if "cli" not in p.parts and p.name != "__main__.py"]
    assert not [p.name for p in files if "cli" in set(imports(p))]


def test_every_room_has_its_rule() -> None:
    """A new folder or module of the package has to say what it may import."""
    rooms = {p.stem for p in ROOT.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert rooms - set(ALLOWED) == {"__init__", "__main__", "cli", "errors", "examples"}


def test_importing_the_package_is_light() -> None:
    """Nothing heavy is loaded before there is work to do."""
    code = f"import sys, backproof; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_light_import_test_can_fail() -> None:
    """The same question after importing NumPy names it."""
    code = f"import sys, numpy; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['numpy']"
