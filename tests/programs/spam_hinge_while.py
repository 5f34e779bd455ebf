import numpy as np

# linear svm, sub-gradient descent, stop when it does not get better
np.random.seed(14)
X = np.random.randn(59, 7)
label = np.where(X[:, 0] - X[:, 2] + 0.4 * np.random.randn(59) > 0, 1.0, -1.0)

w = np.random.randn(7) * 0.3
b = 0.1
C = 0.01
step_size = 0.05
tries = 0
best = float("inf")

while tries < 5000:
    score = X.dot(w) + b
    margin = 1 - label * score
    inside = margin > 0
    objective = np.sum(margin[inside]) / len(X) + C * w.dot(w)

    grad_w = 2 * C * w
    grad_b = 0.0
    for i in range(len(X)):
        if inside[i]:
            grad_w = grad_w - label[i] * X[i] / len(X)
            grad_b -= label[i] / len(X)

    w = w - step_size * grad_w
    b = b - step_size * grad_b
    if objective < best:
        best = objective
    if tries % 500 == 0:
        print(tries, objective)
    tries = tries + 1
