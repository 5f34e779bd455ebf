import numpy as np


class Attention:
    def __init__(self, d, k, rng):
        self.Wq, self.Wk, self.Wv = (rng.normal(0, 0.4, (d, k)) for _ in range(3))
        self.Wo = rng.normal(0, 0.4, (k, d))

    def forward(self, X):
        self.X = X
        self.Q, self.K, self.V = X @ self.Wq, X @ self.Wk, X @ self.Wv
        s = self.Q @ self.K.T / np.sqrt(self.Q.shape[1])
        s = np.exp(s - s.max(axis=1, keepdims=True))
        self.A = s / s.sum(axis=1, keepdims=True)
        self.H = self.A @ self.V
        return self.H @ self.Wo

    def backward(self, g):
        X = self.X
        dWo = self.H.T @ g
        dH = g @ self.Wo.T
        dA = dH @ self.V.T
        dV = self.A.T @ dH
        dS = self.A * (dA - np.sum(dA * self.A, axis=1, keepdims=True))
        dS /= np.sqrt(self.Q.shape[1])
        dQ, dK = dS @ self.K, dS.T @ self.Q
        return {"Wq": X.T @ dQ, "Wk": X.T @ dK, "Wv": X.T @ dV, "Wo": dWo}


rng = np.random.default_rng(13)
att = Attention(5, 4, rng)
tokens = rng.normal(size=(7, 5))
goal = np.roll(tokens, 1, axis=0)
for it in range(3000):
    Y = att.forward(tokens)
    error = Y - goal
    loss = np.sum(error * error) / (2 * len(tokens))
    grads = att.backward(error / len(tokens))
    for name in grads:
        w = getattr(att, name)
        w -= 0.05 * grads[name]
    if it % 300 == 0:
        print(it, loss)
