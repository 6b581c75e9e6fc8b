-- A made-up province of two years: 20,000 schools in 200 counties of ten prefectures, a monthly form of 100 indicators and a quarterly one of 12 for each of
-- three kinds of school. Its tables are the real ones and so are their constraints. province.py runs this, then bench.fill for every window.
--
-- Made as the collector would have left it: figures, the ledger's rows, revisions with what they replaced, remarks, folded totals. Made of filler: the bytes of
-- envelopes, receipts and keys (as long as real ones), so `yuebaoctl replay` and the first half of `check-totals` have nothing to read here.
--
-- Numbers follow from hashes of (school, indicator, month) alone, so that every run asks the same questions of the same figures.

CREATE SCHEMA bench;

INSERT INTO yuebao.district (district, parent, level, name_zh, name_en) VALUES
    (100000, NULL, 'nation', '全国', 'Nation'), (900000, 100000, 'province', '某省', 'Province');
INSERT INTO yuebao.district SELECT 900000 + n, 900000, 'prefecture', '第' || n || '市', 'Prefecture ' || n FROM generate_series(1, 10) AS n;
INSERT INTO yuebao.district SELECT 100000 + n, 900001 + (n - 1) / 20, 'county', '第' || n || '县', 'County ' || n FROM generate_series(1, 200) AS n;

-- School n of paper.h has the id 2n - 1 and is a primary school; between them are kindergartens and junior schools. A tenth opened within the two years, some closed.
INSERT INTO yuebao.school (school, code, institution, kind, name_zh, name_en, opened_on, closed_on) OVERRIDING SYSTEM VALUE
SELECT n, lpad(n::text, 10, '0'), lpad(n::text, 10, '0'),
       CASE WHEN n % 2 = 1 THEN 'primary' WHEN n % 4 = 2 THEN 'kindergarten' ELSE 'junior' END, '第' || n || '学校', 'School ' || n,
       CASE WHEN n % 10 = 6 THEN date '2024-11-01' + (n / 10 % 20) * 30 ELSE date '1960-09-01' + n % 60 * 365 END,
       CASE WHEN n % 200 = 8 THEN date '2026-01-31' END
FROM generate_series(1, 20000) AS n;
INSERT INTO yuebao.school_district (school, valid_from, district)
SELECT s.school, s.opened_on, 100001 + (s.school - 1) / 100 FROM yuebao.school AS s;

INSERT INTO yuebao.form (form, code, kind, frequency, name_zh, name_en) OVERRIDING SYSTEM VALUE VALUES
    (1, 'primary.monthly', 'primary', 'monthly', '小学月报', 'Primary school, monthly'),
    (2, 'kindergarten.monthly', 'kindergarten', 'monthly', '幼儿园月报', 'Kindergarten, monthly'),
    (3, 'junior.monthly', 'junior', 'monthly', '初中月报', 'Junior school, monthly'),
    (4, 'primary.quarterly', 'primary', 'quarterly', '小学季报', 'Primary school, quarterly'),
    (5, 'kindergarten.quarterly', 'kindergarten', 'quarterly', '幼儿园季报', 'Kindergarten, quarterly'),
    (6, 'junior.quarterly', 'junior', 'quarterly', '初中季报', 'Junior school, quarterly');

-- Of the first 60, measures and decimals are those of sixty.c.
INSERT INTO yuebao.indicator (indicator, code, name_zh, name_en, unit, measure, over_schools, over_time, decimals, min, max, veto) OVERRIDING SYSTEM VALUE
SELECT n, 'indicator_' || lpad(n::text, 3, '0'), '指标' || n, 'Indicator ' || n, CASE m.measure WHEN 'ratio' THEN 'ratio' ELSE 'things' END, m.measure,
       CASE WHEN m.measure <> 'count' THEN 'ratio_of_sums' WHEN n = 97 THEN 'max' WHEN n % 30 = 13 THEN 'mean' ELSE 'sum' END,
       CASE WHEN n % 5 = 1 THEN 'sum' WHEN n % 17 = 0 THEN 'mean' ELSE 'last' END,
       CASE m.measure WHEN 'quotient' THEN 2 ELSE 0 END, 0, CASE m.measure WHEN 'ratio' THEN 1 ELSE 50000 END, n = 91
