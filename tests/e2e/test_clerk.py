"""The clerk's ten minutes, with the real program: template, fill, check, submit, status, receipt; and everything wrong at once."""

import datetime
import json
import os
import sqlite3
import time

import pytest

import contract
from clerk import NAMES, as_booked, desk_of, states
from contract import pb
from house import run, wait_for
from world import CLOSED, FUTURE, OPEN, TODAY


def test_from_template_to_receipt(world):
    school, desk, sheet, path, figures = desk_of(world)
    form = world.catalogue.forms["primary.monthly"]
    codes = [row[sheet.column["code"]] for row in sheet.rows[1:]]
    required = [world.catalogue.indicators[n].code for n in form.required]
    assert set(codes[:len(required)]) == set(required), "required rows first"
    assert len(codes) == len(form.required) + len(form.optional)
    assert sheet.cell("enrolled_pupils", "name") == "在校(园)学生数"
    ranges = {row[sheet.column["code"]]: row[sheet.rows[0].index("允许范围")] for row in sheet.rows[1:]}
    assert ranges["compulsory_class_size_over_56_share"].startswith("比值 "), "the range of the ratio, not of the cell"
    assert "比值" not in ranges["enrolled_pupils"]

    desk("check", path)
    assert world.revisions(school) == [], "check sends nothing"
    done = desk("submit", path, *NAMES)
    assert any("\u4e00" <= c <= "\u9fff" for c in done.stdout), "Chinese by default"
    assert states(desk) == {(OPEN, 1): "receipted"}
    assert world.booked(school) == as_booked(figures)
    receipt = desk("receipt", OPEN).stdout
    assert world.revisions(school)[0][1].hex() in receipt.lower().replace(" ", "").replace("\n", "")
    world.assert_books_agree()


def plain_figure(world, school, figures):
    """One that may be changed alone: no rule speaks of it."""
    unruled = world.catalogue.unruled(f"{school.kind}.monthly")
    return next((n, f) for n, f in figures.items() if not isinstance(f, tuple) and n in unruled)


def test_names_are_remembered(world):
    school, desk, sheet, path, figures = desk_of(world)
    done = desk("submit", path, ok=65)
    assert all(option in done.stdout for option in ("--filler", "--reviewer", "--head")), done.stdout
    assert "没有错误" in done.stdout and "共 3 处" not in done.stdout, "the file is not to blame"
    assert world.revisions(school) == []
    desk("submit", path, *NAMES)
    number, value = plain_figure(world, school, figures)
    figures[number] = value - 1 if value else 1
    sheet.fill(world.catalogue, {number: figures[number]}).save(path)
    assert "--correction" in desk("submit", path, ok=65).stdout
    desk("submit", path, "--correction", "数错了")
    assert [r for r, _ in world.revisions(school)] == [1, 2]
    assert states(desk)[OPEN, 2] == "receipted"
    assert world.booked(school) == as_booked(figures)
    filler = world.database.value("SELECT filler FROM yuebao.report WHERE id = %s", world.revisions(school)[1][1])
    assert filler == "王芳"


@pytest.mark.parametrize("name", ["\udcc0\udcf5", "王\n芳"], ids=["GB18030 of another terminal", "two lines"])
def test_names_that_cannot_be_sent_are_not_saved(world, name):
    school, desk, sheet, path, figures = desk_of(world)
    refused = desk("submit", path, "--filler", name, *NAMES[2:], ok=65)
    assert "--filler" in refused.stderr
    assert states(desk) == {}
    desk("submit", path, *NAMES)


def test_a_period_that_is_too_long_is_not_cut_to_one_that_fits(world):
    school, desk, sheet, path, figures = desk_of(world)
    day = (TODAY - datetime.timedelta(days=20)).isoformat()
    refused = desk("check", path, "--period", day + "1", "--json", ok=65)
    assert [f["code"] for f in json.loads(refused.stdout)["findings"]] == ["BAD_PERIOD"]


def test_the_same_file_three_times_is_one_report(world):
    school, desk, sheet, path, figures = desk_of(world)
    for _ in range(3):
        desk("submit", path, *NAMES)
    assert len(world.revisions(school)) == 1
    assert states(desk) == {(OPEN, 1): "receipted"}


# ---- everything wrong, at once, by row and column ------------------------------------------------------------------

