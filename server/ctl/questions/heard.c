#include "heard.h"

const char *
heard_day(const struct ctl *ctl, const char *day)
{
    return day != NULL ? day : message_text(ctl->language, MSG_ctl_never);
}
