"""The administrator's command: migrations that remember, imports that are all or nothing, codes and the calendar."""

import csv
import hashlib
import io
import json
import re
import shutil
from decimal import Decimal

import pytest

import house
from contract import pb
from house import ROOT

SCHOOLS = "code,institution,kind,name_zh,name_en,district,opened_on,closed_on,valid_from\n"
CTL = house.BUILD / "server" / "ctl" / "yuebaoctl"


@pytest.fixture
def bare(cluster, request):
    """An empty database."""
    database = cluster.create(re.sub(r"\W", "_", request.node.name)[:60])
    yield database
    database.drop()


@pytest.fixture
def filled(cluster, template, request):
    """A database of one's own with the plans, schools and an open calendar."""
    database = cluster.create(re.sub(r"\W", "_", request.node.name)[:60], template.name)
    yield database
    database.drop()


@pytest.fixture
def sql(tmp_path):
    """A copy of the SQL folder that a test may spoil."""
    return shutil.copytree(ROOT / "sql", tmp_path / "sql")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def everything(database):
    """A digest of every row of every table, and of every sequence's state."""
    digest = {}
    for table, kind in database.rows("SELECT oid::regclass::text, relkind FROM pg_class "
                                     "WHERE relnamespace = 'yuebao'::regnamespace AND relkind IN ('r', 'S')"):
        row = "(t.last_value, t.is_called)" if kind == "S" else "t"
        digest[table] = database.value(f"SELECT md5(string_agg({row}::text, E'\\n' ORDER BY {row}::text)) FROM {table} AS t")
    return digest


# ---- migrate ---------------------------------------------------------------------------------------------------


def test_migrate_twice_does_it_once(bare):
    first = bare.ctl("migrate")
    assert "applied 001-catalogue.sql" in first.stdout
    before = everything(bare)
    second = bare.ctl("migrate")
    assert "Nothing to do" in second.stdout
    assert everything(bare) == before
    files = sorted(p.name for p in (ROOT / "sql" / "migrations").glob("*.sql"))
    assert [row[0] for row in bare.rows("SELECT name FROM yuebao.migration ORDER BY number")] == files
    for name, checksum in bare.rows("SELECT name, checksum FROM yuebao.migration"):
        assert checksum == hashlib.sha256((ROOT / "sql" / "migrations" / name).read_bytes()).hexdigest()


def test_a_dry_run_of_migrate_leaves_no_trace(bare):
    done = bare.ctl("migrate", "--dry-run")
    assert "would apply 001-catalogue.sql" in done.stdout
    assert bare.rows("SELECT nspname FROM pg_namespace WHERE nspname IN ('yuebao', 'api')") == []


def test_a_changed_migration_is_refused_by_name(bare, sql):
    bare.ctl("migrate")
    before = everything(bare)
    with open(sql / "migrations" / "002-ledger.sql", "a") as file:
        file.write("\n-- touched\n")
    write(sql / "migrations" / "999-later.sql", "CREATE TABLE yuebao.later ();")
    refused = bare.ctl("migrate", "--sql", sql, ok=78)
    assert "002-ledger.sql was changed" in refused.stderr
    assert everything(bare) == before
    states = {row["file"]: row["state"] for row in json.loads(bare.ctl("migrate", "status", "--sql", sql, "--json").stdout)}
    assert states["002-ledger.sql"] == "changed"
    assert states["999-later.sql"] == "pending"
    assert states["001-catalogue.sql"] == "applied"


def test_a_missing_migration_is_refused_by_name(bare, sql):
    bare.ctl("migrate")
    (sql / "migrations" / "003-books.sql").unlink()
    assert "003-books.sql" in bare.ctl("migrate", "--sql", sql, ok=78).stderr


def test_a_migration_before_the_last_is_refused(bare, sql):
    write(sql / "migrations" / "900-late.sql", "SELECT 1;")
    bare.ctl("migrate", "--sql", sql)
    write(sql / "migrations" / "899-early.sql", "SELECT 1;")
    assert "899-early.sql" in bare.ctl("migrate", "--sql", sql, ok=78).stderr


def test_migrate_without_its_folder_says_how_to_name_it(bare, tmp_path):
    assert "--sql" in bare.ctl("migrate", "--sql", tmp_path, ok=66).stderr


def test_a_build_finds_the_folder_of_its_source(bare):
    assert "applied 001-catalogue.sql" in house.run(CTL, "migrate", "--db", bare.conninfo()).stdout


