import numpy as np
from scipy.optimize import minimize

rng = np.random.default_rng(58)
depth = rng.uniform(0, 3, (31, 2))
dry = (depth[:, 0] * depth[:, 1] > 2 + 0.3 * rng.normal(size=31)).astype(float)
H = 5


def unpack(theta):
    return theta[:2 * H].reshape(2, H), theta[2 * H:3 * H], theta[3 * H:4 * H], theta[4 * H]


def loss(theta):
    W, b, v, c = unpack(theta)
    p = 1 / (1 + np.exp(-(np.tanh(depth @ W + b) @ v + c)))
    return -np.mean(dry * np.log(p) + (1 - dry) * np.log(1 - p)) + 0.005 * theta @ theta


def gradient(theta):
    W, b, v, c = unpack(theta)
    h = np.tanh(depth @ W + b)
    p = 1 / (1 + np.exp(-(h @ v + c)))
    d = (p - dry) / len(dry)
    back = np.outer(d, v) * (1 - h ** 2)
    parts = [(depth.T @ back).ravel(), back.sum(axis=0), h.T @ d, [d.sum()]]
    return np.concatenate(parts) + 0.01 * theta


best = None
for restart in range(1000):
    theta0 = rng.normal(0, 0.7, 4 * H + 1)
    result = minimize(loss, theta0, jac=gradient, method="BFGS", options={"maxiter": 200})
    if best is None or result.fun < best.fun:
        best = result
        print(restart, best.fun)
