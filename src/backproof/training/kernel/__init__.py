"""The compiled training step: the update graph as machine code."""

from backproof.training.kernel.code import NotCompilableError
from backproof.training.kernel.compile import CompiledLoop, Kernel, compile_step, estimate
from backproof.training.kernel.group import GroupLoop
from backproof.training.kernel.target import Target, host

__all__ = [
    "CompiledLoop",
    "GroupLoop",
    "Kernel",
    "NotCompilableError",
    "Target",
    "compile_step",
    "estimate",
    "host",
]
