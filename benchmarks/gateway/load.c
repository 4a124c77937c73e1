/* A load generator for one HTTP/1.1 server: epoll, one thread, keep-alive, JSON out.
 *
 * Closed loop: every connection sends its next request when its last answer has come. Open loop
 * (--rate): requests are due at fixed times whether or not earlier ones were answered, and their
 * latency counts from when they were due, so a server that stalls cannot hide what waited.
 */
#include "plan.h"
#include "response.h"
#include "samples.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { TICK_MS = 5, READ_MOST = 1 << 18 };
enum state { CLOSED, CONNECTING, IDLE, BUSY };
enum failure {
    NO_CONNECTION, DROPPED, SHORT_BODY, MALFORMED_ANSWER, TIMED_OUT, NO_DONE, ERROR_IN_STREAM,
    UNEXPECTED, UNSENT, FAILURES
};
static const char *const failure_names[FAILURES] = {
    "connect", "dropped", "short_body", "malformed", "timeout", "no_done", "error_event",
    "unexpected", "unsent"};

struct connection {
    int fd;
    enum state state;
    bool awaited, queued;  /* will begin at `begin`; stands among the idle */
    const struct request *request;
    size_t sent;
    int64_t begin, due, written, first_byte, first_content, last_content;
    bool done, failed_inside;
    char *kept;            /* the body so far, when something is expected in it */
    size_t kept_length;
    struct response response;
    struct events events;
};

static struct plan plan;
static struct connection *connections, **idle;
static int idle_count, busy_count, poller, pacer;
static long long begun, next_body;
static int64_t started, counted_from, ends, last_finished, latest_slip;
static bool interrupted;

static long long ok, left, failures[FAILURES], statuses[1000], received, content_events, dones;
static struct samples latency, first_byte, first_content, gaps;

static void next(struct connection *c, int64_t now);

static void watch(struct connection *c, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(poller, operation, c->fd, &event);
}

static void hang_up(struct connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->state = CLOSED;
}

static bool counted(const struct connection *c) { return c->due >= counted_from; }

static void over(struct connection *c, int64_t now) {
    busy_count--;
    if (counted(c)) last_finished = now;
}

static void failed(struct connection *c, enum failure failure, int64_t now) {
    if (counted(c)) failures[failure]++;
    over(c, now);
    hang_up(c);
    /* A server that refuses at once would otherwise be asked as fast as the machine can. */
    c->awaited = true;
    c->begin = now + (failure == NO_CONNECTION ? 10000000 : 0);
}

static void answered(struct connection *c, int64_t now) {
    int status = c->response.status;
    enum failure wrong = FAILURES;
    if (plan.stream && status == 200 && c->failed_inside) wrong = ERROR_IN_STREAM;
    else if (plan.stream && status == 200 && !c->done) wrong = NO_DONE;
    else if (plan.expect && !memmem(c->kept, c->kept_length, plan.expect, strlen(plan.expect)))
        wrong = UNEXPECTED;
    if (counted(c)) {
        if (status / 100 != 2) statuses[status > 0 && status < 1000 ? status : 0]++;
        else if (wrong != FAILURES) failures[wrong]++;
        else {
            ok++;
            sample(&latency, now - c->due);
            sample(&first_byte, c->first_byte - c->due);
            if (c->first_content) sample(&first_content, c->first_content - c->due);
        }
        dones += c->done;
    }
    over(c, now);
    if (c->response.closes) hang_up(c);
    else c->state = IDLE;
    next(c, now);
}

static void took_event(void *owner, enum event event) {
    struct connection *c = owner;
    if (event == DONE_EVENT) c->done = true;
    if (event == ERROR_EVENT) c->failed_inside = true;
    if (event != CONTENT_EVENT) return;
    int64_t now = now_ns();
    if (counted(c)) {
        content_events++;
        if (c->last_content) sample(&gaps, now - c->last_content);
    }
    if (!c->first_content) c->first_content = now;
    c->last_content = now;
}

static void took_body(void *owner, const char *data, size_t length) {
    struct connection *c = owner;
    if (counted(c)) received += (long long)length;
    if (plan.stream) events_feed(&c->events, data, length, plan.content, took_event, c);
    if (!plan.expect) return;
    c->kept = realloc(c->kept, c->kept_length + length + 1);
    if (!c->kept) abort();
    memcpy(c->kept + c->kept_length, data, length);
    c->kept_length += length;
}

