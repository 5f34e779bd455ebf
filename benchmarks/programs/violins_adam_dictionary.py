import numpy as np

rng = np.random.default_rng(43)
X = rng.normal(size=(5, 34))
Y = np.vstack([np.tanh(X[0] * X[1]), 0.5 * X[2] - X[3]])

params = {
    "W1": rng.normal(0, 0.5, (7, 5)),
    "b1": rng.normal(0, 0.1, (7, 1)),
    "W2": rng.normal(0, 0.5, (2, 7)),
    "b2": rng.normal(0, 0.1, (2, 1)),
}
m = {name: np.zeros_like(value) for name, value in params.items()}
v = {name: np.zeros_like(value) for name, value in params.items()}

for t in range(1, 3001):
    z1 = params["W1"] @ X + params["b1"]
    a1 = np.log1p(np.exp(z1))
    out = params["W2"] @ a1 + params["b2"]
    loss = np.mean(np.sum((out - Y) ** 2, axis=0))

    d_out = 2 * (out - Y) / X.shape[1]
    d_z1 = (params["W2"].T @ d_out) / (1 + np.exp(-z1))
    grads = {
        "W2": d_out @ a1.T,
        "b2": d_out.sum(axis=1, keepdims=True),
        "W1": d_z1 @ X.T,
        "b1": d_z1.sum(axis=1, keepdims=True),
    }
    for name in params:
        m[name] = 0.9 * m[name] + 0.1 * grads[name]
        v[name] = 0.999 * v[name] + 0.001 * grads[name] ** 2
        m_hat = m[name] / (1 - 0.9 ** t)
        v_hat = v[name] / (1 - 0.999 ** t)
        params[name] = params[name] - 0.01 * m_hat / (np.sqrt(v_hat) + 1e-8)
    if t % 300 == 0:
        print(t, loss)
