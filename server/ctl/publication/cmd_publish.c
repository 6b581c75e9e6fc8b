/*
 * yuebaoctl publish: figures of a closed and declared period for everybody, small numbers held back.
 */
#include <string.h>

#include "publish.h"

enum verb { VERB_MAKE, VERB_LIST, VERB_SHOW, VERB_HELD, VERB_COMPARE, VERB_WITHDRAW, VERB_RULES, VERB_RULE };

static enum verb
verb_of(const char *word)
{
    static const struct {
        const char *word;
        enum verb verb;
    } verbs[] = {{"list", VERB_LIST},       {"show", VERB_SHOW},         {"held", VERB_HELD},
                 {"compare", VERB_COMPARE}, {"withdraw", VERB_WITHDRAW}, {"rules", VERB_RULES},
                 {"rule", VERB_RULE}};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].word, word) == 0)
            return verbs[i].verb;
    return VERB_MAKE;
}

/* An option that the verb does not know; NULL: none. */
static const char *
misplaced(enum verb verb, const struct publish_options *o)
{
    const struct {
        const char *name;
        bool given;
        unsigned verbs; /* a bit for each verb that has it */
    } rules[] = {
        {"--district", o->below != NULL, 1u << VERB_LIST | 1u << VERB_SHOW},
        {"--period", o->period != NULL, 1u << VERB_LIST},
        {"--edition", o->edition != NULL, 1u << VERB_SHOW | 1u << VERB_HELD | 1u << VERB_WITHDRAW},
        {"--html", o->html != NULL, 1u << VERB_MAKE | 1u << VERB_SHOW},
        {"--reason", o->reason != NULL, 1u << VERB_WITHDRAW},
        {"--schools", o->schools != NULL, 1u << VERB_RULE},
        {"--count", o->count != NULL, 1u << VERB_RULE},
        {"--share", o->share != NULL, 1u << VERB_RULE},
        {"--joined", o->joined != NULL, 1u << VERB_RULE},
        {"--dry-run", o->dry_run, 1u << VERB_MAKE | 1u << VERB_WITHDRAW},
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].given && (rules[i].verbs & 1u << verb) == 0)
            return rules[i].name;
    return NULL;
}

static int
run_of_edition(struct ctl *ctl, enum verb verb, struct publish_options *o, char *const *words, int n)
{
    if (n != (verb == VERB_COMPARE ? 4 : 2))
        return ctl_usage(ctl, MSG_ctl_publish_verb, NULL);
    o->district = words[0];
    o->period = words[1];
    switch (verb) {
    case VERB_SHOW:
        return publish_show(ctl, o);
    case VERB_HELD:
        return publish_held(ctl, o);
    case VERB_COMPARE:
        return publish_compare(ctl, o, words[2], words[3]);
    case VERB_WITHDRAW:
        return publish_withdraw(ctl, o);
    case VERB_MAKE:
    case VERB_LIST:
    case VERB_RULES:
    case VERB_RULE:
        break;
    }
    return publish_make(ctl, o);
}

static int
run(struct ctl *ctl, enum verb verb, struct publish_options *o, char *const *words, int n)
{
    if (verb == VERB_LIST && n == 0) {
        o->district = o->below; /* of the tree there, not of an edition */
        o->below = NULL;
        return publish_list(ctl, o);
    }
    if (verb == VERB_RULES && n == 0)
        return publish_rules(ctl);
    if (verb == VERB_RULE && (n == 1 || n == 2))
        return publish_rule(ctl, o, words[0], n == 2 ? words[1] : NULL);
    if (verb == VERB_LIST || verb == VERB_RULES || verb == VERB_RULE)
        return ctl_usage(ctl, MSG_ctl_publish_verb, NULL);
    return run_of_edition(ctl, verb, o, words, n);
}

int
cmd_publish(struct ctl *ctl, int argc, char **argv)
{
    struct publish_options o = {0};
    const struct ctl_option own[] = {{"district", &o.below, NULL},
                                     {"period", &o.period, NULL},
                                     {"edition", &o.edition, NULL},
                                     {"html", &o.html, NULL},
                                     {"reason", &o.reason, NULL},
                                     {"schools", &o.schools, NULL},
                                     {"count", &o.count, NULL},
                                     {"share", &o.share, NULL},
                                     {"joined", &o.joined, NULL},
                                     {"dry-run", NULL, &o.dry_run},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    enum verb verb = first < argc ? verb_of(argv[first]) : VERB_MAKE;
    const char *wrong = misplaced(verb, &o);
    if (wrong != NULL)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", wrong, NULL);
    first += verb != VERB_MAKE;
    return run(ctl, verb, &o, argv + first, argc - first);
}
