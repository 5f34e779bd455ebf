"""Checkpoints: written whole, read back bit by bit, and gone on from as if nothing had happened."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from backproof.cli import main
from backproof.training import checkpoint as checkpoint_module
from backproof.training import session, together
from backproof.training.checkpoint import CheckpointError, read_checkpoint
from backproof.training.run import Reached

RUN = ["--layers", "1,7,1", "--optimizer", "adam", "--steps", "1000500", "--networks", "3", "--seed", "2"]
RUN += ["--validation", "0.2", "--schedule", "warmup:200+step:330000,0.5"]
CHUNK = 21_000  # steps, of that run
# A command that writes a checkpoint after nearly every chunk.
EAGER = (
    "import sys; from backproof.training import checkpoint;"
    "checkpoint.INTERVAL = 0.005; checkpoint.SHARE = 1.0;"
    "from backproof.cli import main; sys.exit(main())"
)


def train(*options) -> int:
    """Run the command in this process."""
    return main(["train", *map(str, options)])


def arrays_of(path) -> dict[str, bytes]:
    """Every bit of an archive of numbers."""
    with np.load(path) as archive:
        return {name: archive[name].tobytes() for name in archive.files}


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> tuple[bytes, str, str]:
    """A checkpoint of a run that Ctrl-C ended in the second of its three networks; what it said; where."""
    path = tmp_path_factory.mktemp("ended") / "run.ck"
    watch = checkpoint_module.Keeper.watch

    def interrupt(self, reached: Reached) -> None:
        watch(self, reached)
        if reached.seed == 3 and reached.steps == 4 * CHUNK:
            raise KeyboardInterrupt

    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr(checkpoint_module.Keeper, "watch", interrupt)
        patch.setattr(together, "cores", lambda: 1)
        patch.setattr(together, "LEAST_STEPS", 1e99)
        assert train(*RUN, "--checkpoint", path) == 130
    return path.read_bytes(), said.getvalue(), str(path)


@pytest.fixture
def stopped(ended, tmp_path):
    """That checkpoint in a file of its own."""
    path = tmp_path / "run.ck"
    path.write_bytes(ended[0])
    return path


def test_a_checkpoint_says_where_the_run_is(ended, stopped):
    """What was saved is said, with the command that goes on; the file holds every network that was begun."""
    _, out, path = ended
    assert re.search(r"stopped by Ctrl-C after [\d,]+ steps", out)
    assert f"backproof train --checkpoint {path} --resume" in out
    kept = read_checkpoint(stopped)
    assert {seed: reached.steps for seed, reached in kept.networks.items()} == {2: 47 * CHUNK, 3: 4 * CHUNK}
    assert kept.names[:4] == ["W1", "b1", "W2", "b2"]
    with np.load(stopped) as archive:
        assert archive["steps"].tolist() == [47 * CHUNK, 4 * CHUNK]
        assert archive["state W1"].shape == (2, 1, 7)


def test_resumed_is_as_never_stopped(stopped, tmp_path, capsys):
    """Gone on with, without a word on what it was begun with, a run ends with the bits of one alone."""
    assert train("--checkpoint", stopped, "--resume", "--save", tmp_path / "resumed.npz") == 0
    assert "Gone on from" in capsys.readouterr().out
    assert train(*RUN, "--save", tmp_path / "whole.npz", "--checkpoint", tmp_path / "whole.ck") == 0
    assert arrays_of(tmp_path / "resumed.npz") == arrays_of(tmp_path / "whole.npz")
    resumed, whole = read_checkpoint(stopped), read_checkpoint(tmp_path / "whole.ck")
    assert all(reached.validation for reached in resumed.networks.values())
    assert [reached.validation for reached in resumed.networks.values()] == [
        reached.validation for reached in whole.networks.values()
    ]
    assert [reached.history for reached in resumed.networks.values()] == [
        reached.history for reached in whole.networks.values()
    ]


def test_lanes_go_on_in_lanes(tmp_path, monkeypatch):
    """Networks side by side end with the same bits after a stop, also spread over other threads."""
    run = ["--steps", "40100", "--networks", "11", "--layers", "1,4,1"]
    monkeypatch.setattr(together, "LEAST_STEPS", 0.0)
    monkeypatch.setattr(together, "cores", lambda: 2)
    watch = checkpoint_module.Keeper.watch
    told = []

    def interrupt(self, reached: Reached) -> None:
        watch(self, reached)
        told.append(reached)
        if len(told) == 150:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_module.Keeper, "watch", interrupt)
        assert train(*run, "--checkpoint", tmp_path / "a.ck") == 130
    steps = {reached.steps for reached in read_checkpoint(tmp_path / "a.ck").networks.values()}
    assert max(steps) < 40_000
    monkeypatch.setattr(together, "cores", lambda: 1)
    monkeypatch.setattr(together, "LEAST_STEPS", 1e99)  # what was begun in lanes goes on in lanes
    assert train("--checkpoint", tmp_path / "a.ck", "--resume") == 0
    monkeypatch.setattr(together, "LEAST_STEPS", 0.0)
    assert train(*run, "--checkpoint", tmp_path / "b.ck") == 0
    resumed, whole = (read_checkpoint(tmp_path / name) for name in ("a.ck", "b.ck"))
    assert resumed.code == whole.code
    assert sorted(resumed.networks) == sorted(whole.networks)
    for seed, one in resumed.networks.items():
        other = whole.networks[seed]
        assert (one.steps, one.history, one.random) == (40_000, other.history, other.random)
        assert all(np.array_equal(a, b) for a, b in zip(one.state, other.state, strict=True))


def test_a_finished_run_is_made_longer(tmp_path, capsys):
    """More steps go on from the end of a run, to the bits of a run that had them from the start."""
    path = tmp_path / "run.ck"
    assert train("--steps", "2345", "--checkpoint", path) == 0
    assert train("--resume", "--checkpoint", path, "--steps", "6789", "--save", tmp_path / "a.npz") == 0
    assert train("--steps", "6789", "--save", tmp_path / "b.npz") == 0
    assert arrays_of(tmp_path / "a.npz") == arrays_of(tmp_path / "b.npz")
    capsys.readouterr()
    assert train("--resume", "--checkpoint", path, "--steps", "3000") == 2
    assert "is at step 6,000 already, beyond --steps 3000." in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_a_schedule_of_the_whole_run_is_not_made_longer(tmp_path, capsys):
    """A cosine over 2,000 steps is another run than one over 4,000: it is not gone on with as if it were."""
    path = tmp_path / "run.ck"
    assert train("--steps", 2000, "--schedule", "cosine", "--checkpoint", path) == 0
    assert train("--checkpoint", path, "--resume", "--steps", 4000) == 2
    assert "begun with --steps 2000, and now it is --steps 4000" in capsys.readouterr().err


def test_killed_at_random_moments(tmp_path):
    """Killed again and again, a run loses nothing: the file is always whole, and the end is bit-identical."""
    path, run = tmp_path / "run.ck", ["--steps", "1.2e7", "--networks", "2", "--optimizer", "momentum"]
    command = [sys.executable, "-c", EAGER, "train", *run, "--checkpoint", str(path)]
    moments = random.Random(5)
    reached, kills = {}, 0
    while True:
        resume = ["--resume"] if path.exists() else []
        process = subprocess.Popen([*command, *resume], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        begun = time.monotonic()
        written = path.stat().st_mtime_ns if resume else 0
        # The time to start is not the run's: the clock begins when the file is first written.
        while process.poll() is None and time.monotonic() < begun + 20:
            if path.exists() and path.stat().st_mtime_ns != written:
                break
            time.sleep(0.005)
        time.sleep(moments.uniform(0.0, 0.1))
        process.kill()
        _, err = process.communicate(timeout=20)
        now = {seed: place.steps for seed, place in read_checkpoint(path).networks.items()}
        assert all(now[seed] >= steps for seed, steps in reached.items())
        reached = now
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0, err
            break
        kills += 1
        if kills == 6:
            break
    assert kills >= 2
    assert train(*run, "--checkpoint", path, "--resume", "--save", tmp_path / "killed.npz") == 0
    assert train(*run, "--save", tmp_path / "whole.npz") == 0
    assert arrays_of(tmp_path / "killed.npz") == arrays_of(tmp_path / "whole.npz")
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--lr", "0.5"], "was begun with --lr 0.003, and now it is --lr 0.5."),
        (["--layers", "1,8,1"], "--layers 1,7,1, and now it is --layers 1,8,1."),
        (["--no-bias"], "--bias, and now it is no --bias."),
        (["--seed", "3"], "--seed 2, and now it is --seed 3."),
        (["--networks", "2"], "--networks 3, and now it is --networks 2."),
        (["--range", "0", "2"], "--range 0.0 15.0, and now it is --range 0.0 2.0."),
    ],
)
def test_other_options_are_refused(stopped, capsys, options, words):
    """To go on with other options than those of the start is refused, and the file stays as it is."""
    before = stopped.read_bytes()
    capsys.readouterr()
    assert train("--checkpoint", stopped, "--resume", *options) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert words in err
    assert stopped.read_bytes() == before


def test_other_data_are_refused(tmp_path, capsys):
    """A file of data that has changed since is noticed by its numbers; one that has only moved is not."""
    data, path = tmp_path / "d.csv", tmp_path / "run.ck"
    data.write_text("a,b\n1,2\n2,3.5\n3,1\n", encoding="utf-8")
    assert train("--data", data, "--steps", "50", "--checkpoint", path) == 0
    moved = tmp_path / "moved.csv"
    data.rename(moved)
    assert train("--data", moved, "--resume", "--checkpoint", path) == 0
    moved.write_text("a,b\n1,2\n2,3.5\n3,1.0000001\n", encoding="utf-8")
    capsys.readouterr()
    assert train("--data", moved, "--resume", "--checkpoint", path) == 2
    assert "was begun with other data" in capsys.readouterr().err


def test_damage_is_noticed(stopped):
    """Whichever byte is wrong or missing: what is read are the numbers that were written, or a sentence."""
    whole = stopped.read_bytes()
    kept = read_checkpoint(stopped)
    moments = random.Random(1)
    refused = 0
    for place in [*moments.sample(range(len(whole)), 150), *range(40), *range(len(whole) - 60, len(whole))]:
        broken = bytearray(whole)
        broken[place] ^= 1 << moments.randrange(8)
        stopped.write_bytes(broken)
        try:
            found = read_checkpoint(stopped)
        except CheckpointError:
            refused += 1
        else:
            assert found.names == kept.names
            assert found.settings == kept.settings
            for one, other in zip(found.networks.values(), kept.networks.values(), strict=True):
                assert (one.steps, one.random, one.history) == (other.steps, other.random, other.history)
                assert all(np.array_equal(a, b) for a, b in zip(one.state, other.state, strict=True))
    assert refused > 100
    for size in (0, 1, 30, len(whole) // 2, len(whole) - 1):
        stopped.write_bytes(whole[:size])
        with pytest.raises(CheckpointError, match="damaged, or no checkpoint"):
            read_checkpoint(stopped)


def test_other_versions_are_refused(stopped, tmp_path):
    """A checkpoint of another version says so; another archive of numbers is none."""
    with np.load(stopped) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = json.loads(str(arrays["header"]))
    header["version"] = 99
    arrays["header"] = np.array(json.dumps(header))
    with (tmp_path / "newer.ck").open("wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(CheckpointError, match="of version 99, and this backproof reads version 1"):
        read_checkpoint(tmp_path / "newer.ck")
    np.savez(tmp_path / "net.npz", W1=np.zeros(3))
    with pytest.raises(CheckpointError, match="is no checkpoint of 'backproof train'"):
        read_checkpoint(tmp_path / "net.npz")


def test_refused_before_the_training(stopped, tmp_path, capsys):
    """No file to go on from, no folder, a folder as a file, a file that is there already: one sentence."""
    for options, words in [
        (["--checkpoint", tmp_path / "none.ck", "--resume"], "there is no"),
        (["--checkpoint", tmp_path / "none" / "run.ck"], "there is no folder"),
        (["--checkpoint", tmp_path], "is not a file that could be replaced"),
        (["--checkpoint", stopped], "exists already; --resume goes on from it"),
    ]:
        capsys.readouterr()
        assert train("--steps", "1000", *options) == 2
        out, err = capsys.readouterr()
        assert (out, len(err.splitlines())) == ("", 1)
        assert words in err


def test_a_full_disk(tmp_path, capsys, monkeypatch):
    """A disk that is full at the start ends the command; one that fills up does not end the training."""
    path = tmp_path / "run.ck"
    write = checkpoint_module.write_whole
    full = OSError(28, "No space left on device")

    def nothing(*_: object) -> None:
        raise full

    monkeypatch.setattr(checkpoint_module, "INTERVAL", 0.0)
    monkeypatch.setattr(checkpoint_module, "SHARE", 1e9)
    monkeypatch.setattr(
        checkpoint_module, "write_whole", lambda path, _, option: write(path, nothing, option)
    )
    assert train("--steps", "3000", "--checkpoint", path) == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        f"backproof: --checkpoint {path}: cannot be written (No space left on device).\n",
    )
    calls = []

    def fill_up(path, content, option) -> None:
        calls.append(path)
        write(path, content if len(calls) <= 2 else nothing, option)

    monkeypatch.setattr(checkpoint_module, "write_whole", fill_up)
    assert train("--steps", "5000", "--checkpoint", path, "--save", tmp_path / "net.npz") == 2
    out, err = capsys.readouterr()
    assert "5,000 steps in" in out
    assert "The parameters are in" in out
    assert "No space left on device" in err
    assert len(calls) == 7
    assert read_checkpoint(path).networks[0].steps == 1000
    assert sorted(os.listdir(tmp_path)) == ["net.npz", "run.ck"]


def test_other_machine_code_is_said(stopped, capsys, monkeypatch):
    """What was computed by other machine code is gone on with, and the report says that bits may differ."""
    monkeypatch.setattr(session.Trainer, "code", "another")
    assert train("--checkpoint", stopped, "--resume") == 0
    assert "from there on the bits may differ" in capsys.readouterr().out


def test_what_watches_may_fail(tmp_path):
    """Where a watch raises, the state is kept before the error goes on its way."""
    from backproof.cli.parser import make_parser
    from backproof.training.options import options_of

    path = tmp_path / "run.ck"
    arguments = make_parser().parse_args(["train", "--steps", "9000", "--checkpoint", str(path)])

    def fail(reached: Reached) -> None:
        if reached.steps == 3000:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        session.train_networks(options_of(arguments), fail)
    assert read_checkpoint(path).networks[0].steps == 3000
