import numpy as np

rng = np.random.default_rng(71)
width, depth = 6, 3
blocks = [
    dict(U=rng.normal(0, 0.3, (width, 9)), p=rng.normal(0, 0.1, 9), V=rng.normal(0, 0.3, (9, width)))
    for _ in range(depth)
]
head = dict(w=rng.normal(0, 0.4, (width, 2)), b=rng.normal(0, 0.1, 2))


def forward(x):
    saved = []
    for blk in blocks:
        a = x @ blk["U"] + blk["p"]
        r = np.maximum(a, 0)
        saved.append((x, a, r))
        x = x + r @ blk["V"]
    return x @ head["w"] + head["b"], x, saved


def backward(dy, last, saved):
    ghead = dict(w=last.T @ dy, b=dy.sum(0))
    dx = dy @ head["w"].T
    gblocks = []
    for blk, (x, a, r) in zip(reversed(blocks), reversed(saved)):
        dr = dx @ blk["V"].T
        da = dr * (a > 0)
        gblocks.insert(0, dict(U=x.T @ da, p=da.sum(0), V=r.T @ dx))
        dx = dx + da @ blk["U"].T
    return ghead, gblocks


X = rng.normal(size=(35, width))
Y = np.stack([X[:, 0] * X[:, 1], np.abs(X[:, 2])], axis=1)
for step in range(1500):
    out, last, saved = forward(X)
    loss = np.mean((out - Y) ** 2)
    ghead, gblocks = backward(2 * (out - Y) / Y.size, last, saved)
    for group, grads in zip(blocks + [head], gblocks + [ghead]):
        for key, g in grads.items():
            group[key] -= 0.05 * g
    if step % 150 == 0:
        print(step, loss)
