"""Distributions: the beta distribution, its inverse and density; Welch's test of two means."""

from __future__ import annotations

import math

from . import Scalar

NAN = math.nan
STEPS = 10_000


def beta_cdf(x: float, alpha: float, beta: float) -> float:
    """The share below x; NaN outside [0, 1] and for parameters outside (0, 10000]."""
    if not 0 <= x <= 1 or not 0 < alpha <= 10_000 or not 0 < beta <= 10_000:
        return NAN
    return regularized(x, alpha, beta)


def regularized(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Lentz's method).

    Source: https://dlmf.nist.gov/8.17#SS5.p1
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - regularized(1 - x, b, a)
    front = math.exp(
        a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) - math.log(a)
    )
    tiny = 1e-300
    fraction, c = 1.0, 1.0
    d = 1 / _not_zero(1 - (a + b) * x / (a + 1), tiny)
    fraction = d
    for m in range(1, STEPS):
        for part in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _not_zero(1 + part * d, tiny)
            c = _not_zero(1 + part / c, tiny)
            fraction *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return front * fraction


def _not_zero(x: float, tiny: float) -> float:
    return x if abs(x) > tiny else tiny


def beta_pdf(x: float, alpha: float, beta: float) -> float:
    if not 0 <= x <= 1 or not 0 < alpha <= 10_000 or not 0 < beta <= 10_000:
        return NAN
    if x in (0, 1):
        power = alpha if x == 0 else beta
        return 0.0 if power > 1 else math.inf if power < 1 else (beta if x == 0 else alpha)
    scale = math.lgamma(alpha + beta) - math.lgamma(alpha) - math.lgamma(beta)
    return math.exp((alpha - 1) * math.log(x) + (beta - 1) * math.log1p(-x) + scale)


def beta_inv(probability: float, alpha: float, beta: float) -> float | None:
    """The x below which a share lies, by halving; null for parameters that are not above 0, NaN for what is no share."""
    if not alpha > 0 or not beta > 0:
        return None
    if not 0 < probability <= 1:
        return NAN
    if probability == 1:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if regularized(middle, alpha, beta) < probability:
            low = middle
        else:
            high = middle
    return high


def welch(mean1: float, variance1: float, count1: float, mean2: float, variance2: float, count2: float) -> float | None:
    """The two-sided probability that means this far apart come from equal ones; null where it is not defined."""
    if count1 <= 1 or count2 <= 1 or variance1 < 0 or variance2 < 0:
        return None
    one, two = variance1 / count1, variance2 / count2
    if one + two == 0:
        return None
    t2 = (mean1 - mean2) ** 2 / (one + two)
    freedom = (one + two) ** 2 / (one**2 / (count1 - 1) + two**2 / (count2 - 1))
    return regularized(freedom / (freedom + t2), freedom / 2, 0.5)


FUNCTIONS = [
    Scalar("beta_cdf", "rrr>r", beta_cdf),
    Scalar("beta_pdf", "rrr>r", beta_pdf),
    Scalar("beta_inv", "rrr>r", beta_inv),
    Scalar("welch", "rrrrrr>r", welch),
]