def test_a_broken_migration_names_its_line_and_is_undone(bare, sql):
    bare.ctl("migrate")
    before = everything(bare)
    write(sql / "migrations" / "900-broken.sql", "CREATE TABLE yuebao.half ();\n\nSELECT nonsense;\n")
    refused = bare.ctl("migrate", "--sql", sql, ok=70)
    assert "900-broken.sql, line 3" in refused.stderr
    assert everything(bare) == before


def test_a_migration_may_not_end_its_transaction(bare, sql):
    write(sql / "migrations" / "900-commit.sql", "SELECT 1; COMMIT;")
    assert "900-commit.sql" in bare.ctl("migrate", "--sql", sql, ok=70).stderr
    assert bare.rows("SELECT FROM yuebao.migration WHERE number = 900") == []


def test_views_are_made_again_when_one_of_them_changes(bare, sql):
    bare.ctl("migrate")
    write(sql / "api" / "85-new.sql", "CREATE VIEW api.new AS SELECT 1 AS one;")
    assert "api/" in bare.ctl("migrate", "--sql", sql).stdout
    assert bare.value("SELECT one FROM api.new") == 1
    assert "Nothing to do" in bare.ctl("migrate", "--sql", sql).stdout


def test_views_are_made_again_after_a_migration(bare, sql):
    """Theirs is the last word on who may call what a migration has made, also when they did not change."""
    bare.ctl("migrate")
    write(sql / "migrations" / "900-new.sql", "CREATE FUNCTION yuebao.new() RETURNS integer LANGUAGE sql STABLE RETURN 1; REVOKE EXECUTE ON FUNCTION yuebao.new() FROM PUBLIC;")
    assert "api/" in bare.ctl("migrate", "--sql", sql).stdout
    assert bare.value("SELECT has_function_privilege('yuebao_teller', 'yuebao.new()', 'EXECUTE')")
    assert "Nothing to do" in bare.ctl("migrate", "--sql", sql).stdout


def test_two_migrates_at_once_do_it_once(bare):
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(2) as pool:
        both = [job.result() for job in [pool.submit(bare.ctl, "migrate") for _ in range(2)]]
    assert sum("applied 001-catalogue.sql" in done.stdout for done in both) == 1
    assert sum("Nothing to do" in done.stdout for done in both) == 1


# ---- who may, and what when it is not there --------------------------------------------------------------------


def test_a_reader_may_read_and_nothing_else(filled):
    reader = filled.auditor()

    def as_reader(*args, ok=True):
        return house.run(CTL, *args, "--db", reader, ok=ok, env={"YUEBAO_SQL": str(ROOT / "sql")})

    assert "Longtan" in as_reader("progress", "--plan", "longtan-145").stdout
    assert as_reader("missing", "--district", "220203").stdout
    assert as_reader("schools").stdout
    assert as_reader("calendar", "list").stdout
    for args in (["import", ROOT / "sql" / "plans"], ["calendar", "open", "2030-01"], ["enrol", "--all"], ["migrate"],
                 ["rejections"]):
        assert "yuebao_reader" in as_reader(*args, ok=77).stderr


def test_an_administrator_needs_no_superuser(filled):
    house.run(CTL, "migrate", "--db", filled.conninfo("yuebao_admin"), env={"YUEBAO_SQL": str(ROOT / "sql")})
    house.run(CTL, "calendar", "open", "2030-01", "--db", filled.conninfo("yuebao_admin"))


def test_no_server_is_told_shortly(tmp_path):
    done = house.run(CTL, "schools", "--db", f"host={tmp_path} dbname=none", ok=69)
    assert done.stderr.count("\n") == 1
    assert "cannot be reached" in done.stderr


def test_an_unprepared_database_is_told(bare):
    assert "migrate" in bare.ctl("progress", ok=78).stderr


# ---- import ----------------------------------------------------------------------------------------------------


def test_the_same_files_again_change_nothing(filled):
    before = everything(filled)
    done = filled.ctl("import", ROOT / "sql" / "plans", "--json")
    assert json.loads(done.stdout) == []
    assert "Nothing changed" in done.stderr
    assert everything(filled) == before


def test_a_dry_run_of_import_leaves_no_trace(filled, tmp_path):
    before = everything(filled)
    path = write(tmp_path / "schools.csv", SCHOOLS + "0099001,,primary,新校,New,220203,2020-09-01,,\n")
    done = filled.ctl("import", "--dry-run", path, "--json")
    assert [(row["key"], row["change"]) for row in json.loads(done.stdout)] == [("0099001", "added")]
    assert everything(filled) == before