SPOILED = [  # code, column, what the clerk typed
    ("enrolled_pupils", "value", "36O"),
    ("classes", "value", "999999"),
    ("full_time_teachers", "value", "12.5"),
    ("boarding_pupils", "value", "99999999999999999999"),
    ("compulsory_class_size_over_56_share", "denominator", "0"),
    ("labour_practice_participation_rate", "value", "-4"),
    ("safety_accidents", "value", ""),
    ("free_lunch_coverage_rate", "reason", "忘了"),
]


@pytest.fixture(scope="module")
def spoiled(world):
    school, desk, sheet, path, figures = desk_of(world)
    sheet.set("compulsory_class_size_over_56_share", "value", "3")
    sheet.set("labour_practice_participation_rate", "denominator", "40")
    sheet.set("free_lunch_coverage_rate", "value", "")
    sheet.set("free_lunch_coverage_rate", "denominator", "")
    where = {(sheet.set(code, column, typed), sheet.header(column)): typed for code, column, typed in SPOILED}
    sheet.save(path)
    return school, desk, path, where


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("verb", ["check", "submit"])
def test_every_fault_at_once_by_row_and_column(world, spoiled, verb, lang):
    school, desk, path, where = spoiled
    done = desk(verb, path, *(NAMES if verb == "submit" else []), ok=65, lang=lang)
    said = done.stdout + done.stderr
    lines = said.splitlines()
    for (row, column), typed in where.items():
        about = [text for text in lines if str(row) in text]
        assert about, f"nothing about row {row} ({typed!r}) in:\n{said}"
        if typed:
            assert any(column.split("（")[0] in text or "value" in text or "denominator" in text or "missing" in text
                       for text in about), (row, column, about)
    chinese = any("\u4e00" <= c <= "\u9fff" for c in lines[-1])
    assert chinese == (lang == "zh"), lines[-1]
    assert world.revisions(school) == [] and states(desk) == {}, "nothing was signed and nothing was sent"
    assert world.database.value("SELECT count(*) FROM yuebao.rejection WHERE school_code = %s", school.code) == 0


def test_faults_for_programs(world, spoiled):
    school, desk, path, where = spoiled
    said = json.loads(desk("check", path, "--json", ok=65).stdout)
    listed = said if isinstance(said, list) else next(v for v in said.values() if isinstance(v, list))
    listed = [f for f in listed if f["code"] not in ("RULE_BROKEN", "EXPLANATION_MISSING")]  # the rules speak, too, of what was mistyped
    assert {f["row"] for f in listed} == {row for row, _ in where}
    assert {(f["row"], f["heading"]) for f in listed if "column" in f} == set(where), "named as the sheet names them"
    assert {f["column"] for f in listed} == {column for _, column, _ in SPOILED}


def test_columns_are_named_as_the_sheet_names_them(world, spoiled):
    school, desk, path, where = spoiled
    assert "数值（分子）" in desk("check", path, ok=65, lang="en").stdout


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("command, options", [
    ("enrol", ["--school", "--server", "--ca"]), ("catalogue", []), ("template", ["--school", "--form", "--output", "--force"]),
    ("check", ["--school", "--period", "--form"]), ("submit", ["--filler", "--reviewer", "--head", "--correction", "75"]),
    ("send", ["--wait", "75"]), ("status", ["--all", "--school", "--refresh"]),
    ("conflict", ["--file-mine", "--correction", "--keep-theirs", "--output", "--force", "--school", "--form", "75"]), ("receipt", ["--raw", "--revision", "--school"])])
def test_help_of_each_command(world, spoiled, command, options, lang):
    said = spoiled[1](command, "--help", lang=lang).stdout
    assert f"yuebao {command}" in said and all(option in said for option in options)
    assert any("\u4e00" <= c <= "\u9fff" for c in said) == (lang == "zh")
    wrong = spoiled[1](command, "--nonsense", ok=64, lang=lang).stderr
    assert f"{command} --help" in wrong and said.split("\n\n")[0] in wrong, "how it is called is said at once"


