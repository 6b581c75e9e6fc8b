#include <stdlib.h>

#include "batch.h"

struct submission *
submission_new(void)
{
    return calloc(1, sizeof(struct submission));
}

void
submission_free(struct submission *s)
{
    if (s == NULL)
        return;
    if (s->statement != NULL)
        yuebao__statement__free_unpacked(s->statement, s->unpacked_by);
    findings_fini(&s->warnings);
    free(s->remarks);
    free(s->envelope);
    free(s->answer);
    free(s->first_answer);
    free(s->rejection_summary);
    free(s->school_code);
    free(s->form_code);
    free(s->period_text);
    free(s);
}
