import numpy as np


def batches(X, y, size, rng):
    """endless shuffled mini-batches"""
    while True:
        order = rng.permutation(len(X))
        for i in range(0, len(X) - size + 1, size):
            pick = order[i:i + size]
            yield X[pick], y[pick]


rng = np.random.default_rng(15)
X = rng.normal(size=(70, 5))
y = X @ np.array([0.5, -1.0, 0.0, 2.0, 0.3]) + 0.7
y[::9] += 8 * rng.normal(size=len(y[::9]))  # a few broken sensors

w = rng.normal(size=5) * 0.1
b = np.array(0.2)
delta = 1.0
lr = 0.05

feed = batches(X, y, 14, rng)
for step in range(3000):
    xb, yb = next(feed)
    r = xb @ w + b - yb
    small = np.abs(r) <= delta
    loss = np.mean(np.where(small, 0.5 * r ** 2, delta * (np.abs(r) - 0.5 * delta)))

    dr = np.where(small, r, delta * np.sign(r)) / len(r)
    w = w - lr * xb.T.dot(dr)
    b = b - lr * dr.sum()
    if step % 300 == 0:
        print(step, round(float(loss), 4))
print(w, b)
