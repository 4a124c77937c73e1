/* Exact samples of durations, and their quantiles as JSON. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct samples {
    int64_t *ns;
    size_t count, room;
    double sum;
};

static inline void sample(struct samples *s, int64_t ns) {
    if (s->count == s->room) {
        s->room = s->room ? s->room * 2 : 4096;
        s->ns = realloc(s->ns, s->room * sizeof *s->ns);
        if (!s->ns) abort();
    }
    s->ns[s->count++] = ns;
    s->sum += (double)ns;
}

static inline int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The value that a share of the (sorted) samples does not exceed, in milliseconds. */
static inline double quantile_ms(const struct samples *s, double share) {
    size_t rank = (size_t)(share * (double)s->count);
    return (double)s->ns[rank < s->count ? rank : s->count - 1] / 1e6;
}

/* `"name": {"count": 3, "mean": 0.1, "p50": 0.1, ...}` in milliseconds, or null without samples. */
static inline void print_quantiles(const char *name, struct samples *s) {
    if (s->count == 0) {
        printf("\"%s\": null", name);
        return;
    }
    qsort(s->ns, s->count, sizeof *s->ns, by_size);
    printf("\"%s\": {\"count\": %zu, \"mean\": %.4f, \"p50\": %.4f, \"p90\": %.4f, \"p99\": %.4f, "
           "\"p99.9\": %.4f, \"max\": %.4f}",
           name, s->count, s->sum / (double)s->count / 1e6, quantile_ms(s, 0.5),
           quantile_ms(s, 0.9), quantile_ms(s, 0.99), quantile_ms(s, 0.999), quantile_ms(s, 1.0));
}

#endif
