/* yuebao catalogue: what is owed, when, and by which indicators, as the server says now. */
#include <stdlib.h>

#include "agenda.h"
#include "desk.h"
#include "outcome.h"

static int
report_agenda(struct desk *desk)
{
    Yuebao__Agenda *agenda = agenda_load(desk->outbox);
    char schools[24], windows[24];

    if (agenda == NULL)
        return desk_outbox_failed(desk, OUTBOX_NOMEM);
    snprintf(schools, sizeof(schools), "%zu", agenda->n_school);
    snprintf(windows, sizeof(windows), "%zu", agenda->n_window);
    desk_say(desk, MSG_fetched, "schools", schools, "windows", windows, NULL);
    desk_report(desk, "schools", json_integer((json_int_t)agenda->n_school));
    desk_report(desk, "windows", json_integer((json_int_t)agenda->n_window));
    yuebao__agenda__free_unpacked(agenda, NULL);
    return EX_OK;
}

int
cmd_catalogue(struct desk *desk, int argc, char **argv)
{
    struct identity identity = {0};
    struct courier c = {0};
    int exit_status;

    (void)argv;
    if (argc != 1)
        return desk_usage(desk, "catalogue");
    exit_status = desk_open(desk, false);
    if (exit_status == 0)
        exit_status = desk_identity(desk, &identity);
    if (exit_status != 0)
        return exit_status;
    if (courier_open(&c, desk->outbox, &identity, UPLINK_HELLO) && courier_fetch(&c)) {
        desk_mention_clock(desk, &c);
        exit_status = report_agenda(desk);
    } else {
        exit_status = desk_courier_failed(desk, &c);
    }
    if (exit_status == EX_OK)
        outcome_hear(desk, &c);
    desk_mention_key(desk, &c);
    courier_close(&c);
    identity_fini(&identity);
    return exit_status;
}
