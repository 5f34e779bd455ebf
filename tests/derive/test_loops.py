"""Loops of a forward pass: the backward pass goes back through them as a loop, and is the derivative."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

import backproof.derive.backward as module
from backproof.derive.account import account
from backproof.derive.as_html import as_html
from backproof.derive.as_markdown import as_latex, as_markdown
from backproof.derive.as_python import as_python
from backproof.derive.as_text import as_text
from backproof.derive.backward import Backward, backward
from backproof.deriving import Request, derive_function, derive_program, parsed_shapes
from backproof.runner import Runner
from backproof.source import Program

RECURRENT = """
import numpy as np
rng = np.random.default_rng(5)
T = 6
xs, ys = rng.normal(size=(T, 3)), rng.normal(size=(T, 2))
U, W, V = rng.normal(size=(7, 3)), rng.normal(size=(7, 7)) * 0.3, rng.normal(size=(2, 7))
b, c = rng.normal(size=7), rng.normal(size=2)
for step in range(9):
    hs, outs, loss = {-1: np.zeros(7)}, {}, 0
    for t in range(T):
        hs[t] = np.tanh(U @ xs[t] + W @ hs[t - 1] + b)
        outs[t] = V @ hs[t] + c
        loss += 0.5 * np.sum((outs[t] - ys[t]) ** 2)
    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
    db, dc = np.zeros_like(b), np.zeros_like(c)
    back = np.zeros(7)
    for t in reversed(range(T)):
        dy = outs[t] - ys[t]
        dV += np.outer(dy, hs[t])
        dc += dy
        raw = (1 - hs[t] ** 2) * (V.T @ dy + back)
        db += raw
        dU += np.outer(raw, xs[t])
        dW += np.outer(raw, hs[t - 1])
        back = W.T @ raw
    # end
    for p, g in zip([U, W, V, b, c], [dU, dW, dV, db, dc]):
        p -= 0.01 * g
"""
LAYERS = """
import numpy as np
rng = np.random.default_rng(1)
sizes = [3, 5, 7, 5, 2]
weights = [rng.normal(size=(n, m)) for n, m in zip(sizes, sizes[1:])]
biases = [rng.normal(size=m) for m in sizes[1:]]
X, Y = rng.normal(size=(11, 3)), rng.normal(size=(11, 2))
activations = [X]
a = X
for W, b in zip(weights, biases):
    a = np.tanh(a @ W + b)
    activations.append(a)
loss = np.sum((a - Y) ** 2)
"""
APPENDED = """
import numpy as np
rng = np.random.default_rng(2)
Ws = [rng.normal(size=(5, 5)) for _ in range(4)]
x, t = rng.normal(size=(9, 5)), rng.normal(size=(9, 5))
hs = [x]
for i in range(len(Ws)):
    hs.append(np.tanh(hs[-1] @ Ws[i]))
loss = ((hs[-1] - t) ** 2).mean()
"""
LSTM = """
import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def lstm_loss(X, Y, Wf, Wi, Wo, Wg, bf, bi, bo, bg, V):
    h, c = np.zeros((4, 5)), np.zeros((4, 5))
    for t in range(len(X)):
        z = np.concatenate([h, X[t]], axis=1)
        f, i = sigmoid(z @ Wf + bf), sigmoid(z @ Wi + bi)
        o, g = sigmoid(z @ Wo + bo), np.tanh(z @ Wg + bg)
        c = f * c + i * g
        h = o * np.tanh(c)
    return np.mean((h @ V - Y) ** 2)
"""
GATES = "Wf=8,5 Wi=8,5 Wo=8,5 Wg=8,5 bf=5 bi=5 bo=5 bg=5 V=5,2 Y=4,2"
COLLECTED = """
import numpy as np
def rnn_loss(Wx, Wh, Wy, X, Y):
    h = np.zeros(5)
    outs = []
    for x in X:
        h = np.tanh(Wx @ x + Wh @ h)
        outs.append(Wy @ h)
    outs = np.array(outs)
    return np.mean((outs - Y) ** 2)
