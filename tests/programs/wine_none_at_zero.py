import numpy as np

# index 0 is the input layer and has no weights, so I put None there
L = [None]
sizes = [5, 8, 6, 3]
gen = np.random.default_rng(77)
W = [None] + [gen.standard_normal((sizes[k], sizes[k - 1])) * 0.5 for k in range(1, 4)]
B = [None] + [gen.standard_normal((sizes[k], 1)) * 0.1 for k in range(1, 4)]

data = gen.standard_normal((5, 60))
target = np.zeros((3, 60))
target[(data[0] > 0.3).astype(int) + (data[1] > 0).astype(int), np.arange(60)] = 1

sig = lambda v: 1.0 / (1.0 + np.exp(-v))
batch = 12
eta = 0.8

for epoch in range(1000):
    perm = gen.permutation(60)
    for start in range(0, 60, batch):
        idx = perm[start:start + batch]
        x, t = data[:, idx], target[:, idx]

        A = [x]
        for k in range(1, len(W)):
            A.append(sig(W[k] @ A[k - 1] + B[k]))

        D = [None] * len(W)
        D[-1] = (A[-1] - t) * A[-1] * (1 - A[-1])
        for k in range(len(W) - 2, 0, -1):
            D[k] = (W[k + 1].T @ D[k + 1]) * A[k] * (1 - A[k])

        for k in range(1, len(W)):
            W[k] -= eta / batch * (D[k] @ A[k - 1].T)
            B[k] -= eta / batch * D[k].sum(axis=1, keepdims=True)
    if epoch % 100 == 0:
        out = data
        for k in range(1, len(W)):
            out = sig(W[k] @ out + B[k])
        print("epoch", epoch, "wrong", np.sum(out.argmax(0) != target.argmax(0)))
