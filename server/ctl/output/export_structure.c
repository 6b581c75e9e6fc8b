/*
 * The data structure definition of what --sdmx writes (SDMX-ML 3.0, structure message): code lists from the
 * catalogue, a concept for each column, two structures and their data flows. The columns of the query
 * (export_query.c) and the table below are the same list; a test holds them together.
 */
#include <string.h>

#include "db.h"
#include "export.h"
#include "unit.h"
#include "xml.h"

#define MESSAGE_SPACE "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/"
#define URN           "urn:sdmx:org.sdmx.infomodel."

enum role { DIMENSION, TIME, MEASURE, ATTRIBUTE };
enum flows { BOTH = 3, FIGURES = 1, TOTALS = 2 };

static const struct component {
    const char *id;
    enum role role;
    const char *list; /* its codes; NULL: `type` says what it is */
    const char *type;
    enum flows flows;
    const char *en, *zh;
} components[] = {
    {"FREQ", DIMENSION, "CL_FREQ", NULL, BOTH, "Frequency", "频率"},
    {"DISTRICT", DIMENSION, "CL_DISTRICT", NULL, BOTH, "District", "区划"},
    {"SCHOOL", DIMENSION, NULL, "String", FIGURES, "School code", "学校代码"},
    {"KIND", DIMENSION, "CL_KIND", NULL, BOTH, "Kind of school", "学校类别"},
    {"FORM", DIMENSION, "CL_FORM", NULL, BOTH, "Form that asks", "报表"},
    {"INDICATOR", DIMENSION, "CL_INDICATOR", NULL, BOTH, "Indicator", "指标"},
    {"TIME_PERIOD", TIME, NULL, "ObservationalTimePeriod", BOTH, "Period", "报告期"},
    {"OBS_VALUE", MEASURE, NULL, "Decimal", BOTH, "Value; of two figures, their quotient",
     "数值（有分母的为比值）"},
    {"UNIT_MEASURE", ATTRIBUTE, "CL_UNIT", NULL, BOTH, "Unit", "单位"},
    {"DECIMALS", ATTRIBUTE, NULL, "Integer", BOTH, "Decimals", "小数位数"},
    {"OBS_STATUS", ATTRIBUTE, "CL_OBS_STATUS", NULL, BOTH, "Status", "数值状态"},
    {"NUMERATOR", ATTRIBUTE, NULL, "Decimal", BOTH, "Numerator, exact", "分子（精确值）"},
    {"DENOMINATOR", ATTRIBUTE, NULL, "Decimal", BOTH, "Denominator, exact", "分母（精确值）"},
    {"MISSING_REASON", ATTRIBUTE, "CL_MISSING_REASON", NULL, BOTH, "Why there is no value", "缺值原因"},
    {"REVISION", ATTRIBUTE, NULL, "Integer", FIGURES, "Revision of the report", "第几次报告"},
    {"SCHOOLS", ATTRIBUTE, NULL, "Integer", TOTALS, "Schools with a value", "有数值的学校数"},
    {"EXCUSED", ATTRIBUTE, NULL, "Integer", TOTALS, "Schools with a reason instead", "说明缺值原因的学校数"},
    {"REPORTING_YEAR_START_DAY", ATTRIBUTE, NULL, "MonthDay", BOTH, "Day on which a year of terms begins",
     "学期年度起始日"},
};
#define COMPONENT_COUNT (sizeof(components) / sizeof(components[0]))

static const struct {
    const char *id;
    enum flows flow;
    const char *en, *zh;
} structures[] = {{"FIGURES", FIGURES, "Figures of schools", "学校填报数据"},
                  {"TOTALS", TOTALS, "Totals of districts", "区划汇总数据"}};
#define STRUCTURE_COUNT (sizeof(structures) / sizeof(structures[0]))

/* ---- code lists --------------------------------------------------------------------------------- */

struct code {
    const char *id, *en, *zh;
};

static const struct code frequencies[] = {{"D", "Daily", "日"},
                                          {"W", "Weekly", "周"},
                                          {"M", "Monthly", "月"},
                                          {"Q", "Quarterly", "季"},
                                          {"S", "Half-yearly: the school term", "学期"},
                                          {"A", "Yearly", "年"},
                                          {0}};
static const struct code kinds[] = {
    {"kindergarten", "kindergarten", "幼儿园"},          {"primary", "primary school", "小学"},
    {"junior", "junior middle school", "初中"},          {"senior", "senior middle school", "普通高中"},
    {"vocational", "vocational school", "中等职业学校"}, {"special", "special school", "特殊教育学校"},
    {"district", "education bureau", "教育局"},          {0}};