"""
STACKED = """
import numpy as np
def loss(W1, U1, W2, U2, V, xs, ys):
    T = len(xs)
    h1, h2, total = np.zeros(5), np.zeros(7), 0.0
    for t in range(T):
        h1 = np.tanh(W1 @ xs[t] + U1 @ h1)
        h2 = np.tanh(W2 @ h1 + U2 @ h2)
        s = V @ h2
        total = total + np.sum((s - ys[t]) ** 2)
    return total / T
"""
ALTERNATING = """
import numpy as np
def loss(w, x):
    h = x
    for t in range(4):
        h = np.tanh(w * h) if t % 2 else np.sin(w * h)
    return np.sum(h)
"""


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """One process that runs all of them."""
    with Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def recurrent(runner: Runner) -> Backward:
    """A recurrent network with its backward pass by hand."""
    return backward(derive_program(Program("rnn.py", RECURRENT), Request(), runner))


def test_time_is_gone_back_through_in_the_names_of_the_program(recurrent: Backward) -> None:
    """One loop, what is added up, and the derivative that a round hands to the one before."""
    assert recurrent.loop is not None
    assert recurrent.text.endswith(
        "for t in reversed(range(T)):\n"
        "    dy = outs[t] - ys[t]\n"
        "    dc += dy\n"
        "    dV += np.outer(dy, hs[t])\n"
        "    dz2 = (V.T @ dy + dhs_next) * (1 - hs[t]**2)\n"
        "    db += dz2\n"
        "    dW += np.outer(dz2, hs[t - 1])\n"
        "    dU += np.outer(dz2, xs[t])\n"
        "    dhs_next = W.T @ dz2\n"
    )


def test_it_can_stand_in_the_place_of_the_program_s_own(recurrent: Backward) -> None:
    """Put behind the forward pass, the statements give what the hand-written ones do."""
    before, _, rest = RECURRENT.partition("    dU, dW, dV")
    own, _, update = rest.partition("    # end\n")
    ours: dict[str, np.ndarray] = {}
    theirs: dict[str, np.ndarray] = {}
    text = "".join(f"    {line}\n" for line in recurrent.text.splitlines())
    exec(before + text + update, ours)
    exec(f"{before}    dU, dW, dV{own}{update}", theirs)
    for name in ("U", "W", "V", "b", "c"):
        assert np.allclose(ours[name], theirs[name], rtol=1e-12, atol=1e-14), name


def test_every_format_tells_one_round(recurrent: Backward) -> None:
    """What comes back from the next round is said, and a parameter's derivative is a sum over the rounds."""
    told = account(recurrent.derived)
    text, page = as_text(told), as_html(told)
    assert "One round, for t in reversed(range(T))" in text
    assert "\nloss += 0.5 * np.sum((outs[t] - ys[t])**2)\n" in text
    assert "∂loss/∂W = Σ over t: ∂loss/∂hs[t] · ∂hs[t]/∂z2" in text
    assert "dW += np.outer(dz2, hs[t - 1])" in text
    assert "dhs_next, which the next round hands back" in text
    assert r"\sum_{t}" in as_markdown(told)
    assert r"{\mathrm{hs}}_{t - 1}" in as_latex(told)
    assert "<math" in page


def test_layers_in_lists_are_a_loop_over_layers(runner: Runner) -> None:
    """The lists of the program are read, and lists of derivatives made, whatever the sizes of the layers."""
    wrt = tuple(f"{name}[{k}]" for name in ("weights", "biases") for k in range(4))
    found = backward(derive_program(Program("deep.py", LAYERS), Request(wrt), runner))
    assert not found.said
    assert found.text == (
        "d_a_next = 2 * (activations[4] - Y)\n"
        "d_weights = [None] * len(weights)\n"
        "d_biases = [None] * len(biases)\n"
        "for l in reversed(range(len(weights))):\n"
        "    d_z = d_a_next * (1 - activations[l + 1]**2)\n"
        "    d_biases[l] = np.sum(d_z, axis=0)\n"
        "    d_weights[l] = activations[l].T @ d_z\n"
        "    d_a_next = d_z @ weights[l].T\n"
    )
    space: dict[str, object] = {}
    exec(LAYERS + found.text, space)  # as it stands, behind the program
    assert np.shape(space["d_weights"][2]) == (7, 5)  # type: ignore[index]


