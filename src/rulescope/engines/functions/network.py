"""Addresses: IPv4 and IPv6 ranges, text that holds an address, distances and geohashes on the globe."""

from __future__ import annotations

import ipaddress
import json
import math
import re

from . import Scalar

PRIVATE = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
FOUND = re.compile(r"(?<![0-9A-Za-z.])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z]|\.\d)")
PREFIX = re.compile(r"(?<![0-9A-Za-z])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z])")


def _v4(text: str) -> tuple[int, int] | None:
    """Number and length of prefix of an address, `a.b.c.d` or `a.b.c.d/n`."""
    address, mark, bits = text.strip().partition("/")
    try:
        number = int(ipaddress.IPv4Address(address))
        length = int(bits) if mark else 32
    except ValueError:
        return None
    return (number, length) if 0 <= length <= 32 else None


def _mask(length: int, width: int = 32) -> int:
    return ((1 << length) - 1) << (width - length) if length else 0


def ipv4_is_private(text: str) -> bool | None:
    found = _v4(text)
    if found is None:
        return None
    number, length = found
    return any(
        length >= network.prefixlen and number & int(network.netmask) == int(network.network_address)
        for network in PRIVATE
    )


def ipv4_in_range(address: str, network: str) -> bool | None:
    a, b = _v4(address), _v4(network)
    if a is None or b is None:
        return None
    mask = _mask(min(a[1], b[1]))
    return a[0] & mask == b[0] & mask and a[1] >= b[1]


def ipv4_in_any(address: str, networks: str) -> bool | None:
    """Null where no network holds the address and one of them, or the address, is none."""
    found = [ipv4_in_range(address, str(item)) for item in _flat(json.loads(networks))]
    return True if any(found) else None if None in found or _v4(address) is None else False


def _flat(value: object) -> list[object]:
    return [item for part in value for item in _flat(part)] if isinstance(value, list) else [value]


def ipv4_compare(left: str, right: str, prefix: int) -> int | None:
    a, b = _v4(left), _v4(right)
    if a is None or b is None or not 0 <= prefix <= 32:
        return None
    mask = _mask(min(a[1], b[1], prefix))
    x, y = a[0] & mask, b[0] & mask
    return (x > y) - (x < y)


def ipv4_suffix(text: str) -> int | None:
    found = _v4(text)
    return found[1] if found else None


def ipv4_range(first: str, last: str) -> str | None:
    a, b = _v4(first), _v4(last)
    if a is None or b is None or a[0] > b[0]:
        return None
    blocks = ipaddress.summarize_address_range(ipaddress.IPv4Address(a[0]), ipaddress.IPv4Address(b[0]))
    return json.dumps([str(block) for block in blocks], separators=(",", ":"))


def parse_ipv4(text: str, prefix: int) -> int | None:
    found = _v4(text)
    return found[0] & _mask(min(found[1], prefix)) if found and 0 <= prefix <= 32 else None


def format_ipv4(text: str, prefix: int) -> str:
    try:
        number, length = (int(text), 32) if text.lstrip("-").isdigit() else (_v4(text) or (None, 0))
        if number is None or not 0 <= number < 1 << 32 or not 0 <= prefix <= 32:
            return ""
        return str(ipaddress.IPv4Address(number & _mask(min(length, prefix))))
    except ValueError:
        return ""


def format_ipv4_mask(text: str, prefix: int) -> str:
    found = (int(text), 32) if text.lstrip("-").isdigit() else _v4(text)
    address = format_ipv4(text, prefix)
    return f"{address}/{min(found[1], prefix)}" if address and found else ""


def _v6(text: str) -> tuple[int, int] | None:
    address, mark, bits = text.strip().partition("/")
    if address.startswith("::") and address.count(".") == 3 and address.count(":") == 2:
        address = address[2:]
    try:
        found = ipaddress.ip_address(address)
        four = isinstance(found, ipaddress.IPv4Address)
        length = int(bits) + (96 if four else 0) if mark else 128
    except ValueError:
        return None
    number = int(found) | (0xFFFF << 32) if four else int(found)
    return (number, length) if 0 <= length <= 128 else None


def ipv6_compare(left: str, right: str, prefix: int) -> int | None:
    a, b = _v6(left), _v6(right)
    if a is None or b is None or not 0 <= prefix <= 128:
        return None
    mask = _mask(min(a[1], b[1], prefix), 128)
    x, y = a[0] & mask, b[0] & mask
    return (x > y) - (x < y)


def ipv6_in_range(address: str, network: str) -> bool | None:
    a, b = _v6(address), _v6(network)
    if a is None or b is None:
        return None
    mask = _mask(min(a[1], b[1]), 128)
    return a[0] & mask == b[0] & mask and a[1] >= b[1]


def ipv6_in_any(address: str, networks: str) -> bool | None:
    """Null where no network holds the address and one of them, or the address, is none."""
    found = [ipv6_in_range(address, str(item)) for item in _flat(json.loads(networks))]
    return True if any(found) else None if None in found or _v6(address) is None else False