FROM generate_series(1, 112) AS n
CROSS JOIN LATERAL (SELECT CASE WHEN n % 10 = 0 THEN 'quotient' WHEN n % 4 = 0 THEN 'ratio' ELSE 'count' END AS measure) AS m;
UPDATE yuebao.indicator SET veto_direction = 'at_least' WHERE veto;

INSERT INTO yuebao.form_indicator (form, indicator, required)
SELECT f.form, i.indicator, i.indicator <= 60 OR i.indicator > 100
FROM yuebao.form AS f JOIN yuebao.indicator AS i ON (i.indicator <= 100) = (f.frequency = 'monthly');
INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required) SELECT 1, i.form, i.indicator, i.required FROM yuebao.form_indicator AS i;

-- Forty rules of two terms within the monthly form, three that look at the quarter, one at the month before.
INSERT INTO yuebao.rule (rule, code, severity, op, message_zh, message_en) OVERRIDING SYSTEM VALUE
SELECT n, 'rule_' || n, 'warning', '<=', '规则' || n, 'Rule ' || n FROM generate_series(1, 44) AS n;
INSERT INTO yuebao.rule_term (rule, side, position, indicator, part, previous)
SELECT n, t.side, t.position, t.indicator, CASE WHEN i.measure = 'count' THEN 'value' ELSE 'denominator' END, n = 44 AND t.side = 'right'
FROM generate_series(1, 44) AS n
CROSS JOIN LATERAL (VALUES ('left', 1, n), ('right', 1, CASE WHEN n <= 40 THEN n + 45 WHEN n <= 43 THEN n + 68 ELSE n END)) AS t (side, position, indicator)
JOIN yuebao.indicator AS i ON i.indicator = t.indicator;

-- Two years that are over, and this month, which is open. Made before the figures, so that their partitions are there.
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, m.month::date, m.month AT TIME ZONE 'Asia/Shanghai', (m.month + interval '1 month 3 days') AT TIME ZONE 'Asia/Shanghai',
       (m.month + interval '1 month 8 days') AT TIME ZONE 'Asia/Shanghai', 1
FROM yuebao.form AS f
CROSS JOIN generate_series(timestamp '2024-10-01', timestamp '2026-10-01', interval '1 month') AS m (month)
WHERE f.frequency = 'monthly' OR (extract(month FROM m.month)::integer % 3 = 1 AND m.month < '2026-10-01');
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, date '2026-11-01', now() - interval '20 days', now() + interval '5 days', now() + interval '30 days', 1
FROM yuebao.form AS f WHERE f.frequency = 'monthly';

-- One county had more time in one month, one school in another.
INSERT INTO yuebao.extension (form, period, district, school, opens_at, due_at, closes_at, reason)
SELECT c.form, c.period, CASE c.period WHEN '2026-09-01' THEN 100007 END, CASE c.period WHEN '2026-08-01' THEN 601 END, c.opens_at,
       c.due_at + interval '7 days', c.closes_at + interval '7 days', '水灾'
FROM yuebao.calendar AS c WHERE c.form = 1 AND c.period IN ('2026-08-01', '2026-09-01');

