"""Graph questions in English."""

from __future__ import annotations

from typing import Final

from collegium.knowledge.search.phrases.english_words import WORDS
from collegium.knowledge.search.phrases.language import Language

ENGLISH: Final = Language(
    words=WORDS,
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
            where do person|thing call X [from]
            by|from|in what [thing] is X called
            by|from|in what [thing] do X is called
            thing where X is called
            where do call of X happen
            what [thing] is X called by|from|in
            what [thing] X is called by|from|in
            X is called by|from|in what|where [thing]
            X is called where
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
            [is there] instance of X
            what [thing] [that|what] make|create instance of X
            what [thing] [that|what] make|create X instance
            where is instance of X created|instantiated|make
            where is X instance created|instantiated|make
            where do person|thing make|create instance of X
        """,
        "callees": """
            what [thing] do|may X call
            what X call
            [what is] thing [that|what] X call
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
            in what thing may|do person find N
            in what thing person may find N
            go of N
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
            is X inherited
            what [thing] is inherited from X
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
            [what is] import of|in P
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
            what [thing] refer of X
            [thing] [that|what] refer of X
            where is X refer of
            what [may] happen if person change N
            what is impact of changing N
            impact of changing N
            what [thing] [may] is affected by change of|in N
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
        "members": """
            what do N define
            what N define
            what is defined in N
            what is [contain] in P
            what do P contain|have
            [what is] thing [that|what] [is] [defined|contain] in P
            [what is] thing [that|what] N define
            [what is] member of X
            what member do X have
            X 's member
            [what is] M of|in X
            M defined in X
            what M do X define|contain|have
            what M is [defined|contain] in X
            X 's M
        """,
        "tests": """
            what test X
            what [unit] test test|document|use|call|instantiate X
            test that|what test|document|use|call|instantiate X
            [is there] [unit] test [case] of X
            do person have [unit] test [case] of X
            do X have test
            what test of X is there
            X test
            X 's test
            where is X tested
            is X tested [by what]
            by|in what [test] is X tested
            what [thing|test] is X tested by|in
            what [is] testing X
            test testing|using|calling X
            what test is testing|using|calling X
            test coverage of X
        """,
    },
    definitions={
        "function": "function functions",
        "method": "method methods",
        "class": "class classes type types struct structs",
        "interface": "interface interfaces trait traits type types",
        "enum": "enum enums type types",
    },
    pairs={
        "callers": """
            do A call X
            is X called by|from|in A
            where do A call X
            is A calling X
            do A make call of X
        """,
        "references": """
            do A use X
            is X used by|in A
            where do A use X
            is A using X
            do A depend in X
            do A refer of X
        """,
        "importers": """
            do A import X
            is X imported by|in A
            where do A import X
        """,
        "subclasses": """
            do A inherit|derive|implement [from] X
            is A sub [thing] of X
            is A derived|inheriting [from] X
            is X base [thing] of A
        """,
        "path": """
            how do|may A reach X
            do|may A reach X
            how do|may A is of X
            [what is] [call] location|chain from A of X
            [what is] call from A of X
            [what] [call] location|chain lead from A of X
            how is X reachable from A
            is X reachable from A
            how do|may person is from A of X
        """,
    },
)
