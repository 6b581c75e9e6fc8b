"""A clerk at the desk: the sheet is made, filled and saved; what the program says of each report."""

import json

import contract
from sheet import Sheet
from world import OPEN

NAMES = ["--filler", "王芳", "--reviewer", "李强", "--head", "赵敏"]


def desk_of(world, kind="primary", period=OPEN, seed=0):
    """A clerk with a filled sheet: (school, desk, sheet, path, figures)."""
    school = world.fresh(kind)
    desk = world.desk(school)
    path = desk.home / f"{period}.csv"
    desk("template", period, "-o", path)
    figures = world.lawful(school, seed=seed)
    sheet = Sheet(path).fill(world.catalogue, figures)
    sheet.save(path)
    return school, desk, sheet, path, figures


def states(desk):
    """What status says of each statement: {(period, revision): state}."""
    said = json.loads(desk("status", "--all", "--json").stdout)
    items = said if isinstance(said, list) else next(v for v in said.values() if isinstance(v, list))
    return {(i["period"], i["revision"]): i["state"] for i in items if i.get("revision")}


def as_booked(figures):
    return {n: f if isinstance(f, tuple) else (f, 0) for n, f in figures.items()}


def items(desk, *args):
    """What status lists of the period's reports, and of what is owed."""
    return json.loads(desk("status", *args, "--json").stdout)["items"]


def change_one(world, sheet, path, figures, by=1):
    """Another value in a cell that no rule speaks of; the number of its indicator."""
    form = next(f for f in world.catalogue.forms if set(figures) <= {*world.catalogue.forms[f].required, *world.catalogue.forms[f].optional})
    number = next(n for n in world.catalogue.unruled(form) if isinstance(figures.get(n), int))
    figures[number] = figures[number] - by if figures[number] >= by else figures[number] + by
    sheet.fill(world.catalogue, {number: figures[number]}).save(path)
    return number


def file_elsewhere(world, school, seed="first", filler="周明", **kw):
    """Another computer of the school files the period first: its key, the statement's id, the figures."""
    (code,) = world.one_time_codes(school.code).values()
    key = contract.Key()
    figures = world.lawful(school, seed=seed)
    with world.session() as session:
        session.enrol(school.code, code, key)
        verdict = session.submit(world.envelope(school, world.statement(school, figures, filler=filler, **kw), key))
        assert verdict.HasField("receipt"), verdict
    return key, verdict.id, figures
