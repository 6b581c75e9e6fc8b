/*
 * yuebaoctl access: who may see what.
 */
#include <string.h>

#include "access.h"

#define LEAST(verb, wanted) (strcmp(argv[0], verb) == 0 && n >= (wanted))

static int
dispatch(struct ctl *ctl, struct access_question *q, int n, char **argv)
{
    bool has_options = q->district != NULL || q->from != NULL || q->until != NULL;

    if (n == 0 || (n == 1 && strcmp(argv[0], "list") == 0) || (n == 2 && strcmp(argv[0], "show") == 0)) {
        if (has_options)
            return ctl_usage(ctl, MSG_ctl_access_options, NULL);
        return access_list(ctl, n == 2 ? argv[1] : NULL);
    }
    q->role = n > 1 ? argv[1] : NULL;
    if (LEAST("grant", 3)) {
        q->kind = argv[2];
        q->names = argv + 3;
        q->n = n - 3;
        return access_grant(ctl, q);
    }
    if (LEAST("revoke", 2)) {
        q->names = argv + 2;
        q->n = n - 2;
        return has_options ? ctl_usage(ctl, MSG_ctl_access_options, NULL) : access_revoke(ctl, q);
    }
    if (strcmp(argv[0], "grant") == 0 || strcmp(argv[0], "revoke") == 0 || strcmp(argv[0], "show") == 0)
        return ctl_usage(ctl, MSG_ctl_access_whom, NULL);
    return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[n > 1 && strcmp(argv[0], "list") == 0 ? 1 : 0],
                     NULL);
}

int
cmd_access(struct ctl *ctl, int argc, char **argv)
{
    struct access_question q = {0};
    const struct ctl_option own[] = {
        {"district", &q.district, NULL}, {"from", &q.from, NULL}, {"to", &q.until, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);

    return first < 0 ? ctl->status : dispatch(ctl, &q, argc - first, argv + first);
}
