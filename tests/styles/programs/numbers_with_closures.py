import math
import random

random.seed(5)


class Number:
    def __init__(self, data, parts=(), rule=None):
        self.data, self.parts, self.rule, self.grad = data, parts, rule, 0.0

    def __add__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        return Number(self.data + other.data, (self, other), lambda g: (g, g))

    def __mul__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        return Number(self.data * other.data, (self, other), lambda g: (g * other.data, g * self.data))

    __radd__, __rmul__ = __add__, __mul__

    def tanh(self):
        t = math.tanh(self.data)
        return Number(t, (self,), lambda g: (g * (1 - t * t),))

    def backward(self):
        order, seen = [], set()

        def visit(number):
            if id(number) not in seen:
                seen.add(id(number))
                for part in number.parts:
                    visit(part)
                order.append(number)

        visit(self)
        self.grad = 1.0
        for number in reversed(order):
            if number.rule:
                for part, g in zip(number.parts, number.rule(number.grad)):
                    part.grad += g


def draw(count):
    return [Number(random.uniform(-1, 1)) for _ in range(count)]


w, b, u = [draw(2) for _ in range(3)], draw(3), draw(3)
samples = [((0.1, 0.9), 0.3), ((0.7, -0.4), -0.5), ((-0.6, 0.2), 0.8)]
for turn in range(300):
    loss = Number(0.0)
    for x, t in samples:
        h = [sum((k * v for k, v in zip(row, x)), shift).tanh() for row, shift in zip(w, b)]
        e = sum((k * v for k, v in zip(u, h)), Number(0.0)) + (-t)
        loss = loss + e * e
    params = [p for row in w for p in row] + b + u
    for p in params:
        p.grad = 0.0
    loss.backward()
    for p in params:
        p.data -= 0.05 * p.grad
    if turn % 50 == 0:
        print(loss.data)
