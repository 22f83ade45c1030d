/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The message of the last failure, built up on its way to the caller. */
#include "moat/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 4096 };
static _Thread_local char message[MESSAGE_SIZE];

enum moat_status moat_error_set(enum moat_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return status;
}

enum moat_status moat_error_context(enum moat_status status, const char *format, ...)
{
    char context[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);

    size_t context_length = strlen(context), message_length = strlen(message);
    if (context_length + 2 + message_length < sizeof message) { /* otherwise the message alone says more */
        memmove(message + context_length + 2, message, message_length + 1);
        memcpy(message, context, context_length);
        memcpy(message + context_length, ": ", 2);
    }
    return status;
}

const char *moat_error_message(void)
{
    return message;
}
