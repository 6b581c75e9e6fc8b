/* holdback: small tables in which it is plain by hand what must be held back, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "holdback.h"

#define PLACES_MAX 6
enum { PRIMARY = 1, JUNIOR = 2 };

/* A city (place 0) with counties 1, 2, 3 …, of which every school has the same number of schools a kind. */
struct city {
    int parents[PLACES_MAX];
    size_t places;
    struct holdback_table table;
    struct holdback_cell cells[PLACES_MAX * HOLDBACK_COLUMNS];
};

static struct holdback_cell *
at(struct city *city, size_t place, size_t column)
{
    return &city->cells[place * HOLDBACK_COLUMNS + column];
}

static void
begin(struct city *city, size_t places)
{
    *city = (struct city){.places = places, .table = {.least = 0, .most = 1000, .cells = city->cells}};
    for (size_t p = 0; p < places; p++)
        city->parents[p] = p == 0 ? -1 : 0;
    for (size_t c = 0; c < HOLDBACK_COLUMNS; c++)
        city->table.limits[c] = (struct holdback_limits){.schools = 3, .count = 1, .joined = 3, .share = 1};
}

/* A county's cell, added to the city's, and to all kinds where the test has two. */
static void
put(struct city *city, size_t place, size_t kind, int64_t schools, int64_t value, bool all)
{
    const size_t where[] = {place, 0}, columns[] = {kind, HOLDBACK_ALL};

    for (size_t p = 0; p < (place == 0 ? 1 : 2); p++)
        for (size_t c = 0; c < (all ? 2 : 1); c++) {
            at(city, where[p], columns[c])->schools += schools;
            at(city, where[p], columns[c])->value += value;
        }
}

static enum held
decide(struct city *city, size_t place, size_t kind)
{
    hold_back(city->parents, city->places, &city->table, 1);
    return at(city, place, kind)->held;
}

static size_t
held_count(const struct city *city)
{
    size_t count = 0;

    for (size_t i = 0; i < city->places * HOLDBACK_COLUMNS; i++)
        count += city->cells[i].held != HELD_NOT;
    return count;
}

/* ---- one kind ------------------------------------------------------------------------------------- */

static void
test_large_is_shown(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 3);
    put(&city, 1, PRIMARY, 3, 30, false);
    put(&city, 2, PRIMARY, 4, 40, false);
    assert_int_equal(decide(&city, 1, PRIMARY), HELD_NOT);
    assert_int_equal(held_count(&city), 0);
}

static void
test_small_takes_the_cheapest_beside(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 4);
    put(&city, 1, PRIMARY, 2, 20, false);
    put(&city, 2, PRIMARY, 9, 90, false);
    put(&city, 3, PRIMARY, 4, 40, false);
    assert_int_equal(decide(&city, 1, PRIMARY), HELD_SCHOOLS);
    assert_int_equal(at(&city, 3, PRIMARY)->held, HELD_COMPLEMENT);
    assert_int_equal(held_count(&city), 2);

    at(&city, 2, PRIMARY)->held_lately = true; /* 9 at half price is 4.5 of the others */
    at(&city, 3, PRIMARY)->schools = 5;
    at(&city, 0, PRIMARY)->schools = 16;
    assert_int_equal(decide(&city, 2, PRIMARY), HELD_COMPLEMENT);
    assert_int_equal(held_count(&city), 2);
}

static void
test_zero_is_shown_and_hides_nothing(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 4);
    put(&city, 1, PRIMARY, 1, 0, false);
    put(&city, 2, PRIMARY, 1, 7, false);
    put(&city, 3, PRIMARY, 5, 50, false);
    assert_int_equal(decide(&city, 1, PRIMARY), HELD_NOT);
    assert_int_equal(at(&city, 2, PRIMARY)->held, HELD_SCHOOLS);
    assert_int_equal(at(&city, 3, PRIMARY)->held, HELD_COMPLEMENT);
}

