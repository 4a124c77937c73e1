"""Graph questions in Spanish."""

from __future__ import annotations

from typing import Final

from collegium.knowledge.search.phrases.language import Language

SPANISH: Final = Language(
    words="""
        article: el la los las un una
        noise: todos todas por-favor directamente directas directos aqui
        opener: muestra muestrame encuentra lista listame dame busca dime puedes quiero saber
        whole: proyecto codigo repositorio
        thing: funcion metodo clase archivo fichero modulo tipo
        things: funciones metodos clases archivos ficheros modulos tipos
        one: llama invoca hereda extiende implementa importa usa utiliza
        several: estan son
        what: quien quienes cual cuales
        que: que
        where: donde
        of: de del a
        by: por
        in: en desde
        is: es esta estan son se
        call: llama llaman invoca invocan
        called: llamada llamado llamadas llamados invocada invocado
        defined: define definida definido declara declarada definidas
        definition: definicion declaracion
        inherit: hereda heredan extiende extienden implementa implementan
        sub: subclases subclase
        base: padre base
        import: importa importan
        imported: importada importado
        use: usa usan utiliza utilizan
        used: usada usado utilizada utilizado
        usage: usos referencias
        caller: llamadores
        documented: documentada documentado documenta
    """,
    phrases={
        "callers": """
            what call [of] X
            que call of X
            what|que thing call [of] X
            thing que call of X
            where is call [of] X
            where is called X
            by what|que [thing] is called X
            [what is] caller of X
        """,
        "callees": """
            of what|que thing call X
            what|que thing is called by X
            que call X
        """,
        "where": """
            where is defined X
            where is X defined
            in what|que thing is defined X
            in what|que thing is N
            what|que thing defined X
            [what is] definition of X
            where is N
        """,
        "subclasses": """
            what|que [thing] inherit [of] X
            [what is] sub of X
        """,
        "bases": """
            of what|que [thing] inherit X
            thing base of X
        """,
        "importers": """
            what import X
            what|que thing import X
            where is import|imported X
        """,
        "imports": """
            que import X
        """,
        "references": """
            what use X
            what|que thing use X
            where is use|used X
            [what is] usage of X
        """,
        "documents": """
            where is documented N
        """,
    },
    pairs={
        "callers": """
            call A of X
            A call of X
            is called X by A
            X is called by A
        """,
        "references": """
            use A X
            A use X
        """,
        "importers": """
            import A X
            A import X
        """,
        "subclasses": """
            inherit A of X
            A inherit of X
            is A sub of X
            A is sub of X
        """,
    },
)