-- Plans of the province and of three counties, thirty targets each, of all directions.
INSERT INTO yuebao.plan (plan, title_zh, title_en, issuer_zh, district, period_start, period_end)
SELECT 'plan-' || d.district, d.name_zh || '规划', 'Plan of ' || d.name_en, d.name_zh || '人民政府', d.district, '2024-10-01', '2027-12-31'
FROM yuebao.district AS d WHERE d.district IN (900000, 100001, 100002, 100003);
INSERT INTO yuebao.target (plan, indicator, district, direction, value, unit, due, position)
SELECT p.plan, i.indicator, p.district,
       CASE WHEN n % 10 < 6 THEN 'at_least' WHEN n % 10 < 8 THEN 'at_most' WHEN n % 10 = 8 THEN 'equal' ELSE 'increase_by' END,
       CASE i.measure WHEN 'ratio' THEN 0.8 WHEN 'quotient' THEN 3 ELSE 100 * CASE p.district WHEN 900000 THEN 20000 ELSE 100 END END, i.unit,
       CASE WHEN n % 7 = 0 THEN date '2026-12-31' ELSE date '2027-12-31' END, n
FROM yuebao.plan AS p CROSS JOIN generate_series(1, 30) AS n
JOIN yuebao.indicator AS i ON i.indicator = CASE WHEN n <= 27 THEN n * 3 ELSE 78 + n END;
INSERT INTO yuebao.baseline (plan, indicator, district, as_of, value, unit)
SELECT t.plan, t.indicator, t.district, '2024-09-30', 0.5, t.unit FROM yuebao.target AS t WHERE t.direction = 'increase_by';

INSERT INTO yuebao.balance_indicator (balance, position, name_zh, name_en, unit, value_indicator, value_part, pupils_indicator, pupils_part, scale)
VALUES ('per_pupil_1', 1, '生均甲', 'Per pupil, one', 'things_per_pupil', 10, 'value', 10, 'denominator', 1),
       ('per_pupil_2', 2, '生均乙', 'Per pupil, two', 'things_per_pupil', 20, 'value', 20, 'denominator', 1);
INSERT INTO yuebao.balance_threshold (balance, kind, threshold)
SELECT b.balance, k.kind, 0.5 FROM yuebao.balance_indicator AS b CROSS JOIN (VALUES ('primary'), ('junior')) AS k (kind);

-- ---- one window of one form ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION bench.hash(a integer, b integer, c integer) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN hashint4(a * 1009 + b * 131 + c) & 67108863;

-- Who reported: nearly all of a month that is over (one in fifty is late, one in a hundred missing); of the open one four in ten, and no primary school.
CREATE VIEW bench.reporting AS
SELECT o.district, o.period, o.school, o.form, o.frequency, o.catalogue, h.h, o.due_at,
       CASE WHEN o.closes_at <= now() THEN h.h % 100 <> 0 ELSE h.h % 10 < 4 AND o.kind <> 'primary' END AS reported,
       h.h / 100 % 50 = 0 AND o.due_at <= now() AS late, h.h / 5000 % 50 = 0 AS corrected
FROM yuebao.slot AS o
CROSS JOIN LATERAL (SELECT bench.hash(o.school, o.form::integer, (o.period - date '2000-01-01')) AS h) AS h
WHERE o.opens_at <= now();

CREATE FUNCTION bench.fill(of_form integer, of_period date) RETURNS bigint
    LANGUAGE plpgsql
AS $$
DECLARE
    month text := to_char(of_period, 'YYYY_MM');
    made  bigint;
