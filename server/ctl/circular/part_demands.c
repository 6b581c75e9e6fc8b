/*
 * What must be done. A demand stands here only if something above calls for it; the last one always does.
 */
#include "parts.h"

bool
circular_demands(struct circular *c)
{
    char missing[24], kept[24], pressing[24], over[24];

    circular_section(c, "demands", MSG_circular_demands);
    if (c->found.missing > 0)
        circular_demand(c, MSG_circular_demand_report, "missing", circular_long(c->found.missing, missing),
                        NULL);
    if (c->found.kept > 0)
        circular_demand(c, MSG_circular_demand_decide, "kept", circular_long(c->found.kept, kept), NULL);
    if (c->found.pressing > 0)
        circular_demand(c, MSG_circular_demand_targets, "targets", circular_long(c->found.pressing, pressing),
                        NULL);
    if (c->found.alerts > 0)
        circular_demand(c, MSG_circular_demand_alerts, NULL);
    if (c->found.unbalanced > 0)
        circular_demand(c, MSG_circular_demand_balance, "over", circular_long(c->found.unbalanced, over),
                        NULL);
    if (c->found.undeclared)
        circular_demand(c, MSG_circular_demand_declare, NULL);
    circular_demand(c, MSG_circular_demand_truth, NULL);
    return true;
}
