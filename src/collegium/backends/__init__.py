"""Places that turn messages into text.

How a pool gets an answer, from the outside in:

    pool        the face: stream, relay, and what there is to see
    choice      which instance is asked first
    queue       where callers wait for a place at one
    engine      attempts, one after the other, until a reply begins
    watch       one attempt, and what is done when nothing comes
    asking      the nouns of it: an ask, an attempt, a reply that has begun
    looking     whether an instance is there, beside the requests that it has
    resilience  the settings, who is told, and the purse that second attempts are paid from

What it knows of an instance, shared by every pool that uses it:

    instance    one model at one address of one backend
    condition   how it is: in flight, waiting, its waits, its breaker
    breaker     whether it is to be asked, by how it did of late
    standing    how it stands, which is what one is chosen by

A reply that has begun:

    relay       passed on as the bytes it is
    events      whole events of a stream, looked at no more than is needed
    replies     the bytes a server answers with
    connections the connections to one server, kept for the next request; connection one of them
    rendered    the bytes a server would have sent, of a backend that has none
    speech      chunks, as the house has them
"""