static void
test_two_of_one_pin_each_other(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 4);
    put(&city, 1, PRIMARY, 1, 1, false);
    put(&city, 2, PRIMARY, 1, 1, false); /* 2 in all, and none is zero: 1 and 1, were they alone */
    put(&city, 3, PRIMARY, 5, 50, false);
    assert_int_equal(decide(&city, 3, PRIMARY), HELD_COMPLEMENT);
}

static void
test_own_schools_are_a_part_too(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 3);
    put(&city, 0, PRIMARY, 1, 9, false); /* the city less its counties is this school */
    put(&city, 1, PRIMARY, 5, 50, false);
    put(&city, 2, PRIMARY, 6, 60, false);
    assert_int_equal(decide(&city, 1, PRIMARY), HELD_COMPLEMENT);
    assert_int_equal(held_count(&city), 1);
}

/* ---- kinds and all kinds -------------------------------------------------------------------------- */

static void
test_a_row_and_a_column_want_a_rectangle(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 3);
    put(&city, 1, PRIMARY, 2, 20, true);
    put(&city, 1, JUNIOR, 5, 50, true);
    put(&city, 2, PRIMARY, 6, 60, true);
    put(&city, 2, JUNIOR, 7, 70, true);
    assert_int_equal(decide(&city, 1, PRIMARY), HELD_SCHOOLS);
    assert_int_equal(at(&city, 1, JUNIOR)->held, HELD_COMPLEMENT);
    assert_int_equal(at(&city, 2, PRIMARY)->held, HELD_COMPLEMENT);
    assert_int_equal(at(&city, 2, JUNIOR)->held, HELD_COMPLEMENT);
    assert_int_equal(held_count(&city), 4);
}

/* Two to a row and to a column are not enough: a bridge between two circles is worked out. */
static void
test_a_bridge_is_not_enough(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 3);
    for (size_t kind = 0; kind < 4; kind++)
        for (size_t place = 1; place < 3; place++)
            put(&city, place, kind, place == 1 && kind == 0 ? 1 : 4, 40, true);
    assert_int_equal(decide(&city, 1, 0), HELD_SCHOOLS);
    assert_int_equal(held_count(&city), 4);
    for (size_t kind = 0; kind < 4; kind++)
        assert_int_equal(at(&city, 1, kind)->held != HELD_NOT, at(&city, 2, kind)->held != HELD_NOT);
}

/* ---- parts, tied, editions ------------------------------------------------------------------------ */

static void
test_all_of_a_part_says_it_of_each(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 3);
    city.table.measure = HOLDBACK_PART;
    put(&city, 1, PRIMARY, 2, 20, false);
    put(&city, 2, PRIMARY, 8, 80, false);
    for (size_t p = 0; p < 3; p++)
        at(&city, p, PRIMARY)->denominator = at(&city, p, PRIMARY)->value; /* 100 % everywhere */
    assert_int_equal(decide(&city, 0, PRIMARY), HELD_COMPLEMENT);
}

static void
test_tied_are_held_back_together(void **state)
{
    struct city one, other;

    (void)state;
    begin(&one, 3);
    begin(&other, 3);
    put(&one, 1, PRIMARY, 5, 2, false);
    put(&one, 2, PRIMARY, 5, 90, false);
    put(&other, 1, PRIMARY, 5, 50, false);
    put(&other, 2, PRIMARY, 5, 60, false);
    one.table.limits[PRIMARY].count = 3;
    struct holdback_table both[] = {one.table, other.table};
    hold_back(one.parents, one.places, both, 2);
    assert_int_equal(at(&one, 1, PRIMARY)->held, HELD_COUNT);
    assert_int_equal(at(&other, 1, PRIMARY)->held, HELD_TIED);
    assert_int_equal(at(&other, 2, PRIMARY)->held != HELD_NOT, at(&one, 2, PRIMARY)->held != HELD_NOT);
}

