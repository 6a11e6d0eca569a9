"""Pages kept as bytes while the catalogue stays as it is, so that a page asked for again costs nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from ..catalogue import Catalogue

MOST_BYTES = 64_000_000


class Kept:
    """Finished pages by address, those asked for longest ago dropped first. Safe for many threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most = most
        self.bytes = 0
        self._pages: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, address: str) -> bytes | None:
        with self._lock:
            if address in self._pages:
                self._pages.move_to_end(address)
            return self._pages.get(address)

    def put(self, address: str, body: bytes) -> None:
        with self._lock:
            self.bytes += len(body) - len(self._pages.pop(address, b""))
            self._pages[address] = body
            while self.bytes > self.most:
                self.bytes -= len(self._pages.popitem(last=False)[1])


def kept(rules: Catalogue, address: str, make: Callable[[], bytes]) -> bytes:
    """The page at `address`, made when it is not kept; pages of an older state of the catalogue are forgotten."""
    store = rules.remembered("pages", "", Kept)
    body = store.get(address)
    if body is None:
        body = make()
        store.put(address, body)
    return body