static void write_on(struct connection *c, int64_t now) {
    while (c->sent < c->request->length) {
        ssize_t n = send(c->fd, c->request->text + c->sent, c->request->length - c->sent,
                         MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            return;
        }
        if (n < 0) {
            failed(c, DROPPED, now);
            return;
        }
        c->sent += (size_t)n;
    }
    c->written = now;
}

static void connect_to_server(struct connection *c, int64_t now) {
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) {
        failed(c, NO_CONNECTION, now);
        return;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->state = CONNECTING;
    if (connect(c->fd, (struct sockaddr *)&plan.address, plan.address_length) &&
        errno != EINPROGRESS) {
        failed(c, NO_CONNECTION, now);
        return;
    }
    watch(c, EPOLLOUT, EPOLL_CTL_ADD);
}

static void begin(struct connection *c, int64_t due, int64_t now) {
    c->awaited = false;
    c->due = due;
    c->written = c->first_byte = c->first_content = c->last_content = 0;
    c->done = c->failed_inside = false;
    c->sent = c->kept_length = c->events.held = c->events.line = 0;
    c->request = &plan.requests[next_body++ % (long long)plan.request_count];
    response_begin(&c->response);
    begun++;
    busy_count++;
    if (now - due > latest_slip) latest_slip = now - due;
    if (c->state == CLOSED) {
        connect_to_server(c, now);
    } else {
        c->state = BUSY;
        write_on(c, now);
    }
}

static bool may_begin(int64_t now) {
    return !interrupted && (plan.most < 0 || begun < plan.most) && (plan.rate > 0 || now < ends);
}

/* When the next request of an open loop is due. */
static int64_t next_due(void) { return started + (int64_t)((double)begun / plan.rate * 1e9); }

static void next(struct connection *c, int64_t now) {
    if (plan.rate > 0) {
        if (may_begin(now) && next_due() <= now && next_due() < ends) {
            begin(c, next_due(), now);
        } else if (!c->queued) {
            c->queued = true;
            idle[idle_count++] = c;
        }
    } else if (may_begin(now)) {
        begin(c, now, now);
    }
}

/* Begin what is due of an open loop, and set the timer for what follows. */
static void pace(int64_t now) {
    while (idle_count > 0 && may_begin(now) && next_due() <= now && next_due() < ends) {
        struct connection *c = idle[--idle_count];
        c->queued = false;
        begin(c, next_due(), now);
    }
    int64_t due = next_due();
    struct itimerspec when = {.it_value = {due / 1000000000, due % 1000000000}};
    if (due > now) timerfd_settime(pacer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void read_on(struct connection *c, int64_t now) {
    static char buffer[READ_MOST];
    ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (c->state == IDLE) {  /* the server closed a connection that nobody used */
        hang_up(c);
    } else if (n > 0) {
        if (!c->first_byte) c->first_byte = now;
        switch (response_feed(&c->response, buffer, (size_t)n, took_body, c)) {
        case COMPLETE: answered(c, now_ns()); break;
        case MALFORMED: failed(c, MALFORMED_ANSWER, now); break;
        default: break;
        }
    } else if (c->response.place == IN_BODY && c->response.left < 0 && n == 0) {
        answered(c, now);
    } else {
        failed(c, c->first_byte ? SHORT_BODY : DROPPED, now);
    }
}

static void happened(struct connection *c, uint32_t events, int64_t now) {
    if (c->fd < 0) return;
    if (c->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) {
            failed(c, NO_CONNECTION, now);
            return;
        }
        c->state = BUSY;
        watch(c, EPOLLIN, EPOLL_CTL_MOD);
        write_on(c, now);
    } else if (c->state == BUSY && c->sent < c->request->length && (events & EPOLLOUT)) {
        watch(c, EPOLLIN, EPOLL_CTL_MOD);
        write_on(c, now);
    }
    if (c->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) read_on(c, now);
}

/* What only time brings: late answers, those who walk away, those who begin again. */
static void tick(int64_t now) {
    for (int i = 0; i < plan.connections; i++) {
        struct connection *c = &connections[i];
        bool busy = c->state == BUSY || c->state == CONNECTING;
        bool bored = plan.leave >= 0 && c->written &&
                     now - c->written >= (int64_t)(plan.leave * 1e9);
        if (busy && bored) {
            left += counted(c);
            over(c, now);
            hang_up(c);
            next(c, now);
        } else if (busy && now - c->due > (int64_t)(plan.timeout * 1e9)) {
            failed(c, TIMED_OUT, now);
        } else if (c->awaited && now >= c->begin) {
            c->awaited = false;
            next(c, now);
        }
    }
}

static bool finished(int64_t now) {
    if (busy_count > 0) return false;
    if (plan.rate > 0) return !may_begin(now) || next_due() >= ends;
    return !may_begin(now);
}

static void run(void) {
    int64_t ticked = started;
    struct epoll_event events[512];
    for (int64_t now = started; !finished(now); now = now_ns()) {
        int count = epoll_wait(poller, events, 512, TICK_MS);
        now = now_ns();
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (c) happened(c, events[i].events, now_ns());
        }
        if (plan.rate > 0) pace(now_ns());
        if (now - ticked >= TICK_MS * 1000000) {
            tick(now);
            ticked = now;
        }
        /* Requests that no connection was free for, long after the last was due. */
        if (plan.rate > 0 && now > ends + (int64_t)(plan.timeout * 1e9) && !interrupted) {
            failures[UNSENT] = (long long)((double)(ends - started) / 1e9 * plan.rate) - begun;
            interrupted = true;
        }
    }
}

