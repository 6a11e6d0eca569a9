"""Feeds as bytes on the wire: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1. Everything a rule holds is escaped text."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

EPOCH = "1970-01-01T00:00:00Z"
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One item. `id` is an IRI, `link` an absolute address, `updated` and `published` RFC 3339 times."""

    id: str
    title: str
    link: str
    updated: str
    published: str
    summary: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its id (an IRI), the page it stands for, its own address, its entries newest first."""

    id: str
    title: str
    page: str
    address: str
    updated: str
    entries: tuple[Entry, ...]


def moment(text: str) -> str:
    """An ISO date or time as RFC 3339, midnight UTC for a date; the epoch for anything else."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        text += "T00:00:00Z"
    try:
        parsed = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return EPOCH
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=datetime.UTC)
    return parsed.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def atom(feed: Feed) -> str:
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<id>{_text(feed.id)}</id>",
        f"<title>{_text(feed.title)}</title>",
        f"<updated>{feed.updated}</updated>",
        f'<link rel="self" href={_attribute(feed.address)}/>',
        f'<link rel="alternate" type="text/html" href={_attribute(feed.page)}/>',
        "<author><name>rulescope</name></author>",
    ]
    for entry in feed.entries:
        lines += [
            "<entry>",
            f"<id>{_text(entry.id)}</id>",
            f"<title>{_text(entry.title)}</title>",
            f"<published>{entry.published}</published>",
            f"<updated>{entry.updated}</updated>",
            f'<link rel="alternate" type="text/html" href={_attribute(entry.link)}/>',
            *(f"<author><name>{_text(name)}</name></author>" for name in entry.authors),
            *(f"<category term={_attribute(tag)}/>" for tag in entry.tags),
            f'<summary type="text">{_text(entry.summary)}</summary>',
            "</entry>",
        ]
    return "\n".join([*lines, "</feed>", ""])


def rss(feed: Feed) -> str:
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">',
        "<channel>",
        f"<title>{_text(feed.title)}</title>",
        f"<link>{_text(feed.page)}</link>",
        f"<description>{_text(feed.title)}</description>",
        f'<atom:link rel="self" type="application/rss+xml" href={_attribute(feed.address)}/>',
        f"<lastBuildDate>{_mail_date(feed.updated)}</lastBuildDate>",
    ]
    for entry in feed.entries:
        lines += [
            "<item>",
            f"<title>{_text(entry.title)}</title>",
            f"<link>{_text(entry.link)}</link>",
            f'<guid isPermaLink="false">{_text(entry.id)}</guid>',
            f"<pubDate>{_mail_date(entry.updated)}</pubDate>",
            *(f"<dc:creator>{_text(name)}</dc:creator>" for name in entry.authors),
            *(f"<category>{_text(tag)}</category>" for tag in entry.tags),
            f"<description>{_text(entry.summary)}</description>",
            "</item>",
        ]
    return "\n".join([*lines, "</channel>", "</rss>", ""])


def json_feed(feed: Feed) -> str:
    items = [
        {
            "id": entry.id,
            "url": entry.link,
            "title": entry.title,
            "content_text": entry.summary,
            "date_published": entry.published,
            "date_modified": entry.updated,
            **({"authors": [{"name": name} for name in entry.authors]} if entry.authors else {}),
            "tags": list(entry.tags),
        }
        for entry in feed.entries
    ]
    made = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "items": items,
    }
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _text(text: str) -> str:
    return escape(FORBIDDEN.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(FORBIDDEN.sub("\ufffd", text))


def _mail_date(text: str) -> str:
    return format_datetime(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")), usegmt=True)


WRITERS: Mapping[str, Callable[[Feed], str]] = {"atom": atom, "rss": rss, "json": json_feed}
TYPES: Mapping[str, str] = {
    "atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json",
}  # fmt: skip
