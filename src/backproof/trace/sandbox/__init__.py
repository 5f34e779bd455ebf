"""Keep the user's machine as it was: no windows, no questions, no files, no processes, no output.

What a program does to its surroundings is led elsewhere, so that it goes on as if it had happened; what
slips through, such as C code that opens files by itself, is refused by the kernel where the kernel can.
"""

from backproof.trace.sandbox.fence import fence
from backproof.trace.sandbox.files import Overlay
from backproof.trace.sandbox.plots import without_plots
from backproof.trace.sandbox.processes import threads_in_turn, without_processes
from backproof.trace.sandbox.terminal import deep_stack, quiet

__all__ = ["Overlay", "deep_stack", "fence", "quiet", "threads_in_turn", "without_plots", "without_processes"]
