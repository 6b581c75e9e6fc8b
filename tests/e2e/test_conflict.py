"""Two computers of one school: what the centre holds is fetched, verified and shown beside what was filed here, and the clerk goes on."""

import json
import sqlite3

from clerk import NAMES, as_booked, change_one, desk_of, file_elsewhere, items, states
from contract import pb, statement_id
from house import run
from sheet import Sheet
from world import FUTURE, LATE, OPEN


def in_conflict(world):
    """A desk whose report was refused because another computer was first."""
    school, desk, sheet, path, figures = desk_of(world)
    key, other, theirs = file_elsewhere(world, school)
    refused = desk("submit", path, *NAMES, ok=65)
    assert f"yuebao conflict {OPEN}" in refused.stdout
    return school, desk, sheet, path, figures, key, other, theirs


def told(desk, *args, ok=True):
    return json.loads(desk("conflict", *args, "--json", ok=ok).stdout)


def outbox(desk):
    return sqlite3.connect(desk.home / "y" / "outbox.db", isolation_level=None)


def shown(world, number, figure):
    """As a clerk reads a figure: "34.2", "12 ÷ 30"."""
    indicator = world.catalogue.indicators[number]
    if figure is None:
        return "未填"
    value, denominator = figure if isinstance(figure, tuple) else (figure, None)
    text = f"{value / 10 ** indicator.decimals:.{indicator.decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if denominator is None:
        return text
    below = f"{denominator / 10 ** indicator.denominator_decimals:.{indicator.denominator_decimals}f}"
    return f"{text} ÷ {below.rstrip('0').rstrip('.') if '.' in below else below}"


def test_both_sides_by_indicator(world):
    school, desk, sheet, path, figures, key, other, theirs = in_conflict(world)
    said = told(desk)
    assert (said["school"], said["form"], said["period"]) == (school.code, "primary.monthly", OPEN)
    assert (said["mine"]["filler"], said["theirs"]["filler"]) == ("王芳", "周明")
    assert said["theirs"]["key"] == key.public.hex() and said["theirs"]["id"] == other.hex() and said["theirs"]["revision"] == 1
    want = {n: (shown(world, n, figures.get(n)), shown(world, n, theirs.get(n))) for n in {*figures, *theirs}}
    differ = {n: pair for n, pair in want.items() if pair[0] != pair[1]}
    assert {d["indicator"]: (d["mine"], d["theirs"]) for d in said["differences"]} == differ
    assert said["equal"] == len(want) - len(differ) and not said["settled"]
    text = desk("conflict", OPEN).stdout
    assert "周明" in text and key.public.hex()[:16] in text and "--file-mine" in text and "--keep-theirs" in text
    name = world.catalogue.indicators[next(iter(differ))].name_zh
    assert name in text
    assert "centre" in desk("conflict", OPEN, lang="en").stdout
    assert states(desk) == {(OPEN, 1): "refused"}, "to look changes nothing"


def test_what_the_other_computer_filed_is_not_owed_any_more(world):
    school, desk, *_ = in_conflict(world)
    (only,) = items(desk, OPEN)
    assert (only["state"], only["reason"]) == ("refused", "conflict")


def test_file_mine_on_top(world):
    school, desk, sheet, path, figures, key, other, theirs = in_conflict(world)
    assert "--correction" in desk("conflict", OPEN, "--file-mine", ok=65).stdout
    desk("conflict", OPEN, "--file-mine", "--correction", "以本份为准")
    assert [r for r, _ in world.revisions(school)] == [1, 2]
    assert world.booked(school) == as_booked(figures)
    (newest,) = items(desk, OPEN)
    assert (newest["state"], newest["revision"]) == ("receipted", 2), "the refused one is history"
    assert "没有冲突" in desk("conflict").stdout
    assert told(desk, OPEN)["settled"]
    world.assert_books_agree()


def test_let_theirs_stand(world):
    school, desk, sheet, path, figures, key, other, theirs = in_conflict(world)
    desk("conflict", "--keep-theirs")
    (only,) = items(desk, OPEN)
    assert (only["state"], only["revision"], only["id"], only["elsewhere"]) == ("receipted", 1, other.hex(), True)
    assert "另一台电脑" in desk("status").stdout
    assert "没有冲突" in desk("conflict").stdout and told(desk, OPEN)["settled"]
    sheet.rows = Sheet(path).rows
    for code in sheet.line:
        for column in ("value", "denominator"):
            sheet.set(code, column, "")
    sheet.fill(world.catalogue, theirs).save(path)
    assert "无需重报" in desk("submit", path, *NAMES).stdout, "the very figures that the centre holds"
    change_one(world, sheet, path, dict(theirs))
    desk("submit", path, *NAMES, "--correction", "补充")
    assert [r for r, _ in world.revisions(school)] == [1, 2]


def test_edit_theirs(world):
    school, desk, sheet, path, figures, key, other, theirs = in_conflict(world)
    edited = desk.home / "theirs.csv"
    desk("conflict", OPEN, "-o", edited)
    desk("conflict", OPEN, "-o", edited, ok=73)
    assert "指标代码" in desk("conflict", OPEN, "-o", "-").stdout
    number = change_one(world, Sheet(edited), edited, theirs)
    desk("submit", edited, *NAMES, "--correction", "改一处")
    assert world.booked(school) == as_booked(theirs) and number in theirs
    assert [r for r, _ in world.revisions(school)] == [1, 2]