def test_not_a_sheet_at_all(world, spoiled):
    _, desk, path, _ = spoiled
    junk = desk.home / "junk.csv"
    for data in (b"", b"\n\n", b"\x00\x01\x02", b'"open quote\n1,2', b"a,b\n1,2\n", b"\xff\xff\xff", path.read_bytes()[:200]):
        junk.write_bytes(data)
        done = desk("check", junk, ok=65)
        assert done.stdout + done.stderr, "not without a word"
    assert desk("check", desk.home / "nowhere.csv", ok=None).returncode not in (0, 70)


@pytest.mark.parametrize("encoding, delimiter", [
    ("utf-8", ","), ("utf-8-sig", ","), ("gb18030", ","), ("utf-16", "\t"), ("utf-16", ",")],
    ids=["UTF-8", "UTF-8 with mark", "GB18030", "UTF-16 with tabs", "UTF-16 with commas"])
def test_the_encodings_of_chinese_spreadsheets(world, encoding, delimiter):
    school, desk, sheet, path, figures = desk_of(world, "junior")
    sheet.save(path, encoding, delimiter)
    desk("submit", path, *NAMES)
    assert world.booked(school) == as_booked(figures)


def test_utf_16_big_endian(world):
    school, desk, sheet, path, figures = desk_of(world, "senior")
    text = path.read_bytes().decode("utf-8-sig").replace(",", "\t")
    path.write_bytes(b"\xfe\xff" + text.encode("utf-16-be"))
    desk("check", path)


def test_a_figure_is_missing_for_a_reason(world):
    school, desk, sheet, path, figures = desk_of(world)
    number = world.catalogue.number("classes")
    del figures[number]
    sheet.set("classes", "value", "")
    sheet.set("classes", "reason", "未采集")
    sheet.save(path)
    desk("submit", path, *NAMES)
    assert world.booked(school) == as_booked(figures)


# ---- disks -------------------------------------------------------------------------------------------------------------

READERS = [("status",), ("receipt", OPEN), ("check",)]


@pytest.fixture(scope="module")
def reported(world):
    school, desk, sheet, path, figures = desk_of(world)
    desk("submit", path, *NAMES)
    return desk, path


def read_only(desk, path, verb, before=""):
    """One reading command as `sh` runs it after `before`, where $home is the outbox's."""
    words = [*verb, path] if verb == ("check",) else verb
    script = f'{before}\nexec "$0" --home "$home" "$@"'
    return run("unshare", "-m", "sh", "-c", script, desk.program, *words, ok=None, env={"home": str(desk.home / "y")})


@pytest.mark.parametrize("verb", READERS, ids=lambda v: v[0])
def test_reading_needs_no_writing(reported, verb):
    """A read-only home, and a disk on which no file can grow."""
    desk, path = reported
    if run("unshare", "-m", "true", ok=None).returncode != 0:
        pytest.skip("needs a mount namespace of its own")
    locked = read_only(desk, path, verb, 'mount --bind "$home" "$home" && mount -o remount,bind,ro "$home" || exit 99')
    assert locked.returncode == 0, locked
    full = read_only(desk, path, verb, """
        mount -t tmpfs -o size=1m none /mnt && cp "$home"/* /mnt && home=/mnt || exit 99
        dd if=/dev/zero of=/mnt/filling bs=4k 2>/dev/null""")
    assert full.returncode == 0, full


def test_a_full_disk_is_called_so(reported):
    desk, path = reported
    if run("unshare", "-m", "true", ok=None).returncode != 0:
        pytest.skip("needs a mount namespace of its own")
    script = """mount -t tmpfs -o size=1m none /mnt && cp "$home"/* /mnt && home=/mnt || exit 99
        dd if=/dev/zero of=/mnt/filling bs=4k 2>/dev/null
        exec "$0" --home /mnt send"""
    done = run("unshare", "-m", "sh", "-c", script, desk.program, ok=73, env={"home": str(desk.home / "y")})
    assert "磁盘已满" in done.stderr and "/mnt" in done.stderr


