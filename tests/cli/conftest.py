"""What the tests of the command line share: a folder to stand in, and a checker that is always the same."""

import pytest

from backproof.cli import main

from . import programs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Stand in an empty folder, with a checker that reads its verdict from the program's comments."""
    monkeypatch.setattr("backproof.pipeline.check_program", programs.check_program)
    monkeypatch.setattr("backproof.retrain.outlook.outlook", lambda *_: None)  # what it says are no trainings
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(folder, capfdbinary):
    """Give a function that runs a command line and gives its exit code, output and error output."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        output, errors = capfdbinary.readouterr()
        return code, output.decode(), errors.decode()

    return run
