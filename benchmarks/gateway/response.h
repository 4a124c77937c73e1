/* An HTTP/1.1 response read piece by piece, and the server-sent events in its body. */
#ifndef RESPONSE_H
#define RESPONSE_H

#define _GNU_SOURCE
#include "reading.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MOST = 16384, EVENT_MOST = 2048 };
enum place { IN_HEAD, IN_BODY, IN_SIZE, IN_CHUNK, AFTER_CHUNK, IN_TRAILER, AT_END };
enum progress { MORE, COMPLETE, MALFORMED };

/* Who takes the body: called once for every piece of it, in order. */
typedef void take_body(void *owner, const char *data, size_t length);

struct response {
    enum place place;
    int status;
    bool closes;      /* the server ends the connection after this response */
    long long left;   /* bytes of the body or chunk to come; -1: until the connection ends */
    size_t held;      /* bytes in `head`, which is reused for the lines of chunk sizes */
    char head[HEAD_MOST];
};

static inline void response_begin(struct response *r) {
    r->place = IN_HEAD;
    r->status = 0;
    r->closes = false;
    r->left = -1;
    r->held = 0;
}

static inline enum progress read_head(struct response *r) {
    if (sscanf(r->head, "HTTP/1.%*c %d", &r->status) != 1) return MALFORMED;
    const char *length = header(r->head, "content-length");
    const char *coding = header(r->head, "transfer-encoding");
    const char *connection = header(r->head, "connection");
    r->closes = connection && strncasecmp(connection, "close", 5) == 0;
    r->held = 0;
    if (r->status / 100 == 1) {
        r->place = IN_HEAD;
        return MORE;
    }
    if (coding && strncasecmp(coding, "chunked", 7) == 0) {
        r->place = IN_SIZE;
        return MORE;
    }
    r->left = length ? atoll(length) : (r->status == 204 || r->status == 304) ? 0 : -1;
    r->closes = r->closes || r->left < 0;
    r->place = r->left == 0 ? AT_END : IN_BODY;
    return r->left == 0 ? COMPLETE : MORE;
}

/* Take bytes until `head` ends with `mark`; how many were taken, or 0 when it grows too long. */
static inline size_t hold_until(struct response *r, const char *data, size_t length,
                                const char *mark, bool *found) {
    size_t taken = 0, size = strlen(mark);
    *found = false;
    while (taken < length && !*found) {
        if (r->held == HEAD_MOST - 1) return 0;
        r->head[r->held++] = data[taken++];
        *found = r->head[r->held - 1] == '\n' && r->held >= size &&
                 memcmp(r->head + r->held - size, mark, size) == 0;
    }
    r->head[r->held] = 0;
    return taken;
}

static inline enum progress read_size(struct response *r) {
    char *end;
    r->left = strtoll(r->head, &end, 16);
    if (end == r->head || r->left < 0) return MALFORMED;
    r->held = 0;
    r->place = r->left ? IN_CHUNK : IN_TRAILER;
    return MORE;
}

/* Read on; pieces of the body go to `take`. Bytes after the end of a response are malformed. */
static inline enum progress response_feed(struct response *r, const char *data, size_t length,
                                          take_body *take, void *owner) {
    while (length > 0) {
        size_t taken;
        bool found = false;
        enum progress progress = MORE;
        switch (r->place) {
        case IN_HEAD:
            taken = hold_until(r, data, length, "\r\n\r\n", &found);
            if (taken == 0) return MALFORMED;
            if (found) progress = read_head(r);
            break;
        case IN_BODY:
        case IN_CHUNK:
            taken = r->left < 0 || (long long)length < r->left ? length : (size_t)r->left;
            take(owner, data, taken);
            if (r->left < 0) break;
            r->left -= (long long)taken;
            if (r->left > 0) break;
            if (r->place == IN_BODY) progress = COMPLETE;
            r->place = r->place == IN_BODY ? AT_END : AFTER_CHUNK;
            break;
        case IN_SIZE:
        case AFTER_CHUNK:
        case IN_TRAILER:
            taken = hold_until(r, data, length, "\r\n", &found);
            if (taken == 0) return MALFORMED;
            if (!found) break;
            if (r->place == IN_SIZE) {
                progress = read_size(r);
            } else if (r->place == AFTER_CHUNK) {
                r->place = IN_SIZE;
            } else if (r->held == 2) {
                r->place = AT_END;
                progress = COMPLETE;
            }
            r->held = 0;
            break;
        default:
            return MALFORMED;
        }
        data += taken;
        length -= taken;
        if (progress == MALFORMED || (progress == COMPLETE && length > 0)) return MALFORMED;
        if (progress == COMPLETE) return COMPLETE;
    }
    return MORE;
}

/* Server-sent events: what one says that matters here. */
enum event { OTHER_EVENT, CONTENT_EVENT, DONE_EVENT, ERROR_EVENT };

struct events {
    size_t held, line;  /* bytes of the event that are kept, bytes of its last line so far */
    char text[EVENT_MOST];
};

typedef void take_event(void *owner, enum event event);

static inline bool has(const struct events *e, const char *text) {
    return memmem(e->text, e->held, text, strlen(text)) != NULL;
}

/* Does the event hold `"key": "..."` with something between the quotes? */
static inline bool has_text(const struct events *e, const char *quoted_key) {
    const char *end = e->text + e->held;
    const char *at = memmem(e->text, e->held, quoted_key, strlen(quoted_key));
    if (!at) return false;
    for (at += strlen(quoted_key); at < end && (*at == ' ' || *at == ':'); at++) {}
    return end - at > 1 && at[0] == '"' && at[1] != '"';
}

static inline enum event kind_of(const struct events *e, const char *quoted_key) {
    if (has_text(e, quoted_key)) return CONTENT_EVENT;
    if (has(e, "[DONE]") || has(e, "message_stop") || has(e, "event: response.completed"))
        return DONE_EVENT;
    if (has(e, "event: error") || has(e, "\"error\":{") || has(e, "\"error\": {"))
        return ERROR_EVENT;
    return OTHER_EVENT;
}

/* Read on; every event that an empty line ends is told. `quoted_key`: where content stands. */
static inline void events_feed(struct events *e, const char *data, size_t length,
                               const char *quoted_key, take_event *take, void *owner) {
    while (length > 0) {
        const char *stop = memchr(data, '\n', length);
        size_t size = stop ? (size_t)(stop - data) + 1 : length;
        size_t room = EVENT_MOST - e->held, kept = size < room ? size : room;
        memcpy(e->text + e->held, data, kept);
        e->held += kept;
        e->line += size;
        bool empty = stop && (e->line == 1 || (e->line == 2 && size >= 1 && e->held >= 2 &&
                                               e->text[e->held - 2] == '\r'));
        if (stop) e->line = 0;
        if (empty) {
            if (e->held > 2) take(owner, kind_of(e, quoted_key));
            e->held = 0;
        }
        data += size;
        length -= size;
    }
}

#endif
