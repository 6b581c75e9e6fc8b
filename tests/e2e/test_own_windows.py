"""At the desk: a period that was put off for the school, and a one-off form that was sent to it."""

import json

from clerk import NAMES, as_booked, desk_of, items, states
from house import wait_for
from sheet import Sheet
from test_extensions import extend, send_survey
from world import CLOSED, OPEN

FORM = "primary.monthly.roofs"


def learn(desk, words):
    def heard():
        desk("status", "--refresh")
        return words in desk("status").stdout
    wait_for(f"the desk to hear of {words}", heard)


def test_an_extension_is_shown_and_counts(world):
    school, desk, sheet, path, figures = desk_of(world, period=CLOSED)
    other = desk_of(world, period=CLOSED)
    assert "留存" in desk("check", path).stdout
    extend(world, school, CLOSED, (-2000, 24, 48), reason="道路中断")
    learn(desk, "道路中断")
    (owed,) = [i for i in items(desk, CLOSED) if i["form"] == "primary.monthly"]
    assert owed["state"] == "due" and owed["extension"] == "道路中断"
    assert "延期至" in desk("status", CLOSED).stdout and "原因：道路中断" in desk("status", CLOSED).stdout
    assert "Put off to" in desk("status", CLOSED, lang="en").stdout
    said = desk("submit", path, *NAMES).stdout
    assert "延期至" in said and "按时" in said
    assert world.booked(school, CLOSED) == as_booked(figures)
    other[1]("submit", other[3], *NAMES)
    assert states(other[1]) == {(CLOSED, 1): "kept"}, "nobody else has it"


def test_a_one_off_form_from_its_sheet_to_its_receipt(world):
    school, desk, sheet, path, figures = desk_of(world)
    other, elsewhere, *_ = desk_of(world)
    send_survey(world, school)
    learn(desk, FORM)
    assert sorted(i["form"] for i in items(desk, OPEN)) == ["primary.monthly", FORM]
    regular = desk("template", OPEN, "-o", desk.home / "regular.csv")
    assert FORM in regular.stderr and "--form" in regular.stderr
    survey = desk.home / "roofs.csv"
    desk("template", OPEN, "--form", FORM, "-o", survey)
    one_off = Sheet(survey)
    numbers = world.catalogue.forms["primary.monthly"].required[:2]
    assert set(one_off.line) == {world.catalogue.indicators[n].code for n in numbers}
    assert FORM in one_off.cell(next(iter(one_off.line)), "mark")
    one_off.fill(world.catalogue, {n: figures[n] for n in numbers}).save(survey)
    desk("check", survey)
    desk("submit", survey, *NAMES)
    assert {(i["form"], i["state"]) for i in items(desk, OPEN)} == {("primary.monthly", "due"), (FORM, "receipted")}
    receipt = json.loads(desk("receipt", OPEN, "--form", FORM, "--json").stdout)
    assert receipt["receipt"]["form"] == FORM and receipt["verified"]
    desk("receipt", OPEN, "--form", "primary.monthly", ok=65)

    elsewhere("catalogue")
    assert FORM not in elsewhere("status").stdout
    assert FORM in elsewhere("template", OPEN, "--form", FORM, ok=65).stderr
    for code in one_off.line:
        one_off.set(code, "mark", one_off.cell(code, "mark").replace(school.code, other.code))
    one_off.save(survey)
    (finding,) = json.loads(elsewhere("check", survey, "--json", ok=65).stdout)["findings"]
    assert (finding["code"], finding["found"]) == ("FORM_NOT_SENT", FORM)
    (finding,) = [f for f in json.loads(elsewhere("submit", survey, "--json", *NAMES, ok=65).stdout)["findings"]]
    assert finding["code"] == "FORM_NOT_SENT", "asked of the centre first, which says the same"