static void
test_what_is_known_hides_nothing(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 4);
    put(&city, 1, PRIMARY, 2, 20, false);
    put(&city, 2, PRIMARY, 3, 30, false);
    put(&city, 3, PRIMARY, 8, 80, false);
    at(&city, 2, PRIMARY)->known = at(&city, 2, PRIMARY)->shown_before = true;
    assert_int_equal(decide(&city, 2, PRIMARY), HELD_NOT);
    assert_int_equal(at(&city, 3, PRIMARY)->held, HELD_COMPLEMENT);
}

static void
test_a_late_school_is_no_difference(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 3);
    put(&city, 1, PRIMARY, 6, 60, false);
    put(&city, 2, PRIMARY, 8, 80, false);
    for (size_t p = 0; p < 3; p++)
        at(&city, p, PRIMARY)->shown_before = true;
    at(&city, 0, PRIMARY)->joined = at(&city, 1, PRIMARY)->joined = 1;
    at(&city, 2, PRIMARY)->known = true;
    assert_int_equal(decide(&city, 1, PRIMARY), HELD_JOINED);
    assert_int_equal(at(&city, 0, PRIMARY)->held, HELD_JOINED);
    assert_int_equal(at(&city, 2, PRIMARY)->held, HELD_NOT);
    assert_true(city.table.frozen);
}

/* A city whose new sum is that of a known county and a zero: to hold it back would hide nothing. */
static void
test_what_follows_from_the_known_is_known(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 3);
    put(&city, 1, PRIMARY, 6, 60, false);
    put(&city, 2, PRIMARY, 1, 0, false);
    at(&city, 1, PRIMARY)->known = at(&city, 1, PRIMARY)->shown_before = true;
    at(&city, 1, JUNIOR)->schools = at(&city, 0, JUNIOR)->schools = 5;
    at(&city, 1, JUNIOR)->value = at(&city, 0, JUNIOR)->value = 50;
    at(&city, 1, JUNIOR)->shown_before = true;
    at(&city, 1, JUNIOR)->joined = 1; /* this falls, and with it the table is frozen */
    assert_int_equal(decide(&city, 0, PRIMARY), HELD_NOT);
    assert_int_equal(at(&city, 1, JUNIOR)->held, HELD_JOINED);
    assert_int_equal(at(&city, 0, JUNIOR)->held, HELD_FROZEN);
    assert_int_equal(at(&city, 2, PRIMARY)->held, HELD_NOT);
}

/* ---- maxima --------------------------------------------------------------------------------------- */

static void
test_a_maximum_names_its_part(void **state)
{
    struct city city;

    (void)state;
    begin(&city, 3);
    city.table.measure = HOLDBACK_LARGEST;
    put(&city, 1, PRIMARY, 2, 60, false);
    put(&city, 2, PRIMARY, 8, 40, false);
    at(&city, 0, PRIMARY)->value = 60; /* only the small county can have it */
    assert_int_equal(decide(&city, 0, PRIMARY), HELD_COMPLEMENT);
    at(&city, 2, PRIMARY)->value = 60; /* now a shown one has it too */
    assert_int_equal(decide(&city, 0, PRIMARY), HELD_NOT);
    assert_int_equal(held_count(&city), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_is_shown),
        cmocka_unit_test(test_small_takes_the_cheapest_beside),
        cmocka_unit_test(test_zero_is_shown_and_hides_nothing),
        cmocka_unit_test(test_two_of_one_pin_each_other),
        cmocka_unit_test(test_own_schools_are_a_part_too),
        cmocka_unit_test(test_a_row_and_a_column_want_a_rectangle),
        cmocka_unit_test(test_a_bridge_is_not_enough),
        cmocka_unit_test(test_all_of_a_part_says_it_of_each),
        cmocka_unit_test(test_tied_are_held_back_together),
        cmocka_unit_test(test_what_is_known_hides_nothing),
        cmocka_unit_test(test_a_late_school_is_no_difference),
        cmocka_unit_test(test_what_follows_from_the_known_is_known),
        cmocka_unit_test(test_a_maximum_names_its_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
