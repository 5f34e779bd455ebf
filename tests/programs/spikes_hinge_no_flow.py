import numpy as np

# multi-class svm trained one spike at a time, the gradient is plus or minus x
np.random.seed(81)
X = np.random.randn(45, 6)
kind = np.argmax(X @ np.random.randn(6, 4), axis=1)
W = np.random.randn(6, 4) * 0.3
bias = np.random.randn(4) * 0.1

for epoch in range(1000):
    missed = 0.0
    for x, k in zip(X, kind):
        s = x @ W + bias
        loss = 0.0
        dW = np.zeros_like(W)
        dbias = np.zeros_like(bias)
        for c in range(4):
            if c == k:
                continue
            margin = s[c] - s[k] + 1.0
            if margin > 0:
                loss += margin
                dW[:, c] += x
                dW[:, k] -= x
                dbias[c] += 1
                dbias[k] -= 1
        W -= 0.01 * dW
        bias -= 0.01 * dbias
        missed += loss
    if epoch % 100 == 0:
        print(epoch, missed / len(X))
