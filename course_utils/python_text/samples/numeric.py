"""Numerical methods in plain Python: roots, integrals, linear systems, differential equations."""
import math
from functools import reduce

EPSILON = 1e-12


def bisect(f, low, high, tolerance=1e-10):
    """A root of f between low and high, where f has different signs."""
    f_low = f(low)
    if f_low * f(high) > 0:
        raise ValueError("f has the same sign at both ends")
    while high - low > tolerance:
        middle = (low + high) / 2
        f_middle = f(middle)
        if f_low * f_middle <= 0:
            high = middle
        else:
            low, f_low = middle, f_middle
    return (low + high) / 2


def newton(f, x, steps=50, h=1e-6):
    for _ in range(steps):
        slope = (f(x + h) - f(x - h)) / (2 * h)
        if abs(slope) < EPSILON:
            break
        change = f(x) / slope
        x -= change
        if abs(change) < EPSILON:
            break
    return x


def simpson(f, a, b, n=100):
    """Integral of f from a to b; n is even."""
    h = (b - a) / n
    odd = sum(f(a + i * h) for i in range(1, n, 2))
    even = sum(f(a + i * h) for i in range(2, n, 2))
    return h / 3 * (f(a) + 4 * odd + 2 * even + f(b))


def solve(matrix, right):
    """x with matrix · x = right, by Gaussian elimination with partial pivoting."""
    n = len(matrix)
    rows = [list(map(float, row)) + [float(value)] for row, value in zip(matrix, right)]
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        if abs(rows[pivot][k]) < EPSILON:
            raise ZeroDivisionError("the matrix is singular")
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(k + 1, n):
            factor = rows[i][k] / rows[k][k]
            for j in range(k, n + 1):
                rows[i][j] -= factor * rows[k][j]
    x = [0.0] * n
    for i in reversed(range(n)):
        known = sum(rows[i][j] * x[j] for j in range(i + 1, n))
        x[i] = (rows[i][n] - known) / rows[i][i]
    return x


def matmul(a, b):
    columns = list(zip(*b))
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]


def power(matrix, exponent):
    n = len(matrix)
    result = [[float(i == j) for j in range(n)] for i in range(n)]
    while exponent:
        if exponent & 1:
            result = matmul(result, matrix)
        matrix = matmul(matrix, matrix)
        exponent >>= 1
    return result


def runge_kutta(f, state, t=0.0, dt=0.01, steps=100):
    """Follow state' = f(t, state), a list of numbers, with the classical fourth-order method."""

    def shifted(by, slope):
        return [s + by * d for s, d in zip(state, slope)]

    for _ in range(steps):
        k1 = f(t, state)
        k2 = f(t + dt / 2, shifted(dt / 2, k1))
        k3 = f(t + dt / 2, shifted(dt / 2, k2))
        k4 = f(t + dt, shifted(dt, k3))
        state = [s + dt / 6 * (a + 2 * b + 2 * c + d) for s, a, b, c, d in zip(state, k1, k2, k3, k4)]
        t += dt
    return state


def horner(coefficients, x):
    return reduce(lambda total, coefficient: total * x + coefficient, coefficients, 0.0)


def continued_fraction(x, depth=8):
    terms = []
    for _ in range(depth):
        whole = math.floor(x)
        terms.append(whole)
        if x - whole < 1e-9:
            break
        x = 1 / (x - whole)
    return terms


if __name__ == "__main__":
    print(f"root of cos x - x     {bisect(lambda x: math.cos(x) - x, 0, 1):.8f}")
    print(f"square root of 2      {newton(lambda x: x * x - 2, 1.0):.8f}")
    print(f"integral of sin       {simpson(math.sin, 0, math.pi):.8f}")
    print("linear system        ", [round(v, 6) for v in solve([[2, 1, -1], [-3, -1, 2], [-2, 1, 2]], [8, -11, -3])])
    print("Fibonacci number 30  ", int(power([[1, 1], [1, 0]], 30)[0][1]))
    position, speed = runge_kutta(lambda t, s: [s[1], -s[0]], [1.0, 0.0], dt=math.pi / 100, steps=200)
    print(f"one swing             {position:.6f} {abs(speed):.6f}")
    print("polynomial            ", horner([1, -6, 11, -6], 4.0))
    print("pi as a fraction     ", continued_fraction(math.pi, 5))
