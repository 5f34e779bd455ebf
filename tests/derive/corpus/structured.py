"""Normalisation, attention, convolution, recurrence, embeddings."""

import numpy as np

rng = np.random.default_rng(3)
words = np.array([2, 0, 2, 5, 1, 3, 0])
context = np.array([[1, 4], [0, 2], [3, 3], [5, 1], [2, 0], [4, 4], [1, 5]])
labels = np.array([1, 0, 2, 2, 1, 0, 2])
taken = np.array([0, 2, 2, 1])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def batch_norm(W, gamma, beta, V, X, Y):
    """W=5,3 gamma=3 beta=3 V=3,2 X=11,5 Y=11,2."""
    z = X @ W
    mu = np.mean(z, axis=0)
    var = np.var(z, axis=0)
    zhat = (z - mu) / np.sqrt(var + 1e-5)
    return np.mean((np.tanh(gamma * zhat + beta) @ V - Y) ** 2)


def batch_norm_by_hand(W, gamma, beta, X, Y):
    """W=5,3 gamma=3 beta=3 X=11,5 Y=11,3."""
    z = X @ W
    mu = z.sum(axis=0) / len(X)
    centred = z - mu
    var = (centred**2).sum(axis=0) / len(X)
    zhat = centred / np.sqrt(var + 1e-5)
    return np.mean((gamma * zhat + beta - Y) ** 2)


def layer_norm(W, gamma, beta, X, Y):
    """W=5,3 gamma=3 beta=3 X=7,5 Y=7,3."""
    z = X @ W
    mu = z.mean(axis=1, keepdims=True)
    sigma = np.sqrt(((z - mu) ** 2).mean(axis=1, keepdims=True) + 1e-5)
    return np.mean((gamma * (z - mu) / sigma + beta - Y) ** 2)


def rms_norm(W, gain, X, Y):
    """W=5,3 gain=3 X=7,5 Y=7,3."""
    z = X @ W
    return np.mean((gain * z / np.sqrt(np.mean(z**2, axis=1, keepdims=True) + 1e-5) - Y) ** 2)


def weight_norm(V, g, X, Y):
    """V=5,3 g=3 X=7,5 Y=7,3."""
    W = g * V / np.sqrt(np.sum(V**2, axis=0))
    return np.mean((X @ W - Y) ** 2)


def attention(Wq, Wk, Wv, X, Y):
    """Wq=5,3 Wk=5,3 Wv=5,2 X=7,5 Y=7,2."""
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    A = softmax(Q @ K.T / np.sqrt(3))
    return np.mean((A @ V - Y) ** 2)


def causal_attention(Wq, Wk, Wv, X, Y):
    """Wq=5,3 Wk=5,3 Wv=5,2 X=7,5 Y=7,2."""
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    scores = Q @ K.T / np.sqrt(3) + np.triu(np.full((7, 7), -1e9), 1)
    return np.mean((softmax(scores) @ V - Y) ** 2)


def batched_attention(Wq, Wk, Wv, X, Y):
    """Wq=5,3 Wk=5,3 Wv=5,2 X=2,7,5 Y=2,7,2."""
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    A = softmax(Q @ K.transpose(0, 2, 1) / np.sqrt(3))
    return np.mean((A @ V - Y) ** 2)


def two_heads(Wq, Wk, Wv, Wo, X, Y):
    """Wq=6,6 Wk=6,6 Wv=6,6 Wo=6,2 X=7,6 Y=7,2."""
    heads = []
    for k in range(2):
        part = slice(3 * k, 3 * k + 3)
        Q, K, V = X @ Wq[:, part], X @ Wk[:, part], X @ Wv[:, part]
        heads.append(softmax(Q @ K.T / np.sqrt(3)) @ V)
    return np.mean((np.concatenate(heads, axis=1) @ Wo - Y) ** 2)


def attention_by_einsum(Wq, Wk, X, Y):
    """Wq=5,3 Wk=5,3 X=7,5 Y=7,5."""
    Q, K = np.einsum("ti,ij->tj", X, Wq), np.einsum("ti,ij->tj", X, Wk)
    A = softmax(np.einsum("ti,si->ts", Q, K))
    return np.mean((np.einsum("ts,sj->tj", A, X) - Y) ** 2)


def transformer_block(Wq, Wk, Wv, W1, W2, X, Y):
    """Wq=5,5 Wk=5,5 Wv=5,5 W1=5,7 W2=7,5 X=3,5 Y=3,5."""
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    h = X + softmax(Q @ K.T / np.sqrt(5)) @ V
    mu = h.mean(axis=1, keepdims=True)
    h = (h - mu) / np.sqrt(h.var(axis=1, keepdims=True) + 1e-5)
    return np.mean((h + np.maximum(h @ W1, 0) @ W2 - Y) ** 2)


def convolution_by_loops(F, x, y):
    """F=3,2 x=5,7 y=3,6."""
    out = np.zeros((3, 6))
    for i in range(3):
        for j in range(6):
            out[i, j] = np.sum(x[i : i + 3, j : j + 2] * F)
    return np.mean((np.tanh(out) - y) ** 2)


