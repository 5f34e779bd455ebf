import numpy as np

np.random.seed(101)
K = 3
X = np.random.randn(50, 4)
y = np.argmax(X[:, :3] + 0.2 * np.random.randn(50, 3), 1)
W = 0.1 * np.random.randn(4, K)
b = 0.1 * np.random.randn(1, K)
hist = {"W": np.zeros_like(W), "b": np.zeros_like(b)}
reg = 1e-2

for i in range(3000):
    scores = np.dot(X, W) + b
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)

    data_loss = np.sum(-np.log(probs[range(50), y])) / 50
    loss = data_loss + 0.5 * reg * np.sum(W * W)

    dscores = probs.copy()
    dscores[range(50), y] -= 1
    dscores /= 50
    dW = np.dot(X.T, dscores)
    dW += reg * W
    db = np.sum(dscores, axis=0, keepdims=True)

    for name, p, g in (("W", W, dW), ("b", b, db)):
        hist[name] += g * g
        p -= 0.1 * g / (np.sqrt(hist[name]) + 1e-8)
    if i % 300 == 0:
        print("iteration %d: loss %f" % (i, loss))
