"""Lawful figures for a form, made from nothing but the catalogue."""

import random
from fractions import Fraction
from math import ceil, floor

from contract import pb


def with_denominator(indicator):
    return indicator.measure in (pb.RATIO, pb.QUOTIENT)


def bound(b):
    return Fraction(b.scaled, 10 ** b.decimals)


class Catalogue:
    """A decoded catalogue with look-ups."""

    def __init__(self, message):
        self.message = message
        self.indicators = {i.number: i for i in message.indicator}
        self.by_code = {i.code: i for i in message.indicator}
        self.forms = {f.code: f for f in message.form}

    @classmethod
    def of(cls, database):
        """The newest one, straight from the tables; its hash beside it."""
        digest, data = database.rows("SELECT hash, bytes FROM yuebao.catalogue ORDER BY catalogue DESC LIMIT 1")[0]
        catalogue = cls(pb.Catalogue.FromString(bytes(data)))
        catalogue.hash = bytes(digest)
        return catalogue

    def number(self, code):
        return self.by_code[code].number


def lawful_figure(indicator, random):
    """A figure within the bounds: a scaled value, or (value, denominator)."""
    low, high = bound(indicator.min), bound(indicator.max)
    unit = 10 ** indicator.decimals
    if not with_denominator(indicator):
        return random.randint(ceil(low * unit), floor(min(high, low + 500) * unit))
    denominator = random.randint(20, 400) * 10 ** indicator.denominator_decimals
    people = Fraction(denominator, 10 ** indicator.denominator_decimals)
    high = min(high, 1) if indicator.measure == pb.RATIO else min(high, low + 50)
    return random.randint(ceil(low * people * unit), floor(high * people * unit)), denominator


def lawful(catalogue, form, seed, optional=0.3):
    """Figures for every required indicator of the form and some of the others, the same for the same seed."""
    dice = random.Random(seed)
    message = catalogue.forms[form]
    numbers = list(message.required) + [n for n in message.optional if dice.random() < optional]
    if not numbers:
        numbers = list(message.optional)[:5]
    return {n: lawful_figure(catalogue.indicators[n], dice) for n in numbers}