@pytest.mark.parametrize("words", [("template", OPEN, "-o"), ("receipt", OPEN, "--raw")], ids=lambda w: w[0])
def test_a_file_that_did_not_fit_is_not_left_half(reported, words):
    """Nor is what stood there before lost, when it may be written over."""
    desk, path = reported
    if run("unshare", "-m", "true", ok=None).returncode != 0:
        pytest.skip("needs a mount namespace of its own")
    script = """mount -t tmpfs -o size=1m none /mnt && echo "an hour of work" >/mnt/old.csv || exit 99
        dd if=/dev/zero of=/mnt/filling bs=4k 2>/dev/null
        "$0" --home "$home" "$@" /mnt/new.csv; code=$?
        "$0" --home "$home" "$@" /mnt/old.csv $force; echo "$code $?"
        ls /mnt; cat /mnt/old.csv"""
    done = run("unshare", "-m", "sh", "-c", script, desk.program, *words,
               env={"home": str(desk.home / "y"), "force": "--force" if words[0] == "template" else ""})
    assert done.stdout.split("73 73\n")[-1] == "filling\nold.csv\nan hour of work\n" and "磁盘已满" in done.stderr


@pytest.mark.parametrize("verb", ["status", "receipt", "template", "conflict"])
def test_what_is_no_period_is_called_so(reported, verb):
    desk, path = reported
    said = desk(verb, "2026-13", ok=64)
    assert "“2026-13”不是有效的报告期" in said.stderr and said.stdout == ""


def test_a_period_of_which_nothing_is_known(reported):
    desk, path = reported
    assert "没有所查的报告和填报任务" in desk("status", "1999-01").stdout
    assert "nothing is known" in desk("status", "--school", "nobody", lang="en").stdout


# ---- links and servers -----------------------------------------------------------------------------------------------


def test_saved_while_the_link_is_down_and_sent_later(world):
    school, desk, sheet, path, figures = desk_of(world)
    world.collector.stop()
    try:
        desk("submit", path, *NAMES, ok=75)
        assert states(desk) == {(OPEN, 1): "waiting"}
        desk("send", ok=75)
    finally:
        world.collector.restart()
    desk("send")
    assert states(desk) == {(OPEN, 1): "receipted"}
    assert world.booked(school) == as_booked(figures)


def test_waiting_lasts_as_long_as_was_asked_for(world):
    school, desk, sheet, path, figures = desk_of(world)
    world.collector.stop()
    try:
        desk("submit", path, *NAMES, ok=75)
        began = time.monotonic()
        desk("send", "--wait", "3", ok=75)
        assert time.monotonic() - began >= 3
    finally:
        world.collector.restart()


def test_what_is_saved_waits_whatever_else_is_wrong(world, scratch):
    """Clock outside the certificate's dates, a foreign certificate: status 75 after "saved", and the reason."""
    from house import Authority
    school, desk, sheet, path, figures = desk_of(world)
    other = scratch / "another"
    other.mkdir()
    database = sqlite3.connect(desk.home / "y" / "outbox.db", isolation_level=None)
    good, = database.execute("SELECT ca FROM identity").fetchone()
    database.execute("UPDATE identity SET ca = ?", (Authority(other).ca.read_text(),))
    done = desk("submit", path, *NAMES, ok=75)
    assert "已保存" in done.stdout and "证书" in done.stderr
    assert "证书" in desk("send", ok=75).stderr
    database.execute("UPDATE identity SET ca = ?", (good,))
    database.close()
    desk("send")
    assert states(desk) == {(OPEN, 1): "receipted"}


def test_a_date_that_speaks_against_it_is_shown_with_the_clock(world):
    school, desk, sheet, path, figures = desk_of(world, period=FUTURE)
    said = desk("submit", path, *NAMES, ok=65).stdout
    assert "尚未开始" in said and "本机时钟" in said
    assert "本机时钟" in desk("check", path, ok=65).stdout


def test_an_envelope_that_comes_back_decides_nothing(world):
    """Signed by a key that was revoked before it was sent: it waits, says why, and goes out under the next key."""
    school, desk, sheet, path, figures = desk_of(world)
    world.collector.stop()
    try:
        desk("submit", path, *NAMES, ok=75)
        world.database.run("UPDATE yuebao.school_key k SET revoked_at = now() FROM yuebao.school s "
                           "WHERE s.school = k.school AND s.code = %s", school.code)
    finally:
        world.collector.restart()
    (code,) = world.one_time_codes(school.code).values()
    desk.enrol(code)
    desk("send", ok=75)
    assert states(desk) == {(OPEN, 1): "waiting"} and world.revisions(school) == []
    (item,) = [i for i in json.loads(desk("status", "--json").stdout)["items"] if i.get("revision")]
    assert [f["code"] for f in item["findings"]] == ["KEY_NOT_OF_SCHOOL"]
    assert "未被接受" in desk("status").stdout
    desk("send")
    assert states(desk) == {(OPEN, 1): "receipted"}
    assert [i.hex() for _, i in world.revisions(school)] == [item["id"]]
    assert world.booked(school) == as_booked(figures)