static void prepare(void) {
    poller = epoll_create1(0);
    pacer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, pacer, &event);
    connections = calloc((size_t)plan.connections, sizeof *connections);
    idle = calloc((size_t)plan.connections, sizeof *idle);
    if (!connections || !idle) fail("no memory for %d connections", plan.connections);
    started = now_ns();
    counted_from = started + (int64_t)(plan.warmup * 1e9);
    ends = counted_from + (int64_t)(plan.seconds * 1e9);
    for (int i = 0; i < plan.connections; i++) {
        connections[i].fd = -1;
        connections[i].awaited = true;
        connections[i].begin = started + (int64_t)(plan.ramp * 1e9 * i / plan.connections);
    }
    tick(started);
    if (plan.rate > 0) pace(started);
}

static void report(void) {
    struct rusage own;
    getrusage(RUSAGE_SELF, &own);
    double cpu = (double)own.ru_utime.tv_sec + (double)own.ru_utime.tv_usec / 1e6 +
                 (double)own.ru_stime.tv_sec + (double)own.ru_stime.tv_usec / 1e6;
    int64_t until = last_finished > ends || plan.most >= 0 ? last_finished : ends;
    double elapsed = (double)(until - counted_from) / 1e9;
    if (elapsed <= 0) elapsed = 1e-9;
    long long wrong = 0;
    printf("{\"mode\": \"%s\", \"connections\": %d, \"seconds\": %.3f, \"rate\": %g, ",
           plan.stream ? "stream" : plan.rate > 0 ? "open" : "closed", plan.connections, elapsed,
           plan.rate);
    printf("\"errors\": {");
    for (int i = 0; i < FAILURES; i++) {
        printf("\"%s\": %lld, ", failure_names[i], failures[i]);
        wrong += failures[i];
    }
    printf("\"status\": {");
    const char *between = "";
    for (int i = 0; i < 1000; i++) {
        if (!statuses[i]) continue;
        printf("%s\"%d\": %lld", between, i, statuses[i]);
        between = ", ";
        wrong += statuses[i];
    }
    printf("}}, \"begun\": %lld, \"requests\": %lld, \"ok\": %lld, \"failed\": %lld, ", begun,
           ok + wrong + left, ok, wrong);
    printf("\"left\": %lld, \"throughput\": %.2f, \"bytes\": %lld, \"slip_ms\": %.3f, ", left,
           (double)ok / elapsed, received, (double)latest_slip / 1e6);
    printf("\"cpu_s\": %.3f, ", cpu);
    print_quantiles("latency_ms", &latency);
    if (plan.stream) {
        printf(", \"stream\": {\"done\": %lld, \"events\": %lld, \"events_per_s\": %.2f, ", dones,
               content_events, (double)content_events / elapsed);
        print_quantiles("first_byte_ms", &first_byte);
        printf(", ");
        print_quantiles("first_content_ms", &first_content);
        printf(", ");
        print_quantiles("gap_ms", &gaps);
        printf("}");
    }
    printf("}\n");
}

static void interrupt(int signal) {
    (void)signal;
    interrupted = true;
}

int main(int argc, char **argv) {
    plan = read_plan(argc, argv);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    prepare();
    run();
    report();
    return 0;
}
