/* What a load is asked to do: the command line of `load`. */
#ifndef PLAN_H
#define PLAN_H

#define _GNU_SOURCE
#include <getopt.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char usage[] =
    "load --url http://HOST:PORT/PATH [options]      one JSON object on stdout\n"
    "  --connections N    keep-alive connections, or concurrent streams (1)\n"
    "  --seconds S        how long requests are begun (5); those begun are waited for\n"
    "  --warmup S         at the start, not counted (0)\n"
    "  --rate R           open loop: R requests a second, timed from when they were due;\n"
    "                     without it every connection sends when its last answer has come\n"
    "  --requests N       begin at most N\n"
    "  --ramp S           connections begin spread over S seconds (0)\n"
    "  --timeout S        for each request (10)\n"
    "  --method M         POST when there is a body, else GET\n"
    "  --body TEXT        the body of every request\n"
    "  --bodies FILE      one body a line, in turn\n"
    "  --header 'K: V'    may be repeated\n"
    "  --stream           answers are server-sent events that must end with [DONE]\n"
    "  --content KEY      where a piece of text stands in an event (content)\n"
    "  --expect TEXT      an answer without it in its body counts as unexpected\n"
    "  --leave S          walk away S seconds after sending\n";

struct request {
    char *text;
    size_t length;
};

struct plan {
    const char *url, *method, *body, *bodies, *expect;
    char host[256], path[2048], content[256], headers[16384];
    struct sockaddr_storage address;
    socklen_t address_length;
    int connections;
    double seconds, warmup, rate, ramp, timeout, leave;
    long long most;
    bool stream;
    struct request *requests;
    size_t request_count;
};

static inline void fail(const char *format, ...) {
    va_list parts;
    va_start(parts, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, parts);
    fputc('\n', stderr);
    va_end(parts);
    exit(2);
}

static inline void add_request(struct plan *p, const char *body, size_t length) {
    struct request r = {malloc(length + 20000), 0};
    p->requests = realloc(p->requests, (p->request_count + 1) * sizeof r);
    if (!r.text || !p->requests) fail("no memory for %zu requests", p->request_count + 1);
    int head = sprintf(r.text, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", p->method, p->path, p->host,
                       p->headers);
    if (length)
        head += sprintf(r.text + head, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                        length);
    head += sprintf(r.text + head, "\r\n");
    memcpy(r.text + head, body, length);
    r.length = (size_t)head + length;
    p->requests[p->request_count++] = r;
}

static inline void read_bodies(struct plan *p) {
    FILE *file = fopen(p->bodies, "r");
    if (!file) fail("cannot read --bodies %s", p->bodies);
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, file)) > 0;) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) n--;
        if (n > 0) add_request(p, line, (size_t)n);
    }
    free(line);
    fclose(file);
    if (p->request_count == 0) fail("no body in --bodies %s", p->bodies);
}

static inline void find_address(struct plan *p) {
    char name[256] = "", port[16] = "80";
    if (sscanf(p->url, "http://%255[^/]%2047s", p->host, p->path) < 1)
        fail("--url must look like http://host:port/path, not %s", p->url);
    if (!p->path[0]) strcpy(p->path, "/");
    sscanf(p->host, "%255[^:]:%15s", name, port);
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(name, port, &hints, &found)) fail("no address for %s", p->host);
    memcpy(&p->address, found->ai_addr, found->ai_addrlen);
    p->address_length = found->ai_addrlen;
    freeaddrinfo(found);
}

static inline void add_header(struct plan *p, const char *text) {
    size_t used = strlen(p->headers);
    if (used + strlen(text) + 3 > sizeof p->headers) fail("too many headers");
    sprintf(p->headers + used, "%s\r\n", text);
}

static inline void read_option(struct plan *p, int option, const char *value) {
    switch (option) {
    case 'u': p->url = value; break;
    case 'c': p->connections = atoi(value); break;
    case 's': p->seconds = atof(value); break;
    case 'w': p->warmup = atof(value); break;
    case 'r': p->rate = atof(value); break;
    case 'n': p->most = atoll(value); break;
    case 'p': p->ramp = atof(value); break;
    case 't': p->timeout = atof(value); break;
    case 'm': p->method = value; break;
    case 'b': p->body = value; break;
    case 'f': p->bodies = value; break;
    case 'h': add_header(p, value); break;
    case 'e': p->stream = true; break;
    case 'k': snprintf(p->content, sizeof p->content, "\"%s\"", value); break;
    case 'x': p->expect = value; break;
    case 'l': p->leave = atof(value); break;
    default: fputs(usage, stderr); exit(2);
    }
}

static inline struct plan read_plan(int argc, char **argv) {
    static const struct option options[] = {
        {"url", 1, 0, 'u'},      {"connections", 1, 0, 'c'}, {"seconds", 1, 0, 's'},
        {"warmup", 1, 0, 'w'},   {"rate", 1, 0, 'r'},        {"requests", 1, 0, 'n'},
        {"ramp", 1, 0, 'p'},     {"timeout", 1, 0, 't'},     {"method", 1, 0, 'm'},
        {"body", 1, 0, 'b'},     {"bodies", 1, 0, 'f'},      {"header", 1, 0, 'h'},
        {"stream", 0, 0, 'e'},   {"content", 1, 0, 'k'},     {"expect", 1, 0, 'x'},
        {"leave", 1, 0, 'l'},    {0, 0, 0, 0}};
    struct plan p = {.connections = 1, .seconds = 5, .timeout = 10, .most = -1, .leave = -1};
    strcpy(p.content, "\"content\"");
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        read_option(&p, option, optarg);
    if (!p.url || optind < argc) read_option(&p, '?', NULL);
    if (p.connections < 1) fail("--connections must be at least 1, not %d", p.connections);
    if (!p.method) p.method = p.body || p.bodies ? "POST" : "GET";
    find_address(&p);
    if (p.bodies) read_bodies(&p);
    else add_request(&p, p.body ? p.body : "", p.body ? strlen(p.body) : 0);
    return p;
}

#endif
