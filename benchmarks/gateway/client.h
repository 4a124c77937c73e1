/* A client of the upstream: its connection, what it asked for, what is still to be sent to it. */
#ifndef CLIENT_H
#define CLIENT_H

#define _GNU_SOURCE
#include "due.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NAME_MOST = 128, OUT_MOST = 4096 };

/* How an answer is given: so many tokens, the first after a delay, the others at intervals. */
struct pace {
    long tokens;
    double delay_ms, interval_ms;
};

struct client {
    struct due due;               /* first, so that what is due tells whose it is */
    struct client *next;          /* among those that are gone */
    int fd;
    char *in;                     /* what was read and not yet answered */
    size_t in_length, in_room;
    bool answering, streams, wants_usage, ends_after, blocked;
    char model[NAME_MOST];
    struct pace pace;
    long told;                    /* tokens of this stream that were told */
    int64_t begun;
    char out[OUT_MOST];
    size_t out_length, out_sent;
};

static int poller;
static struct client *gone;
static struct {
    long long requests, completions, streams, aborted, refused, connections;
    int open, active, active_streams, most_open;
} stats;

static void watch(struct client *c, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(poller, operation, c->fd, &event);
}

static void part(struct client *c) {
    if (c->answering) {
        stats.aborted++;
        stats.active--;
        stats.active_streams -= c->streams;
    }
    due_forget(&c->due);
    stats.open--;
    close(c->fd);
    c->fd = -1;
    c->answering = false;
    c->next = gone;
    gone = c;
}

/* Freed after a round and not in it: the events of the round may name a client twice. */
static void bury(void) {
    for (struct client *c; (c = gone);) {
        gone = c->next;
        free(c->in);
        free(c);
    }
}

/* Send what is held; false when the client is gone or slow. */
static bool flush(struct client *c) {
    while (c->out_sent < c->out_length) {
        ssize_t n = send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            if (!c->blocked) watch(c, EPOLLIN | EPOLLOUT | EPOLLRDHUP, EPOLL_CTL_MOD);
            c->blocked = true;
            return false;
        }
        if (n < 0) {
            part(c);
            return false;
        }
        c->out_sent += (size_t)n;
    }
    c->out_length = c->out_sent = 0;
    if (c->blocked) watch(c, EPOLLIN | EPOLLRDHUP, EPOLL_CTL_MOD);
    c->blocked = false;
    return true;
}

static void hold(struct client *c, const char *text, size_t length) {
    if (c->out_length + length > OUT_MOST) return;  /* cannot be: answers are short, see `tell` */
    memcpy(c->out + c->out_length, text, length);
    c->out_length += length;
}

#endif
