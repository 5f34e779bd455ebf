"""What the tests of programs that are trained share: a file with one."""

from __future__ import annotations

import pytest


@pytest.fixture
def program(tmp_path):
    """A file with a program."""

    def write(text: str) -> str:
        path = tmp_path / "net.py"
        path.write_text(text)
        return str(path)

    return write
