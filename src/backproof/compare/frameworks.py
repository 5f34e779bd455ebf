"""The frameworks that programs train by."""

from __future__ import annotations

import ast

from backproof.source import Program

FRAMEWORKS = {
    "torch": "PyTorch",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "jax": "JAX",
    "flax": "JAX",
    "theano": "Theano",
}


def framework_of(program: Program) -> str | None:
    """The framework that a program imports, as people call it; None where it imports none."""
    try:
        tree = ast.parse(program.text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [n.name for n in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if (found := FRAMEWORKS.get(name.partition(".")[0])) is not None:
                return found
    return None
