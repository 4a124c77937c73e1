"""The words of graph questions in English, by their kinds."""

from __future__ import annotations

from typing import Final

WORDS: Final = """
    every: all any every each some both
    article: the a an
    noise: please exactly actually currently just really ever also
        own direct directly immediate existing other various entire whole complete full our my
        this your its else anywhere somewhere everywhere here internally explicitly exact into
        throughout across thanks ever still possibly shortest python javascript typescript golang
        rust java
    opener: tell me show give us list find get please can could would will you i we want to know
        see need like help let look up search for name enumerate display print return identify
        determine figure out hey hi hello ok okay so and now then go jump is there are do does
        be able check report locate trace of d like ll open navigate whether
    whole: codebase repo repository project code source sources tree library workspace program
    thing: everything part parts piece pieces exception exceptions function functions
        method methods class classes file files module modules place places symbol
        symbols line lines package packages type types struct structs trait traits
        interface interfaces component components routine routines procedure procedures
        constructor constructors variable variables constant constants enum enums
        decorator decorators property properties field fields macro macros folder
        directory
    role: helper helpers utility
    person: i we you one they people
    pronoun: it them
    what: what which who whom anything anyone anybody something
    where: where
    that: that
    several: are were
    is: is are was were be being been get gets getting
    do: do does did
    may: can could may might will would should
    go: go jump navigate open
    there: there
    have: have has
    of: of for to about
    in: in within inside on
    from: from
    by: by
    make: make makes making made
    call: call calls invoke invokes trigger triggers execute executes
    called: called invoked triggered executed
    calling: calling invoking triggering executing
    instantiate: instantiate instantiates
    instantiated: instantiated
    instantiating: instantiating
    break: break breaks
    affected: affected
    if: if when
    change: change changes changed modify modified rename renamed remove removed delete deleted
        edit edited
    changing: changing modifying renaming removing deleting editing
    impact: impact impacts effect effects consequence consequences
    caller: caller callers callsite callsites invokers
    callee: callee callees
    site: site sites
    incoming: incoming inbound
    outgoing: outgoing outbound
    define: define defines declare declares
    defined: defined declared
    placed: implemented located found written coded
    create: create creates construct constructs
    created: created constructed
    contain: contain contains hold holds contained
    live: live lives reside resides sit sits
    find: find see
    locate: locate
    definition: definition definitions declaration declarations
    location: location path paths
    chain: chain chains
    reach: reach reaches
    reachable: reachable reached
    how: how
    lead: lead leads
    member: member members contents
    test: test tests exercise exercises
    tested: tested exercised covered
    testing: testing exercising covering
    coverage: coverage
    unit: unit integration regression
    case: case cases
    instance: instance instances object objects
    inherit: inherit inherits extend extends embed embeds
    derive: derive derives descend descends
    implement: implement implements
    inheriting: inheriting extending subclassing implementing deriving
    inherited: subclassed extended
    derived: derived based
    sub: subclass subclasses subtype subtypes child children implementations implementers
        implementors inheritors
    heirs: descendant descendants
    forebears: ancestor ancestors
    as: as
    and: and or
    list: list
    happen: happen happens occur occurs
    base: base bases parent parents superclass superclasses supertype supertypes
    import: import imports require requires
    imported: imported required
    importing: importing requiring
    importer: importer importers
    use: use uses reference references utilize utilizes
    refer: refer refers
    used: used referenced utilized
    using: using referencing utilizing
    usage: usage usages occurrence occurrences
    user: users consumers dependents
    depend: depend depends
    doc: docs doc documentation readme section sections page pages guide guides chapter chapters
        document documents
    document: describe describes mention mentions explain explains cover covers discuss
        discusses
    documented: documented described mentioned explained
    override: override overrides
    overridden: overridden overriden
    overriding: overriding
    deep: eventually transitive transitively indirect indirectly recursive recursively
    's: 's
"""
