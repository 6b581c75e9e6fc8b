"""The country of bad/catalogue: every measure, bounds of every kind, rules with each operator, and one school that is one of five."""

from pathlib import Path

import world as worlds

CATALOGUE = Path(__file__).resolve().parent / "catalogue"
FORM = "primary.monthly"

PRIMARY, JUNIOR, CLOSED, COMING, OTHER = (worlds.School(*row) for row in (
    ("0000101", "0000101", "primary", 990100, "第一小学", "First primary"),
    ("0000101-J", "0000101", "junior", 990100, "第一小学初中部", "First primary; junior stage"),
    ("0000101-X", "0000101", "primary", 990100, "第一小学旧校区", "First primary; old campus"),
    ("0000101-N", "0000101", "primary", 990100, "第一小学新校区", "First primary; new campus"),
    ("0000200", "0000200", "primary", 990100, "第二小学", "Second primary")))

LEAN = {"pupils": "360", "classes": "9", "overfull_classes": "1/9", "water": "100.5"}  # what is required, all rules kept


def make(cluster, authority, scratch, name):
    """A world of this country alone."""
    database = cluster.create(name)
    database.ctl("migrate")
    database.ctl("import", CATALOGUE)
    worlds.open_calendar(database)
    world = worlds.World(scratch, database, authority)
    world.schools = [PRIMARY, JUNIOR, CLOSED, COMING, OTHER]
    world.by_code = {s.code: s for s in world.schools}
    return world


def scaled(text, decimals):
    """"34.2" with 2 decimals is 3420; what would have to be rounded is the test's own mistake."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, fraction = digits.partition(".")
    assert len(fraction) <= decimals, (text, decimals)
    return sign * int(whole + fraction.ljust(decimals, "0"))


def figures_of(catalogue, texts):
    """code -> "3/9" or "360" becomes number -> (value, denominator) or value, scaled as the catalogue wants it."""
    figures = {}
    for code, text in texts.items():
        indicator = catalogue.by_code[code]
        value, divided, denominator = text.partition("/")
        number = scaled(value, indicator.decimals)
        figures[indicator.number] = (number, scaled(denominator, indicator.denominator_decimals)) if divided else number
    return figures
