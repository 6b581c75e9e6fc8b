"""A sheet that was made by another catalogue: the clerk is told to download the new one, and what changed; or nothing, when nothing did."""

import json

import pytest

from clerk import NAMES, as_booked, desk_of, states
from contract import pb
from house import wait_for
from sheet import Sheet
from world import OPEN, first_day


def govern(world, change, form="primary.monthly"):
    """From now on the form's open month is governed by a catalogue after `change(catalogue)`; its hash."""
    catalogue = pb.Catalogue.FromString(world.catalogue.message.SerializeToString())
    catalogue.made_ms += 1 + world.database.value("SELECT count(*) FROM yuebao.catalogue")
    change(catalogue)
    digest = world.database.value("WITH b AS (SELECT %s::bytea AS bytes) INSERT INTO yuebao.catalogue (hash, bytes) "
                                  "SELECT sha256(bytes), bytes FROM b RETURNING hash", catalogue.SerializeToString())
    world.database.run("""UPDATE yuebao.calendar SET catalogue = (SELECT catalogue FROM yuebao.catalogue WHERE hash = %s)
                          WHERE period = %s AND form = (SELECT form FROM yuebao.form WHERE code = %s)""", digest, first_day(OPEN), form)
    world.collector.wait_register()  # no worker names the catalogue before to a desk that is to know the new one only
    return bytes(digest)


def form_of(catalogue, code="primary.monthly"):
    return next(f for f in catalogue.form if f.code == code)


def indicator_of(catalogue, code):
    return next(i for i in catalogue.indicator if i.code == code)


def make_required(catalogue):
    number, form = indicator_of(catalogue, "electricity_consumption").number, form_of(catalogue)
    form.optional.remove(number)
    form.required.append(number)
    form.required.sort()


def make_optional(catalogue):
    number, form = indicator_of(catalogue, "classes").number, form_of(catalogue)
    form.required.remove(number)
    form.optional.append(number)
    form.optional.sort()


def add_one(catalogue):
    """At the end of the catalogue, optional."""
    one = catalogue.indicator.add()
    one.CopyFrom(indicator_of(catalogue, "electricity_consumption"))
    one.number, one.code, one.name_zh, one.name_en = catalogue.indicator[-2].number + 1, "heat_consumption", "用热量", "Heat used"
    form_of(catalogue).optional.append(one.number)


def remove_one(catalogue):
    number = indicator_of(catalogue, "electricity_consumption").number
    for form in catalogue.form:
        if number in form.optional:
            form.optional.remove(number)
    catalogue.indicator.remove(indicator_of(catalogue, "electricity_consumption"))


def widen(catalogue):
    indicator_of(catalogue, "enrolled_pupils").max.scaled = 30000


def unbind(catalogue):
    indicator_of(catalogue, "enrolled_pupils").ClearField("max")


def rename(catalogue):
    one = indicator_of(catalogue, "enrolled_pupils")
    one.name_zh, one.name_en = "在籍学生数", "Pupils on the roll"


def touch_another_form(catalogue):
    form = form_of(catalogue, "junior.monthly")
    form.optional.remove(form.optional[-1])


def told(desk, path, *args, lang="zh"):
    """(code, severity, indicator, found, bound) of what is said about the template, and the sentences."""
    findings = json.loads(desk("check", path, *args, "--json", ok=None, lang=lang).stdout)["findings"]
    about = [f for f in findings if f["code"].startswith("TEMPLATE")]
    return [(f["code"], f["severity"], f.get("indicator"), f["found"], f["bound"]) for f in about], [f["message"] for f in about]


def learn(desk, digest):
    def fetched():
        desk("catalogue")
        return digest[:4].hex() in desk("template", OPEN, "-o", "-").stdout
    wait_for("the collector to know the new catalogue", fetched)


def desk_of_before(world):
    """A desk whose filled sheet was made by the catalogue of the plans."""
    digest = govern(world, lambda catalogue: None)
    school, desk, sheet, path, figures = desk_of(world)
    learn(desk, digest)
    desk("template", OPEN, "-o", path, "--force")
    sheet = Sheet(path).fill(world.catalogue, figures)
    sheet.save(path)
    return school, desk, sheet, path, figures


