"""Whole numbers: primes, factors and divisors, and how many ways there are to choose."""

from __future__ import annotations

import math
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic.numerals import whole_number_of
from collegium.experts.computing.base import Uncomputable, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.experts.computing.arithmetic.forms import Forms
    from collegium.experts.computing.base import Builder, Computed, Plan

MAX_FACTORED = 10**11  # trial division up to 300,000 takes some 30 ms
MAX_CHOSEN_FROM = 2000
MAX_PRIMES, PRIMES_BELOW = 5000, 50_000  # prime number 5000 is 48,611


def _factored(number: int) -> dict[int, int]:
    """Return the prime factors of a number up to `MAX_FACTORED`, each with its exponent."""
    if not 1 < number <= MAX_FACTORED:
        raise Uncomputable(f"{number} is not from 2 to {MAX_FACTORED}")
    factors, divisor = dict[int, int](), 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            number, factors[divisor] = number // divisor, factors.get(divisor, 0) + 1
        divisor += 1 + (divisor > 2)
    if number > 1:
        factors[number] = factors.get(number, 0) + 1
    return factors


def _as_product(factors: Mapping[int, int]) -> str:
    return " \u00d7 ".join(f"{p}^{n}" if n > 1 else str(p) for p, n in factors.items())


def _divisors(number: int) -> list[int]:
    divisors = [1]
    for prime, power in (_factored(number) if number > 1 else {}).items():
        divisors = [d * prime**k for d in divisors for k in range(power + 1)]
    return sorted(divisors)


def _primes() -> list[int]:
    """Return the primes below `PRIMES_BELOW`, by the sieve of Eratosthenes."""
    sieve = bytearray([1]) * PRIMES_BELOW
    for divisor in range(2, math.isqrt(PRIMES_BELOW) + 1):
        if sieve[divisor]:
            sieve[divisor * divisor :: divisor] = bytes(len(sieve[divisor * divisor :: divisor]))
    return [number for number in range(2, PRIMES_BELOW) if sieve[number]]


_PROPERTIES: Mapping[str, Callable[[int], bool]] = MappingProxyType(
    {
        "prime": lambda n: n > 1 and _factored(n) == {n: 1},
        "composite": lambda n: n > 1 and _factored(n) != {n: 1},
        "even": lambda n: n % 2 == 0,
        "odd": lambda n: n % 2 == 1,
        "perfect square": lambda n: math.isqrt(n) ** 2 == n,
    }
)


def _of_number(compute: Callable[[int], Computed]) -> Builder:
    """Return the builder of plans that compute something of one whole number."""

    def build(number: str) -> Plan:
        return partial(compute, whole_number_of(number))

    return build


def _read_property(number: str, name: str) -> Plan:
    return partial(_property, whole_number_of(number), name)


def _property(number: int, name: str) -> Computed:
    holds = _PROPERTIES[name](number)
    is_composite = name in {"prime", "composite"} and number > 1 and holds != (name == "prime")
    reason = f": {number} = {_as_product(_factored(number))}" if is_composite else ""
    article = "a " if name == "perfect square" else ""
    said = f"{number} {'is' if holds else 'is not'} {article}{name}{reason}."
    return answer("yes", f"Yes, {said}") if holds else answer("no", f"No, {said}")


def _read_divisible(number: str, divisor: str) -> Plan:
    return partial(_divisible, whole_number_of(number), whole_number_of(divisor))


def _divisible(number: int, divisor: int) -> Computed:
    quotient, rest = divmod(number, divisor)
    if rest:
        reason = f"the remainder is {rest}"
        return answer("no", f"No, {number} is not divisible by {divisor}: {reason}.")
    reason = f"{number} = {divisor} * {quotient}"
    return answer("yes", f"Yes, {number} is divisible by {divisor}: {reason}.")


def _read_power(number: str, base: str) -> Plan | None:
    n, root = whole_number_of(number), whole_number_of(base)
    if n < 2 or root < 2:
        return None
    exponent = 0
    while n % root == 0:
        n, exponent = n // root, exponent + 1
    if n == 1:
        return partial(answer, "yes", f"Yes, {number} = {base}^{exponent}.")
    return partial(answer, "no", f"No, {number} is not a power of {base}.")


