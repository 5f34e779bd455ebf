import numpy as np

rng = np.random.default_rng(404)
N, L, D, H = 5, 6, 8, 2          # sentences, words, width, heads
K = D // H


def split(x):
    return x.reshape(N, L, H, K).transpose(0, 2, 1, 3)


def join(x):
    return x.transpose(0, 2, 1, 3).reshape(N, L, D)


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attend(P, x):
    q, k, v = split(x @ P["q"]), split(x @ P["k"]), split(x @ P["v"])
    a = softmax(q @ k.swapaxes(-1, -2) / np.sqrt(K))
    mixed = join(a @ v)
    return mixed @ P["o"] + P["c"], (x, q, k, v, a, mixed)


def attend_back(P, dy, saved):
    x, q, k, v, a, mixed = saved
    G = {"o": np.einsum("nld,nle->de", mixed, dy), "c": dy.sum((0, 1))}
    dm = split(dy @ P["o"].T)
    dv = a.swapaxes(-1, -2) @ dm
    da = dm @ v.swapaxes(-1, -2)
    ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(K)
    dq = ds @ k
    dk = ds.swapaxes(-1, -2) @ q
    for name, d in (("q", dq), ("k", dk), ("v", dv)):
        G[name] = np.tensordot(x, join(d), axes=((0, 1), (0, 1)))
    return G


P = {n: rng.normal(0, 0.35, (D, D)) for n in "qkvo"}
P["c"] = rng.normal(0, 0.1, D)
x = rng.normal(size=(N, L, D))
target = np.sort(x, axis=1)
for i in range(1500):
    y, saved = attend(P, x)
    loss = ((y - target) ** 2).mean()
    G = attend_back(P, 2 * (y - target) / y.size, saved)
    for n in P:
        P[n] -= 0.5 * G[n]
    if i % 150 == 0:
        print(i, loss)
