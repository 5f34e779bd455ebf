import numpy as np

rng = np.random.default_rng(8)
V, D, C = 17, 4, 3          # words, size of a vector, words of context
corpus = rng.integers(0, V, 200)

E = rng.normal(0, 0.3, (V, D))
W = rng.normal(0, 0.3, (C * D, 11))
b = rng.normal(0, 0.1, 11)
U = rng.normal(0, 0.3, (11, V))
c = rng.normal(0, 0.1, V)


def softmax(s):
    s = np.exp(s - s.max(axis=1, keepdims=True))
    return s / s.sum(axis=1, keepdims=True)


for it in range(3000):
    pos = rng.integers(0, 200 - C, 19)
    ctx = np.stack([corpus[pos + k] for k in range(C)], axis=1)
    nxt = corpus[pos + C]

    e = E[ctx].reshape(19, C * D)
    h = np.tanh(e @ W + b)
    p = softmax(h @ U + c)
    loss = -np.log(p[np.arange(19), nxt]).mean()

    ds = p
    ds[np.arange(19), nxt] -= 1
    ds /= 19
    dU, dc = h.T @ ds, ds.sum(axis=0)
    dz = ds @ U.T * (1 - h ** 2)
    dW, db = e.T @ dz, dz.sum(axis=0)
    de = (dz @ W.T).reshape(19, C, D)
    dE = np.zeros_like(E)
    np.add.at(dE, ctx, de)

    E -= 0.5 * dE
    W -= 0.5 * dW
    b -= 0.5 * db
    U -= 0.5 * dU
    c -= 0.5 * dc
    if it % 300 == 0:
        print(it, loss)
