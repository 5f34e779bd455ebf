import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


rng = np.random.default_rng(19)
scans = rng.normal(size=(52, 5))
sick = (scans[:, 0] + scans[:, 1] ** 2 > 2).astype(float)
weight = np.where(sick == 1, 3.0, 1.0)      # missing a sick one is worse

M = rng.normal(0, 0.5, (5, 7))
m = rng.normal(0, 0.1, 7)
k = rng.normal(0, 0.5, 7)
k0 = 0.1

for epoch in range(4000):
    layer = sigmoid(scans @ M + m)
    guess = sigmoid(layer @ k + k0)

    signal = weight * (guess - sick) / len(sick)
    back = np.outer(signal, k) * layer * (1 - layer)
    k = k - 0.5 * (layer.T @ signal)
    k0 = k0 - 0.5 * signal.sum()
    M = M - 0.5 * (scans.T @ back)
    m = m - 0.5 * back.sum(axis=0)

    if epoch % 400 == 0:
        wrong = np.mean((guess > 0.5) != (sick == 1))
        print(f"epoch {epoch}: {wrong:.3f} wrong")
