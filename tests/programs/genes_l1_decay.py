import numpy as np

# logistic regression with sparse weights: L1 goes into the gradient, and the weights also decay a bit
rng = np.random.default_rng(33)
n, d = 64, 9
expr = rng.normal(size=(n, d))
ill = (expr[:, 1] - expr[:, 5] > 0.1 * rng.normal(size=n)).astype(float)

beta = rng.normal(0, 0.2, d)
beta0 = rng.normal(0, 0.2, 1)
lam = 0.02


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def loss_fn(beta, beta0):
    p = sigmoid(expr @ beta + beta0)
    fit = -np.mean(ill * np.log(p) + (1 - ill) * np.log(1 - p))
    return fit + lam * np.sum(np.abs(beta))


for k in range(4000):
    L = loss_fn(beta, beta0)
    err = sigmoid(expr @ beta + beta0) - ill
    g = expr.T @ err / n + lam * np.sign(beta)
    g0 = np.array([err.mean()])
    beta = (1 - 1e-4) * beta - 0.1 * g
    beta0 = beta0 - 0.1 * g0
    if k % 400 == 0:
        print(k, L, np.sum(np.abs(beta) < 1e-2), "small weights")
