-- Schema published: what everybody may see. Its views read editions and nothing else, so what is not published is not here; they run with their
-- owner's rights (yuebao_admin), so the public needs no right on any table. Why a number is held back is nowhere in it.

DROP SCHEMA IF EXISTS published CASCADE;
CREATE SCHEMA published;
COMMENT ON SCHEMA published IS 'Published editions, for the public: role yuebao_public reads this and nothing else.';

CREATE VIEW published.edition AS
SELECT p.district AS publisher, d.name_zh AS publisher_zh, d.name_en AS publisher_en, d.level, yuebao.period_text(p.period, p.frequency) AS period,
       p.period AS first_day, p.frequency, p.edition, p.expected, p.reported, p.published_at, w.withdrawn_at, w.reason AS withdrawn_because,
       w.publication IS NULL AND NOT EXISTS (
           SELECT FROM yuebao.publication AS n
           WHERE n.district = p.district AND n.period = p.period AND n.frequency = p.frequency AND n.edition > p.edition
             AND NOT EXISTS (SELECT FROM yuebao.publication_withdrawal AS g WHERE g.publication = n.publication)) AS newest
FROM yuebao.publication AS p
JOIN yuebao.publication_district AS d ON d.publication = p.publication AND d.district = p.district
LEFT JOIN yuebao.publication_withdrawal AS w ON w.publication = p.publication;
COMMENT ON VIEW published.edition IS 'Every edition that was published. One that was withdrawn says when and why, and shows no number any more.';
COMMENT ON COLUMN published.edition.publisher IS 'Six-digit code of the district that it is of; those below it are in it.';
COMMENT ON COLUMN published.edition.publisher_zh IS 'Its Chinese name.';
COMMENT ON COLUMN published.edition.publisher_en IS 'Its English name.';
COMMENT ON COLUMN published.edition.level IS 'nation, province, prefecture or county.';
COMMENT ON COLUMN published.edition.period IS 'The period: 2026-10, 2026-Q4, 2026-S1 ...';
COMMENT ON COLUMN published.edition.first_day IS 'Its first day.';
COMMENT ON COLUMN published.edition.frequency IS 'daily, weekly, monthly, quarterly, termly or yearly.';
COMMENT ON COLUMN published.edition.edition IS '1, 2, 3 ... A later one replaces those before it; all stay.';
COMMENT ON COLUMN published.edition.expected IS 'Reports that schools owed.';
COMMENT ON COLUMN published.edition.reported IS 'Of these, reports that its numbers hold.';
COMMENT ON COLUMN published.edition.published_at IS 'When it was published; its numbers are of that instant.';
COMMENT ON COLUMN published.edition.withdrawn_at IS 'When it was withdrawn; NULL: it was not.';
COMMENT ON COLUMN published.edition.withdrawn_because IS 'Why.';
COMMENT ON COLUMN published.edition.newest IS 'The one that stands.';

CREATE VIEW published.figure AS
SELECT p.district AS publisher, yuebao.period_text(p.period, p.frequency) AS period, p.period AS first_day, p.frequency, p.edition,
       d."position", d.district, d.name_zh AS district_zh, d.name_en AS district_en, d.level, nullif(c.kind, '') AS kind,
       c.indicator::integer AS number, i.code AS indicator, i.name_zh, i.name_en, i.unit, c.schools, c.held IS NOT NULL AS held_back,
       CASE WHEN c.held IS NULL AND c.schools > 0 THEN
           CASE i.over_schools WHEN 'mean' THEN trim_scale(round(round(c.value / 10::numeric ^ i.decimals, i.decimals) / c.schools, 6))
                               ELSE round(c.value / 10::numeric ^ i.decimals, i.decimals) END END AS value,
       CASE WHEN c.held IS NULL AND c.schools > 0 AND i.over_schools = 'ratio_of_sums' THEN
           round(c.denominator / 10::numeric ^ i.denominator_decimals, i.denominator_decimals) END AS denominator,
       CASE WHEN c.held IS NULL AND c.schools > 0 AND i.over_schools = 'ratio_of_sums' THEN
           trim_scale(round(round(c.value / 10::numeric ^ i.decimals, i.decimals)
                            / nullif(round(c.denominator / 10::numeric ^ i.denominator_decimals, i.denominator_decimals), 0), 6)) END AS ratio
