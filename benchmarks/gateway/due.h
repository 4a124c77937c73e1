/* What is due when: a heap of moments, the next one first. */
#ifndef DUE_H
#define DUE_H

#include <stdint.h>
#include <stdlib.h>

/* Stands in whoever waits; `place` is 0 while nothing is awaited. */
struct due {
    int64_t at;
    size_t place;
};

static struct due **due_heap;
static size_t due_count, due_room;

static inline void due_put(size_t place, struct due *d) {
    due_heap[place] = d;
    d->place = place;
}

static inline void due_rise(size_t place) {
    struct due *d = due_heap[place];
    for (; place > 1 && due_heap[place / 2]->at > d->at; place /= 2)
        due_put(place, due_heap[place / 2]);
    due_put(place, d);
}

static inline void due_sink(size_t place) {
    struct due *d = due_heap[place];
    for (size_t child; (child = place * 2) <= due_count; place = child) {
        if (child < due_count && due_heap[child + 1]->at < due_heap[child]->at) child++;
        if (due_heap[child]->at >= d->at) break;
        due_put(place, due_heap[child]);
    }
    due_put(place, d);
}

static inline void due_await(struct due *d, int64_t at) {
    if (due_count + 2 > due_room) {
        due_room = due_room ? due_room * 2 : 1024;
        due_heap = realloc(due_heap, due_room * sizeof *due_heap);
        if (!due_heap) abort();
    }
    d->at = at;
    due_put(++due_count, d);
    due_rise(due_count);
}

static inline void due_forget(struct due *d) {
    size_t place = d->place;
    if (!place) return;
    struct due *last = due_heap[due_count--];
    d->place = 0;
    if (last == d) return;
    due_put(place, last);
    due_rise(place);
    due_sink(last->place);
}

/* The next that is due by now, which then awaits nothing any more, or NULL. */
static inline struct due *due_by(int64_t now) {
    if (!due_count || due_heap[1]->at > now) return NULL;
    struct due *d = due_heap[1];
    due_forget(d);
    return d;
}

#endif