CHANGES = {  # what changed: severity, the indicator, before, now
    "required now": (make_required, "error", "electricity_consumption", "optional", "required"),
    "optional now": (make_optional, "error", "classes", "required", "optional"),
    "asked now": (add_one, "error", "heat_consumption", "absent", "optional"),
    "asked no more": (remove_one, "error", "electricity_consumption", "optional", "absent"),
    "other bounds": (widen, "warning", "enrolled_pupils", "0 ~ 20000", "0 ~ 30000"),
    "no bound above": (unbind, "warning", "enrolled_pupils", "0 ~ 20000", "≥ 0"),
    "another name": (rename, "warning", "enrolled_pupils", "在校(园)学生数", "在籍学生数"),
}


@pytest.mark.parametrize("change, severity, code, before, now", CHANGES.values(), ids=CHANGES)
def test_what_changed_is_said(world, change, severity, code, before, now):
    school, desk, sheet, path, figures = desk_of_before(world)
    learn(desk, govern(world, change))
    said, sentences = told(desk, path)
    number = world.catalogue.by_code[code].number if code in world.catalogue.by_code else max(world.catalogue.indicators) + 1
    assert said == [("TEMPLATE_OLD", severity, None, "", ""), ("TEMPLATE_CHANGE", severity, number, before, now)]
    assert "重新下载" in sentences[0] and "有变动" in sentences[1] and "编号" not in sentences[1]
    english = told(desk, path, lang="en")[1]
    assert "Download the new one" in english[0]
    assert not any("\u4e00" <= c <= "\u9fff" for c in english[1]), english
    lines = [line for line in desk("check", path, ok=None).stdout.splitlines() if "本模板" in line or "有变动" in line]
    assert len(lines) == 2 and "模板" in lines[0], "what changed stands below"
    fresh = desk.home / "fresh.csv"
    desk("template", OPEN, "-o", fresh)
    figures = {n: f for n, f in figures.items() if world.catalogue.indicators[n].code in Sheet(fresh).line}
    Sheet(fresh).fill(world.catalogue, figures).save(fresh)
    assert told(desk, fresh) == ([], [])


def test_a_warning_needs_no_reason(world):
    school, desk, sheet, path, figures = desk_of_before(world)
    learn(desk, govern(world, widen))
    desk("submit", path, *NAMES)
    assert states(desk) == {(OPEN, 1): "receipted"} and world.booked(school) == as_booked(figures)


def test_the_same_form_in_another_catalogue_is_no_news(world):
    school, desk, sheet, path, figures = desk_of_before(world)
    learn(desk, govern(world, touch_another_form))
    assert told(desk, path) == ([], [])


def test_sheets_of_before_have_no_tag(world):
    school, desk, sheet, path, figures = desk_of_before(world)
    digest = govern(world, widen)
    for code in sheet.line:
        words = sheet.cell(code, "mark").split(" ")
        sheet.set(code, "mark", " ".join(words[:3] + words[4:]))
    sheet.save(path)
    learn(desk, digest)
    assert told(desk, path) == ([], [])


@pytest.mark.parametrize("change, severity", [(make_required, None), (add_one, None), (widen, None), (remove_one, "error")],
                         ids=["required now", "asked now, optional", "other bounds", "asked no more"])
def test_without_the_old_catalogue_the_rows_tell(world, change, severity):
    """A new computer, an old sheet: what the rows do not show is not known."""
    school, desk, sheet, path, figures = desk_of_before(world)
    digest = govern(world, change)
    anew = world.desk(school)
    learn(anew, digest)
    said, _ = told(anew, path)
    assert [s[1] for s in said] == ([severity] if severity else [])


def test_without_the_old_catalogue_a_required_row_is_missed(world):
    school, desk, sheet, path, figures = desk_of_before(world)
    sheet.rows = [row for row in sheet.rows if row[sheet.column["code"]] != "classes"]
    sheet.save(path)
    digest = govern(world, widen)
    anew = world.desk(school)
    learn(anew, digest)
    said, _ = told(anew, path)
    number = world.catalogue.number("classes")
    assert said == [("TEMPLATE_OLD", "error", None, "", ""), ("TEMPLATE_CHANGE", "error", number, "absent", "required")]
