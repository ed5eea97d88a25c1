"""Writes the figures of src/decoding/interval.rs: python tests/reference/student.py (needs scipy)."""

from math import sqrt
from statistics import mean, stdev

from scipy.stats import t


def half(values):
    return t.ppf(0.975, len(values) - 1) * stdev(values) / sqrt(len(values))


print("STUDENT", [float(t.ppf(0.975, freedom)) for freedom in range(1, 31)])
values = [3.1, 4.0, 2.7, 3.3, 5.2]
print("mean and half", mean(values), half(values))
print("half of 60", half([at % 7 for at in range(60)]))