def test_after_close_it_is_kept_and_said_so(world):
    school, desk, sheet, path, figures = desk_of(world, period=CLOSED)
    desk("submit", path, *NAMES, ok=None)
    desk("send", ok=None)
    assert states(desk) == {(CLOSED, 1): "kept"}
    assert world.booked(school, CLOSED) == {}


def test_kept_and_reopened_the_same_figures_count(world):
    school, desk, sheet, path, figures = desk_of(world, "district", period=CLOSED)
    desk("submit", path, *NAMES)
    assert states(desk) == {(CLOSED, 1): "kept"}
    assert "无需重报" in desk("submit", path, *NAMES).stdout
    where = "WHERE period = %s AND form = (SELECT form FROM yuebao.form WHERE code = 'district.monthly')"
    first = CLOSED + "-01"
    world.database.run(f"UPDATE yuebao.calendar SET closes_at = now() + interval '1 day' {where}", first)
    try:
        wait_for("the window to open", lambda: "已回执" in desk("submit", path, *NAMES).stdout)
    finally:
        world.database.run(f"UPDATE yuebao.calendar SET closes_at = now() - interval '1 hour' {where}", first)
    assert [r for r, _ in world.revisions(school, CLOSED)] == [1]
    assert world.booked(school, CLOSED) == as_booked(figures)


def test_a_server_that_another_authority_vouches_for_is_not_believed(world, scratch):
    from house import Authority, Desk
    other = scratch / "other"
    other.mkdir(exist_ok=True)
    school = world.fresh()
    (code,) = world.one_time_codes(school.code).values()
    desk = Desk(world.where, world.collector, school.code)
    host, port = world.collector.address
    done = desk("enrol", code, "--school", school.code, "--server", f"{host}:{port}", "--ca", Authority(other).ca, ok=None)
    assert done.returncode not in (0, 70), done
    assert world.database.value("SELECT count(*) FROM yuebao.enrolment e JOIN yuebao.school USING (school) "
                                "WHERE code = %s AND used_at IS NOT NULL", school.code) == 0


def test_a_wrong_code_is_not_allowed(world):
    from house import Desk
    school = world.fresh("special")
    desk = Desk(world.where, world.collector, school.code)
    host, port = world.collector.address
    done = desk("enrol", "0000-0000-0000", "--school", school.code, "--server", f"{host}:{port}", "--ca",
                world.authority.ca, ok=None)
    assert done.returncode == 77, done


def test_a_home_that_leaves_its_school_says_so(world):
    """One home, one school: to enrol it for another ends the first, but not what waits for it."""
    school, desk, sheet, path, figures = desk_of(world)
    other = world.fresh("special")
    host, port = world.collector.address
    world.collector.stop()
    try:
        desk("submit", path, *NAMES, ok=75)
    finally:
        world.collector.restart()
    again = desk("enrol", world.one_time_codes(school.code)[school.code], "--school", school.code)
    assert "本机原为" not in again.stdout
    said = desk("enrol", world.one_time_codes(other.code)[other.code], "--school", other.code).stdout
    assert f"本机原为学校 {school.code} 填报" in said and "--home" in said
    desk("send")
    assert states(desk) == {(OPEN, 1): "receipted"} and world.booked(school) == as_booked(figures)


def test_another_desk_of_the_school_was_first(world):
    """Two PCs, one school: the second is told that the slot holds another report; nothing is overwritten."""
    school, desk, sheet, path, figures = desk_of(world)
    (code,) = world.one_time_codes(school.code).values()
    key = contract.Key()
    with world.session() as session:
        session.enrol(school.code, code, key)
        verdict = session.submit(world.envelope(school, world.statement(school, world.lawful(school, seed="first")), key))
        assert verdict.HasField("receipt")
    said = desk("submit", path, *NAMES, ok=65).stdout
    assert "另一台电脑已先报送本期第 1 次报告" in said and "再提交一次" in said
    assert states(desk) == {(OPEN, 1): "refused"}
    assert world.revisions(school) == [(1, verdict.id)]
    desk("submit", path, *NAMES, "--correction", "以本份为准")
    assert [r for r, _ in world.revisions(school)] == [1, 2]


