#include "sample.h"

#include <assert.h>
#include <stdlib.h>

#include "envelope.h"

#define OF(name)        .base = PROTOBUF_C_MESSAGE_INIT(&yuebao__##name##__descriptor)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static Yuebao__Bound zero = {OF(bound)};
static Yuebao__Bound one = {OF(bound), .scaled = 1};
static Yuebao__Bound hundred = {OF(bound), .scaled = 100};
static Yuebao__Bound five_thousand = {OF(bound), .scaled = 5000};
static Yuebao__Bound one_and_a_half = {OF(bound), .scaled = 15, .decimals = 1};
static Yuebao__Bound five_hundred_and_a_half = {OF(bound), .scaled = 5005, .decimals = 1};

static Yuebao__Indicator enrolled = {OF(indicator),
                                     .number = 1,
                                     .code = (char *)"enrolled_pupils",
                                     .name_zh = (char *)"在校学生数",
                                     .name_en = (char *)"Pupils enrolled",
                                     .unit = (char *)"persons",
                                     .measure = YUEBAO__MEASURE__COUNT,
                                     .min = &zero,
                                     .max = &five_thousand};
static Yuebao__Indicator attendance = {OF(indicator),
                                       .number = 2,
                                       .code = (char *)"attendance_rate",
                                       .name_zh = (char *)"学生出勤率",
                                       .name_en = (char *)"Attendance rate",
                                       .unit = (char *)"ratio",
                                       .measure = YUEBAO__MEASURE__RATIO,
                                       .over_schools = YUEBAO__OVER_SCHOOLS__SCHOOLS_RATIO_OF_SUMS,
                                       .min = &zero,
                                       .max = &one};
static Yuebao__Indicator water = {OF(indicator),
                                  .number = 3,
                                  .code = (char *)"water_per_pupil",
                                  .name_zh = (char *)"生均用水量",
                                  .name_en = (char *)"Water per pupil",
                                  .unit = (char *)"t",
                                  .measure = YUEBAO__MEASURE__QUOTIENT,
                                  .decimals = 2,
                                  .min = &zero,
                                  .max = &one_and_a_half};
static Yuebao__Indicator library = {OF(indicator),
                                    .number = 5,
                                    .code = (char *)"library_area",
                                    .name_zh = (char *)"图书馆面积",
                                    .name_en = (char *)"Library area",
                                    .unit = (char *)"m2",
                                    .measure = YUEBAO__MEASURE__AREA,
                                    .decimals = 1,
                                    .min = &zero,
                                    .max = &five_hundred_and_a_half};
static Yuebao__Indicator boarding = {OF(indicator),
                                     .number = 7,
                                     .code = (char *)"boarding_pupils",
                                     .name_zh = (char *)"寄宿生数",
                                     .name_en = (char *)"Boarding pupils",
                                     .unit = (char *)"persons",
                                     .measure = YUEBAO__MEASURE__COUNT};
static Yuebao__Indicator plain = {OF(indicator),
                                  .number = 8,
                                  .code = (char *)"plain_ratio",
                                  .name_zh = (char *)"占比",
                                  .name_en = (char *)"Share",
                                  .unit = (char *)"ratio",
                                  .measure = YUEBAO__MEASURE__RATIO,
                                  .decimals = 1,
                                  .denominator_decimals = 2};
static Yuebao__Indicator toys = {OF(indicator),
                                 .number = 9,
                                 .code = (char *)"toys",
                                 .name_zh = (char *)"玩具数",
                                 .name_en = (char *)"Toys",
                                 .unit = (char *)"pieces",
                                 .measure = YUEBAO__MEASURE__COUNT,
                                 .min = &zero,
                                 .max = &hundred};

static uint32_t kindergarten_required[] = {1, 9}, daily_required[] = {2};
static uint32_t monthly_required[] = {1, 2}, monthly_optional[] = {3, 5, 7, 8};