def parse_ipv6(text: str, prefix: int) -> str | None:
    found = _v6(text)
    if found is None or not 0 <= prefix <= 128:
        return None
    number = found[0] & _mask(min(found[1], prefix), 128)
    return ipaddress.IPv6Address(number).exploded


def in_network(text: str, network: str) -> bool:
    """Whether text is an address, of either family, in a network; anything else is not."""
    try:
        return ipaddress.ip_address(text.strip()) in ipaddress.ip_network(network, strict=False)
    except (ValueError, TypeError):
        return False


def has_ipv4(text: str, address: str) -> bool:
    wanted = _v4(address)
    return wanted is not None and "/" not in address and any(_v4(found) == wanted for found in FOUND.findall(text))


def has_ipv4_prefix(text: str, prefix: str) -> bool:
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3}){0,3}\.?", prefix) or (not prefix.endswith(".") and prefix.count(".") < 3):
        return False
    return any(
        found == prefix or (prefix.endswith(".") and found.startswith(prefix))
        for found in PREFIX.findall(text)
        if _v4(found)
    )


def has_any(test: str, text: str, values: str) -> bool:
    check = has_ipv4 if test == "ipv4" else has_ipv4_prefix
    return any(check(text, str(item)) for item in _flat(json.loads(values)))


def geo_distance(long1: float, lat1: float, long2: float, lat2: float) -> float | None:
    """Metres between two points on a sphere; null for what is no point."""
    if not all(abs(x) <= 180 for x in (long1, long2)) or not all(abs(x) <= 90 for x in (lat1, lat2)):
        return None
    if (long1, lat1) == (long2, lat2):
        return 0.0
    x, y = math.radians(lat1), math.radians(lat2)
    half = math.sin((y - x) / 2) ** 2 + math.cos(x) * math.cos(y) * math.sin(math.radians(long2 - long1) / 2) ** 2
    return 2 * RADIUS * math.asin(math.sqrt(min(1.0, half)))


RADIUS = 6_371_010.0
"""Of the sphere, in metres, on which distances are measured."""

ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"


def geohash(longitude: float, latitude: float, accuracy: int) -> str:
    if not (abs(longitude) <= 180 and abs(latitude) <= 90 and 1 <= accuracy <= 18):
        return ""
    lows, highs, bits = [-180.0, -90.0], [180.0, 90.0], []
    point = (longitude, latitude)
    for place in range(accuracy * 5):
        axis = place % 2
        middle = (lows[axis] + highs[axis]) / 2
        upper = point[axis] >= middle
        bits.append(upper)
        (lows if upper else highs)[axis] = middle
    return "".join(
        ALPHABET[int("".join("1" if bit else "0" for bit in bits[i : i + 5]), 2)] for i in range(0, len(bits), 5)
    )


def geohash_center(text: str) -> str | None:
    lows, highs, place = [-180.0, -90.0], [180.0, 90.0], 0
    for c in text.lower():
        if c not in ALPHABET:
            return None
        for shift in range(4, -1, -1):
            axis = place % 2
            middle = (lows[axis] + highs[axis]) / 2
            (lows if ALPHABET.index(c) >> shift & 1 else highs)[axis] = middle
            place += 1
    center = [(low + high) / 2 for low, high in zip(lows, highs, strict=True)]
    return json.dumps({"type": "Point", "coordinates": center}, separators=(",", ":")) if text else None


FUNCTIONS = [
    Scalar("ipv4_is_private", "s>b", ipv4_is_private),
    Scalar("ipv4_in_range", "ss>b", ipv4_in_range),
    Scalar("ipv4_in_any", "ss>b", ipv4_in_any),
    Scalar("ipv4_compare", "ssl>l", ipv4_compare),
    Scalar("ipv4_suffix", "s>l", ipv4_suffix),
    Scalar("ipv4_range", "ss>s", ipv4_range),
    Scalar("parse_ipv4", "sl>l", parse_ipv4),
    Scalar("format_ipv4", "sl>s", format_ipv4),
    Scalar("format_ipv4_mask", "sl>s", format_ipv4_mask),
    Scalar("ipv6_compare", "ssl>l", ipv6_compare),
    Scalar("ipv6_in_range", "ss>b", ipv6_in_range),
    Scalar("ipv6_in_any", "ss>b", ipv6_in_any),
    Scalar("parse_ipv6", "sl>s", parse_ipv6),
    Scalar("in_network", "ss>b", in_network),
    Scalar("has_ipv4", "ss>b", has_ipv4),
    Scalar("has_ipv4_prefix", "ss>b", has_ipv4_prefix),
    Scalar("has_any_ipv4", "ss>b", lambda text, values: has_any("ipv4", text, values)),
    Scalar("has_any_ipv4_prefix", "ss>b", lambda text, values: has_any("prefix", text, values)),
    Scalar("geohash", "rrl>s", geohash),
    Scalar("geohash_center", "s>s", geohash_center),
]