def test_the_receipt_is_the_servers_own_bytes(world):
    """What the clerk holds verifies without the program: against the key that the server names in Welcome."""
    school, desk, sheet, path, figures = desk_of(world)
    desk("submit", path, *NAMES)
    with sqlite3.connect(desk.home / "y" / "outbox.db") as outbox:
        (answer, statement), = outbox.execute("SELECT answer, statement FROM item").fetchall()
    helper, _ = world.enrolled("vocational")
    with world.greeted(helper) as session:
        verdict = contract.verdict_of(pb.Answer.FromString(answer), session.welcome.server_key)
    assert verdict.id == contract.statement_id(statement)
    assert wait_for("the row", lambda: world.revisions(school)) == [(1, verdict.id)]


def test_each_revision_has_its_receipt_and_status_shows_the_newest(world):
    school, desk, sheet, path, figures = desk_of(world)
    desk("submit", path, *NAMES)
    number, value = plain_figure(world, school, figures)
    sheet.fill(world.catalogue, {number: value - 1 if value else 1}).save(path)
    desk("submit", path, "--correction", "数错了")
    (_, first), (_, second) = world.revisions(school)
    newest = desk("receipt", OPEN).stdout
    assert second.hex() in newest and school.name_zh in newest and "受理时间" not in newest
    assert first.hex() in desk("receipt", OPEN, "--revision", "1").stdout
    desk("receipt", OPEN, "--revision", "3", ok=65)
    desk("receipt", OPEN, "--revision", "0", ok=64)
    assert "第 1 次报告" not in desk("status").stdout and "--all" in desk("status").stdout
    assert "第 1 次报告" in desk("status", "--all").stdout


def test_a_new_key_of_the_server_is_told_and_old_receipts_stay_good(world):
    """The desk knew another key before: as if the server had changed its own since."""
    school, desk, sheet, path, figures = desk_of(world)
    database = sqlite3.connect(desk.home / "y" / "outbox.db", isolation_level=None)
    real, = database.execute("SELECT key FROM server_key").fetchone()
    database.execute("UPDATE server_key SET key = randomblob(32), first_seen_ms = 1")
    done = desk("submit", path, *NAMES)
    assert real.hex() in done.stderr and "已更换" in done.stderr
    assert "已更换" not in desk("catalogue").stderr, "told once"
    assert "已改用新密钥" not in desk("receipt", OPEN).stdout
    database.execute("INSERT INTO server_key VALUES (randomblob(32), (SELECT max(first_seen_ms) + 1 FROM server_key))")
    database.close()
    said = desk("receipt", OPEN).stdout
    assert "已改用新密钥" in said and "有效" in said


def test_only_files_are_read(world):
    school, desk, sheet, path, figures = desk_of(world)
    pipe = desk.home / "pipe"
    os.mkfifo(pipe)
    assert "不是普通文件" in desk("check", pipe, ok=66, timeout=20).stderr
    assert "目录" in desk("check", desk.home, ok=66).stderr
    assert "不存在" in desk("check", desk.home / "nowhere.csv", ok=66).stderr
    desk("check", "-", stdin=path.read_bytes())


def test_the_systems_words_are_chinese(world):
    school, desk, sheet, path, figures = desk_of(world)
    database = sqlite3.connect(desk.home / "y" / "outbox.db", isolation_level=None)
    database.execute("UPDATE identity SET server = '127.0.0.1:1'")
    database.close()
    assert "连接被拒绝" in desk("catalogue", ok=69).stderr
    assert "Connection refused" in desk("catalogue", ok=69, lang="en").stderr


@pytest.mark.parametrize("address", ["localhost:99999", "localhost:0", "localhost:", "localhost", "localhost:7x"])
def test_an_address_that_cannot_be_one(world, address):
    from house import Desk
    desk = Desk(world.where, world.collector, "0012345")
    desk("enrol", "0000-0000-0000", "--school", "0012345", "--server", address, "--ca", world.authority.ca, ok=64)
