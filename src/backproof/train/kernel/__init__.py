"""The compiled training step: the update graph as machine code."""

from backproof.train.kernel.code import NotCompilableError
from backproof.train.kernel.compile import CompiledLoop, Kernel, compile_step, estimate
from backproof.train.kernel.group import GroupLoop
from backproof.train.kernel.target import Target, host

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