BAD = SCHOOLS + """0099001,,primary,新校,New,220203,2020-09-01,,
0099002,,primery,新校,New,220203,2020-09-01,,
0099003,,primary,,New,999999,2020-13-01,,
0099001,,primary,新校,New,220203,2020-09-01,2019-01-01,
00 99004,,primary,新校,New,22020,2020-09-01,,,,
"""
FAULTS = [(3, "kind", "primery"), (4, "name_zh", ""), (4, "opened_on", "2020-13-01"), (4, "district", "999999"),
          (5, "code", "0099001"), (5, "closed_on", "2019-01-01"), (6, "code", "00 99004"), (6, "district", "22020"), (6, None, "")]


def test_every_fault_by_row_and_column_and_nothing_changed(filled, tmp_path):
    before = everything(filled)
    path = write(tmp_path / "schools.csv", BAD)
    done = filled.ctl("import", path, "--json", ok=65)
    found = [(f["row"], f["column"], f["value"]) for f in json.loads(done.stdout)]
    assert sorted(found, key=str) == sorted(FAULTS, key=str)
    english = filled.ctl("import", path, "--lang", "en", ok=65).stderr
    assert "schools.csv, row 3, column kind, “primery”: Expected one of: kindergarten, primary" in english
    chinese = filled.ctl("import", path, "--lang", "zh", ok=65).stderr
    assert "schools.csv 第 3 行 kind 列“primery”：应为下列之一" in chinese
    assert english.count("\n") == chinese.count("\n") == len(FAULTS) + 1
    assert everything(filled) == before


