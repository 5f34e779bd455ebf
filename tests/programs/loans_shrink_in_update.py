import numpy as np


def sigmoid(t):
    return .5 * (1 + np.tanh(.5 * t))


class Scorer:
    """Chance that a loan is paid back. Weights are shrunk before each step, biases are not."""

    def __init__(self, features, hidden, lam):
        rng = np.random.default_rng(11)
        self.hidden_weights = rng.standard_normal((hidden, features)) * .4
        self.hidden_bias = rng.standard_normal((hidden, 1)) * .1
        self.out_weights = rng.standard_normal((1, hidden)) * .4
        self.out_bias = rng.standard_normal((1, 1)) * .1
        self.lam = lam

    def score(self, loans):
        self.loans = loans
        self.act = sigmoid(self.hidden_weights @ loans + self.hidden_bias)
        self.chance = sigmoid(self.out_weights @ self.act + self.out_bias)
        return self.chance

    def deviance(self, paid):
        c = self.chance
        return -np.mean(paid * np.log(c) + (1 - paid) * np.log(1 - c))

    def improve(self, paid, eta):
        d_out = (self.chance - paid) / paid.shape[1]
        d_hid = self.act * (1 - self.act) * (self.out_weights.T @ d_out)
        shrink = 1 - eta * self.lam
        self.out_weights = shrink * self.out_weights - eta * d_out @ self.act.T
        self.out_bias = self.out_bias - eta * d_out.sum(axis=1, keepdims=True)
        self.hidden_weights = shrink * self.hidden_weights - eta * d_hid @ self.loans.T
        self.hidden_bias = self.hidden_bias - eta * d_hid.sum(axis=1, keepdims=True)


rng = np.random.default_rng(12)
loans = rng.standard_normal((5, 63))
paid = (loans[0] * loans[1] + loans[4] > 0).astype(float)[None, :]
scorer = Scorer(5, 7, 0.01)
for round_ in range(2000):
    scorer.score(loans)
    deviance = scorer.deviance(paid)
    scorer.improve(paid, .5)
    if round_ % 200 == 0:
        print(round_, deviance)
