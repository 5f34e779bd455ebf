"""A printed diff is one that the usual tools take."""

import shutil
import subprocess

import pytest

from backproof.source import Program, diff

CASES = {
    "plain": ("a = 1\nb = y - o\nc = 3\n", "a = 1\nb = o - y\nc = 3\n"),
    "windows": ("a = 1\r\nb = y - o\r\nc = 3\r\n", "a = 1\r\nb = o - y\r\nc = 3\r\n"),
    "mixed": ("a = 1\r\nb = 2\n\x0c\nc = '\u2028'\rd = y\n", "a = 1\r\nb = 2\n\x0c\nc = '\u2028'\rd = o\n"),
    "no newline at the end": ("a = 1\nb = y - o", "a = 1\nb = o - y"),
    "newline lost": ("a = 1\nb = 2\n", "a = 1\nb = 2"),
    "far apart": (
        "x = 0\n" * 20 + "b = 1\n" + "y = 2\n" * 20,
        "c = 1\n" + "x = 0\n" * 20 + "b = 2\n" + "y = 2\n" * 20,
    ),
    "emptied": ("a = 1\n", ""),
}
NEEDED = {"patch": ["patch", "-p0", "--binary", "-s"], "git": ["git", "apply", "-p0", "--whitespace=nowarn"]}


@pytest.mark.parametrize("tool", NEEDED)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["net.py", "my net.py"])
def test_a_diff_applies(tool, case, name, tmp_path):
    """Applied to the old text, the diff gives the new text byte for byte."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    before, after = CASES[case]
    (tmp_path / name).write_bytes(before.encode())
    text = diff(Program(name, before), Program(name, after))
    done = subprocess.run(NEEDED[tool], input=text.encode(), cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    path = tmp_path / name
    assert (path.read_bytes() if path.exists() else b"") == after.encode()


def test_no_difference_is_no_text():
    """The diff of a program with itself is empty."""
    assert diff(Program("a.py", "a = 1"), Program("a.py", "a = 1")) == ""


def test_a_file_below_the_current_folder_is_named_from_there(tmp_path, monkeypatch):
    """Tools refuse absolute names, so a path below the current folder is made relative."""
    monkeypatch.chdir(tmp_path)
    name = str(tmp_path / "deep" / "net.py")
    assert diff(Program(name, "a\n"), Program(name, "b\n")).startswith("--- deep/net.py\n+++ deep/net.py\n")