def _factorization(number: int) -> Computed:
    value = _as_product(_factored(number))
    return answer(value, f"The prime factorization of {number} is {value}.")


def _prime_factors(number: int) -> Computed:
    factors = _factored(number)
    value = ", ".join(map(str, factors))
    return answer(value, f"The prime factors of {number} are {value}: {_as_product(factors)}.")


def _all_divisors(number: int) -> Computed:
    value = ", ".join(map(str, _divisors(number)))
    return answer(value, f"The divisors of {number} are {value}.")


def _divisor_count(number: int) -> Computed:
    count = len(_divisors(number))
    return answer(str(count), f"{number} has {count} divisors, 1 and itself included.")


def _read_choice(total: str, chosen: str) -> Plan | None:
    n, k = whole_number_of(total), whole_number_of(chosen)
    if n > MAX_CHOSEN_FROM or k > n:
        return None
    value = str(math.comb(n, k))
    return partial(answer, value, f"{n} choose {k} is {value}.")


def _read_digit_sum(number: str) -> Plan:
    value = sum(int(digit) for digit in str(whole_number_of(number)))
    return partial(answer, str(value), f"The digits of {number} add up to {value}.")


def _read_digit_count(number: str) -> Plan:
    count = len(str(whole_number_of(number)))
    return partial(answer, str(count), f"{number} has {count} digits.")


def _read_nth_prime(count: str) -> Plan | None:
    return partial(_nth_prime, int(count)) if 0 < int(count) <= MAX_PRIMES else None


def _nth_prime(count: int) -> Computed:
    value = str(_primes()[count - 1])
    return answer(value, f"Prime number {count}, counting 2 as the first, is {value}.")


FORMS: Forms = (
    (
        "<check><number:whole> (?:is )?(?:an? )?<name:prime|composite|even|odd>(?: number)?",
        _read_property,
    ),
    ("<check><number:whole> (?:is )?a <name:perfect square>", _read_property),
    ("<check><number:whole> (?:is )?an? (?:exact )?power of <base:whole>", _read_power),
    ("<check><number:whole> (?:is )?(?:evenly )?divisible by <divisor:whole>", _read_divisible),
    ("<check><number:whole> (?:is )?a multiple of <divisor:whole>", _read_divisible),
    (
        "does <divisor:whole> (?:evenly )?divide <number:whole>(?: evenly| exactly)?",
        _read_divisible,
    ),
    ("(?:is )?<divisor:whole> (?:is )?a (?:factor|divisor) of <number:whole>", _read_divisible),
    ("<the>(?:<factorization>) (?:of|for) <number:whole>", _of_number(_factorization)),
    ("<factorize> <number:whole><into primes>", _of_number(_factorization)),
    ("<number:whole> (?:is )?(?:an? )?<name:prime>(?: number)?", _read_property),
    ("<the>(?:distinct )?prime factors (?:of )?<number:whole>", _of_number(_prime_factors)),
    ("<listing>(?:factors|divisors) of <number:whole>", _of_number(_all_divisors)),
    (
        "how many (?:positive )?(?:factors|divisors) does <number:whole> have",
        _of_number(_divisor_count),
    ),
    (
        "<the>number of (?:positive )?(?:factors|divisors) of <number:whole>",
        _of_number(_divisor_count),
    ),
    ("<total:whole> choose <chosen:whole>", _read_choice),
    (r"c ?\( ?<total:whole> ?, ?<chosen:whole> ?\)", _read_choice),
    (
        "<how many ways>(?:choose|pick|select) <chosen:whole>(?: [a-z]+)?"
        " (?:from|out of|of) (?:a (?:set|group) of )?<total:whole>(?: [a-z]+)?",
        _read_choice,
    ),
    (
        "<the>(?:digit sum|sum of (?:all )?(?:the |its )?digits) (?:of|in) <number:whole>",
        _read_digit_sum,
    ),
    ("how many digits (?:does|are(?: there)? in|in) <number:whole>(?: have)?", _read_digit_count),
    ("<the><count:[0-9]{1,4}>(?:st|nd|rd|th) prime(?: number)?", _read_nth_prime),
)
