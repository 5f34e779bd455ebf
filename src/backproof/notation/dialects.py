"""A graph as an expression of NumPy, PyTorch, JAX or TensorFlow: a file a framework."""

from __future__ import annotations

from backproof.graph import OPERATIONS, Node
from backproof.notation.dialect import Dialect
from backproof.notation.forms import softmax
from backproof.notation.jax_text import JAX
from backproof.notation.tensorflow_text import TENSORFLOW
from backproof.notation.torch_text import TORCH


def _numpy(node: Node) -> str:
    text = OPERATIONS[node.operation].numpy
    return text if isinstance(text, str) else text(node)


NUMPY = Dialect(
    "numpy",
    "NumPy",
    {
        **dict.fromkeys(OPERATIONS, _numpy),
        "softmax": softmax("softmax", "axis"),
        "relu": "np.maximum($0, 0)",
    },
)


DIALECTS = {dialect.name: dialect for dialect in (NUMPY, TORCH, JAX, TENSORFLOW)}
