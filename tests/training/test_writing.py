"""Files appear whole or not at all."""

from __future__ import annotations

import os

import pytest

from backproof.errors import FileUnwritableError
from backproof.training.writing import check_folder, clear_leftovers, write_whole


def test_what_fails_leaves_the_old_file(tmp_path):
    """A write that fails, or that Ctrl-C ends, leaves the old file and nothing else."""
    path = tmp_path / "state"
    write_whole(path, lambda file: file.write(b"old"), "--save")

    def full(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    def interrupted(file):
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(FileUnwritableError, match=r"^--save .*state: cannot be written \(No space left"):
        write_whole(path, full, "--save")
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, interrupted, "--save")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["state"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_a_symbolic_link_stays_one(tmp_path):
    """The file that a link names is replaced, not the link."""
    (tmp_path / "real").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    write_whole(link, lambda file: file.write(b"new"), "--save")
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_leftovers_are_cleared(tmp_path):
    """What a killed process left of this file is removed, and nothing of others."""
    for name in (".a[1].99999.tmp", ".a1.99999.tmp", "a[1]"):
        (tmp_path / name).touch()
    clear_leftovers(tmp_path / "a[1]")
    assert sorted(os.listdir(tmp_path)) == [".a1.99999.tmp", "a[1]"]


def test_refused_before_the_training(tmp_path):
    """A folder that does not exist, and a name that is no file's, are refused in a sentence."""
    check_folder(tmp_path / "new", "--plot")
    with pytest.raises(FileUnwritableError, match=r"--plot .*there is no folder .*missing\.$"):
        check_folder(tmp_path / "missing" / "new", "--plot")
    with pytest.raises(FileUnwritableError, match="is not a file that could be replaced"):
        check_folder(tmp_path, "--plot")
