/* A fast upstream that says nothing: an OpenAI-compatible server on epoll, one thread.
 *
 * Every chat completion is the same short text, or a stream of equal tokens at a fixed interval;
 * the model named in the request is given back. The model's name, or a field `pace`, may ask for
 * a pace: `slow-20` answers 20 ms late, `tokens-200-20` streams 200 tokens 20 ms apart.
 */
#define _GNU_SOURCE
#include "client.h"
#include "reading.h"
#include "samples.h"

#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

enum { HEAD_MOST = 65536, BODY_MOST = 64 << 20, READ_MOST = 65536 };

static struct pace usual = {16, 0, 0};
static int timer;
static struct client *listener;
static char models[16384] = "tokens,slow-20,slow-200,tokens-200-20,tokens-64-0";

static void set_timer(int64_t now) {
    static int64_t set_to;
    if (!due_count || (due_heap[1]->at == set_to && set_to > now)) return;
    set_to = due_heap[1]->at > now ? due_heap[1]->at : now + 1;
    struct itimerspec when = {.it_value = {set_to / 1000000000, set_to % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void answer(struct client *c, const char *status, const char *body) {
    char head[512];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n%s\r\n",
                     status, strlen(body), c->ends_after ? "Connection: close\r\n" : "");
    hold(c, head, (size_t)n);
    hold(c, body, strlen(body));
}

static void over(struct client *c) {
    c->answering = false;
    stats.active--;
    stats.active_streams -= c->streams;
    c->streams = false;
}

static void refuse(struct client *c, const char *status, const char *why) {
    char body[512];
    stats.refused++;
    c->ends_after = true;
    snprintf(body, sizeof body,
             "{\"error\":{\"message\":\"%s\",\"type\":\"invalid_request_error\"}}", why);
    answer(c, status, body);
}

static void complete(struct client *c) {
    char body[1024];
    snprintf(body, sizeof body,
             "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,"
             "\"model\":\"%s\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
             "\"content\":\"The quick brown fox jumps over the lazy dog, as it has always done.\"},"
             "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,"
             "\"completion_tokens\":16,\"total_tokens\":28}}",
             c->model);
    stats.completions++;
    answer(c, "200 OK", body);
    over(c);
}

/* One chunk of the stream; `choices` and what follows it as given. */
static void chunk(struct client *c, const char *rest) {
    char event[1024], size[16];
    int n = snprintf(event, sizeof event,
                     "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\","
                     "\"created\":1700000000,\"model\":\"%s\",\"choices\":%s}\n\n", c->model, rest);
    int m = snprintf(size, sizeof size, "%x\r\n", n);
    hold(c, size, (size_t)m);
    hold(c, event, (size_t)n);
    hold(c, "\r\n", 2);
}

static void end_stream(struct client *c) {
    char usage[256];
    chunk(c, "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]");
    snprintf(usage, sizeof usage, "[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":%ld,"
             "\"total_tokens\":%ld}", c->told, c->told + 12);
    if (c->wants_usage) chunk(c, usage);
    static const char last[] = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
    hold(c, last, sizeof last - 1);
    over(c);
}

static void tell(struct client *c) {
    if (c->told == 0) {
        static const char head[] =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
        hold(c, head, sizeof head - 1);
        chunk(c, "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"token \"},"
                 "\"finish_reason\":null}]");
    } else {
        chunk(c, "[{\"index\":0,\"delta\":{\"content\":\"token \"},\"finish_reason\":null}]");
    }
    if (++c->told >= c->pace.tokens) end_stream(c);
}

/* Without intervals a token is due in the next round, so that others get their turn between. */
static void await_token(struct client *c, int64_t now) {
    double after_ms = c->pace.delay_ms + (double)c->told * c->pace.interval_ms;
    due_await(&c->due, c->pace.interval_ms > 0 ? c->begun + (int64_t)(after_ms * 1e6) : now + 1);
}

/* Say what is due, then await what follows. */
static void go_on(struct client *c, int64_t now) {
    if (c->streams) tell(c);
    else complete(c);
    if (!flush(c) || !c->answering) return;
    await_token(c, now);
}

/* Copy the string after a key; how long it is. Escapes end it: names here have none. */
static size_t read_name(const char *body, size_t length, const char *quoted_key, char *name) {
    const char *value = value_of(body, length, quoted_key), *end = body + length;
    size_t n = 0;
    if (value && *value == '"')
        for (value++; value < end && *value != '"' && *value != '\\' && n < NAME_MOST - 1; value++)
            name[n++] = *value;
    name[n] = 0;
    return n;
}

/* The pace that the field `pace` asks for, or else the model's name, or else the usual one. */
static void read_model(struct client *c, const char *body, size_t length) {
    char asked[NAME_MOST];
    read_name(body, length, "\"model\"", c->model);
    if (!read_name(body, length, "\"pace\"", asked)) strcpy(asked, c->model);
    c->pace = usual;
    sscanf(asked, "tokens-%ld-%lf", &c->pace.tokens, &c->pace.interval_ms);
    sscanf(asked, "slow-%lf", &c->pace.delay_ms);
}

static void chat(struct client *c, const char *body, size_t length, int64_t now) {
    read_model(c, body, length);
    c->streams = is_true(body, length, "\"stream\"");
    c->wants_usage = is_true(body, length, "\"include_usage\"");
    c->answering = true;
    c->told = 0;
    c->begun = now;
    stats.active++;
    stats.active_streams += c->streams;
    stats.streams += c->streams;
    if (c->pace.delay_ms > 0) due_await(&c->due, now + (int64_t)(c->pace.delay_ms * 1e6));
    else go_on(c, now);
}

static void list_models(struct client *c) {
    char body[OUT_MOST - 512] = "{\"object\":\"list\",\"data\":[", names[sizeof models];
    strcpy(names, models);
    size_t n = strlen(body);
    const char *between = "";
    for (char *name = strtok(names, ","); name && n < sizeof body - 256; name = strtok(NULL, ",")) {
        n += (size_t)snprintf(body + n, sizeof body - n,
                              "%s{\"id\":\"%.127s\",\"object\":\"model\","
                              "\"owned_by\":\"upstream\"}",
                              between, name);
        between = ",";
    }
    strcpy(body + n, "]}");
    answer(c, "200 OK", body);
}

static void tell_stats(struct client *c) {
    char body[1024];
    struct rusage own;
    getrusage(RUSAGE_SELF, &own);
    snprintf(body, sizeof body,
             "{\"requests\":%lld,\"completions\":%lld,\"streams\":%lld,\"aborted\":%lld,"
             "\"refused\":%lld,\"connections\":%lld,\"open\":%d,\"most_open\":%d,\"active\":%d,"
             "\"active_streams\":%d,\"cpu_s\":%.3f}\n",
             stats.requests, stats.completions, stats.streams, stats.aborted, stats.refused,
             stats.connections, stats.open, stats.most_open, stats.active, stats.active_streams,
             (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
                 (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6);
    answer(c, "200 OK", body);
}

static void route(struct client *c, const char *head, const char *body, size_t length,
                  int64_t now) {
    stats.requests++;
    if (strncmp(head, "POST /v1/chat/completions ", 26) == 0) chat(c, body, length, now);
    else if (strncmp(head, "GET /v1/models ", 15) == 0) list_models(c);
    else if (strncmp(head, "GET /stats ", 11) == 0) tell_stats(c);
    else refuse(c, "404 Not Found", "no such path");
}

/* Answer the request that is whole in the buffer; false when there is none yet. */
static bool take_request(struct client *c, int64_t now) {
    char *end = c->in_length ? memmem(c->in, c->in_length, "\r\n\r\n", 4) : NULL;
    if (!end) {
        if (c->in_length > HEAD_MOST)
            refuse(c, "431 Request Header Fields Too Large", "the head is too long");
        return c->ends_after;
    }
    size_t head = (size_t)(end - c->in) + 4;
    end[2] = 0;
    const char *length = header(c->in, "content-length");
    size_t body = length ? strtoull(length, NULL, 10) : 0;
    const char *connection = header(c->in, "connection");
    bool chunked = header(c->in, "transfer-encoding") != NULL;
    bool closes = connection && strncasecmp(connection, "close", 5) == 0;
    end[2] = '\r';
    c->ends_after = closes;
    if (chunked) refuse(c, "411 Length Required", "send a content-length");
    else if (body > BODY_MOST) refuse(c, "413 Content Too Large", "the body is too long");
    else if (c->in_length < head + body) return c->ends_after = false;
    else {
        end[2] = 0;
        route(c, c->in, c->in + head, body, now);
        if (c->fd < 0) return false;
        c->in_length -= head + body;
        memmove(c->in, c->in + head + body, c->in_length);
    }
    return true;
}

static void take_requests(struct client *c, int64_t now) {
    while (c->fd >= 0 && !c->answering && !c->ends_after && take_request(c, now))
        if (!flush(c)) return;
    if (c->fd >= 0 && c->ends_after && !c->answering && c->out_length == 0) part(c);
}

static void read_on(struct client *c, int64_t now) {
    if (c->in_room - c->in_length < READ_MOST) {
        c->in_room = c->in_length + 2 * READ_MOST;
        c->in = realloc(c->in, c->in_room);
        if (!c->in) abort();
    }
    ssize_t n = recv(c->fd, c->in + c->in_length, c->in_room - c->in_length, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        part(c);
        return;
    }
    c->in_length += (size_t)n;
    take_requests(c, now);
}

static void accept_all(void) {
    for (;;) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK), on = 1;
        if (fd < 0) return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct client *c = calloc(1, sizeof *c);
        if (!c) abort();
        c->fd = fd;
        stats.connections++;
        if (++stats.open > stats.most_open) stats.most_open = stats.open;
        watch(c, EPOLLIN | EPOLLRDHUP, EPOLL_CTL_ADD);
    }
}

static void happened(struct client *c, uint32_t events, int64_t now) {
    if (c->answering && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) {
        part(c);
        return;
    }
    if ((events & EPOLLOUT) && flush(c)) {
        if (c->answering && !c->due.place) await_token(c, now);
        else take_requests(c, now);
    }
    if (c->fd >= 0 && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))) read_on(c, now);
}

