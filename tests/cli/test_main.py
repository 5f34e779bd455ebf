"""The frame around the verbs: help, version, rules, interruption, pipes and start-up."""

import argparse
import os
import subprocess
import sys

import pytest

import backproof
from backproof.cli import main
from backproof.cli.parser import make_parser
from backproof.rules import RULES, rule_text

COMMAND = [sys.executable, "-m", "backproof"]


def run(*arguments, **options):
    """Run the real command in a process of its own."""
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False, **options
    )


def test_python_m_backproof_is_the_command():
    """The module runs, and knows its version."""
    assert run("--version").stdout == f"backproof {backproof.__version__}\n"


def test_without_a_verb_there_is_help(capsys):
    """No verb is a usage error that lists the verbs."""
    assert main([]) == 2
    assert "{" not in (errors := capsys.readouterr().err)
    assert all(verb in errors for verb in ("check", "train", "rule", "demo", "derive", "compare"))


def test_a_rule_is_explained_by_name_or_code(capsys):
    """Piped, the text is the documentation's own Markdown."""
    assert main(["rule", "missing-sum"]) == 0
    by_name = capsys.readouterr().out
    assert main(["rule", "bp202"]) == 0
    assert capsys.readouterr().out == by_name == rule_text("missing-sum")


def test_all_rules_are_listed(capsys):
    """One line a rule, by code."""
    assert main(["rule", "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [[rule.code, rule.name] for rule in RULES.values()]


def test_an_unknown_rule_is_answered_with_a_near_one(capsys):
    """A misspelt name exits with 2 and a suggestion; none at all is a usage error."""
    assert main(["rule", "mising-sum"]) == 2
    assert "did you mean 'missing-sum'?" in capsys.readouterr().err
    assert main(["rule"]) == 2


def test_on_a_terminal_a_rule_is_rendered(monkeypatch, capsys):
    """With a terminal the Markdown is laid out: no more hashes and fences, but the same words."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["rule", "missing-sum"]) == 0
    text = capsys.readouterr().out
    assert "## " not in text
    assert "```" not in text
    assert "whatever the forward pass repeats" in " ".join(text.split())


def test_an_interruption_is_no_traceback(call, folder):
    """Ctrl-C ends with 130."""
    (folder / "net.py").write_text("INTERRUPT\n")
    code, _, errors = call("check", "net.py")
    assert (code, errors) == (130, "backproof: interrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
def test_a_reader_that_leaves_is_no_traceback():
    """A closed pipe ends the command quietly, as `| head` expects."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "rule", "--all"], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 141


def test_a_terminal_without_greek_is_no_traceback(tmp_path):
    """Where σ cannot be shown a question mark is."""
    done = run("rule", "saturated", env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0
    assert "?" in done.stdout


def test_starting_is_light():
    """Before the work begins neither NumPy nor rich nor any rule is loaded."""
    code = (
        "import sys; from backproof.cli import main; main(['check', 'absent.py']);"
        "heavy = {'numpy', 'rich', 'llvmlite', 'matplotlib', 'torch', 'jax', 'backproof.faults'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_train_leaves_open_what_was_not_given():
    """The trainer has the defaults, which depend on the program, the data file and --as-asked."""
    options = make_parser().parse_args(
        ["train", "--as-asked", "--steps", "1e3", "--no-bias", "--layers", "2,7,3"]
    )
    assert (options.as_asked, options.steps, options.bias, options.layers) == (True, 1000, False, [2, 7, 3])
    names = (
        "activation standardize target range samples data inputs outputs loss optimizer lr batch seed dtype"
        " output_activation weight_decay schedule validation"
    )
    assert all(getattr(options, name) is None for name in names.split())
    assert (options.networks, options.output_format, options.program) == (None, "text", None)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--layers", "3"],
        ["--layers", "1,x"],
        ["--lr", "0"],
        ["--networks", "0"],
        ["--resume"],
        ["--data", "a.csv", "--target", "cos(x)"],
        ["--inputs", "a"],
        ["--range", "2", "1"],
        ["net.py", "--layers", "1,2,1"],
    ],
)
def test_train_refuses_contradictions(arguments, capsys):
    """Options that make no sense together are usage errors, before anything is compiled."""
    assert main(["train", *arguments]) == 2
    assert "error: " in capsys.readouterr().err


def test_train_hands_its_options_on(monkeypatch):
    """The command gets the namespace, and its answer is the exit code."""
    import types

    seen: list[argparse.Namespace] = []
    command = types.SimpleNamespace(run=lambda arguments: seen.append(arguments) or 7)
    monkeypatch.setitem(sys.modules, "backproof.training.command", command)
    assert main(["train", "--lr", "0.25", "--range", "-1", "1"]) == 7
    assert (seen[0].lr, seen[0].range, seen[0].samples) == (0.25, [-1.0, 1.0], None)
