import numpy as np

np.random.seed(46)
X = np.random.randn(28, 4) * [1, 5, 0.3, 2] + [0, 3, -1, 0]
y = (X[:, 1] * X[:, 3] > 0).astype(float)[:, None]

W1 = np.random.randn(4, 7) * 0.5
gamma, beta = 1 + 0.1 * np.random.randn(7), 0.1 * np.random.randn(7)
W2 = np.random.randn(7, 1) * 0.5
b2 = 0.1 * np.random.randn(1)
eps = 1e-5


def bn_forward(z, gamma, beta):
    mu = z.mean(axis=0)
    var = z.var(axis=0)
    zhat = (z - mu) / np.sqrt(var + eps)
    return gamma * zhat + beta, (zhat, var, gamma)


def bn_backward(d, cache):
    zhat, var, gamma = cache
    m = len(d)
    dgamma = np.sum(d * zhat, axis=0)
    dbeta = np.sum(d, axis=0)
    dzhat = d * gamma
    dz = (m * dzhat - dzhat.sum(0) - zhat * (dzhat * zhat).sum(0)) / (m * np.sqrt(var + eps))
    return dz, dgamma, dbeta


for it in range(3000):
    z = X @ W1
    n, cache = bn_forward(z, gamma, beta)
    h = np.tanh(n)
    p = 1 / (1 + np.exp(-(h @ W2 + b2)))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    dlogit = (p - y) / len(y)
    dW2, db2 = h.T @ dlogit, dlogit.sum(0)
    dn = (dlogit @ W2.T) * (1 - h ** 2)
    dz, dgamma, dbeta = bn_backward(dn, cache)
    dW1 = X.T @ dz

    W1 -= 0.1 * dW1
    gamma -= 0.1 * dgamma
    beta -= 0.1 * dbeta
    W2 -= 0.1 * dW2
    b2 -= 0.1 * db2
    if it % 300 == 0:
        print(it, loss)
