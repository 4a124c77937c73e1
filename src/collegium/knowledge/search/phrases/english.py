"""Graph questions in English."""

from __future__ import annotations

from typing import Final

from collegium.knowledge.search.phrases.language import Language

ENGLISH: Final = Language(
    words="""
        every: all any every each some both
        noise: the a an please exactly actually currently just really ever also
            own direct directly immediate existing other various entire whole complete full our my
            this your its else anywhere somewhere everywhere here internally explicitly exact into
            throughout across thanks python javascript typescript golang rust java
        opener: tell me show give us list find get please can could would will you i we want to know
            see need like help let look up search for name enumerate display print return identify
            determine figure out hey hi hello ok okay so and now then go jump is there are do does
            be able check report locate trace of
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
        is: is are was were be being been get gets getting
        do: do does did
        may: can could may might will would should
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
        change: change changes modify rename remove delete edit
        changing: changing modifying renaming removing deleting editing
        caller: caller callers callsite callsites invokers
        callee: callee callees
        site: site sites
        incoming: incoming inbound
        outgoing: outgoing outbound
        define: define defines declare declares
        defined: defined declared
        placed: implemented located found written coded
        contain: contain contains hold holds
        live: live lives reside resides sit sits
        find: find see
        locate: locate
        definition: definition definitions declaration declarations
        location: location path
        inherit: inherit inherits extend extends embed embeds
        derive: derive derives descend descends
        implement: implement implements
        inheriting: inheriting extending subclassing implementing deriving
        derived: derived based
        sub: subclass subclasses subtype subtypes child children implementations implementers
            implementors inheritors
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
        deep: transitive transitively indirect indirectly recursive recursively descendants
            ancestors
        's: 's
    """,
    phrases={
        "callers": """
            what [thing] [that|what] [do|may] call X
            what [thing] [that] is calling X
            [what is|is there] thing that|what call X
            [what is|is there] thing [that|what] [is] calling X
            [what is|is there] caller of X
            what is list of caller of X
            what caller do X have
            X ['s] caller
            [is there] call [site] of X
            X call site
            incoming call of X
            [what is] [thing] [that|what] make call of X
            [from] where is X [is] called [from|in] [by what]
            [from] where X is called [from|in]
            where do X is called [from]
            where do person|thing call X
            by|from|in what [thing] is X called
            by|from|in what [thing] do X is called
            thing where X is called
            where do call of X happen
            what [thing] is X called by|from|in
            what [thing] X is called by|from|in
            X is called by|from|in what|where [thing]
            do what [thing] call X
            do thing call X
            is X called [by what] [thing]
            what [thing] [that|what] [do] instantiate X
            what [thing] is instantiating X
            thing that|what instantiate X
            where is X [is] instantiated [in]
            [thing] where X is instantiated
            where do person|thing instantiate X
            is X instantiated
            do what instantiate X
        """,
        "callees": """
            what [thing] do|may X call
            what X call
            [what is] thing that|what X call
            that X call
            what [thing] is X calling
            what [thing] is called [from] in|from|by X
            [what is] thing [that|what] [is] called [from] in|from|by X
            [what is] callee of X
            what callee do X have
            X ['s] callee
            X call what
            [what is] call [make] in|from|by X
            outgoing call of|from X
            what call do X make
            what [thing] do X make call of
        """,
        "where": """
            where is X [is] defined [in]
            where is N [placed] [in]
            [thing] where X is defined
            where N is [placed]
            where do N live
            where is definition of X
            where may|do person find N
            where person may find N
            where of find N
            where do person|thing define X
            [what is] definition of X
            definition X
            X ['s] definition
            [what is] location of N
            locate N
            in what thing is X defined
            in what thing is N [placed]
            in what thing X is defined
            in what thing do N live
            what thing is X defined in
            what thing is N [placed] in
            what thing X is defined in
            what thing N is [placed] in
            what thing do N live in
            [what] thing [that|what] define X
            what define X
            what thing contain N
            what thing contain definition of X
            where may definition of X is placed
            where may N is placed
        """,
        "subclasses": """
            what [thing] inherit|derive|implement [from] X
            what [thing] is inheriting|derived [from|in] X
            [what is|is there] thing [that|what] inherit|derive|implement [from] X
            [what is|is there] thing [that|what] [is] inheriting|derived [from|in] X
            what [thing] sub X
            [is there|what is] sub [thing] of X
            [is there|what is] derived thing of X
            what [thing] is sub [thing] of X
            what [thing] have X as base [thing]
            X ['s] sub [thing]
            what sub [thing] do X have
            do X have sub [thing]
            do what inherit [from] X
            is X inheriting by what
        """,
        "bases": """
            what [thing] do X inherit|derive|implement [from]
            what X inherit|derive|implement [from]
            what [thing] is X derived|inheriting [from|in]
            what is X sub [thing] of
            [what is] base [thing] of X
            what base [thing] do X have
            X ['s] base [thing]
            X inherit|derive|implement [from] what
        """,
        "importers": """
            what [thing] [that|what] [do] import [from] X
            [what is|is there] thing that|what import [from] X
            what [thing] is importing X
            [what is|is there] thing [that|what] [is] importing X
            [what is|is there] importer of X
            X ['s] importer
            [from] where is X imported [in|from|by what]
            [thing] where X is imported [in]
            where do person|thing import X
            where do X is imported
            by what [thing] is X imported
            in what thing is X imported
            what [thing] is X imported by|in
            what [thing] X is imported by|in
            X is imported by|in what|where [thing]
            do what [thing] import X
            is X imported [by what] [thing]
        """,
        "imports": """
            what [thing] do X import
            what X import
            what [thing] is X importing
            what [thing] is imported by|in X
            [what is] thing [that|what] [is] imported by|in X
            [what is] thing that|what X import
            X 's import
            X import what
        """,
        "references": """
            what [thing] [that|what] [do|may] use X
            [what is|is there] thing that|what use X
            what [thing] is using X
            [what is|is there] thing [that|what] [is] using X
            where is X [is] used [in|by what]
            [thing] where X is used
            where do X is used
            where do person|thing use X
            by what [thing] is X used
            in what thing is X used
            what [thing] is X used by|in
            what [thing] X is used by|in
            X is used by|in what|where [thing]
            do what [thing] use X
            is X used [by what] [thing]
            [is there|what is] use|usage of X
            [is there|what is] user of N
            X ['s] usage
            N use
            what [thing] depend in X
            what [thing] [may] break if person change N
            what [thing] [may] is affected if person change N
            what [thing] is affected by changing N
        """,
        "documents": """
            what [doc] document|doc N
            doc [that|what] document N
            where [in doc] is N documented [in]
            where N is documented
            where do doc document N
            [what is|where is] doc of|in N
            N doc
            in what doc is N documented
            what doc is N documented in
            is N documented
        """,
        "overrides": """
            what [thing|sub] override X
            [what is] thing that|what override X
            [what is] thing overriding X
            what [thing] is overriding X
            where is X overridden
            where X is overridden
            [what is|is there] override of X
            X ['s] override
            by what [thing] is X overridden
            in what thing is X overridden
            what [thing] is X overridden by|in
            is X overridden
            do what [thing] override X
        """,
    },
)
