import numpy as np

np.random.seed(47)
inputs, hidden, outputs, steps = 2, 6, 1, 5
U = np.random.randn(hidden, inputs) * 0.5
W = np.random.randn(hidden, hidden) * 0.4
V = np.random.randn(outputs, hidden) * 0.5
bh = np.random.randn(hidden) * 0.1
by = np.random.randn(outputs) * 0.1
lr = 0.03

for it in range(6000):
    xs = np.random.uniform(-1, 1, (steps, inputs))
    ys = np.cumsum(xs[:, :1] * 0.5 - xs[:, 1:] * 0.2, axis=0)

    hs = {-1: np.zeros(hidden)}
    outs = {}
    loss = 0.0
    for t in range(steps):
        hs[t] = np.tanh(U @ xs[t] + W @ hs[t - 1] + bh)
        outs[t] = V @ hs[t] + by
        loss += 0.5 * np.sum((outs[t] - ys[t]) ** 2)

    dU = np.zeros_like(U)
    dW = np.zeros_like(W)
    dV = np.zeros_like(V)
    dbh = np.zeros_like(bh)
    dby = np.zeros_like(by)
    dh_next = np.zeros(hidden)
    for t in reversed(range(steps)):
        dy = outs[t] - ys[t]
        dV += np.outer(dy, hs[t])
        dby += dy
        dh = V.T @ dy + dh_next
        dz = dh * (1 - hs[t] ** 2)
        dU += np.outer(dz, xs[t])
        dW += np.outer(dz, hs[t - 1])
        dbh += dz
        dh_next = W.T @ dz

    U -= lr * dU
    W -= lr * dW
    V -= lr * dV
    bh -= lr * dbh
    by -= lr * dby
    if it % 600 == 0:
        print(it, loss)
