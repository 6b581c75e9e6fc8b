-- Which schools have changed (026) is the catalogue's, not what they said: a department is told of those in its districts too. Without it, reports that
-- nobody owes any more would count for a department alone, and more would have come than is owed.

DROP POLICY seen ON yuebao.school_change;
CREATE POLICY seen ON yuebao.school_change FOR SELECT TO yuebao_teller USING (
    (SELECT yuebao.sees_every_district()) OR district = ANY ((SELECT yuebao.seen_districts())::integer[])
    OR school = ANY ((SELECT yuebao.seen_schools())::integer[]));
