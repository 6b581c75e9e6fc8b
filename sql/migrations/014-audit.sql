-- A dispute begins with an id: the statement that it names is found at once, however many there are.

CREATE INDEX report_by_id ON yuebao.report (id);
COMMENT ON INDEX yuebao.report_by_id IS 'Finds a statement by its id or the beginning of it: yuebaoctl replay.';
