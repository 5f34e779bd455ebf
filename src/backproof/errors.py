"""The errors that a user can do something about, one class for each thing to do."""

from __future__ import annotations

INTERRUPTED = 130  # exit code: as a shell reports a process that Ctrl-C has ended


class BackproofError(Exception):
    """What happened, where, and what to do about it; the command line prints it and exits with 2."""


class ProgramUnreadableError(BackproofError):
    """The file is missing, is not text, or is not Python."""


class ProgramFailedError(BackproofError):
    """The user's program crashed, hung, exited or outgrew its memory before a training step was seen."""


class NoTrainingStepError(BackproofError):
    """The program ran, but nothing in it looks like a hand-written gradient step."""


class UnsupportedOperationError(BackproofError):
    """An operation has no derivative rule and none can be found numerically."""


class DerivationError(BackproofError):
    """There is nothing to derive, it is not said by what, or the result did not stand its test."""


class EditRejectedError(BackproofError):
    """Edits overlap, lie outside the text, or cannot be written in the file's encoding."""


class FileChangedError(BackproofError):
    """The file is no longer what was read: somebody saved it in the meantime; nothing was written."""


class FileUnwritableError(BackproofError):
    """The file or its folder may not be written to; nothing was written."""


class ConfigurationError(BackproofError):
    """An option, a rule name or a key of ``[tool.backproof]`` is not one that exists."""
