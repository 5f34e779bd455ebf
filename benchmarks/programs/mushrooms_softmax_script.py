import numpy as np

rng = np.random.default_rng(13)
n, features, classes, hidden = 33, 5, 4, 8
X = rng.normal(size=(n, features))
labels = np.argmax(X[:, :classes] + 0.4 * rng.normal(size=(n, classes)), axis=1)

W = rng.normal(0, 0.4, (features, hidden))
b = rng.normal(0, 0.1, (1, hidden))
V = rng.normal(0, 0.4, (hidden, classes))
c = rng.normal(0, 0.1, (1, classes))
step_size, reg = 0.2, 0.01

for i in range(4000):
    h = np.maximum(0, np.dot(X, W) + b)
    scores = np.dot(h, V) + c
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    probs = e / np.sum(e, axis=1, keepdims=True)
    data_loss = -np.mean(np.log(probs[np.arange(n), labels]))
    reg_loss = 0.5 * reg * np.sum(W * W) + 0.5 * reg * np.sum(V * V)
    loss = data_loss + reg_loss
    if i % 400 == 0:
        print("iteration %d: loss %f" % (i, loss))

    dscores = probs.copy()
    dscores[np.arange(n), labels] -= 1
    dscores /= n

    dV = np.dot(h.T, dscores)
    dc = np.sum(dscores, axis=0, keepdims=True)
    dh = np.dot(dscores, V.T)
    dh[h <= 0] = 0
    dW = np.dot(X.T, dh)
    db = np.sum(dh, axis=0, keepdims=True)
    dV += reg * V
    dW += reg * W

    W -= step_size * dW
    b -= step_size * db
    V -= step_size * dV
    c -= step_size * dc