def convolution_by_columns(F, b, x, y):
    """F=2,6 b=2 x=5,7 y=18,2."""
    columns = np.array([x[i : i + 3, j : j + 2].ravel() for i in range(3) for j in range(6)])
    return np.mean((np.maximum(columns @ F.T + b, 0) - y) ** 2)


def convolution_of_a_signal(k, x, y):
    """k=3 x=11 y=9."""
    out = np.array([np.dot(k, x[i : i + 3]) for i in range(9)])
    return np.sum((out - y) ** 2)


def two_convolutions(F, G, x, y):
    """F=2,2 G=2,2 x=4,5 y=2,3."""
    first = sum(F[i, j] * x[i : i + 3, j : j + 4] for i in range(2) for j in range(2))
    h = np.maximum(first, 0)
    out = sum(G[i, j] * h[i : i + 2, j : j + 3] for i in range(2) for j in range(2))
    return np.mean((out - y) ** 2)


def average_pooling(W, x, y):
    """W=6,2 x=4,6 y=2,2."""
    pooled = x.reshape(2, 2, 6).mean(axis=1)
    return np.mean((np.tanh(pooled @ W) - y) ** 2)


def max_pooling(F, x, y):
    """F=2,2 x=5,5 y=2,2."""
    h = sum(F[i, j] * x[i : i + 4, j : j + 4] for i in range(2) for j in range(2))
    pooled = h.reshape(2, 2, 2, 2).max(axis=(1, 3))
    return np.mean((pooled - y) ** 2)


def recurrent(Wx, Wh, b, Wy, X, Y):
    """Wx=3,5 Wh=5,5 b=5 Wy=5,2 X=4,3 Y=4,2."""
    h = np.zeros(5)
    loss = 0.0
    for t in range(4):
        h = np.tanh(X[t] @ Wx + h @ Wh + b)
        loss += 0.5 * np.sum((h @ Wy - Y[t]) ** 2)
    return loss


def last_state(Wx, Wh, v, X, y):
    """Wx=3,5 Wh=5,5 v=5 X=4,3 y=."""
    h = np.zeros(5)
    for x in X:
        h = np.tanh(x @ Wx + h @ Wh)
    return (h @ v - y) ** 2


def lstm(W, b, V, X, Y):
    """W=8,20 b=20 V=5,2 X=4,7,3 Y=7,2."""
    h = np.zeros((7, 5))
    c = np.zeros((7, 5))
    for t in range(4):
        z = np.concatenate([X[t], h], axis=1) @ W + b
        i, f, o, g = sigmoid(z[:, :5]), sigmoid(z[:, 5:10]), sigmoid(z[:, 10:15]), np.tanh(z[:, 15:])
        c = f * c + i * g
        h = o * np.tanh(c)
    return np.mean((h @ V - Y) ** 2)


def gru(Wz, Wr, Wn, v, X, y):
    """Wz=8,5 Wr=8,5 Wn=8,5 v=5 X=4,3 y=."""
    h = np.zeros(5)
    for x in X:
        both = np.concatenate([x, h])
        z = sigmoid(both @ Wz)
        r = sigmoid(both @ Wr)
        n = np.tanh(np.concatenate([x, r * h]) @ Wn)
        h = (1 - z) * h + z * n
    return (h @ v - y) ** 2


def embedding(E, W):
    """E=6,3 W=3,3."""
    p = softmax(E[words] @ W)
    return -np.mean(np.log(p[np.arange(7), labels]))


def bag_of_words(E, W):
    """E=6,3 W=3,3."""
    p = softmax(E[context].mean(axis=1) @ W)
    return -np.mean(np.log(p[np.arange(7), labels]))


def skip_gram(E, C):
    """E=6,3 C=6,3."""
    score = np.sum(E[words] * C[labels], axis=1)
    return -np.mean(np.log(sigmoid(score)))


def rows_taken(W, x, y):
    """W=3,5 x=5 y=4."""
    return np.sum((W[taken] @ x - y) ** 2)


def variational(W, V, U, eps, X):
    """W=5,3 V=5,3 U=3,5 eps=7,3 X=7,5."""
    mu, log_var = X @ W, X @ V
    code = mu + np.exp(0.5 * log_var) * eps
    back = sigmoid(code @ U)
    divergence = -0.5 * np.sum(1 + log_var - mu**2 - np.exp(log_var))
    return 0.5 * np.sum((back - X) ** 2) + divergence


def mixture(W, V, U, X, Y):
    """W=5,3 V=5,2 U=5,2 X=7,5 Y=7,2."""
    gate = sigmoid(X @ W[:, :1])
    return np.mean((gate * (X @ V) + (1 - gate) * (X @ U) - Y) ** 2)


def radial(C, v, X, y):
    """C=3,5 v=3 X=7,5 y=7."""
    distance = np.sum((X[:, None, :] - C[None]) ** 2, axis=2)
    return np.mean((np.exp(-distance) @ v - y) ** 2)


def factorisation(U, V, R):
    """U=5,3 V=7,3 R=5,7."""
    return np.sum((U @ V.T - R) ** 2) + 0.1 * (np.sum(U**2) + np.sum(V**2))


def gaussian_process(theta, X, y):
    """theta= X=5,3 y=5."""
    K = np.exp(theta) * (X @ X.T) + np.eye(5)
    return y @ np.linalg.solve(K, y) + np.log(np.linalg.det(K))