BEGIN
    CREATE TEMP TABLE who ON COMMIT DROP AS
        SELECT r.* FROM bench.reporting AS r WHERE r.form = of_form AND r.period = of_period AND r.reported ORDER BY r.district, r.school;
    ANALYZE who;
    EXECUTE format($f$
        INSERT INTO yuebao.report_%s (district, period, school, form, revision, id, catalogue, key, received_at, late, filler, reviewer, head, correction,
                                      envelope, receipt)
        SELECT w.district, w.period, w.school, w.form, n.revision, sha256((w.school || ' ' || w.form || ' ' || w.period || ' ' || n.revision)::bytea), w.catalogue,
               sha256(w.school::text::bytea), w.due_at + CASE WHEN w.late THEN interval '2 days' ELSE interval '-1 day' END, w.late, '王芳', '李强', '赵敏',
               CASE n.revision WHEN 2 THEN '更正' ELSE '' END, decode(repeat(md5(w.school::text), 38), 'hex'), decode(repeat(md5(w.school::text), 13), 'hex')
        FROM (SELECT * FROM who ORDER BY district, school) AS w
        CROSS JOIN LATERAL generate_series(1, CASE WHEN w.corrected THEN 2 ELSE 1 END) AS n (revision)$f$, month);
    EXECUTE format($f$
        INSERT INTO yuebao.figure_%s (district, period, school, indicator, form, missing, value, denominator)
        SELECT w.district, w.period, w.school, i.indicator, w.form,
               CASE WHEN v.missing THEN 1 + w.h %% 4 END,
               CASE WHEN NOT v.missing THEN CASE WHEN i.indicator %% 10 = 0 THEN v.size * (150 + v.own %% 80) WHEN i.indicator %% 4 = 0 THEN v.size * (50 + v.own %% 45) / 100
                                                 WHEN v.now %% 2000 = 0 THEN (v.size + i.indicator * 5) * 3 ELSE v.size + i.indicator * 5 + v.now %% (i.indicator / 4 + 1) END END,
               CASE WHEN NOT v.missing THEN CASE WHEN i.indicator %% 10 = 0 OR i.indicator %% 4 = 0 THEN v.size ELSE 0 END END
        FROM (SELECT * FROM who ORDER BY district, school) AS w
        CROSS JOIN LATERAL generate_series(%s, %s) AS i (indicator)
        CROSS JOIN LATERAL (SELECT 200 + w.school * 37 %% 800 AS size, bench.hash(w.school, i.indicator, 0) AS own, bench.hash(w.school, i.indicator, w.h) AS now,
                                   (w.h + i.indicator) %% 60 = 0 AND i.indicator %% 4 <> 0 AS missing OFFSET 0) AS v$f$,
        month, CASE WHEN of_form <= 3 THEN 1 ELSE 101 END, CASE WHEN of_form <= 3 THEN 100 ELSE 112 END);
    GET DIAGNOSTICS made = ROW_COUNT;
    EXECUTE format($f$
        INSERT INTO yuebao.figure_history_%s (district, period, school, indicator, form, revision, missing, value, denominator, replaced_by, replaced_at)
        SELECT g.district, g.period, g.school, g.indicator, g.form, 1, g.missing, g.value, g.denominator,
               sha256((w.school || ' ' || w.form || ' ' || w.period || ' 2')::bytea), w.due_at
        FROM who AS w JOIN yuebao.figure_%s AS g ON g.district = w.district AND g.period = w.period AND g.school = w.school AND g.form = w.form
        WHERE w.corrected$f$, month, month);
    EXECUTE format($f$
        INSERT INTO yuebao.remark_%s (district, period, school, form, revision, position, indicator, rule, found, bound, explanation)
        SELECT w.district, w.period, w.school, w.form, CASE WHEN w.corrected THEN 2 ELSE 1 END, 0, 1, 'rule_1', '12', '11', '情况属实' FROM who AS w WHERE w.h %% 30 = 0$f$, month);
    EXECUTE format($f$
        INSERT INTO yuebao.total_folded (district, period, form, indicator, schools, excused, value, denominator)
        SELECT g.district, g.period, g.form, g.indicator, count(g.value), count(g.missing), coalesce(sum(g.value), 0), coalesce(sum(g.denominator), 0)
        FROM yuebao.figure_%s AS g WHERE g.form = %s GROUP BY g.district, g.period, g.form, g.indicator ORDER BY g.district, g.indicator$f$, month, of_form);
    INSERT INTO yuebao.total_folded (district, period, form, indicator, schools, excused, value, denominator)
    SELECT w.district, w.period, w.form, 0, count(*), count(*) FILTER (WHERE w.late), count(*) FILTER (WHERE w.corrected), 0 FROM who AS w GROUP BY w.district, w.period, w.form;
    RETURN made;
END
$$;
