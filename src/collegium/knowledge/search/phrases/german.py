"""Graph questions in German."""

from __future__ import annotations

from typing import Final

from collegium.knowledge.search.phrases.language import Language

GERMAN: Final = Language(
    words="""
        article: der die das den dem des ein eine einen einer
        noise: alle aller allen jede jeder bitte genau denn eigentlich direkt direkte direkten alles
            uberall irgendwo hier sich
        opener: zeige zeig mir finde such suche liste nenne nenn sag sage uns gib kannst konntest du
            ich will wissen mochte auf bitte
        whole: codebasis projekt repository repo code quelltext
        thing: funktion methode klasse datei modul stelle typ paket
        things: funktionen methoden klassen dateien module stellen typen pakete
        one: ruft erbt erweitert importiert benutzt verwendet nutzt referenziert uberschreibt leitet
        several: sind werden
        what: wer welche welcher welches wem welchen
        was: was
        where: wo
        from: von in aus
        is: ist sind wird werden
        rufen: ruft rufen
        called: aufgerufen gerufen
        auf: auf
        caller: aufrufer aufrufern aufrufe aufrufstellen
        placed: implementiert
        person: ich man wir
        find: finde findet finden
        define: definiert definieren
        definition: definition deklaration
        inherit: erbt erben erweitert erweitern implementieren
        derive: leitet leiten
        ab: ab
        derived: abgeleitet
        sub: unterklasse unterklassen subklassen ableitungen implementierungen
        base: basisklasse basisklassen oberklasse oberklassen elternklasse
        whence: wovon
        import: importiert importieren
        use: benutzt benutzen verwendet verwenden nutzt nutzen referenziert
        usage: verwendung verwendungen
        documented: dokumentiert beschrieben
        steht: steht liegt
        happen: passiert geschieht bricht
        if: wenn falls
        change: andere andern umbenenne entferne losche
        override: uberschreibt uberschreiben
        overridden: uberschrieben
    """,
    phrases={
        "callers": """
            what [thing] rufen X auf
            from what|where [thing] is X called
            where is X [from] called
            [was is] caller from X
        """,
        "callees": """
            was rufen X auf
            was is from X called
            what thing is from X called
        """,
        "where": """
            where is X define
            where X define is
            from what thing is X define
            from what thing steht N
            where steht N
            where is N [placed]
            where find person N
            what thing define X
            definition from X
        """,
        "subclasses": """
            what [thing] inherit [from] X
            was inherit from X
            what [thing] derive from X ab
            what thing is from X derived
            [was is|what is] sub from X
        """,
        "bases": """
            whence inherit X
            from what [thing] inherit X
            from was inherit X
            [was is|what is] base from X
        """,
        "importers": """
            what [thing] import X
            where is X import
        """,
        "imports": """
            was import X
        """,
        "references": """
            what [thing] use X
            where is X use
            [was is] usage from X
            was happen if person X change
        """,
        "documents": """
            where is N documented
        """,
        "overrides": """
            what [thing] override X
            where is X overridden
        """,
    },
    pairs={
        "callers": """
            [where] rufen A X auf
            is X from A called
        """,
        "references": """
            [where] use A X
            is X from A use
        """,
        "importers": """
            [where] import A X
        """,
        "subclasses": """
            inherit A [from] X
            derive A from X ab
            is A from X derived
            is A sub from X
            is X base from A
        """,
    },
    capital_nouns=True,
)
