"""Rules between figures and the school's own past, at the desk: by row and column, with what to do; a reason beside the figure is enough."""

import datetime
import json

import pytest

from clerk import NAMES, desk_of, states
from house import wait_for
from sheet import Sheet
from world import OPEN, TODAY, first_day, month

RULE = "left_behind_and_migrant"  # left_behind_children + migrant_children_enrolled <= enrolled_pupils, a warning


def findings(desk, path, ok, *args):
    return json.loads(desk("check", path, *args, "--json", ok=ok).stdout)["findings"]


def warned(world):
    """A sheet that breaks the warning, and nothing else."""
    school, desk, sheet, path, figures = desk_of(world)
    enrolled = figures[world.catalogue.number("enrolled_pupils")]
    for code in ("left_behind_children", "migrant_children_enrolled"):
        sheet.set(code, "value", str(enrolled))
    sheet.save(path)
    return school, desk, sheet, path, enrolled


def broken(world):
    rule = next(r for r in world.catalogue.message.rule if r.code == RULE)
    return rule, [t.indicator for t in (*rule.left, *rule.right)]


def test_a_warning_wants_its_reason(world):
    school, desk, sheet, path, enrolled = warned(world)
    rule, numbers = broken(world)
    error, warning = (f for f in findings(desk, path, 65) if f.get("rule") == RULE)
    assert (error["code"], error["severity"], error["column"]) == ("EXPLANATION_MISSING", "error", "explanation")
    assert (warning["code"], warning["severity"], warning["column"]) == ("RULE_BROKEN", "warning", "value")
    assert error["row"] == warning["row"] == sheet.line[world.catalogue.indicators[numbers[0]].code]
    assert warning["indicators"] == numbers and (warning["found"], warning["bound"]) == (str(2 * enrolled), str(enrolled))
    assert rule.message_zh in warning["message"] and rule.message_zh in error["message"]
    said = [line for line in desk("check", path, ok=65).stdout.splitlines() if rule.message_zh in line]
    assert len(said) == 1 and said[0].startswith("错误") and "“说明”列" in said[0], "one line says it all"
    assert rule.message_en in desk("check", path, ok=65, lang="en").stdout
    desk("submit", path, *NAMES, ok=65)
    assert states(desk) == {}


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_reason_may_stand_beside_any_of_its_figures(world, which):
    school, desk, sheet, path, _ = warned(world)
    rule, numbers = broken(world)
    code = world.catalogue.indicators[numbers[which]].code
    sheet.rows[sheet.line[code] - 1][sheet.rows[0].index("说明")] = "寒假前统计口径不同"
    sheet.save(path)
    (only,) = findings(desk, path, 0)
    assert (only["code"], only["severity"]) == ("RULE_BROKEN", "warning") and "说明" in only["hint"]
    said = desk("submit", path, *NAMES).stdout
    (line,) = (line for line in said.splitlines() if rule.message_zh in line)
    assert "已有说明" in line and "写明原因" not in line, "what is explained asks for no reason"
    assert states(desk) == {(OPEN, 1): "receipted"}


def test_an_error_cannot_be_explained_away(world):
    school, desk, sheet, path, figures = desk_of(world)
    sheet.set("enrolled_pupils", "value", "10")
    row = sheet.set("boarding_pupils", "value", "11")
    sheet.rows[row - 1][sheet.rows[0].index("说明")] = "就是这样"
    sheet.save(path)
    error = next(f for f in findings(desk, path, 65) if f.get("rule") == "boarding_within_enrolled")
    assert (error["severity"], error["row"], error["code"]) == ("error", row, "RULE_BROKEN")


# ---- the school's own past -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_open(make_world):
    """A world in which the months of a year are open still."""
    world = make_world()
    for back in range(5, 12):
        world.database.run("""INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
            SELECT form, %s, now() - interval '400 days', now() - interval '1 day', now() + interval '30 days',
                   (SELECT max(catalogue) FROM yuebao.catalogue) FROM yuebao.form WHERE code = 'primary.monthly'""", first_day(month(back)))
    return world


def file_month(world, desk, figures, period, **cells):
    """The figures of the first sheet again, but for some cells."""
    path = desk.home / f"{period}-again.csv"
    desk("template", period, "-o", path, "--force")
    sheet = Sheet(path).fill(world.catalogue, figures)
    for code, value in cells.items():
        sheet.set(code, "value", str(value))
    sheet.save(path)
    return sheet, path


def test_a_figure_unlike_the_schools_own_past_is_warned_of(long_open):
    world = long_open
    school, desk, _, _, figures = desk_of(world)
    usual = figures[world.catalogue.number("water_consumption")] / 10
    for back in range(5, 12):
        _, path = file_month(world, desk, figures, month(back), water_consumption=usual + back % 3)
        desk("submit", path, *NAMES)
    sheet, path = file_month(world, desk, figures, month(5), water_consumption=90000)
    (warning,) = (f for f in findings(desk, path, 0) if f["code"] == "UNLIKE_PAST")
    assert warning["severity"] == "warning" and warning["row"] == sheet.line["water_consumption"] and warning["column"] == "value"
    assert warning["found"] == "90000.0" and "~" in warning["bound"]
    assert "提示" in desk("check", path).stdout
    desk("submit", path, "--correction", "水管爆裂")
    assert states(desk)[month(5), 2] == "receipted", "it stops nothing"
    sheet.rows[sheet.line["water_consumption"] - 1][sheet.rows[0].index("说明")] = "水管爆裂"
    sheet.save(path)
    (warning,) = (f for f in findings(desk, path, 0) if f["code"] == "UNLIKE_PAST")
    assert "说明" in warning["hint"]


def test_what_was_open_before_is_carried_over(long_open):
    """hazards_carried_over_is_open_before: a rule between this day and the one before, by the desk's own receipts."""
    world = long_open
    before, day = (str(TODAY - datetime.timedelta(days=n)) for n in (21, 20))
    world.database.run("""INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
        SELECT form, %s, now() - interval '30 days', now() + interval '1 day', now() + interval '30 days',
               (SELECT max(catalogue) FROM yuebao.catalogue) FROM yuebao.form WHERE code = 'primary.daily'""", before)
    school, desk, _, _, _ = desk_of(world)
    wait_for("the day before to be on the agenda", lambda: desk("catalogue") and before in desk("status").stdout)
    figures = {n: f for n, f in world.lawful(school, "daily", optional=0).items()
               if not world.catalogue.indicators[n].code.startswith("safety_hazards")}
    _, path = file_month(world, desk, figures, before, safety_hazards_carried_over=7, safety_hazards_open=7, safety_hazards_found=0,
                         safety_hazards_fixed=0)
    desk("submit", path, *NAMES)
    sheet, path = file_month(world, desk, figures, day, safety_hazards_carried_over=4, safety_hazards_open=4, safety_hazards_found=0,
                             safety_hazards_fixed=0)
    (warning,) = (f for f in findings(desk, path, 0) if f.get("rule") == "hazards_carried_over_is_open_before")
    assert (warning["code"], warning["severity"], warning["found"], warning["bound"]) == ("RULE_BROKEN", "warning", "4", "7")
    assert warning["row"] == sheet.line["safety_hazards_carried_over"]
    assert {world.catalogue.indicators[n].code for n in warning["indicators"]} == {"safety_hazards_carried_over", "safety_hazards_open"}
    desk("submit", path)
    assert states(desk)[day, 1] == "receipted", "it stops nothing"
