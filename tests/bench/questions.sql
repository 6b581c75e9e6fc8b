-- The questions that README, `man yuebaoctl` and the comments of schema api tell people to ask, as psql, a page or yuebaoctl puts them. One list: the bench measures
-- them (tests/bench/run queries), tests/e2e/test_question_plans.py looks at their plans.
--
-- Each begins with a line `-- name [scope]` or `-- name [scope] × times on a province's dashboard`. Scopes and their goals: totals and county (p99 50 ms), schools
-- (a distribution over a province's schools, 1 s), province (lists and counts that read a province's schools or figures: no goal of their own).
-- %(county)s, %(prefecture)s, %(province)s, %(period)s, %(closed)s (not the one that is open), %(first_day)s, %(year)s, %(indicator)s,
-- %(school)s, %(plan)s, %(province_plan)s are drawn anew each time.

-- total of a county [totals]
SELECT * FROM api.district_total WHERE district = %(county)s AND period = %(period)s;

-- one total of a county, all periods [totals]
SELECT period, value, ratio FROM api.district_total WHERE district = %(county)s AND indicator = %(indicator)s ORDER BY first_day;

-- one total of the province [totals] × 8
SELECT kind, schools, value, ratio FROM api.district_total WHERE district = %(province)s AND period = %(period)s AND indicator = %(indicator)s;

-- all totals of the province [totals]
SELECT * FROM api.district_total WHERE district = %(province)s AND period = %(period)s;

-- own totals of a county, for DHIS2 [totals]
SELECT * FROM api.own_total WHERE district = %(county)s AND first_day = %(first_day)s;

-- progress of a county's plan [totals]
SELECT * FROM api.progress_at(now(), %(plan)s);

-- progress of the province's plan [totals] × 1
SELECT * FROM api.progress_at(now(), %(province_plan)s);

-- result of the province's plan [totals] × 1
SELECT * FROM api.result_at(now(), %(province_plan)s);

-- trend of a county [totals]
SELECT * FROM api.trend(%(indicator)s, %(county)s);

-- trend of the province [totals] × 6
SELECT * FROM api.trend(%(indicator)s, %(province)s);

-- trend of a school [county]
SELECT * FROM api.trend(%(indicator)s, NULL, %(school)s);

-- prefectures of the province side by side [totals] × 6
SELECT * FROM api.rank_districts(%(indicator)s, %(period)s, %(province)s);

-- counties of a prefecture side by side [totals]
SELECT * FROM api.rank_districts(%(indicator)s, %(period)s, %(prefecture)s);

-- completeness of a county [totals]
SELECT * FROM api.completeness WHERE district = %(county)s AND first_day = %(first_day)s;

-- completeness of the province [totals] × 1
SELECT * FROM api.completeness WHERE district = %(province)s AND first_day = %(first_day)s;

-- completeness below the province [totals] × 1
SELECT * FROM api.completeness WHERE district = ANY (ARRAY(SELECT d.district FROM api.district AS d WHERE d.parent = %(province)s)) AND first_day = %(first_day)s;

-- coverage of a county [totals]
SELECT * FROM api.coverage WHERE district = %(county)s AND first_day = %(first_day)s;

-- coverage of the province [totals] × 1
SELECT * FROM api.coverage WHERE district = %(province)s AND first_day = %(first_day)s;

-- punctuality of a county [totals]
SELECT * FROM api.district_punctuality(%(county)s, %(year)s);

-- punctuality below the province [totals] × 1
SELECT * FROM api.district_punctuality(%(province)s, %(year)s);

-- punctuality of a county's schools [county]
SELECT * FROM api.punctuality_of(%(county)s, %(year)s);

-- punctuality of a school [county]
SELECT * FROM api.punctuality_of(NULL, %(year)s, %(school)s);

-- missing in a county [county]
SELECT * FROM api.missing_in(%(county)s) AS m WHERE m.period = %(period)s;

-- missing in a county, a text [county]
SELECT * FROM api.missing_text(%(county)s, %(period)s);

-- review of a county, counted [totals]
SELECT * FROM api.review_counts(%(county)s, %(period)s);

-- review of the province, counted [totals] × 1
SELECT * FROM api.review_counts(%(province)s, %(period)s);

-- review of a county [county]
SELECT * FROM api.review WHERE district = %(county)s AND first_day = %(first_day)s;

-- declarations of the province [totals] × 1
SELECT * FROM api.declarations(%(province)s, %(period)s);

-- the calendar of a month [totals] × 1
SELECT * FROM api.calendar WHERE period = %(period)s;

-- balance of a county [county]
SELECT * FROM api.balance_in(%(county)s, %(period)s);

-- schools of a county that move its balance most [county]
SELECT * FROM api.balance_schools_in(%(county)s, %(period)s);

-- breaches in a county [county]
SELECT * FROM api.breaches_in(%(county)s, %(period)s);

-- outliers in a county [county]
SELECT * FROM api.outliers_in(%(county)s, %(closed)s);

-- schools of a county, ranked [county]
SELECT * FROM api.rank_schools(%(indicator)s, %(period)s, %(county)s);

-- distribution in a county [county]
SELECT * FROM api.distribution(%(indicator)s, %(period)s, %(county)s);

-- profile of a school [county]
SELECT * FROM api.profile(%(school)s, %(period)s);

-- a county's total taken apart [county]
SELECT * FROM api.drill(%(county)s, %(period)s, %(indicator)s);

-- a figure back to what was signed [county]
SELECT * FROM api.figure_trace(%(school)s, %(period)s, %(indicator)s);

-- figures of a county [county]
SELECT * FROM api.figure WHERE district = %(county)s AND first_day = %(first_day)s AND indicator = %(indicator)s;

-- figures of a county that were replaced [county]
SELECT * FROM api.figure_history WHERE district = %(county)s AND first_day = %(first_day)s;

-- reports of a county [county]
SELECT * FROM api.report WHERE district = %(county)s AND first_day = %(first_day)s;

-- explanations in a county [county]
SELECT * FROM api.remark WHERE district = %(county)s AND first_day = %(first_day)s;

-- schools of a county [county]
SELECT * FROM api.school WHERE district = %(county)s;

-- vetoes of the province's plan [totals] × 1
SELECT * FROM api.veto_at(now(), %(province_plan)s);

-- distribution over the province's schools [schools]
SELECT * FROM api.distribution(%(indicator)s, %(period)s, %(province)s);

-- schools of the province, ranked [schools]
SELECT rank, school, figure FROM api.rank_schools(%(indicator)s, %(period)s, %(province)s) WHERE rank <= 20;

-- balance below the province [schools]
SELECT * FROM api.balance_in(%(province)s, %(period)s);

-- missing in the province [province]
SELECT count(*) FROM api.missing_in(%(province)s) AS m WHERE m.period = %(period)s;

-- punctuality of the province's schools [province]
SELECT count(*) FROM api.punctuality_of(%(province)s, %(year)s);

-- breaches in the province [province]
SELECT count(*) FROM api.breaches_in(%(province)s, %(period)s);

-- outliers in the province [province]
SELECT count(*) FROM api.outliers_in(%(province)s, %(period)s);
