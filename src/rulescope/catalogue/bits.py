"""Sets of rules as bits of one integer: rule number n is bit n. Filters are `&`, `|` and `& ~`; a count is `bit_count`."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

FEW = 4000


def bits_of(numbers: Iterable[int]) -> int:
    """The set of these rule numbers."""
    numbers = list(numbers)
    if not numbers:
        return 0
    array = bytearray(max(numbers) // 8 + 1)
    for number in numbers:
        array[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(array, "little")


def numbers_of(bits: int) -> Iterator[int]:
    """The rule numbers of a set, ascending."""
    for place, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little")):
        if byte:
            base = place << 3
            for offset in range(8):
                if byte >> offset & 1:
                    yield base + offset


def packed(bits: int) -> bytes:
    """A set as it is stored."""
    return zlib.compress(bits.to_bytes((bits.bit_length() + 7) // 8, "little"), 1)


def unpacked(data: bytes) -> int:
    return int.from_bytes(zlib.decompress(data), "little")


def most_frequent(sets: Iterable[tuple[str, int, int]], within: int, most: int) -> tuple[dict[str, int], int]:
    """(name -> how many of `within`, how many names have any), of (name, size, set) with the largest sets first.

    Exact for the `most` frequent names at least: once a set as a whole is below the last place, none can enter it.
    """
    counts: dict[str, int] = {}
    best: list[int] = []
    named = 0
    for name, size, bits in sets:
        here = within & bits
        if here:
            named += 1
            if len(best) < most or size >= best[0]:
                counts[name] = number = here.bit_count()
                heappush(best, number)
                if len(best) > most:
                    heappop(best)
    return counts, named


class Order:
    """Rules in some order: gives the page of a set without sorting it."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self.rank = {number: place for place, number in enumerate(numbers)}

    def page(self, bits: int, start: int, size: int) -> list[int]:
        """`size` rules of `bits` in this order, from the `start`th on."""
        if bits.bit_count() <= FEW:
            return sorted((n for n in numbers_of(bits) if n in self.rank), key=self.rank.__getitem__)[
                start : start + size
            ]
        array = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
        length = len(array) * 8
        found: list[int] = []
        wanted = start + size
        for number in self.numbers:
            if number < length and array[number >> 3] >> (number & 7) & 1:
                found.append(number)
                if len(found) == wanted:
                    break
        return found[start:wanted]
