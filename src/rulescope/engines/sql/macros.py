"""Kusto's primitives as DuckDB macros, made once a connection: conversions, texts of values, parts of a datetime."""

from __future__ import annotations

from ..types import EPOCH

DAY = 864_000_000_000

MACROS = {
    "k_ts(t)": f"make_timestamp((t - {EPOCH}) // 10)",
    "k_ticks(m)": f"epoch_us(m) * 10 + {EPOCH}",
    "k_tolong(s)": (
        "coalesce(CASE WHEN NOT contains(s, '.') THEN try_cast(s AS BIGINT) END, try_cast(trunc(try_cast(s AS DOUBLE)) AS BIGINT))"
    ),
    "k_toreal(s)": "coalesce(try_cast(s AS DOUBLE), try_cast(try_cast(s AS BIGINT) AS DOUBLE))",
    "k_upper(s)": "CASE WHEN contains(s, 'ß') THEN replace(upper(replace(s, 'ß', chr(57344))), chr(57344), 'ß') ELSE upper(s) END",
    "k_tobool(s)": "CASE lower(trim(s)) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '' THEN NULL ELSE try_cast(s AS BIGINT) <> 0 END",
    "k_todatetime(s)": (
        r"CASE WHEN regexp_full_match(s, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,7})?Z?')"
        f" THEN epoch_us(try_cast(s[1:19] AS TIMESTAMP)) * 10 + {EPOCH}"
        " + CASE WHEN length(s) > 20 THEN rpad(rtrim(s[21:], 'Z'), 7, '0')::BIGINT ELSE 0 END"
        " WHEN s = '' THEN NULL ELSE kx_todatetime(s) END"
    ),
    "k_real_text(x)": (
        "coalesce(CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN CASE WHEN x > 0 THEN '∞' ELSE '-∞' END"
        " ELSE upper(x::VARCHAR) END, '')"
    ),
    "k_real_json(x)": "CASE WHEN isfinite(x) THEN to_json(x) WHEN x IS NULL THEN NULL ELSE to_json(k_real_text(x)) END",
    "k_datetime_text(t)": (
        "coalesce(strftime(k_ts(t), '%Y-%m-%dT%H:%M:%S.') || lpad((t % 10000000)::VARCHAR, 7, '0') || 'Z', '')"
    ),
    "k_clock(a)": (
        "lpad((a // 36000000000 % 24)::VARCHAR, 2, '0') || ':' || lpad((a // 600000000 % 60)::VARCHAR, 2, '0') || ':'"
        " || lpad((a // 10000000 % 60)::VARCHAR, 2, '0')"
        " || CASE WHEN a % 10000000 <> 0 THEN '.' || lpad((a % 10000000)::VARCHAR, 7, '0') ELSE '' END"
    ),
    "k_timespan_text(t)": (
        f"coalesce(CASE WHEN t < 0 THEN '-' ELSE '' END || CASE WHEN abs(t) >= {DAY} THEN (abs(t) // {DAY})::VARCHAR || '.'"
        " ELSE '' END || k_clock(abs(t)), '')"
    ),
    "k_parse_json(s)": (
        "CASE WHEN s = '' THEN NULL WHEN json_valid(s) THEN nullif(json(s), 'null'::JSON) ELSE to_json(s) END"
    ),
    "k_mod(a, b)": "CASE WHEN b = 0 THEN NULL ELSE (a % abs(b) + abs(b)) % abs(b) END",
    "k_floor_div(a, b)": "CASE WHEN b = 0 THEN NULL ELSE a // b - CASE WHEN a % b <> 0 AND (a < 0) <> (b < 0) THEN 1 ELSE 0 END END",
    "k_bin(a, b)": "k_floor_div(a, b) * b",
    "k_month_start(t, n)": f"epoch_us(date_trunc('month', k_ts(t)) + to_months(n::INTEGER)) * 10 + {EPOCH}",
    "k_day_start(t)": f"t - t % {DAY}",
    "k_dow(t)": f"(t // {DAY} + 1) % 7",
    "k_json_list(j)": "from_json(CASE WHEN json_type(j) = 'ARRAY' THEN j END, '[\"JSON\"]')",
    "k_index(s, f, start)": "CASE WHEN strpos(s[start + 1:], f) = 0 THEN -1 ELSE strpos(s[start + 1:], f) + start - 1 END",
    "k_moment(t)": (
        "CASE WHEN t < 0 OR t > 3155378975999999999"
        " THEN error('UnsupportedError: a datetime before the year 1 or after 9999')::BIGINT ELSE t END"
    ),
    "k_time(t)": "CASE WHEN t BETWEEN 0 AND 3155378975999999999 THEN t::BIGINT END",  # years 1 to 9999
    "k_unixtime(x, per)": f"k_time({EPOCH} + try_cast(round(x * (10000000 // per)) AS HUGEINT))",
    "k_split(s, sep)": "CASE WHEN sep = '' THEN error('UnsupportedError: split by empty text')::JSON ELSE to_json(string_split(s, sep)) END",
    "k_geo_distance(x1, y1, x2, y2)": (  # metres between longitudes and latitudes on a sphere
        "CASE WHEN greatest(abs(x1), abs(x2)) <= 180 AND greatest(abs(y1), abs(y2)) <= 90 AND x1 + y1 + x2 + y2 IS NOT NULL THEN"
        " 12742020 * asin(least(1, sqrt(pow(sin(radians(y2 - y1) / 2), 2)"
        " + cos(radians(y1)) * cos(radians(y2)) * pow(sin(radians(x2 - x1) / 2), 2)))) END"
    ),
    "k_said(j)": (  # a part of a series function: null, itself, or the end of the run where it is not documented
        "CASE json_type(j) WHEN 'NULL' THEN NULL WHEN 'OBJECT' THEN"
        " error('UnsupportedError: ' || json_extract_string(j, '$.\"?\"'))::JSON ELSE j END"
    ),
    "k_real_bin(a, b)": "floor(a / b) * b",
    "k_substring(s, start, n)": (
        "CASE WHEN n <= 0 THEN '' WHEN start < 0 THEN s[greatest(length(s) + start, 0) + 1 : greatest(length(s) + start, 0) + n]"
        " ELSE s[start + 1 : start + n] END"
    ),
}


def statements() -> list[str]:
    """The SQL that makes them, in an order in which each finds those it uses."""
    return [f"CREATE MACRO {head} AS ({body})" for head, body in MACROS.items()]
