"""Notebooks to check: a small network in cells, as Jupyter writes them and as others do."""

import json

SETUP = """\
%matplotlib inline
import numpy as np
!pip install nothing \\
    --quiet
rng = np.random.default_rng(3)
X = rng.normal(size=(23, 4))
Y = np.sin(X[:, :2]) * X[:, 2:]"""
LAYERS = """\
class Net:
    \"\"\"Größe: 4, 5, 2
%%time is no magic here
\"\"\"
    def __init__(self):
        self.W1 = rng.normal(0, 0.5, (4, 5))
        self.b1 = rng.normal(0, 0.1, 5)
        self.W2 = rng.normal(0, 0.5, (5, 2))

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W1 + self.b1)
        return self.h @ self.W2

    def backward(self, d):
        gW2 = self.h.T @ d
        dz = d @ self.W2.T * (1 - self.h**2)  # tanh'
        self.W1 -= 0.1 * self.x.T @ dz
        self.b1 -= 0.1 * dz.sum(axis=0)
        self.W2 -= 0.1 * gW2"""
TRAIN = """\
%%time
net = Net()
net.forward?
for i in range(400):
    out = net.forward(X)
    loss = 0.5 * np.mean(np.sum((out - Y)**2, axis=1))
    net.backward((out - Y) / len(X))"""
WRONG_SLOPE = ("(1 - self.h**2)", "(1 - np.tanh(self.h)**2)")
WRONG_SIGN = ("(out - Y) / len(X))", "(Y - out) / len(X))")


def code(source, listed=True):
    """A code cell, its source as a list of lines or as one string."""
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "outputs": [{"name": "stdout", "output_type": "stream", "text": ["(out - Y) / len(X))\n"]}],
        "source": source.splitlines(keepends=True) if listed else source,
    }


def document(*cells, **more):
    """A notebook of these cells, with a cell of text before the last."""
    text = {"cell_type": "markdown", "metadata": {}, "source": ["# Training\n", "`dz = d @ W2`"]}
    return {
        "cells": [*cells[:-1], text, *cells[-1:]],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
        **more,
    }


def network(*mistakes, listed=True):
    """The network in three code cells (numbers 1, 2 and 4), with mistakes in it."""
    cells = []
    for source in (SETUP, LAYERS, TRAIN):
        for old, new in mistakes:
            source = source.replace(old, new)
        cells.append(code(source, listed))
    return document(*cells)


def as_jupyter(notebook):
    """The bytes that Jupyter writes."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def as_colab(notebook):
    """The bytes of another writer: two spaces, all in ASCII, no line end at the end."""
    return json.dumps(notebook, indent=2).encode()


def compact(notebook):
    """Everything on one line, keys in another order."""
    return json.dumps(notebook, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