static Yuebao__Form kindergarten_monthly = {OF(form),
                                            .code = (char *)"kindergarten.monthly",
                                            .kind = (char *)"kindergarten",
                                            .frequency = (char *)"monthly",
                                            .name_zh = (char *)"幼儿园月报",
                                            .name_en = (char *)"Kindergarten, monthly",
                                            .required = kindergarten_required,
                                            .n_required = COUNT_OF(kindergarten_required)};
static Yuebao__Form primary_daily = {OF(form),
                                     .code = (char *)"primary.daily",
                                     .kind = (char *)"primary",
                                     .frequency = (char *)"daily",
                                     .name_zh = (char *)"小学日报",
                                     .name_en = (char *)"Primary school, daily",
                                     .required = daily_required,
                                     .n_required = COUNT_OF(daily_required)};
static Yuebao__Form primary_monthly = {OF(form),
                                       .code = (char *)"primary.monthly",
                                       .kind = (char *)"primary",
                                       .frequency = (char *)"monthly",
                                       .name_zh = (char *)"小学月报",
                                       .name_en = (char *)"Primary school, monthly",
                                       .required = monthly_required,
                                       .n_required = COUNT_OF(monthly_required),
                                       .optional = monthly_optional,
                                       .n_optional = COUNT_OF(monthly_optional)};

static Yuebao__Term term_boarding = {OF(term), .indicator = 7}, term_enrolled = {OF(term), .indicator = 1};
static Yuebao__Term *left[] = {&term_boarding}, *right[] = {&term_enrolled};
static Yuebao__Rule boarding_within_enrolled = {OF(rule),
                                                .code = (char *)"boarding_within_enrolled",
                                                .severity = YUEBAO__SEVERITY__ERROR,
                                                .op = YUEBAO__OPERATOR__AT_MOST,
                                                .left = left,
                                                .n_left = 1,
                                                .right = right,
                                                .n_right = 1,
                                                .message_zh = (char *)"寄宿生数不能多于在校学生数",
                                                .message_en =
                                                    (char *)"Boarding pupils cannot exceed pupils enrolled"};

static Yuebao__Indicator *indicators[] = {&enrolled, &attendance, &water, &library, &boarding, &plain, &toys};
static Yuebao__Form *forms[] = {&kindergarten_monthly, &primary_daily, &primary_monthly};
static Yuebao__Rule *rules[] = {&boarding_within_enrolled};
static const Yuebao__Catalogue sample = {
    OF(catalogue), .made_ms = 1760000000000,  .indicator = indicators, .n_indicator = COUNT_OF(indicators),
    .form = forms, .n_form = COUNT_OF(forms), .rule = rules,           .n_rule = COUNT_OF(rules)};

static uint8_t *
pack(const Yuebao__Catalogue *message, size_t *ret_len)
{
    uint8_t *bytes = malloc(yuebao__catalogue__get_packed_size(message) + 1);

    assert(bytes != NULL);
    *ret_len = yuebao__catalogue__pack(message, bytes);
    return bytes;
}

Yuebao__Catalogue *
sample_message(void)
{
    size_t len;
    uint8_t *bytes = pack(&sample, &len);
    Yuebao__Catalogue *message = yuebao__catalogue__unpack(NULL, len, bytes);

    assert(message != NULL);
    free(bytes);
    return message;
}

enum catalogue_status
sample_load(const Yuebao__Catalogue *message, struct catalogue **ret_catalogue)
{
    size_t len;
    uint8_t *bytes = pack(message, &len);
    enum catalogue_status status = catalogue_load(bytes, len, ret_catalogue);

    free(bytes);
    return status;
}

struct catalogue *
sample_catalogue(void)
{
    struct catalogue *catalogue = NULL;
    bool ready = envelope_init();
    enum catalogue_status status = sample_load(&sample, &catalogue);

    assert(ready && status == CATALOGUE_OK);
    (void)ready;
    (void)status;
    return catalogue;
}
