"""xxHash64, the algorithm of `hash` and `hash_xxhash64`: text as UTF-8, numbers and times as eight bytes, seed 0.

Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md; for numbers the hashes of 0, 2000, 3000, 5000 and 20000 in the
sketches that https://learn.microsoft.com/kusto/query/hll-aggregation-function prints.
"""

from __future__ import annotations

from . import Scalar

MASK = (1 << 64) - 1
P1, P2, P3, P4, P5 = (
    11400714785074694791,
    14029467366897019727,
    1609587929392839161,
    9650029242287828579,
    2870177450012600261,
)


def _turned(x: int, by: int) -> int:
    return ((x << by) | (x >> (64 - by))) & MASK


def _round(state: int, lane: int) -> int:
    return _turned((state + lane * P2) & MASK, 31) * P1 & MASK


def xxhash64(data: bytes) -> int:
    """The hash as an unsigned number."""
    place, size = 0, len(data)
    if size >= 32:
        lanes = [(P1 + P2) & MASK, P2, 0, -P1 & MASK]
        while place <= size - 32:
            for lane in range(4):
                start = place + 8 * lane
                lanes[lane] = _round(lanes[lane], int.from_bytes(data[start : start + 8], "little"))
            place += 32
        made = sum(_turned(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True)) & MASK
        for lane in lanes:
            made = ((made ^ _round(0, lane)) * P1 + P4) & MASK
    else:
        made = P5
    made = (made + size) & MASK
    while place + 8 <= size:
        made = (_turned(made ^ _round(0, int.from_bytes(data[place : place + 8], "little")), 27) * P1 + P4) & MASK
        place += 8
    if place + 4 <= size:
        made = (_turned(made ^ (int.from_bytes(data[place : place + 4], "little") * P1 & MASK), 23) * P2 + P3) & MASK
        place += 4
    for byte in data[place:]:
        made = _turned(made ^ (byte * P5 & MASK), 11) * P1 & MASK
    made = (made ^ (made >> 33)) * P2 & MASK
    made = (made ^ (made >> 29)) * P3 & MASK
    return made ^ (made >> 32)


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def hash_text(text: str) -> int:
    return _signed(xxhash64(text.encode()))


def hash_number(number: int) -> int:
    return _signed(xxhash64((number & MASK).to_bytes(8, "little")))


FUNCTIONS = [Scalar("hash_text", "s>l", hash_text), Scalar("hash_number", "l>l", hash_number)]
