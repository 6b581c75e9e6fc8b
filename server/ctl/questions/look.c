#include "look.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "unit.h"

char *
look_in_language(const struct ctl *ctl, const char *columns)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        abort();
    for (; *columns != '\0'; columns++)
        if (*columns == '@')
            fputs(ctl->language == LANGUAGE_ZH ? "zh" : "en", out);
        else
            fputc(*columns, out);
    if (fclose(out) != 0)
        abort();
    return text;
}

PGresult *
look_ask(struct ctl *ctl, const char *columns, const char *from, int n, const char *const *values)
{
    char *chosen = look_in_language(ctl, ctl->format == OUTPUT_TEXT ? columns : "x.*"), *sql = NULL;

    if (asprintf(&sql, "SELECT %s %s", chosen, from) < 0)
        abort();
    PGresult *result = db_query(ctl, sql, n, values);
    free(sql);
    free(chosen);
    return result;
}

void
look_bar(const char *fraction, char bar[LOOK_BAR_SIZE])
{
    int full = fraction == NULL ? 0 : (int)(strtod(fraction, NULL) * LOOK_BAR_CELLS + 0.5);

    bar[0] = '\0';
    for (int i = 0; fraction != NULL && i < LOOK_BAR_CELLS; i++)
        strcat(bar, i < full ? "█" : "░");
}

const char *
look_unit(const struct ctl *ctl, const char *unit, char words[LISTING_WORDS_MAX])
{
    return unit_words(ctl->language, unit, words);
}

const char *
look_state(const struct ctl *ctl, const char *state)
{
    static const struct {
        const char *state;
        enum message word;
    } words[] = {{"value", MSG_ctl_look_value},
                 {"excused", MSG_ctl_look_excused},
                 {"left_out", MSG_ctl_look_left_out},
                 {"missing", MSG_ctl_look_missing}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].state, state) == 0)
            return message_text(ctl->language, words[i].word);
    return state;
}

static bool
any_left_empty(const PGresult *result, int figure, int schools)
{
    for (int row = 0; row < PQntuples(result); row++)
        if (PQgetisnull(result, row, figure) && PQgetvalue(result, row, schools)[0] != '0')
            return true;
    return false;
}

void
look_mention_away(struct ctl *ctl, const PGresult *result, int figure, int schools)
{
    PGresult *away;

    if (!any_left_empty(result, figure, schools))
        return;
    away = db_query(ctl, "SELECT FROM api.month AS m WHERE m.standing = 'detached' LIMIT 1", 0, NULL);
    if (away != NULL && PQntuples(away) > 0)
        ctl_say(ctl, MSG_ctl_look_away, NULL);
    PQclear(away);
}

bool
look_number(struct ctl *ctl, const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);

    if (text == NULL || (len >= 1 && len <= 4 && strspn(text, "0123456789") == len && text[0] != '0'))
        return true;
    ctl_usage(ctl, MSG_ctl_look_bad_number, "value", text, NULL);
    return false;
}

bool
look_operands(struct ctl *ctl, int argc, char **argv, int first, int least, int most)
{
    if (first < 0)
        return false;
    if (argc - first < least)
        ctl_usage(ctl, MSG_ctl_look_wants, NULL);
    else if (argc - first > most)
        ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first + most], NULL);
    return argc - first >= least && argc - first <= most;
}