static const struct code statuses[] = {{"A", "Normal value", "正常"},
                                       {"L", "Missing: exists, but was not collected", "缺值：存在但未采集"},
                                       {"M", "Missing: cannot exist", "缺值：不可能有值"},
                                       {"O", "Missing", "缺值"},
                                       {0}};
static const struct code reasons[] = {{"NOT_APPLICABLE", "not applicable", "不适用"},
                                      {"NOT_YET_KNOWN", "not yet known", "暂未掌握"},
                                      {"NOT_COLLECTED", "not collected", "未采集"},
                                      {"REFUSED", "refused", "拒绝提供"},
                                      {"ZERO_DENOMINATOR", "the denominator is zero", "分母为零"},
                                      {"NO_SCHOOL", "no school has a value", "没有学校填报数值"},
                                      {0}};

static const struct list {
    const char *id, *en, *zh;
    const struct code *codes; /* NULL: from the database */
    const char *query;        /* id, English, Chinese */
} lists[] = {
    {"CL_DISTRICT", "Districts (GB/T 2260)", "行政区划（GB/T 2260）", NULL,
     "SELECT d.district, d.name_en, d.name_zh FROM api.district AS d ORDER BY d.district"},
    {"CL_FORM", "Forms", "报表", NULL,
     "SELECT DISTINCT replace(c.form, '.', '_'), c.name_en, c.name_zh FROM api.calendar AS c ORDER BY 1"},
    {"CL_FREQ", "Frequencies", "频率", frequencies, NULL},
    {"CL_INDICATOR", "Indicators", "指标", NULL,
     "SELECT i.indicator, i.name_en, i.name_zh FROM api.indicator AS i ORDER BY i.indicator"},
    {"CL_KIND", "Kinds of schools", "学校类别", kinds, NULL},
    {"CL_MISSING_REASON", "Reasons for missing values", "缺值原因", reasons, NULL},
    {"CL_OBS_STATUS", "Status of a value", "数值状态", statuses, NULL},
    {"CL_UNIT", "Units", "单位", NULL,
     "SELECT DISTINCT i.unit, replace(i.unit, '_', ' '), NULL FROM api.indicator AS i ORDER BY i.unit"},
};

static void
put_names(FILE *out, const char *indent, const char *en, const char *zh)
{
    const char *const names[][2] = {{"en", en}, {"zh", zh}};

    for (size_t i = 0; i < 2; i++) {
        fprintf(out, "%s<com:Name xml:lang=\"%s\">", indent, names[i][0]);
        xml_text(out, names[i][1]);
        fputs("</com:Name>\n", out);
    }
}

static void
put_code(FILE *out, const char *id, const char *en, const char *zh)
{
    fputs("        <str:Code", out);
    xml_attribute(out, "id", id);
    fputs(">\n", out);
    put_names(out, "          ", en[0] == '\0' ? id : en, zh[0] == '\0' ? id : zh);
    fputs("        </str:Code>\n", out);
}

static void
open_item(FILE *out, const char *element, const char *id, const char *en, const char *zh)
{
    fprintf(out, "      <str:%s id=\"%s\" agencyID=\"" SDMX_AGENCY "\" version=\"" SDMX_VERSION "\">\n",
            element, id);
    put_names(out, "        ", en, zh);
}

static bool
put_list(struct ctl *ctl, FILE *out, const struct list *list)
{
    PGresult *result = list->query == NULL ? NULL : db_query(ctl, list->query, 0, NULL);

    if (list->query != NULL && result == NULL)
        return false;
    open_item(out, "Codelist", list->id, list->en, list->zh);
    for (const struct code *code = list->codes; code != NULL && code->id != NULL; code++)
        put_code(out, code->id, code->en, code->zh);
    for (int r = 0; result != NULL && r < PQntuples(result); r++) {
        const char *id = PQgetvalue(result, r, 0), *zh = db_cell(result, r, 2);
        put_code(out, id, PQgetvalue(result, r, 1), zh == NULL ? unit_zh(id) : zh);
    }
    fputs("      </str:Codelist>\n", out);
    PQclear(result);
    return true;
}

static bool
put_lists(struct ctl *ctl, FILE *out)
{
    bool ok = true;

    fputs("    <str:Codelists>\n", out);
    for (size_t i = 0; ok && i < sizeof(lists) / sizeof(lists[0]); i++)
        ok = put_list(ctl, out, &lists[i]);
    fputs("    </str:Codelists>\n", out);
    return ok;
}

/* ---- concepts, flows, structures ---------------------------------------------------------------- */

