"""Words that are one word: spellings, abbreviations, inflections, and what means the very same.

Only what may be exchanged in any question is here; where in doubt, it is left out, and the question
is answered anew.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each line is one word; the first stands for all.
_GROUPS = """
large big
largest biggest
larger bigger
quick fast
quickest fastest
quicker faster
highest tallest
start begin launch
starting beginning
delete remove erase drop
create make
calculate compute
show display
choose pick select
finish complete
established founded
ad advertisement advert
buy purchase
assist aid
use utilize
fix repair resolve
method approach technique
benefit advantage
drawback disadvantage downside
car automobile
movie film
teenager teen adolescent
physician doctor
mistake error flaw
effect impact
cause reason
good great
university college
if whether
cheap inexpensive
delicious tasty
afraid scared
weird strange
sofa couch
garbage trash rubbish
refrigerator fridge
bicycle bike
airplane aeroplane
grandmother grandma
grandfather grandpa
mother mom mum
father dad
coworker colleague
website site
reply respond
require need
attempt try
permit allow
forbid prohibit
yearly annually
enormous huge gigantic
tale story
famous renowned
on about
shop store
lower reduce decrease
improve enhance
importance significance
important significant
difficult hard
easy simple
clever smart intelligent
sick ill
often frequently
whole entire
wrong incorrect
approximately roughly
type kind
example instance
opposite antonym
exercise workout
rich wealthy
combine merge
picture photo photograph
television tv
ok okay alright
dictionary dict
integer int
string str
boolean bool
function func
database db
repository repo
directory folder
environment env
documentation docs
configuration config
argument arg
parameter param
javascript js
typescript ts
postgresql postgres
kubernetes k8s
regex regexp
maximum max
kilometer km kilometre
meter metre
centimeter cm centimetre
millimeter mm millimetre
kilogram kg kilo
lb lbs
ounce oz
foot feet ft
liter litre
hour hr hrs h
minute minutes mins
celsius centigrade
percent percentage
color colour
favorite favourite
center centre
gray grey
behavior behaviour
neighbor neighbour
traveling travelling
catalog catalogue
analyze analyse
license licence
defense defence
flavor flavour
honor honour
humor humour
labor labour
theater theatre
program programme
jewelry jewellery
aluminum aluminium
doughnut donut
person people persons
man men
woman women
mouse mice
tooth teeth
goose geese
leaf leaves
knife knives
wife wives
life lives
wolf wolves
shelf shelves
analysis analyses
crisis crises
hypothesis hypotheses
index indices indexes
matrix matrices
vertex vertices
criterion criteria
phenomenon phenomena
child children kid kids
"""

# Written so that each is found in any mix of capitals.
COMMON_NAMES: frozenset[str] = frozenset(
    """
    javascript typescript github gitlab postgresql mysql sqlite mongodb youtube iphone ipad macos
    dataframe numpy pytorch tensorflow latex linkedin whatsapp graphql nodejs powerpoint wordpress
    openai chatgpt ebay paypal bitcoin jquery django fastapi scikit matplotlib ww1 ww2
    """.split()
)

NUMBER_WORDS: Mapping[str, str] = MappingProxyType(
    {
        word: str(number)
        for number, word in enumerate(
            """
            zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
            fifteen sixteen seventeen eighteen nineteen twenty
            """.split()
        )
    }
    | dict(
        zip(
            "thirty forty fifty sixty seventy eighty ninety hundred thousand million".split(),
            "30 40 50 60 70 80 90 100 1000 1000000".split(),
            strict=True,
        )
    )
)

# Words that end in s and are no plurals, or whose plural is another word.
_NO_PLURAL = frozenset(
    """
    news goods customs means glasses arms clothes savings looks manners pants spirits its
    this his hers ours yours theirs thus plus minus always perhaps besides whereas is was has does
    as us gas bus yes less unless series species lens atlas canvas bias chaos cosmos texas paris
    kansas arkansas illinois mars venus jesus james thomas charles socrates hercules athens
    """.split()
)

# Verbs whose form in -ing is no other word, so that it can stand for the verb.
_VERBS = """
achieve add apply ask avoid become begin bite buy calculate call change check choose clean click
clone combine compare compile compute connect convert copy create debug delete deploy develop
download eat enable disable encode decode export find fix flatten follow format gain generate get
give go grow handle help implement import improve increase install invest iterate join keep learn
leave lose make manage match memorize merge move open optimize organize overcome parse pay play
practice prepare prevent print publish push put quit raise read receive reduce remove rename replace
reset resolve reverse revert run save search select sell send set share show sleep solve split start
stop store study swim talk teach tell test transfer translate travel treat try uninstall update
upgrade upload use validate visit wait walk wash watch wear write
"""


def _ing(verb: str) -> str:
    if verb.endswith("e") and not verb.endswith("ee"):
        return f"{verb[:-1]}ing"
    doubled = {"get", "put", "run", "set", "stop", "swim", "quit", "begin", "reset", "split"}
    return f"{verb}{verb[-1]}ing" if verb in doubled else f"{verb}ing"


_ONE_FOR_ALL: Mapping[str, str] = MappingProxyType(
    {_ing(verb): verb for verb in _VERBS.split()}
    | {word: line.split()[0] for line in _GROUPS.strip().splitlines() for word in line.split()[1:]}
)


def one_for(word: str) -> str:
    """The word that stands for this one and for all that mean the same."""
    if not word.isascii() or not word.isalpha():
        return word
    base = _ONE_FOR_ALL.get(word, word)
    if base is word:
        base = _singular(word)
    base = _ONE_FOR_ALL.get(base, base)
    return base.replace("isation", "ization") if base.endswith("isation") else _american(base)


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word in _NO_PLURAL:
        return word
    if word.endswith(("ss", "us", "is", "ics")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes", "atoes", "eroes")):
        return word[:-2]
    return word[:-1]


def _american(word: str) -> str:
    """Organise is organize; only for endings that are never another word."""
    for british, american in (("ise", "ize"), ("ised", "ized"), ("ising", "izing")):
        if len(word) > 7 and word.endswith(british) and word[-len(british) - 1] in "nlr":
            return word.removesuffix(british) + american
    return word
