"""How sentences call what a rule looks at: the place where a part looks, its fields, and several conditions as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..model import And, Expr, Find, Search
from ..schemas import platforms
from ..text import Span
from .facts import Facts
from .parts import Part
from .phrases import Speaker
from .words import code, listed

CATEGORIES = {"dns": "DNS", "webserver": "web server"}
PRODUCTS = {
    "aws": "AWS", "azure": "Azure", "cisco": "Cisco", "fortios": "FortiOS", "fortigate": "FortiGate", "gcp": "Google Cloud",
    "huawei": "Huawei", "juniper": "Juniper", "kubernetes": "Kubernetes", "m365": "Microsoft 365", "okta": "Okta",
    "onelogin": "OneLogin", "paloalto": "Palo Alto", "rpc_firewall": "RPC Firewall", "zeek": "Zeek", "opencanary": "OpenCanary",
    "django": "Django", "jvm": "JVM", "spring": "Spring", "sql": "SQL", "velocity": "Velocity", "nodejs": "Node.js",
}  # fmt: skip


def speaker(part: Part) -> Speaker:
    """How this part's fields are called."""
    return Speaker((*part.scopes, *part.beside), part.aliases)


def jointly(part: Part) -> Speaker:
    """How columns of joined rows are called: by their own names where two stand for one field."""
    shared = [value for value, number in Counter(part.aliases.values()).items() if number > 1]
    aliases = {name: value for name, value in part.aliases.items() if value not in shared}
    return Speaker((*part.scopes, *part.beside), aliases if part.beside else part.aliases)


def together(terms: Sequence[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def span_of(terms: Sequence[Expr]) -> Span | None:
    return getattr(terms[0], "span", None) if terms else None


def place(facts: Facts, part: Part) -> str:
    """`process creation logs`, `SigninLogs`, `the logs of okta (service system)`: where a part looks."""
    if part.watchlists and not part.scopes:
        return f"the watchlist {listed([code(name) for name in part.watchlists], 'and', 2)}"
    if part.fetched and not part.scopes:
        return "a list fetched from elsewhere"
    if part.inline and not part.scopes:
        return "a list of its own"
    if read := [scope for scope in part.scopes if "=" not in scope]:
        return "every table" if read == ["*"] else listed([code(name) for name in read], "and", 2)
    titles = [title for scope, title in facts.activities if scope in part.scopes]
    if titles and {scope for scope, _ in facts.activities} >= set(part.scopes) and len(set(titles)) <= 2:
        return f"{listed([lowered(title) for title in dict.fromkeys(titles)], 'and')} logs"
    if not part.scopes:
        stages = facts.query.stages if facts.query else ()
        return "every table" if any(isinstance(stage, Find | Search) for stage in stages) else "its own rows"
    values = dict(word.partition("=")[::2] for word in part.scopes[0].split(" "))
    product, rest = values.pop("product", ""), [f"{kind} {value}" for kind, value in values.items()]
    if not product:
        return f"{' '.join(CATEGORIES.get(value, value) for value in values.values())} logs"
    name = platforms.platform(part.scopes[0])
    known = PRODUCTS.get(product) or (name if name.lower().startswith(product[:3].lower()) else product)
    return f"the {known} logs" + (f" ({', '.join(rest)})" if rest else "")


def lowered(title: str) -> str:
    """A title inside a sentence, without its own `log` or `logging`: `Process creation` as `process creation`."""
    first, _, rest = title.partition(" ")
    word = first.lower() if first[1:].islower() else first
    return " ".join([word, rest]).strip().removesuffix(" logging").removesuffix(" log")


def fields_of(names: Sequence[str]) -> str:
    return listed([code(name) for name in names], "and", 4)
