"""Graph questions in Spanish."""

from __future__ import annotations

from typing import Final

from collegium.knowledge.search.phrases.language import Language

SPANISH: Final = Language(
    words="""
        noise: el la los las un una todos todas por-favor directamente directas directos aqui
        opener: muestra muestrame encuentra lista listame dame busca dime puedes quiero saber
        whole: proyecto codigo repositorio
        thing: funcion funciones metodo metodos clase clases archivo archivos fichero ficheros
            modulo modulos tipo tipos
        what: quien quienes que cual cuales
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
            what [thing] call of X
            thing what call of X
            where is call [of] X
            where is called X
            by what [thing] is called X
            caller of X
        """,
        "callees": """
            of what thing call X
            what thing is called by X
            what call X
        """,
        "where": """
            where is defined X
            where is X defined
            in what thing is defined X
            what thing defined X
            definition of X
            where is N
        """,
        "subclasses": """
            what [thing] inherit [of] X
            sub of X
        """,
        "bases": """
            of what [thing] inherit X
            thing base of X
        """,
        "importers": """
            what [thing] import X
            where is import|imported X
        """,
        "references": """
            what [thing] use X
            where is use|used X
            usage of X
        """,
        "documents": """
            where is documented N
        """,
    },
)