static void tell_what_is_due(int64_t now) {
    for (struct due *d; (d = due_by(now));) {
        struct client *c = (struct client *)d;
        go_on(c, now);
        if (c->fd >= 0 && !c->answering) take_requests(c, now);
    }
}

static void serve(void) {
    struct epoll_event events[512];
    for (;;) {
        int count = epoll_wait(poller, events, 512, -1);
        int64_t now = now_ns();
        for (int i = 0; i < count; i++) {
            struct client *c = events[i].data.ptr;
            uint64_t expirations;
            if (c == listener) accept_all();
            else if (!c) (void)!read(timer, &expirations, sizeof expirations);
            else if (c->fd >= 0) happened(c, events[i].events, now);
        }
        tell_what_is_due(now_ns());
        bury();
        set_timer(now_ns());
    }
}

static void listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    listener = calloc(1, sizeof *listener);
    listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener->fd, (struct sockaddr *)&address, sizeof address) ||
        listen(listener->fd, 4096)) {
        perror("upstream: cannot listen");
        exit(2);
    }
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(listener, EPOLLIN, EPOLL_CTL_ADD);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
}

static const char help[] =
    "upstream --port P [--tokens N] [--interval MS] [--delay MS] [--models NAME,NAME]\n"
    "  POST /v1/chat/completions, GET /v1/models, GET /stats on 127.0.0.1\n"
    "  --tokens N       tokens of a stream (16)\n"
    "  --interval MS    between two of them (0: as fast as they are taken)\n"
    "  --delay MS       before the first of them, or before a whole answer (0)\n"
    "  --models NAMES   listed by /v1/models; any other name is answered too\n";

static int read_options(int argc, char **argv) {
    static const struct option options[] = {{"port", 1, 0, 'p'},   {"tokens", 1, 0, 't'},
                                            {"interval", 1, 0, 'i'}, {"delay", 1, 0, 'd'},
                                            {"models", 1, 0, 'm'}, {0, 0, 0, 0}};
    int port = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'p') port = atoi(optarg);
        else if (option == 't') usual.tokens = atol(optarg);
        else if (option == 'i') usual.interval_ms = atof(optarg);
        else if (option == 'd') usual.delay_ms = atof(optarg);
        else if (option == 'm') snprintf(models, sizeof models, "%s", optarg);
        else port = -1;
    }
    if (port > 0 && optind == argc) return port;
    fputs(help, stderr);
    exit(2);
}

int main(int argc, char **argv) {
    int port = read_options(argc, argv);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    listen_on(port);
    serve();
}
