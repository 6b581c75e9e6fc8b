-- How the books grow, and which months are put away.

CREATE FUNCTION api.needs_figures(first_day date) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
BEGIN ATOMIC
    SELECT yuebao.needs_figures(needs_figures.first_day);
END;
COMMENT ON FUNCTION api.needs_figures(date) IS
    'True; or an error with SQLSTATE YB029 that names the month, when the figures of single schools of periods that begin on this day are put away. Views cannot '
    'say so where they have no rows: ask this first, or api.month.';

CREATE VIEW api.month AS
SELECT to_char(m.month, 'YYYY-MM') AS month, m.month AS month_begins,
       CASE WHEN d.month IS NOT NULL THEN 'detached'
            WHEN c.closes_at IS NULL THEN 'unused'
            WHEN c.opens_at > now() THEN 'ahead'
            WHEN c.closes_at > now() THEN 'open'
            ELSE 'closed' END AS standing,
       c.closes_at AS all_closed_at,
       sum(nullif(k.reltuples, -1)) FILTER (WHERE k.parent = 'report')::bigint AS reports_about,
       coalesce(d.figures, sum(nullif(k.reltuples, -1)) FILTER (WHERE k.parent = 'figure')::bigint) AS figures_about,
       coalesce(sum(k.bytes) FILTER (WHERE k.parent IN ('report', 'remark')), 0)::bigint AS ledger_bytes,
       coalesce(sum(k.bytes) FILTER (WHERE k.parent IN ('figure', 'figure_history')), 0)::bigint AS books_bytes,
       d.detached_at, d.detached_by
FROM (SELECT p.relname AS parent, to_date(right(k.relname, 7), 'YYYY_MM') AS month, k.reltuples, pg_total_relation_size(k.oid) AS bytes
      FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_class AS k ON k.oid = i.inhrelid
      WHERE p.relname IN ('report', 'remark', 'figure', 'figure_history') AND p.relnamespace = 'yuebao'::regnamespace) AS k
FULL JOIN (SELECT a.month FROM yuebao.detached AS a) AS away ON away.month = k.month
CROSS JOIN LATERAL (SELECT coalesce(k.month, away.month) AS month) AS m
LEFT JOIN yuebao.detached AS d ON d.month = m.month
CROSS JOIN LATERAL (SELECT min(w.opens_at) AS opens_at, max(w.closes_at) AS closes_at
                    FROM (SELECT n.opens_at, n.closes_at FROM yuebao.calendar AS n WHERE n.period >= m.month AND n.period < m.month + interval '1 month'
                          UNION ALL
                          SELECT e.opens_at, e.closes_at FROM yuebao.extension AS e WHERE e.period >= m.month AND e.period < m.month + interval '1 month') AS w) AS c
GROUP BY m.month, d.month, d.figures, d.detached_at, d.detached_by, c.opens_at, c.closes_at;
COMMENT ON VIEW api.month IS
    'The months in which periods begin, and the disk they take. Of one that is detached the figures of single schools are put away: no view has them, and '
    'functions that need them say so (SQLSTATE YB029); its totals and reports are here.';