def test_a_list_names_what_has_no_name(runner: Runner) -> None:
    """What is only appended to a list is read from it, behind the loop as well."""
    found = backward(derive_program(Program("list.py", APPENDED), Request(), runner))
    assert not found.said
    assert found.text.startswith("dhs_next = 2 * (hs[4] - t) / t.size\n")
    assert "for i in reversed(range(len(Ws))):\n" in found.text
    exec(APPENDED + found.text, {})  # as it stands, behind the program


def test_an_lstm_over_twenty_steps_is_one_round_in_a_few_seconds(runner: Runner) -> None:
    """What the program overwrites is asked for as lists, and all is derived in less than 5 s."""
    began = time.process_time()
    shapes = parsed_shapes(f"{GATES} X=20,4,3".split())
    found = backward(derive_function(Program("lstm.py", LSTM), "lstm_loss", Request(shapes=shapes), runner))
    text = as_python(found)
    assert time.process_time() - began < 5
    assert found.loop is not None
    assert len(text.splitlines()) < 50
    assert "Here z_all[t], o_all[t]" in text
    assert "c_all[-1] is c before the first" in text
    assert "dc = dh_next * o_all[t] * (1 - h1**2) + dc_next\n" in text


def test_outputs_of_every_round_are_read_from_the_array_they_are_put_into(runner: Runner) -> None:
    """A loss behind the loop gives every round its part of the derivative: ``douts[t]``."""
    shapes = parsed_shapes(["X=6,3", "Y=6,2", "Wx=5,3", "Wh=5,5", "Wy=2,5"])
    request = Request(("Wx", "Wh", "Wy"), shapes=shapes)
    found = backward(derive_function(Program("rnn.py", COLLECTED), "rnn_loss", request, runner))
    assert found.text.startswith("douts = 2 * (outs - Y) / Y.size\ndh_next = np.zeros_like(h)\n")
    assert "    dWy += np.outer(douts[t], hs[t])\n" in found.text
    assert "Wy.T @ douts[t] + dh_next" in found.text
    text = as_text(account(found.derived))
    assert "outs is put together from what every round hands over" in text
    assert "value_3" not in text


def test_a_mean_over_time_divides_in_every_round(runner: Runner) -> None:
    """What the sum of all rounds is divided by behind the loop stands in the round; two layers of states."""
    shapes = parsed_shapes(["xs=6,3", "ys=6,2", "W1=5,3", "U1=5,5", "W2=7,5", "U2=7,7", "V=2,7"])
    request = Request(("W1", "U1", "W2", "U2", "V"), shapes=shapes)
    found = backward(derive_function(Program("rnn.py", STACKED), "loss", request, runner))
    assert "    dV += np.outer(ds, h2_all[t])\n" in found.text
    assert "    ds = 2 * (s_all[t] - ys[t]) / T\n" in found.text
    assert "    dW2 += np.outer(dz2, h1_all[t])\n" in found.text
    assert len(found.text.splitlines()) < 20


def test_rounds_that_do_not_do_the_same_are_written_out(runner: Runner) -> None:
    """No loop is claimed where rounds differ, and the derivative is right all the same."""
    request = Request(("w",), shapes={"w": (), "x": (5,)})
    found = backward(derive_function(Program("a.py", ALTERNATING), "loss", request, runner))
    assert found.loop is None
    assert "np.cos" in found.text


def test_a_loop_that_does_not_stand_its_test_is_not_shown(
    recurrent: Backward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop with a mistake in it is left out, and the derivative written round by round."""
    wrong = recurrent.text.replace("hs[t - 1]", "hs[t]")
    monkeypatch.setattr(module, "loop_statements", lambda _: wrong)
    found = backward(recurrent.derived)
    assert found.loop is None
    assert found.error < 1e-12
