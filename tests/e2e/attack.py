"""Somebody with a pencil: works out held-back numbers of publications from everything that is shown.

A system has variables (any hashable names), equations (sum of ±variables = number) and bounds. Two attacks: `determined`,
exact elimination over the rationals; `squeezed`, bounds that tighten each other until nothing moves. Either returns
the variables that can have one value only. Nothing here knows how the numbers were held back.
"""

from collections import defaultdict
from fractions import Fraction


class System:
    def __init__(self):
        self.equations = []
        self.least, self.most = {}, {}
        self.known = {}

    def variable(self, name, least=0, most=None):
        self.least[name] = max(least, self.least.get(name, least))
        if most is not None:
            self.most[name] = min(most, self.most.get(name, most))

    def knows(self, name, value):
        assert self.known.setdefault(name, value) == value, f"two numbers for {name}"

    def equation(self, terms, total=0):
        """terms: [(variable, factor)]; their sum is `total`."""
        self.equations.append((terms, total))

    def reduced(self):
        """The equations with what is known put in, as ({variable: factor}, total); a contradiction is a mistake of ours."""
        for terms, total in self.equations:
            left, row = total, defaultdict(int)
            for name, factor in terms:
                if name in self.known:
                    left -= factor * self.known[name]
                else:
                    row[name] += factor
            row = {n: f for n, f in row.items() if f}
            assert row or left == 0, "what is shown contradicts itself"
            if row:
                yield row, left

    def determined(self):
        """Reduced row echelon form: a row with a single variable pins it."""
        pivots = {}
        for row, total in self.reduced():
            row, total = {n: Fraction(f) for n, f in row.items()}, Fraction(total)
            for pivot, (other, other_total) in pivots.items():
                if pivot in row:
                    row, total = subtract(row, total, other, other_total, row[pivot])
            if not row:
                assert total == 0, "what is shown contradicts itself"
                continue
            pivot = min(row, key=repr)
            factor = row[pivot]
            row, total = {n: f / factor for n, f in row.items()}, total / factor
            for name, (other, other_total) in list(pivots.items()):
                if pivot in other:
                    pivots[name] = subtract(other, other_total, row, total, other[pivot])
            pivots[pivot] = row, total
        return {name: total for name, (row, total) in pivots.items() if len(row) == 1}

    def squeezed(self):
        least, most = dict(self.least), dict(self.most)
        rows = list(self.reduced())
        moved = True
        while moved:
            moved = False
            for row, total in rows:
                for name, factor in row.items():
                    others = [(n, f) for n, f in row.items() if n != name]
                    for is_most in (False, True):
                        # the bound of factor * name is what the others leave at their other ends
                        ends = [(most if (f > 0) != is_most else least).get(n) for n, f in others]
                        if None in ends:
                            continue
                        bound = Fraction(total - sum(f * e for (_, f), e in zip(others, ends)), factor)
                        side = most if is_most == (factor > 0) else least
                        if name not in side or (bound < side[name] if side is most else bound > side[name]):
                            side[name] = bound
                            moved = True
                    assert name not in most or least[name] <= most[name], f"no value is left for {name}"
        return {name: least[name] for name in least if name not in self.known and most.get(name) == least[name]}


def subtract(row, total, other, other_total, factor):
    result = dict(row)
    for name, f in other.items():
        value = result.get(name, 0) - factor * f
        if value:
            result[name] = value
        else:
            result.pop(name, None)
    return result, total - factor * other_total
