import math
import random


class Scalar:
    def __init__(self, x, children=()):
        self.x = x
        self.g = 0.0
        self.children = children
        self.push = lambda: None

    def __add__(self, o):
        o = o if isinstance(o, Scalar) else Scalar(o)
        r = Scalar(self.x + o.x, (self, o))
        def push():
            self.g += r.g
            o.g += r.g
        r.push = push
        return r

    def __mul__(self, o):
        o = o if isinstance(o, Scalar) else Scalar(o)
        r = Scalar(self.x * o.x, (self, o))
        def push():
            self.g += o.x * r.g
            o.g += self.x * r.g
        r.push = push
        return r

    def sigmoid(self):
        s = 1 / (1 + math.exp(-self.x))
        r = Scalar(s, (self,))
        def push():
            self.g += s * (1 - s) * r.g
        r.push = push
        return r

    def backprop(self):
        seen, order = set(), []
        def visit(n):
            if id(n) not in seen:
                seen.add(id(n))
                for c in n.children:
                    visit(c)
                order.append(n)
        visit(self)
        self.g = 1.0
        for n in order[::-1]:
            n.push()


random.seed(2)
w = [Scalar(random.gauss(0, 1)) for _ in range(6)]
c = [Scalar(random.gauss(0, 0.3)) for _ in range(3)]
for k in range(3000):
    x1, x2 = random.random(), random.random()
    h1 = (w[0] * x1 + w[1] * x2 + c[0]).sigmoid()
    h2 = (w[2] * x1 + w[3] * x2 + c[1]).sigmoid()
    out = w[4] * h1 + w[5] * h2 * h1 + c[2]
    miss = out + (-x1 * x2)
    loss = miss * miss
    for p in w + c:
        p.g = 0.0
    loss.backprop()
    for p in w + c:
        p.x -= 0.1 * p.g
    if k % 300 == 0:
        print(k, loss.x)
