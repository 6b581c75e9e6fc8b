/*
 * sample: a small catalogue that has one of everything, for the unit tests.
 *
 *   1 enrolled_pupils    COUNT     0 to 5000           required in primary.monthly, kindergarten.monthly
 *   2 attendance_rate    RATIO     0 to 1              required in primary.monthly, primary.daily
 *   3 water_per_pupil    QUOTIENT  0 to 1.5, 2/0 decimals
 *   5 library_area       AREA      0 to 500.5, 1 decimal
 *   7 boarding_pupils    COUNT     no bounds
 *   8 plain_ratio        RATIO     no bounds, 1/2 decimals
 *   9 toys               COUNT     0 to 100            in kindergarten.monthly only
 *
 * One rule: boarding_within_enrolled, 7 <= 1.
 */
#ifndef YUEBAO_SAMPLE_H
#define YUEBAO_SAMPLE_H

#include "catalogue.h"

/* The message, unpacked, to be changed and freed (yuebao__catalogue__free_unpacked) by the caller. */
Yuebao__Catalogue *sample_message(void);

/* Pack and load; CATALOGUE_OK sets ret_catalogue. */
enum catalogue_status sample_load(const Yuebao__Catalogue *message, struct catalogue **ret_catalogue);

/* The sample as it stands; never NULL. */
struct catalogue *sample_catalogue(void);

#endif
