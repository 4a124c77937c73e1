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
)
