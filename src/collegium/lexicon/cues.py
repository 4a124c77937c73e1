"""The words by which it is told how a request is put: who asks whom, in what way, about what."""

from __future__ import annotations

import re

GERMAN = frozenset(
    """
    der die das und ist nicht ein eine einen für wie mit auf den dem zu
    """.split()
)
FIRST_PERSON = frozenset(
    """
    i i'm i've i'd i'll im ive my me mine myself ich mein meine meiner meinem meinen mir mich je
    mon ma mes moi mi mis yo estoy tengo meu minha eu io mio mia ho ik mijn мой моя моё мои мне
    меня я benim saya aku tôi em moja mój mam jestem 我 私 僕 俺 나 저 내 मैं मेरा मेरी मेरे मुझे
    """.split()
)
SECOND_PERSON = frozenset(
    """
    you your yours yourself ya u dich dir te você ty ты тебя 你 您 너 당신
    """.split()
)
WH = frozenset(
    """
    who whom whose what which when where why how wer was wann wo warum wieso welche welcher
    welches wie qui que quoi quel quelle quels quelles quand où pourquoi comment combien qué quién
    quiénes cuál cuáles cuándo dónde cómo cuánto cuántos cuántas quem qual quais quando onde como
    quanto quantos chi che cosa quale quali dove perché come кто что какой какая какое какие когда
    где почему как сколько wie wat wanneer waar waarom hoe welk welke kto co kiedy gdzie dlaczego
    jak ile jaki jaka kim ne nasıl neden niye nerede hangi kaç siapa apa kapan dimana mengapa
    kenapa bagaimana berapa ai gì bao من ما ماذا متى أين لماذا كيف كم هل कौन क्या कब कहाँ क्यों
    कैसे कितना
    """.split()
)
YES_NO = frozenset(
    """
    is are was were do does did can could would will should has have had may might am isn't aren't
    don't doesn't didn't won't wouldn't ist sind kann darf gibt est-ce peut-on es son puede é são
    можно правда есть
    """.split()
)
# Where questions have no mark and no fixed place for the asking word.
ASKING = re.compile(
    "什么|什麼|怎么|怎麼|怎样|怎樣|为什么|為什麼|为啥|哪|谁|誰|吗|嗎|呢|多少|几"
    "|何|どう|なぜ|いつ|どこ|どれ|どの|ですか|ますか|でしょうか"
    "|무엇|뭐|왜|어디|누가|누구|언제|어떻게|어떤|나요|까요|인가요|क्या|कौन|कैसे|क्यों|कब|कहाँ|कितन|อะไร|ทำไม"
    "|ยังไง|เท่าไ|ไหม|كيف|لماذا|ما هو|ما هي|متى|أين"
)
GENERIC_YOU = re.compile(
    r"(?:how|where|when|why|what) (?:do|would|can|could|should|did|does) you\b"
    r"|\W{0,3}(?:please )?(?:can|could|would|will) you\b|.{0,60}\bthank",
    re.IGNORECASE,
)
TO_YOU = re.compile(
    r"\W{0,3}(?:(?:so|and|but|hey|hi|ok) )?"
    r"(?:are|do|did|can|have|were|will|who|what|how|where|when) (?:are|do|is|can|did|were|made"
    r"|created|built|old are) (?:you|your|u|ya)\b"
    r"|\W{0,3}(?:are|do|have|were|will|did) (?:you|your|u|ya)\b",
    re.IGNORECASE,
)
# What software is spoken of in, as terms.
TECHNICAL = frozenset(
    """
    code codebase repo repository function functions class classes method methods module modules
    api endpoint config script compiler backend frontend database server cli sdk json yaml html
    css sql python javascript typescript java rust golang kotlin php ruby bash regex git docker
    kubernetes linux commit branch middleware plugin parser handler array string boolean integer
    variable algorithm program c++ c# net asp.net node.js django flask react node código codice
    funktion skript код функци* скрипт репозитори* コード
    """.split()
) | {"pull request", "unit test", "unit tests", "代 码", "函 数", "코 드"}
AMOUNTS = frozenset(
    """
    average total number count ratio percentage proportion highest lowest maximum minimum most
    least sum median largest smallest oldest youngest latest earliest top
    """.split()
) | {"how many", "more than"}
GROUPS = frozenset(
    """
    each per by every across grouped ordered sorted order descending ascending respectively
    distinct different name names id ids code codes have has had with whose record records list
    show return give
    """.split()
)
COUNTED = (
    frozenset(
        """
        find calculate compute berechne berechnen combien cuánto cuántos cuántas quanto quanta
        quanti quantos сколько ile berapa kaç 何 几 몇 कितना कितने कितनी
        """.split()
    )
    | {f"how {word}" for word in "many much long far old fast tall often likely big".split()}
    | {f"what {word}" for word in "fraction percent percentage number amount".split()}
    | {f"wie {word}" for word in "viel viele lange groß hoch".split()}
    | {
        f"what {verb} {word}"
        for verb in ("is", "was", "are", "will be")
        for word in "the his her their its x y".split()
    }
    | {"bao nhiêu", "多 少", "い く ら", "얼 마"}
)
