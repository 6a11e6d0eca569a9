"""Functions of addresses: values from their definitions."""

from __future__ import annotations

from typing import Any

import pytest

from .answers import answer

TABLE: list[tuple[str, Any]] = [
    ("ipv4_is_in_any_range('1.2.3.4', dynamic(['x', '1.2.3.0/24']))", True),
    ("ipv4_is_in_any_range('1.2.3.4', dynamic(['x', '9.9.9.0/24']))", None),
    ("ipv4_is_in_any_range('1.2.3.4', '9.9.9.0/24', '8.8.8.8')", False),
    ("ipv4_is_private('10.255.0.1')", True),
    ("ipv4_is_private('172.15.255.255')", False),
    ("ipv4_is_private('172.31.0.1')", True),
    ("ipv4_is_private('192.168.1.0/24')", True),
    ("ipv4_is_private('8.8.8.8')", False),
    ("ipv4_is_private('::1')", None),
    ("ipv4_is_private('')", None),
    ("ipv4_is_in_range('10.1.2.3', '10.1.0.0/16')", True),
    ("ipv4_is_in_range('10.2.2.3', '10.1.0.0/16')", False),
    ("ipv4_is_in_range('10.1.2.3', '10.1.2.3')", True),
    ("ipv4_is_in_range('nowhere', '10.1.0.0/16')", None),
    ("ipv4_is_in_any_range('10.1.2.3', '192.168.0.0/16', '10.0.0.0/8')", True),
    ("ipv4_is_in_any_range('10.1.2.3', dynamic(['192.168.0.0/16', '11.0.0.0/8']))", False),
    ("ipv4_is_match('1.2.3.4', '1.2.3.9', 24)", True),
    ("ipv4_is_match('1.2.3.4/24', '1.2.3.9')", True),
    ("ipv4_is_match('1.2.3.4', '1.2.3.9')", False),
    ("ipv4_compare('1.2.3.4', '1.2.3.5')", -1),
    ("ipv4_compare('2.0.0.0', '1.255.0.0')", 1),
    ("ipv4_compare('a', '1.2.3.4')", None),
    ("ipv4_netmask_suffix('10.0.0.0/8')", 8),
    ("ipv4_netmask_suffix('10.0.0.1')", 32),
    ("ipv4_netmask_suffix('10.0.0.0/33')", None),
    ("ipv4_range_to_cidr_list('10.0.0.0', '10.0.0.3')", ["10.0.0.0/30"]),
    ("ipv4_range_to_cidr_list('10.0.0.1', '10.0.0.2')", ["10.0.0.1/32", "10.0.0.2/32"]),
    ("parse_ipv4('0.0.1.1')", 257),
    ("parse_ipv4('255.255.255.255')", 4294967295),
    ("parse_ipv4('256.1.1.1')", None),
    ("parse_ipv4_mask('1.2.3.4', 24)", 16909056),
    ("format_ipv4(257)", "0.0.1.1"),
    ("format_ipv4('1.2.3.4', 24)", "1.2.3.0"),
    ("format_ipv4('no')", ""),
    ("format_ipv4(-1)", ""),
    ("format_ipv4(4294967296)", ""),
    ("format_ipv4_mask('1.2.3.4', 16)", "1.2.0.0/16"),
    ("parse_ipv6('::1')", "0000:0000:0000:0000:0000:0000:0000:0001"),
    ("parse_ipv6('1.2.3.4')", "0000:0000:0000:0000:0000:ffff:0102:0304"),
    ("parse_ipv6('x')", ""),
    ("parse_ipv6_mask('2001:db8::ffff', 32)", "2001:0db8:0000:0000:0000:0000:0000:0000"),
    ("ipv6_compare('::1', '::2')", -1),
    ("ipv6_is_match('2001:db8::1', '2001:db8::2', 64)", True),
    ("ipv6_is_match('::ffff:1.2.3.4', '1.2.3.4')", True),
    ("ipv6_is_in_range('2001:db8::5', '2001:db8::/32')", True),
    ("ipv6_is_in_any_range('fe80::1', dynamic(['2001:db8::/32', 'fe80::/10']))", True),
    ("has_ipv4('from 10.0.0.5 to x', '10.0.0.5')", True),
    ("has_ipv4('from 110.0.0.5 to x', '10.0.0.5')", False),
    ("has_ipv4('from 10.0.0.50', '10.0.0.5')", False),
    ("has_ipv4('', '10.0.0.5')", False),
    ("has_ipv4_prefix('from 10.7.0.5', '10.7.')", True),
    ("has_ipv4_prefix('from 10.70.0.5', '10.7.')", False),
    ("has_any_ipv4('at 1.2.3.4', '5.6.7.8', '1.2.3.4')", True),
    ("has_any_ipv4_prefix('at 1.2.3.4', dynamic(['9.', '1.2.']))", True),
]


@pytest.mark.parametrize(("expression", "expected"), TABLE)
def test_addresses(expression: str, expected: Any) -> None:
    assert answer(expression) == expected
