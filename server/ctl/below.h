/*
 * below: the condition "in this district or below it", for queries of people who may read schema api and
 * nothing else.
 */
#ifndef YUEBAOCTL_BELOW_H
#define YUEBAOCTL_BELOW_H

/* Begins a query whose parameter $1 is a district or NULL (everywhere). */
#define WITH_BELOW                                                                                           \
    "WITH RECURSIVE below (district) AS (SELECT $1::integer UNION SELECT d.district FROM api.district AS d " \
    "JOIN below AS b ON d.parent = b.district) "
#define IS_BELOW(column)                                                                                     \
    "($1::integer IS NULL OR " column " = ANY (ARRAY(SELECT b.district FROM below AS b)))"

#endif