static void
put_concepts(FILE *out)
{
    fputs("    <str:ConceptSchemes>\n", out);
    open_item(out, "ConceptScheme", "CONCEPTS", "Concepts of Yuebao", "月报概念");
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        fprintf(out, "        <str:Concept id=\"%s\">\n", components[i].id);
        put_names(out, "          ", components[i].en, components[i].zh);
        fputs("        </str:Concept>\n", out);
    }
    fputs("      </str:ConceptScheme>\n    </str:ConceptSchemes>\n", out);
}

static void
put_flows(FILE *out)
{
    fputs("    <str:Dataflows>\n", out);
    for (size_t i = 0; i < STRUCTURE_COUNT; i++) {
        open_item(out, "Dataflow", structures[i].id, structures[i].en, structures[i].zh);
        fprintf(out,
                "        <str:Structure>" URN "datastructure.DataStructure=" SDMX_AGENCY ":%s(" SDMX_VERSION
                ")</str:Structure>\n      </str:Dataflow>\n",
                structures[i].id);
    }
    fputs("    </str:Dataflows>\n", out);
}

static void
put_component(FILE *out, const struct component *component, unsigned position)
{
    static const char *const elements[] = {"Dimension", "TimeDimension", "Measure", "Attribute"};
    const char *element = elements[component->role];

    fprintf(out, "            <str:%s id=\"%s\"", element, component->id);
    if (component->role == DIMENSION)
        fprintf(out, " position=\"%u\"", position);
    else if (component->role != TIME)
        fputs(" usage=\"optional\"", out);
    fprintf(out,
            ">\n              <str:ConceptIdentity>" URN "conceptscheme.Concept=" SDMX_AGENCY
            ":CONCEPTS(" SDMX_VERSION ").%s</str:ConceptIdentity>\n              <str:LocalRepresentation>\n",
            component->id);
    if (component->list != NULL)
        fprintf(out,
                "                <str:Enumeration>" URN "codelist.Codelist=" SDMX_AGENCY ":%s(" SDMX_VERSION
                ")</str:Enumeration>\n",
                component->list);
    else
        fprintf(out, "                <str:TextFormat textType=\"%s\"/>\n", component->type);
    fputs("              </str:LocalRepresentation>\n", out);
    if (component->role == ATTRIBUTE)
        fputs("              <str:AttributeRelationship><str:Observation/></str:AttributeRelationship>\n",
              out);
    fprintf(out, "            </str:%s>\n", element);
}

/* The components of a flow whose roles are from `first` to `last`. */
static void
put_components(FILE *out, const char *element, const char *id, enum flows flow, enum role first,
               enum role last)
{
    unsigned position = 0;

    fprintf(out, "          <str:%s id=\"%s\">\n", element, id);
    for (size_t i = 0; i < COMPONENT_COUNT; i++)
        if ((components[i].flows & flow) != 0 && components[i].role >= first && components[i].role <= last)
            put_component(out, &components[i], ++position);
    fprintf(out, "          </str:%s>\n", element);
}

static void
put_structures(FILE *out)
{
    fputs("    <str:DataStructures>\n", out);
    for (size_t i = 0; i < STRUCTURE_COUNT; i++) {
        open_item(out, "DataStructure", structures[i].id, structures[i].en, structures[i].zh);
        fputs("        <str:DataStructureComponents>\n", out);
        put_components(out, "DimensionList", "DimensionDescriptor", structures[i].flow, DIMENSION, TIME);
        put_components(out, "AttributeList", "AttributeDescriptor", structures[i].flow, ATTRIBUTE, ATTRIBUTE);
        put_components(out, "MeasureList", "MeasureDescriptor", structures[i].flow, MEASURE, MEASURE);
        fputs("        </str:DataStructureComponents>\n      </str:DataStructure>\n", out);
    }
    fputs("    </str:DataStructures>\n", out);
}

bool
export_structure(struct ctl *ctl, FILE *out)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<mes:Structure xmlns:mes=\"" MESSAGE_SPACE
          "message\" xmlns:str=\"" MESSAGE_SPACE "structure\" xmlns:com=\"" MESSAGE_SPACE "common\">\n"
          "  <mes:Header>\n    <mes:ID>YUEBAO_STRUCTURE</mes:ID>\n    <mes:Test>false</mes:Test>\n"
          "    <mes:Prepared>",
          out);
    xml_now(out);
    fputs("</mes:Prepared>\n    <mes:Sender id=\"" SDMX_AGENCY "\"/>\n  </mes:Header>\n  <mes:Structures>\n",
          out);
    bool ok = put_lists(ctl, out);
    put_concepts(out);
    put_flows(out);
    put_structures(out);
    fputs("  </mes:Structures>\n</mes:Structure>\n", out);
    return ok;
}
