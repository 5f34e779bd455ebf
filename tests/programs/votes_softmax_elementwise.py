import numpy as np

np.random.seed(61)
people, questions, parties = 20, 5, 3
A = np.random.randint(-2, 3, (people, questions)) * 0.5
P = np.random.randint(0, parties, people)

W = np.random.uniform(-0.5, 0.5, (questions, parties))
bias = np.random.uniform(-0.2, 0.2, parties)
lr = 0.05

for sweep in range(1000):
    total = 0.0
    for n in range(people):
        x = A[n]
        s = np.zeros(parties)
        for k in range(parties):
            s[k] = np.dot(x, W[:, k]) + bias[k]
        e = np.exp(s - max(s))
        q = e / np.sum(e)
        loss = -np.log(q[P[n]])
        total += loss

        for k in range(parties):
            diff = q[k] - (1.0 if k == P[n] else 0.0)
            for j in range(questions):
                W[j, k] = W[j, k] - lr * diff * x[j]
            bias[k] = bias[k] - lr * diff
    if sweep % 100 == 0:
        print(sweep, total / people)