def test_without_the_server_what_is_known_is_shown(world):
    school, desk, sheet, path, figures, key, other, theirs = in_conflict(world)
    world.collector.stop()
    try:
        unseen = told(desk, ok=69)
        assert (unseen["current_id"], unseen["current_revision"], unseen["fetched"]) == (other.hex(), 1, False)
        desk("conflict", OPEN, "--keep-theirs", ok=69)
    finally:
        world.collector.restart()
    told(desk)
    world.collector.stop()
    try:
        seen = told(desk, ok=69)
        assert seen["theirs"]["id"] == other.hex() and not seen["fetched"]
        desk("conflict", OPEN, "--file-mine", "--correction", "以本份为准", ok=75)
        desk("conflict", OPEN, "--keep-theirs", ok=65)
    finally:
        world.collector.restart()
    desk("send")
    assert [r for r, _ in world.revisions(school)] == [1, 2]


def test_a_new_computer_sees_what_the_lost_one_filed(world):
    school, desk, sheet, path, figures = desk_of(world)
    desk("submit", path, *NAMES)
    anew = world.desk(school)
    assert items(anew, OPEN)[0]["state"] not in ("receipted", "refused"), "nothing is known here yet"
    said = told(anew, OPEN)
    assert "mine" not in said and said["theirs"]["filler"] == "王芳"
    assert {d["indicator"] for d in said["differences"]} == set(figures) and all(d["mine"] is None for d in said["differences"])
    (only,) = items(anew, OPEN)
    assert only["state"] == "receipted" and only["elsewhere"]
    coming = anew.home / "next.csv"
    anew("template", FUTURE, "-o", coming)
    last = Sheet(coming)
    for number, figure in figures.items():
        assert last.cell(world.catalogue.indicators[number].code, "last") == shown(world, number, figure)
    edited = anew.home / "edited.csv"
    anew("conflict", OPEN, "-o", edited)
    change_one(world, Sheet(edited), edited, figures)
    anew("submit", edited, *NAMES, "--correction", "补报")
    assert [r for r, _ in world.revisions(school)] == [1, 2]
    assert world.booked(school) == as_booked(figures)


def test_a_first_sheet_of_a_new_computer_conflicts_and_goes_on(world):
    """Nobody fetched anything: revision 1 meets what the lost computer filed."""
    school, desk, sheet, path, figures = desk_of(world)
    desk("submit", path, *NAMES)
    anew = world.desk(school)
    change_one(world, sheet, path, figures)
    anew("submit", path, *NAMES, ok=65)
    assert len(told(anew)["differences"]) == 1
    anew("conflict", "--file-mine", "--correction", "数错了")
    assert world.booked(school) == as_booked(figures)


def test_what_does_not_verify_is_not_believed(world):
    """The signature at the centre was changed by other hands."""
    school, desk, sheet, path, figures, key, other, theirs = in_conflict(world)
    ((data,),) = world.database.rows("SELECT envelope FROM yuebao.report WHERE id = %s", other)
    spoilt = pb.Envelope.FromString(bytes(data))
    spoilt.signature = bytes(64)
    assert statement_id(spoilt.statement) == other
    world.database.run("ALTER TABLE yuebao.report DISABLE TRIGGER ALL")
    try:
        world.database.run("UPDATE yuebao.report SET envelope = %s WHERE id = %s", spoilt.SerializeToString(), other)
        said = told(desk, ok=69)
        assert "theirs" not in said and "签名" in said["error"]
        desk("conflict", OPEN, "--keep-theirs", ok=69)
    finally:
        world.database.run("UPDATE yuebao.report SET envelope = %s WHERE id = %s", data, other)
        world.database.run("ALTER TABLE yuebao.report ENABLE TRIGGER ALL")
    assert outbox(desk).execute("SELECT count(*) FROM holding").fetchone() == (0,)
    assert "theirs" in told(desk)


def test_more_than_one_are_listed(world):
    school, desk, sheet, path, figures, *_ = in_conflict(world)
    late = desk.home / "late.csv"
    desk("template", LATE, "-o", late)
    Sheet(late).fill(world.catalogue, world.lawful(school, seed=1)).save(late)
    file_elsewhere(world, school, seed="late", period=LATE)
    desk("submit", late, *NAMES, ok=65)
    said = told(desk, ok=64)
    assert {c["period"] for c in said["conflicts"]} == {OPEN, LATE}
    assert LATE in desk("conflict", ok=64).stdout
    desk("conflict", LATE, "--keep-theirs")
    assert told(desk)["period"] == OPEN, "the one that is left"


def test_commands_that_cannot_be_meant(world):
    school, desk, sheet, path, figures = desk_of(world)
    assert "没有冲突" in desk("conflict").stdout
    desk("conflict", OPEN, "--file-mine", "--keep-theirs", ok=64)
    desk("conflict", OPEN, "--correction", "x", ok=64)
    desk("conflict", "2026-13", ok=64)
    desk("conflict", OPEN, "--school", "nobody", ok=65)
    desk("conflict", OPEN, "--file-mine", "--correction", "x", ok=65)
    assert "没有" in desk("conflict", OPEN).stdout


def test_an_outbox_of_the_first_version_in_a_home_that_may_not_be_written(world):
    """Reading upgrades nothing, and needs nothing of what is new."""
    school, desk, sheet, path, figures = desk_of(world)
    desk("submit", path, *NAMES)
    database = outbox(desk)
    database.executescript("DROP TABLE holding; DROP TABLE notice; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE);")
    database.close()
    if run("unshare", "-m", "true", ok=None).returncode != 0:
        return
    script = 'mount --bind "$home" "$home" && mount -o remount,bind,ro "$home" || exit 99\nexec "$0" --home "$home" "$@"'
    done = run("unshare", "-m", "sh", "-c", script, desk.program, "status", ok=0, env={"home": str(desk.home / "y")})
    assert "已回执" in done.stdout