FROM yuebao.publication AS p
JOIN yuebao.publication_cell AS c ON c.publication = p.publication
JOIN yuebao.publication_district AS d ON d.publication = c.publication AND d.district = c.district
JOIN yuebao.publication_indicator AS i ON i.publication = c.publication AND i.indicator = c.indicator
WHERE NOT EXISTS (SELECT FROM yuebao.publication_withdrawal AS w WHERE w.publication = p.publication);
COMMENT ON VIEW published.figure IS
    'The numbers of every edition that was not withdrawn, one row a district, kind of school and indicator. Ask by publisher, first_day and edition '
    '(published.edition.newest says which stands).';
COMMENT ON COLUMN published.figure.publisher IS 'Of whose edition it is.';
COMMENT ON COLUMN published.figure.period IS 'The period.';
COMMENT ON COLUMN published.figure.first_day IS 'Its first day.';
COMMENT ON COLUMN published.figure.frequency IS 'Its frequency.';
COMMENT ON COLUMN published.figure.edition IS 'The edition.';
COMMENT ON COLUMN published.figure."position" IS 'Order of the districts on the page.';
COMMENT ON COLUMN published.figure.district IS 'The district, all below it included.';
COMMENT ON COLUMN published.figure.district_zh IS 'Its Chinese name.';
COMMENT ON COLUMN published.figure.district_en IS 'Its English name.';
COMMENT ON COLUMN published.figure.level IS 'Its level.';
COMMENT ON COLUMN published.figure.kind IS 'Kind of school; NULL: all kinds that report the indicator.';
COMMENT ON COLUMN published.figure.number IS 'Order of the indicators on the page.';
COMMENT ON COLUMN published.figure.indicator IS 'Code of the indicator.';
COMMENT ON COLUMN published.figure.name_zh IS 'Its Chinese name.';
COMMENT ON COLUMN published.figure.name_en IS 'Its English name.';
COMMENT ON COLUMN published.figure.unit IS 'Its unit.';
COMMENT ON COLUMN published.figure.schools IS 'Schools behind the number. 0: there is none; missing is not zero.';
COMMENT ON COLUMN published.figure.held_back IS 'There is a number, and it is not published, so that no single school or person can be told from it.';
COMMENT ON COLUMN published.figure.value IS 'The number: a sum, a mean, a maximum; or the numerator where there is a denominator.';
COMMENT ON COLUMN published.figure.denominator IS 'What a ratio is of.';
COMMENT ON COLUMN published.figure.ratio IS 'value by denominator, six decimals.';

CREATE FUNCTION published.below(publisher integer, of_period text, of_edition integer, in_district integer) RETURNS integer[]
    LANGUAGE sql STABLE SECURITY DEFINER
BEGIN ATOMIC
    WITH RECURSIVE edition AS (
        SELECT p.publication FROM yuebao.period_of(of_period) AS o
        JOIN yuebao.publication AS p ON p.district = below.publisher AND p.period = o.first_day AND p.frequency = o.frequency AND p.edition = of_edition
    ), tree (publication, district) AS (
        SELECT d.publication, d.district FROM edition AS e JOIN yuebao.publication_district AS d ON d.publication = e.publication
        WHERE d.district = in_district
        UNION ALL
        SELECT d.publication, d.district FROM tree AS t JOIN yuebao.publication_district AS d ON d.publication = t.publication AND d.parent = t.district
    )
    SELECT coalesce(array_agg(t.district), '{}') FROM tree AS t;
END;
COMMENT ON FUNCTION published.below(integer, text, integer, integer) IS
    'A district of an edition and those below it, to ask published.figure for: district = ANY (published.below(220200, ''2026-10'', 1, 220203)).';

REVOKE EXECUTE ON FUNCTION published.below(integer, text, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION published.below(integer, text, integer, integer) TO yuebao_public, yuebao_reader;
GRANT USAGE ON SCHEMA published TO yuebao_public, yuebao_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA published TO yuebao_public, yuebao_reader;
