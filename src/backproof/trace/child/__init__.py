"""The child process: runs one rewritten program under the recorder and writes the trace to a file.

Only the server imports it, which runs it in a copy of itself.
"""

from backproof.trace.child.running import main

__all__ = ["main"]
