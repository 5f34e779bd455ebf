"""A file is replaced as a whole, or left as it was."""

import os
import stat

import pytest

from backproof.errors import EditRejectedError, FileChangedError, FileUnwritableError
from backproof.source import Edit, Program, Span, apply_edits, read_program, write_program

EDIT = Edit(Span(1, 5, 1, 12), "out - y")


@pytest.fixture
def path(tmp_path):
    """Write a program with Windows line endings and a mode of its own."""
    path = tmp_path / "net.py"
    path.write_bytes(b"g = y - out\r\nh = 1\n")
    path.chmod(0o751)
    return path


def test_the_file_is_replaced_with_its_mode_kept(path):
    """The new bytes are there, the mode bits stay, and nothing else is left in the folder."""
    inode = path.stat().st_ino
    written = write_program(apply_edits(read_program(path), [EDIT]), path)
    assert path.read_bytes() == b"g = out - y\r\nh = 1\n" == written.data
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    assert path.stat().st_ino != inode, "it was written in place, so a reader could have seen half of it"
    assert os.listdir(path.parent) == ["net.py"]


def test_a_written_program_can_be_edited_and_written_again(path):
    """Writing gives the program as it stands on disk, so the next write does not take it for changed."""
    program = write_program(apply_edits(read_program(path), [EDIT]), path)
    write_program(apply_edits(program, [Edit(Span(2, 5, 2, 6), "2")]), path)
    assert path.read_bytes() == b"g = out - y\r\nh = 2\n"


def test_a_symbolic_link_stays_one(path):
    """The file behind a link is written, the link is kept."""
    link = path.with_name("link.py")
    link.symlink_to("net.py")
    write_program(apply_edits(read_program(link), [EDIT]), link)
    assert link.is_symlink()
    assert path.read_bytes() == b"g = out - y\r\nh = 1\n"


def test_a_file_that_changed_since_is_not_overwritten(path):
    """What somebody saved in the meantime is kept."""
    program = apply_edits(read_program(path), [EDIT])
    path.write_bytes(b"g = y - out\nh = 3\n")
    with pytest.raises(FileChangedError, match="changed since it was read"):
        write_program(program, path)
    assert path.read_bytes() == b"g = y - out\nh = 3\n"
    path.unlink()
    with pytest.raises(FileChangedError, match="removed"):
        write_program(program, path)
    assert os.listdir(path.parent) == []


def test_a_change_while_the_new_text_is_prepared_is_seen(path, monkeypatch):
    """The file is compared again right before it is replaced, and the temporary file is taken away."""
    program = apply_edits(read_program(path), [EDIT])
    monkeypatch.setattr(os, "fsync", lambda _: path.write_bytes(b"saved meanwhile\n"))
    with pytest.raises(FileChangedError):
        write_program(program, path)
    assert path.read_bytes() == b"saved meanwhile\n"
    assert os.listdir(path.parent) == ["net.py"]


def test_a_full_disk_leaves_the_file_as_it_was(path, monkeypatch):
    """When the system refuses, the error says so and the file is whole."""

    def full(_):
        raise OSError(28, "No space left on device")

    program = apply_edits(read_program(path), [EDIT])
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileUnwritableError, match=r"No space left on device\. It is as it was"):
        write_program(program, path)
    assert path.read_bytes() == program.data
    assert os.listdir(path.parent) == ["net.py"]


def test_a_read_only_file_is_respected(path, monkeypatch):
    """Replacing would get round the read-only bit; it is refused instead."""
    program = apply_edits(read_program(path), [EDIT])
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anything
    with pytest.raises(FileUnwritableError, match="read-only"):
        write_program(program, path)
    assert path.read_bytes() == program.data


def test_a_text_that_its_encoding_lacks_is_refused_before_writing(path):
    """Nothing is touched when the new text cannot be encoded."""
    with pytest.raises(EditRejectedError):
        write_program(Program("net.py", "σ = 1\n", "ascii", path.read_bytes()), path)
    assert path.read_bytes() == b"g = y - out\r\nh = 1\n"
