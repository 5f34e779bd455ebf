"""What the dialects write evaluates to the same number in the framework."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np
import pytest

from backproof.errors import DerivationError
from backproof.graph import OPERATIONS, apply, leaf
from backproof.notation.dialect import SHARED
from backproof.notation.dialects import DIALECTS, NUMPY

DRAWS = 6


def _namespace(framework: str) -> tuple[dict[str, Any], Any]:
    """The modules that an emitted program imports, and what makes a tensor of an array."""
    if framework == "torch":
        torch = importlib.import_module("torch")
        return {"torch": torch}, torch.tensor
    if framework == "jax":
        jax = importlib.import_module("jax")
        jax.config.update("jax_enable_x64", True)
        jnp = importlib.import_module("jax.numpy")
        importlib.import_module("jax.scipy.special")
        return {"jax": jax, "jnp": jnp}, jnp.asarray
    tf = importlib.import_module("tensorflow")
    return {"tf": tf}, tf.constant


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
def test_every_template_computes_what_the_table_does(framework: str) -> None:
    """Every operation with a template, on operands of its own domain."""
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    space, tensor = _namespace(framework)
    dialect = DIALECTS[framework]
    tried = 0
    for name in sorted((set(dialect.templates) | SHARED) & set(OPERATIONS)):
        for seed in range(DRAWS):
            operands, attributes = OPERATIONS[name].domain(np.random.default_rng(seed))
            if any(np.asarray(value).dtype.kind != "f" or np.ndim(value) == 0 for value in operands):
                continue
            nodes = [leaf(np.asarray(value, dtype=float), f"x{k}") for k, value in enumerate(operands)]
            node = apply(name, *nodes, **attributes)
            try:
                text = dialect.text(node)
            except DerivationError:
                continue
            given = {f"x{k}": tensor(n.value) for k, n in enumerate(nodes)}
            found = eval(text, {**space, **given})
            assert np.allclose(np.asarray(found), node.value, rtol=1e-12, atol=1e-13), (name, text)
            assert np.shape(found) == np.shape(node.value), (name, text)
            tried += 1
    assert tried > 60


def test_numpy_has_every_operation() -> None:
    """NumPy lacks none of the table."""
    assert set(OPERATIONS) <= set(NUMPY.templates)


def test_what_has_no_template_is_refused() -> None:
    """An operation that a framework has no template for is named."""
    node = apply("kron", leaf(np.ones(3), "x"), leaf(np.ones(2), "y"))
    with pytest.raises(DerivationError, match="kron"):
        DIALECTS["torch"].text(node)
