import numpy as np

class Tensor:
    __slots__ = ("data", "grad", "_back", "parents")
    def __init__(self, data, parents=()):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self._back = lambda: None
        self.parents = parents

    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))
        def back():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out._back = back
        return out

    def __add__(self, other):
        out = Tensor(self.data + other.data, (self, other))
        def back():
            self.grad += out.grad
            other.grad += out.grad.sum(axis=0)
        out._back = back
        return out

    def tanh(self):
        t = np.tanh(self.data)
        out = Tensor(t, (self,))
        def back():
            self.grad += (1 - t ** 2) * out.grad
        out._back = back
        return out

    @property
    def shape(self):
        return self.data.shape

    def backward(self, seed):
        order, seen = [], set()
        def visit(v):
            if id(v) not in seen:
                seen.add(id(v))
                for p in v.parents:
                    visit(p)
                order.append(v)
        visit(self)
        self.grad = seed
        for v in order[::-1]:
            v._back()

class Model:
    rate = 0.05
    def __init__(self):
        rng = np.random.default_rng(3)
        self.W1 = Tensor(rng.normal(0, .5, (4, 7)))
        self.b1 = Tensor(rng.normal(0, .1, 7))
        self.W2 = Tensor(rng.normal(0, .5, (7, 2)))
    @property
    def parameters(self):
        return [self.W1, self.b1, self.W2]
    @staticmethod
    def loss(out, y):
        return 0.5 * np.sum((out - y) ** 2)
    @classmethod
    def make(cls):
        return cls()
    def __call__(self, x):
        return (Tensor(x) @ self.W1 + self.b1).tanh() @ self.W2
    def step(self):
        for p in self.parameters:
            p.data -= type(self).rate * p.grad
            p.grad = np.zeros_like(p.grad)

def main():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(19, 4)); y = np.cos(x[:, :2])
    model = Model.make()
    i = 0
    while (i := i + 1) < 500:
        out = model(x)
        error = Model.loss(out.data, y)
        out.backward(out.data - y)
        model.step()
        if i % 100 == 0:
            print(f"{i}: {error:.4f}")

if __name__ == "__main__":
    main()
