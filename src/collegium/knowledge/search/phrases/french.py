"""Graph questions in French."""

from __future__ import annotations

from typing import Final

from collegium.knowledge.search.phrases.language import Language

FRENCH: Final = Language(
    words="""
        article: le la les l un une
        noise: tous toutes s il vous plait te directement directe directes ici
        opener: montre moi montrez trouve trouvez liste listez donne donnez peux peut tu vous me
            dire dis est ce que je veux savoir
        whole: projet code depot base
        thing: fonction methode classe fichier module type
        things: fonctions methodes classes fichiers modules types
        one: appelle herite etend implemente derive importe utilise
        several: sont
        what: qui quelle quelles quel quels
        que: que qu quoi
        where: ou
        of: de du d des a
        by: par
        in: dans
        is: est sont
        call: appelle appellent
        called: appele appelee appelees appeles
        caller: appelants appelant appels
        defined: defini definie definis definies declare declaree se trouve
        define: definit
        definition: definition declaration
        inherit: herite heritent etend etendent implemente implementent
        derive: derive derivent
        sub: sous-classes sous-classe filles
        base: parente parentes mere
        import: importe importent
        imported: importee importes
        use: utilise utilisent
        used: utilisee utilises utilisees
        usage: utilisations utilisation usages
        documented: documente documentee
        whether: est-ce
        is-it: est-il est-elle
        call-it: appelle-t-il appelle-t-elle
        use-it: utilise-t-il utilise-t-elle
        import-it: importe-t-il importe-t-elle
        inherit-it: herite-t-il herite-t-elle
    """,
    phrases={
        "callers": """
            what [thing] call X
            thing what call X
            [of] where is X called
            [of] where is called X
            by what [thing] is X called
            by what [thing] is called X
            [what is] caller of X
        """,
        "callees": """
            que call X
            thing que X call
            what [thing] is called by X
            what thing X call
        """,
        "where": """
            where is X defined
            where is defined X
            where defined [defined] X
            in what thing is defined X
            what thing define X
            definition of X
            where is N
        """,
        "subclasses": """
            what [thing] inherit|derive of X
            what [thing] inherit X
            [what is] sub of X
        """,
        "bases": """
            of what [thing] inherit X
            [what is] thing base of X
            [what is] base of X
        """,
        "imports": """
            que import X
        """,
        "importers": """
            what [thing] import X
            where is X import|imported
            where is import|imported X
        """,
        "references": """
            what [thing] use X
            where is X use|used
            where is use|used X
            [what is] usage of X
        """,
        "documents": """
            where is N documented
            where is documented N
        """,
    },
    pairs={
        "callers": """
            [whether que] A call X
            A call-it X
            [whether que] X is called by A
            X is-it called by A
        """,
        "references": """
            [whether que] A use X
            A use-it X
            [whether que] X is used by A
        """,
        "importers": """
            [whether que] A import X
            A import-it X
        """,
        "subclasses": """
            [whether que] A inherit|derive of X
            [whether que] A inherit X
            A inherit-it of X
            [whether que] A is sub of X
            A is-it sub of X
        """,
    },
)
