# Everything here works on a machine that has make, git and a Python of 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint format types peers clean

demo: $(VENV)/.installed ## the whole story on a built-in example
	$(BIN)/backproof demo

test: $(VENV)/.groups ## what has to pass before a change is committed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n auto

lint: $(VENV)/.groups
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.groups
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

peers: $(VENV)/.peers ## PyTorch, JAX and TensorFlow: the tests that compare with them run instead of being skipped

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "backproof needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "Python's venv module is not complete; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/.installed: $(VENV)/.python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	$(BIN)/python -m compileall -q src/backproof # what pip does for a package, but not for an editable one
	@touch $@

$(VENV)/.groups: $(VENV)/.installed
	$(BIN)/pip install --quiet --group test --group lint
	@touch $@

$(VENV)/.peers: $(VENV)/.installed
	$(BIN)/pip install --quiet torch==2.13.0 jax tensorflow
	@touch $@
