"""What a school explains stands beside its figures, word for word, from the same commit on."""

import contract
from contract import pb
from world import OPEN, first_day

RULE = "left_behind_and_migrant"  # a warning: left_behind_children + migrant_children_enrolled <= enrolled_pupils


def remarks(world, school):
    return world.database.rows(
        """SELECT m.revision, m.position, m.indicator, m.rule, m.found, m.bound, m.explanation FROM yuebao.remark m
           JOIN yuebao.report r USING (district, period, school, form, revision) JOIN yuebao.school s USING (school)
           WHERE s.code = %s AND m.period = %s ORDER BY 1, 2""", school.code, first_day(OPEN))


def warned(world, school):
    """Lawful figures, but for that one warning."""
    figures = world.lawful(school)
    number = world.catalogue.number
    pupils = figures[number("enrolled_pupils")]
    figures[number("left_behind_children")] = pupils
    figures[number("migrant_children_enrolled")] = 1
    return figures, number("left_behind_children"), pupils


def explained(*explanations):
    def edit(s):
        for indicator, rule, text in explanations:
            s.explanation.add(indicator=indicator, rule=rule, text=text)
    return edit


def submit(world, school, session, figures, edit=None, **kw):
    statement = world.statement(school, figures, edit=edit, **kw)
    return session.submit(world.envelope(school, statement)), contract.statement_id(statement)


def test_warnings_and_explanations(world):
    school, _ = world.enrolled()
    figures, indicator, pupils = warned(world, school)
    text = "父母在外务工的随迁子女，\"两项\"重复统计; \\N"
    with world.greeted(school) as session:
        verdict, _ = submit(world, school, session, figures)
        assert {pb.FindingCode.Name(f.code) for f in verdict.reject.finding} == {"RULE_BROKEN", "EXPLANATION_MISSING"}
        assert remarks(world, school) == []
        verdict, first = submit(world, school, session, figures,
                                explained((0, "", "总的说明"), (indicator, RULE, text), (indicator, "", "第二条"), (0, "", " ")))
        assert verdict.HasField("receipt"), verdict
        told = [(1, 0, indicator, RULE, str(pupils + 1), str(pupils), text), (1, 1, 0, "", "", "", "总的说明"),
                (1, 2, indicator, "", "", "", "第二条")]
        assert remarks(world, school) == told
        verdict, _ = submit(world, school, session, world.lawful(school), explained((0, RULE, "问过家长")), revision=2, previous=first)
        told += [(2, 0, 0, RULE, "", "", "问过家长")]
        assert verdict.HasField("receipt") and remarks(world, school) == told, "they stay with their revision"
    world.assert_books_agree()


def test_as_many_as_fit(world):
    """A thousand explanations, and a plain report beside them: no bound but the frame's."""
    school, _ = world.enrolled()
    other, _ = world.enrolled()
    with world.greeted(school) as session, world.greeted(other) as beside:
        asked = session.send(put=pb.Put(envelope=world.envelope(school, world.statement(
            school, world.lawful(school), edit=explained(*[(0, "", f"第{n}条") for n in range(1000)])))))
        verdict, _ = submit(world, other, beside, world.lawful(other))
        assert verdict.HasField("receipt")
        reply = session.answer_to(asked)
        assert contract.verdict_of(reply.answer, session.welcome.server_key).HasField("receipt")
    assert [r[6] for r in remarks(world, school)] == [f"第{n}条" for n in range(1000)]
    assert remarks(world, other) == []
