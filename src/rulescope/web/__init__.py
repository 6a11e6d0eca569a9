"""The site: the feed, rule pages, coverage, browsing and search, served or written as files from the same templates."""

from .app import application as application