def spoil(tmp_path, name, change):
    with open(ROOT / "sql" / "plans" / name, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return write(tmp_path / name, out.getvalue())


@pytest.mark.parametrize("name, row, column, value", [
    ("rules.csv", 0, "left", "boarding_pupils + nobody"),
    ("rules.csv", 0, "left", "boarding_pupils +"),
    ("rules.csv", 0, "right", "enrolled_pupils.den"),
    ("rules.csv", 0, "op", "<"),
    ("balance.csv", 0, "value", "above_degree_teachers_per_pupil"),
    ("balance.csv", 0, "value", "classes + classes"),
    ("balance.csv", 0, "pupils", "enrolled_pupils.previous"),
    ("balance.csv", 0, "scale", "10"),
    ("balance.csv", 0, "kinds", "primary:0.50|primary:0.45"),
    ("balance.csv", 0, "kinds", "primary:0"),
    ("balance.csv", 0, "kinds", "primary|"),
    ("balance.csv", 0, "kinds", "district:0.5"),
    ("indicators.csv", 0, "over_schools", "ratio_of_sums"),
    ("indicators.csv", 0, "max", "-1"),
    ("indicators.csv", 0, "max", "10000000000000"),
    ("indicators.csv", 0, "reported_by", "primary|primary"),
    ("indicators.csv", 0, "decimals", "7"),
    ("targets.csv", 0, "unit", "pupils"),
    ("targets.csv", 0, "plan", "no-plan"),
    ("baselines.csv", 0, "as_of", "2020-12"),
    ("districts.csv", 3, "parent", "410482"),
    ("plans.csv", 0, "period_end", "2019-12-31"),
])
def test_what_contradicts_itself_is_refused(filled, tmp_path, name, row, column, value):
    path = spoil(tmp_path, name, lambda rows: rows[row].update({column: value}))
    faults = json.loads(filled.ctl("import", path, "--json", ok=65).stdout)
    assert (row + 2, column, value) in [(f["row"], f["column"], f["value"]) for f in faults]


def test_a_missing_and_an_unknown_column(filled, tmp_path):
    path = write(tmp_path / "schools.csv", "code,kind,name_zh,colour\n1,primary,校,red\n")
    faults = {(f["row"], f["column"]) for f in json.loads(filled.ctl("import", path, "--json", ok=65).stdout)}
    assert {(1, "district"), (1, "opened_on"), (1, "colour")} <= faults


def test_a_file_is_known_by_its_header(filled, tmp_path):
    path = write(tmp_path / "new-schools-2026.csv", SCHOOLS + "0099001,,primary,新校,,220203,2020-09-01,,\n")
    filled.ctl("import", path)
    assert filled.rows("SELECT institution, name_en FROM yuebao.school WHERE code = '0099001'") == [("0099001", "新校")]
    assert "unknown.csv" in filled.ctl("import", write(tmp_path / "unknown.csv", "a,b\n1,2\n"), ok=65).stderr


def test_chinese_encodings(filled, tmp_path):
    text = SCHOOLS + "0099001,,primary,育才小学,Yucai,220203,2020-09-01,,\n"
    for encoding in ("gb18030", "utf-16", "utf-8-sig"):
        (tmp_path / "schools.csv").write_bytes(text.replace("育才", f"育才{encoding[-1]}").encode(encoding))
        filled.ctl("import", tmp_path / "schools.csv")
        assert filled.value("SELECT name_zh FROM yuebao.school WHERE code = '0099001'") == f"育才{encoding[-1]}小学"


def test_a_new_catalogue_only_when_its_content_changes(filled, tmp_path):
    count = "SELECT count(*) FROM yuebao.catalogue"
    assert filled.value(count) == 1
    filled.ctl("import", spoil(tmp_path, "plans.csv", lambda rows: rows[0].update(title_en="Another title")))
    assert filled.value(count) == 1
    filled.ctl("import", spoil(tmp_path, "indicators.csv", lambda rows: rows[0].update(max="30000")))
    assert filled.value(count) == 2
    old = filled.value("SELECT min(catalogue) FROM yuebao.catalogue")
    assert filled.rows("SELECT DISTINCT opens_at <= now(), catalogue = %s FROM yuebao.calendar ORDER BY 1", old) == [
        (False, False), (True, True)], "a period keeps the catalogue that was in force when it opened"


def test_the_catalogue_says_what_the_tables_hold(filled):
    message = pb.Catalogue.FromString(bytes(filled.value("SELECT bytes FROM yuebao.catalogue ORDER BY catalogue DESC LIMIT 1")))

    def bound(b):
        return Decimal(b.scaled).scaleb(-b.decimals)

    said = [(i.number, i.code, i.name_zh, i.name_en, i.unit, pb.Measure.Name(i.measure).lower(), i.decimals, i.denominator_decimals,
             pb.OverSchools.Name(i.over_schools).lower().removeprefix("schools_"),
             pb.OverTime.Name(i.over_time).lower().removeprefix("time_"), bound(i.min), bound(i.max),
             i.numerator_zh, i.numerator_en, i.denominator_zh, i.denominator_en) for i in message.indicator]
    assert said == filled.rows("""SELECT indicator, code, name_zh, name_en, unit, measure, decimals, denominator_decimals, over_schools,
        over_time, min, max, numerator_zh, numerator_en, denominator_zh, denominator_en FROM yuebao.indicator ORDER BY indicator""")
    asked = [(f.code, f.kind, f.frequency, f.name_zh, f.name_en, number, number in f.required)
             for f in message.form for number in sorted([*f.required, *f.optional])]
    assert asked == filled.rows("""SELECT f.code, f.kind, f.frequency, f.name_zh, f.name_en, i.indicator, i.required
        FROM yuebao.form f JOIN yuebao.form_indicator i USING (form) ORDER BY f.code COLLATE "C", i.indicator""")
    operators = {pb.AT_MOST: "<=", pb.AT_LEAST: ">=", pb.EQUAL: "="}
    terms = [(r.code, pb.Severity.Name(r.severity).lower(), operators[r.op], side, n, t.indicator, pb.Part.Name(t.part).lower())
             for r in message.rule for side in ("left", "right") for n, t in enumerate(getattr(r, side), 1)]
    assert terms == filled.rows("""SELECT r.code, r.severity, r.op, t.side, t.position, t.indicator, t.part
        FROM yuebao.rule r JOIN yuebao.rule_term t USING (rule) ORDER BY r.code COLLATE "C", t.side, t.position""")


def book(database, code, period):
    """An accepted monthly report of one figure, as a collector books it."""
    database.run("""WITH slot AS (
            SELECT m.district, %s::date AS period, s.school, f.form, i.indicator FROM yuebao.school s
            JOIN yuebao.school_district m USING (school) JOIN yuebao.form f ON f.kind = s.kind AND f.frequency = 'monthly'
            JOIN yuebao.form_indicator fi USING (form) JOIN yuebao.indicator i ON i.indicator = fi.indicator AND i.code = 'enrolled_pupils'
            WHERE s.code = %s), claim AS (
            INSERT INTO yuebao.report (district, period, school, form, revision, id, catalogue, key, received_at, late, filler, reviewer,
                                       head, envelope, receipt)
            SELECT district, period, school, form, 1, sha256('a'), 1, '', now(), false, 'a', 'b', 'c', '', '' FROM slot)
        INSERT INTO yuebao.figure (district, period, school, indicator, form, value, denominator)
        SELECT district, period, school, indicator, form, 1, 0 FROM slot""", period, code)


@pytest.mark.parametrize("column, dates", [("closed_on", "2020-09-01,2026-01-30"), ("opened_on", "2026-02-01,")])
def test_a_schools_life_holds_its_reports(filled, tmp_path, column, dates):
    row = "0099001,,primary,新校,New,220203,{},\n"
    path = tmp_path / "schools.csv"
    filled.ctl("import", write(path, SCHOOLS + row.format("2020-09-01,")))
    filled.run("SELECT yuebao.make_partitions('2026-01-01', '2026-01-31')")
    book(filled, "0099001", "2026-01-01")
    before = everything(filled)
    refused = filled.ctl("import", write(path, SCHOOLS + row.format(dates)), ok=65).stderr
    assert column in refused and "primary.monthly 2026-01" in refused
    assert everything(filled) == before
    filled.ctl("import", write(path, SCHOOLS + row.format("2026-01-31,2026-01-31")))


def test_a_refused_import_uses_no_numbers_up(filled, tmp_path):
    def rename(rows):
        rows[0].update(indicator="renamed_pupils")
    path = spoil(tmp_path, "indicators.csv", rename)
    highest = filled.value("SELECT max(indicator) FROM yuebao.indicator")
    for _ in range(3):
        filled.ctl("import", "--dry-run", path)
    filled.ctl("import", path)
    assert filled.value("SELECT indicator FROM yuebao.indicator WHERE code = 'renamed_pupils'") == highest + 1


def test_a_school_moves_from_a_day_on(filled, tmp_path):
    row = "0099001,,primary,新校,New,{},2020-09-01,,{}\n"
    path = tmp_path / "schools.csv"
    filled.ctl("import", write(path, SCHOOLS + row.format(220203, "")))
    refused = filled.ctl("import", write(path, SCHOOLS + row.format(220200, "")), ok=65)
    assert "valid_from" in refused.stderr and "220203" in refused.stderr
    filled.ctl("import", write(path, SCHOOLS + row.format(220200, "2026-03-01")))
    assert "Nothing changed" in filled.ctl("import", path).stdout
    assert [(str(day), district) for day, district in filled.rows(
        "SELECT valid_from, district FROM yuebao.school_district JOIN yuebao.school USING (school) "
        "WHERE code = '0099001' ORDER BY 1")] == [("2020-09-01", 220203), ("2026-03-01", 220200)]


def test_columns_left_out_stay_as_they_are(filled, tmp_path):
    path = tmp_path / "schools.csv"
    filled.ctl("import", write(path, SCHOOLS + "0099001,I-1,primary,新校,New,220203,2020-09-01,2024-08-31,\n"))
    filled.ctl("import", write(path, "code,kind,name_zh,district,opened_on\n0099001,primary,改名校,220203,2020-09-01\n"
                                     "0099002,primary,另校,220203,2020-09-01\n"))
    assert [(zh, en, i, str(day)) for zh, en, i, day in filled.rows(
        "SELECT name_zh, name_en, institution, closed_on FROM yuebao.school WHERE code LIKE '009900%' ORDER BY code")] == [
            ("改名校", "New", "I-1", "2024-08-31"), ("另校", "另校", "0099002", "None")]


def test_faults_tell_two_files_of_one_name_apart(filled, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "schools.csv", SCHOOLS + f"0099{name}01,,primery,新校,New,220203,2020-09-01,,\n")
    said = filled.ctl("import", tmp_path / "a", tmp_path / "b", ok=65).stderr
    assert f"{tmp_path}/a/schools.csv, row 2" in said and f"{tmp_path}/b/schools.csv, row 2" in said
    assert "2 faults" in said
    assert "1 fault;" in filled.ctl("import", tmp_path / "a", ok=65).stderr


def test_our_own_folder_is_read_without_a_word_about_systems(filled):
    done = filled.ctl("import", ROOT / "sql" / "plans")
    assert "systems.csv" not in done.stdout + done.stderr


def test_twenty_thousand_schools(filled, tmp_path):
    path = write(tmp_path / "schools.csv", SCHOOLS + "".join(
        f"P{n:06d},,primary,第{n}小学,School {n},220203,1990-09-01,,\n" for n in range(20000)))
    done = json.loads(filled.ctl("import", path, "--json", timeout=60).stdout)
    assert len(done) == 20000 and {row["change"] for row in done} == {"added"}


# ---- calendar --------------------------------------------------------------------------------------------------


def windows(database, *args, **kw):
    return json.loads(database.ctl("calendar", *args, "--json", **kw).stdout)


def test_calendar_opens_sensibly(filled):
    (one,) = windows(filled, "open", "2030-02", "--form", "primary.monthly")
    assert (one["opens_at"], one["due_at"], one["closes_at"], one["state"]) == (
        "2030-02-28T00:00:00+08:00", "2030-03-06T00:00:00+08:00", "2030-03-16T00:00:00+08:00", "upcoming")
    assert windows(filled, "open", "2030-02", "--form", "primary.monthly") == [], "what is open stays as it is"
    day = windows(filled, "open", "2030-02-10", "--kind", "primary")[0]
    assert day["opens_at"] == "2030-02-10T00:00:00+08:00"


def test_calendar_opens_spans_and_instants(filled):
    assert len(windows(filled, "open", "2031-01..2031-12", "--form", "senior.monthly")) == 12
    assert len(windows(filled, "open", "2032", "--frequency", "weekly", "--kind", "primary")) == 52
    (one,) = windows(filled, "open", "2033-01", "--form", "junior.monthly", "--opens", "2033-01-20T08:00+00:00",
                     "--due", "2033-02-01T12:00", "--closes", "end+3d")
    assert (one["opens_at"], one["due_at"], one["closes_at"]) == (
        "2033-01-20T16:00:00+08:00", "2033-02-01T12:00:00+08:00", "2033-02-04T00:00:00+08:00")


def test_calendar_is_under_the_newest_catalogue(filled, tmp_path):
    filled.ctl("import", spoil(tmp_path, "indicators.csv", lambda rows: rows[0].update(max="30000")))
    filled.ctl("calendar", "open", "2030-02", "--form", "primary.monthly")
    assert filled.value("SELECT catalogue = (SELECT max(catalogue) FROM yuebao.catalogue) FROM yuebao.calendar "
                        "WHERE period = '2030-02-01'")


def test_hours_are_the_calendars_wherever_the_server_stands(filled):
    filled.run(f'ALTER DATABASE "{filled.name}" SET timezone = \'America/New_York\'')
    (one,) = (w for w in windows(filled, "list", "special.weekly") if w["state"] == "open")
    assert {row["due_at"] for row in json.loads(filled.ctl("missing", "--form", "special.weekly", "--json").stdout)} >= {one["due_at"]}
    assert one["due_at"][:16].replace("T", " ") + " +08:00" in filled.ctl("missing", "--form", "special.weekly").stdout


def test_calendar_moves_and_refuses_disorder(filled):
    filled.ctl("calendar", "open", "2030-02", "--form", "primary.monthly")
    (one,) = windows(filled, "set", "2030-02", "--form", "primary.monthly", "--closes", "end+30d")
    assert one["closes_at"] == "2030-03-31T00:00:00+08:00" and one["due_at"] == "2030-03-06T00:00:00+08:00"
    before = everything(filled)
    filled.ctl("calendar", "set", "2030-02", "--form", "primary.monthly", "--due", "end+40d", ok=65)
    filled.ctl("calendar", "open", "2030-03", "--dry-run")
    filled.ctl("calendar", "open", "2030-13", ok=64)
    filled.ctl("calendar", "open", "2030-03", "--due", "tomorrow", ok=64)
    assert everything(filled) == before


def test_calendar_says_what_it_left_and_what_is_closed(filled):
    opened = filled.ctl("calendar", "open", "2020-03", "--kind", "primary")
    assert "1 opened." in opened.stdout and "closed already" in opened.stderr
    again = filled.ctl("calendar", "open", "2020-03")
    assert "6 opened." in again.stdout and "1 was there already" in again.stdout
    assert "backwards" in filled.ctl("calendar", "open", "2026-10..2026-08", ok=64).stderr


def test_calendar_list_by_period_and_state(filled):
    filled.ctl("calendar", "open", "2031-03", "--kind", "primary")
    assert [(w["form"], w["state"]) for w in windows(filled, "list", "--period", "2031-03")] == [("primary.monthly", "upcoming")]
    assert {w["state"] for w in windows(filled, "list", "--state", "open")} == {"open"}
    filled.ctl("calendar", "list", "--state", "future", ok=64)


# ---- what does not exist has no answer -------------------------------------------------------------------------


@pytest.mark.parametrize("status, args", [
    (64, ["missing", "--period", "2026-13"]),
    (65, ["missing", "--period", "2040-01"]),
    (64, ["missing", "--form", "xx"]),
    (65, ["missing", "--form", "district.weekly"]),
    (65, ["missing", "--district", "999999"]),
    (64, ["schools", "--kind", "xx"]),
    (65, ["schools", "--district", "999999"]),
    (65, ["progress", "--plan", "nope"]),
    (65, ["progress", "--district", "999999"]),
    (64, ["calendar", "list", "nosuch"]),
    (64, ["calendar", "list", "--period", "nosuch"]),
    (64, ["calendar", "open", "2026-10", "--form", "nosuch"]),
    (65, ["calendar", "open", "2026-10", "--form", "district.weekly"]),
    (64, ["calendar", "open", "2026-10", "--kind", "bogus"]),
    (65, ["calendar", "set", "2047-05", "--due", "now"]),
    (64, ["rejections", "--limit", "0"]),
    (65, ["rejections", "--school", "nobody"]),
    (65, ["keys", "nobody"]),
    (64, ["keys", "revoke", "0000001"]),
    (65, ["keys", "revoke", "0" * 64, "--reason", "lost"]),
    (65, ["enrol", "--district", "999999"]),
    (64, ["missing", "--form", "primary.monthly", "--form", "junior.monthly"]),
    (64, ["schools", "--lang", "en", "--lang", "zh"]),
])
def test_what_does_not_exist_has_no_answer(filled, status, args):
    before = everything(filled)
    said = filled.ctl(*args, ok=status)
    assert said.stdout == "" and said.stderr.startswith("yuebaoctl: ")
    told = json.loads(filled.ctl(*args, "--json", ok=status).stdout)
    assert told["status"] == status and told["error"] in said.stderr
    assert everything(filled) == before


def test_help_lists_the_commands_in_any_language():
    for args in (["--help"], ["--lang", "zh", "--help"], ["--help", "--lang", "zh"], ["help"]):
        said = house.run(CTL, *args).stdout
        assert "progress" in said and "keys" in said
        assert ("命令：" in said) == ("zh" in args)


def test_help_of_import_names_every_column():
    said = house.run(CTL, "import", "--help").stdout
    for path in sorted((ROOT / "sql" / "plans").glob("*.csv")):
        if path.name != "systems.csv":
            columns = path.read_text(encoding="utf-8-sig").split("\n")[0].strip().split(",")
            assert path.name in said and all(f" {column} " in said for column in columns), path.name


def test_tables_fit_a_pipe_of_120_columns(filled):
    from unicodedata import east_asian_width
    for lang in ("en", "zh"):
        for args in (["progress"], ["missing"], ["schools"], ["calendar", "list"]):
            for line in filled.ctl(*args, "--lang", lang).stdout.splitlines():
                if "(" not in line and "（" not in line:  # titles of plans are not cut
                    assert sum(1 + (east_asian_width(c) in "WF") for c in line) <= 120, line


# ---- enrol, key ------------------------------------------------------------------------------------------------


def test_a_code_is_shown_once_and_stored_hashed(filled):
    (row,) = json.loads(filled.ctl("enrol", "0000001", "--json").stdout)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", row["code"])
    digest = hashlib.sha256(row["code"].replace("-", "").encode()).digest()
    days, used = filled.rows("SELECT expires_at - made_at = '7 days', used_at IS NOT NULL FROM yuebao.enrolment "
                             "WHERE code_hash = %s", digest)[0]
    assert days and not used
    detail = filled.value("SELECT detail FROM yuebao.audit_log WHERE action = 'enrol' ORDER BY audit_log DESC LIMIT 1")
    assert detail["schools"] == ["0000001"]
    assert row["code"] not in json.dumps(detail)


def test_enrol_is_all_or_nothing(filled):
    before = filled.value("SELECT count(*) FROM yuebao.enrolment")
    assert "nobody" in filled.ctl("enrol", "0000001", "nobody", ok=65).stderr
    filled.ctl("enrol", "0000001", "--days", "0", ok=64)
    filled.ctl("enrol", ok=64)
    assert filled.value("SELECT count(*) FROM yuebao.enrolment") == before


def test_codes_of_a_district_as_a_spreadsheet(filled):
    text = filled.ctl("enrol", "--district", "220200", "--csv").stdout
    assert text.startswith("\ufeffschool,") and "\r\n" in text
    rows = list(csv.DictReader(io.StringIO(text[1:], newline="")))
    assert {row["district"] for row in rows} == {"220200", "220203"}, "and below"
    assert len({row["code"] for row in rows}) == len(rows)


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "receipt.key"
    house.run(CTL, "key", path)
    text = path.read_text()
    assert re.fullmatch(r"yuebao-ed25519-seed [0-9a-f]{64}\n", text)
    assert path.stat().st_mode & 0o777 == 0o600
    house.run(CTL, "key", path, ok=73)
    assert path.read_text() == text


# ---- tables ----------------------------------------------------------------------------------------------------


def test_tables_say_what_the_views_say(filled):
    progress = json.loads(filled.ctl("progress", "--json").stdout)
    assert len(progress) == filled.value("SELECT count(*) FROM api.progress")
    missing = json.loads(filled.ctl("missing", "--district", "220203", "--json").stdout)
    assert len(missing) == filled.value("SELECT count(*) FROM api.missing_in(220203)")
    schools = json.loads(filled.ctl("schools", "--kind", "primary", "--json").stdout)
    assert len(schools) == filled.value("SELECT count(*) FROM yuebao.school WHERE kind = 'primary'")
    heading = filled.ctl("progress", "--plan", "longtan-145").stdout.split("\n")[0]
    assert "Longtan" in heading and "龙潭区" in heading
    assert "龙潭区" in filled.ctl("progress", "--plan", "longtan-145", "--lang", "zh").stdout


def test_rejections_in_words(filled):
    number, name = filled.rows("SELECT indicator, name_en FROM yuebao.indicator WHERE code = 'enrolled_pupils'")[0]
    reject = pb.Reject(finding=[pb.Finding(code=pb.ABOVE_MAX, severity=pb.ERROR, indicator=number, found="99999", bound="20000"),
                                pb.Finding(code=pb.NAME_MISSING, severity=pb.ERROR, found="head")])
    answer = pb.Answer(verdict=pb.Verdict(reject=reject).SerializeToString())
    for findings, summary in ((answer.SerializeToString(), "ABOVE_MAX"), (b"\xff\xff", "unreadable findings")):
        filled.run("INSERT INTO yuebao.rejection (school_code, form_code, period_text, revision, id, key, received_at, findings, "
                   "summary, envelope) VALUES ('0000001', 'primary.monthly', '2026-10', 1, '', '', now(), %s, %s, '')",
                   findings, summary)
    rows = json.loads(filled.ctl("rejections", "--school", "0000001", "--json").stdout)
    told = {row["finding"]: row["problem"] for row in rows}
    assert name in told["ABOVE_MAX"] and "20000" in told["ABOVE_MAX"]
    assert set(told) == {"ABOVE_MAX", "NAME_MISSING", None} and told[None] == "unreadable findings"
    assert "在校" in filled.ctl("rejections", "--lang", "zh").stdout


def test_a_key_as_json(tmp_path):
    (row,) = json.loads(house.run(CTL, "key", tmp_path / "receipt.key", "--json").stdout)
    assert row["file"] == str(tmp_path / "receipt.key") and re.fullmatch("[0-9a-f]{64}", row["public_key"])


def test_keys_are_listed_and_revoked_with_a_reason(filled):
    filled.run("""INSERT INTO yuebao.school_key (key, school, software) SELECT sha256(n::text::bytea), school, 'yuebao test'
                  FROM yuebao.school, generate_series(1, 2) AS n WHERE code = '0000001'""")
    first, second = json.loads(filled.ctl("keys", "0000001", "--json").stdout)
    assert first["school"] == "0000001" and first["revoked_at"] is None and first["software"] == "yuebao test"
    (ended,) = json.loads(filled.ctl("keys", "revoke", first["key"][:16], "--reason", "laptop stolen", "--json").stdout)
    assert ended["key"] == first["key"] and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", ended["revoked_at"])
    assert filled.value("SELECT detail FROM yuebao.audit_log WHERE action = 'revoke'") == {
        "school": "0000001", "key": first["key"], "reason": "laptop stolen"}
    assert "1 key revoked" in filled.ctl("keys", "revoke", "0000001", "--reason", "all of them").stdout
    filled.ctl("keys", "revoke", "0000001", "--reason", "again", ok=65)
    assert all(row["revoked_at"] for row in json.loads(filled.ctl("keys", "0000001", "--json").stdout))


def test_missing_marks_what_is_kept(filled):
    filled.ctl("calendar", "open", "2026-03", "--form", "primary.monthly")
    assert "waits for the bureau" not in filled.ctl("missing", "--period", "2026-03").stdout
    filled.run("""INSERT INTO yuebao.kept SELECT m.district, '2026-03-01', s.school, f.form, sha256('a'), 1, '', now(), '', ''
        FROM yuebao.school s JOIN yuebao.school_district m USING (school) JOIN yuebao.form f ON f.code = 'primary.monthly'
        WHERE s.kind = 'primary' ORDER BY s.code LIMIT 1""")
    said = filled.ctl("missing", "--period", "2026-03").stdout
    assert sum(line.split()[-3] == "yes" for line in said.splitlines() if "primary.monthly" in line) == 1  # before last report and contact
    assert "kept: it came after its period closed" in said
