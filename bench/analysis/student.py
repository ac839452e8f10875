"""Student's t distribution, with any positive number of degrees of freedom.

From `scipy.special`: `scipy.stats` says the same and takes half a second to import. That one takes a fifth,
so it is imported where it is called: most commands estimate nothing.
"""

from __future__ import annotations

WIDEST = 300.0
"""Of a logarithm: nothing is known beyond, and e to its power is a number yet."""


def half_width(standard_error: float, freedom: float, level: float) -> float:
    """Half the width of the interval of a logarithm's mean at this level of confidence, at most `WIDEST`."""
    from scipy.special import stdtrit

    return min(float(stdtrit(freedom, (1 + level) / 2)) * standard_error, WIDEST)


def p_value(mean: float, standard_error: float, freedom: float) -> float:
    """Two-sided, of the hypothesis that the true mean is 0."""
    from scipy.special import stdtr

    if standard_error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stdtr(freedom, -abs(mean) / standard_error))


def as_sure(chance: float, freedom: float, other: float) -> float:
    """The two-sided chance, with other degrees of freedom, of the t that has this one."""
    from scipy.special import stdtr, stdtrit

    if freedom == other or chance >= 1:
        return chance
    return float(2 * stdtr(other, stdtrit(freedom, chance / 2)))
