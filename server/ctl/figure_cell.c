#include "figure_cell.h"

#include <stdlib.h>

#include "yuebao.pb-c.h"

const char *
figure_cell(const struct ctl *ctl, const char *text, const char *missing)
{
    const ProtobufCEnumValue *reason;

    if (text != NULL || missing == NULL)
        return text;
    reason = protobuf_c_enum_descriptor_get_value(&yuebao__missing_reason__descriptor,
                                                  (int)strtol(missing, NULL, 10));
    if (reason == NULL)
        return missing;
    return message_word(ctl->format == OUTPUT_TEXT ? ctl->language : LANGUAGE_EN, reason->name);
}
