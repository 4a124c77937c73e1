/* Finding what a request or a response says, without parsing all of it. */
#ifndef READING_H
#define READING_H

#define _GNU_SOURCE
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* The value of a header in a head that ends with a zero, or NULL. */
static inline const char *header(const char *head, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strchr(head, '\n'); line; line = strchr(line + 1, '\n'))
        if (strncasecmp(line + 1, name, length) == 0 && line[1 + length] == ':') {
            const char *value = line + 2 + length;
            return value + strspn(value, " \t");
        }
    return NULL;
}

/* The value after `"key":` in a JSON text, or NULL. In a string its quotes would be escaped. */
static inline const char *value_of(const char *text, size_t length, const char *quoted_key) {
    const char *end = text + length;
    size_t size = strlen(quoted_key);
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), quoted_key, size));) {
        for (at += size; at < end && strchr(" \t\r\n", *at); at++) {}
        if (at == end || *at != ':') continue;
        for (at++; at < end && strchr(" \t\r\n", *at); at++) {}
        return at < end ? at : NULL;
    }
    return NULL;
}

static inline bool is_true(const char *body, size_t length, const char *quoted_key) {
    const char *value = value_of(body, length, quoted_key);
    return value && (size_t)(body + length - value) >= 4 && memcmp(value, "true", 4) == 0;
}

#endif
