"""The table of scalar functions: what each is in DuckDB, by the types of its arguments.

A row is (arguments, SQL, result). Arguments, one letter each: s string, l long, r real, t datetime, p timespan, b bool,
g guid, d dynamic (text is parsed), j any value as JSON, n number, m number with int as long, x as it is; a final `*` repeats the last, which `{*}` then stands
for. `{0}`, `{1}` are the arguments. Result: a Kusto type, or `=0` the type of argument 0. The first row that fits in number wins.
Names in `kx_` are the Arrow functions of `engines.functions`, those in `k_` macros.
"""

from __future__ import annotations

from .macros import DAY
from .scalars_geo import GEO

Row = tuple[str, str, str]


def _rows(*rows: Row) -> tuple[Row, ...]:
    return rows


def _one(args: str, sql: str, result: str) -> tuple[Row, ...]:
    return ((args, sql, result),)


PART = "date_part('{part}', k_ts({{0}}))::INTEGER"

TEXT = {
    "tolower": _one("s", "lower({0})", "string"),
    "toupper": _one("s", "k_upper({0})", "string"),
    "strlen": _one("s", "length({0})", "long"),
    "string_size": _one("s", "octet_length(encode({0}))::BIGINT", "long"),
    "reverse": _one("s", "reverse({0})", "string"),
    "strcat": _one("s*", "concat({*})", "string"),
    "strcat_delim": _one("ss*", "concat_ws({0}, {*})", "string"),
    "strcmp": _one("ss", "CASE WHEN {0} = {1} THEN 0 WHEN {0} < {1} THEN -1 ELSE 1 END::BIGINT", "long"),
    "strrep": _rows(("sl", "repeat({0}, least({1}, 1024))", "string"), ("sls", "array_to_string(list_transform(range(least({1}, 1024)), lambda k_item: {0}), {2})", "string")),
    "substring": _rows(("sl", "k_substring({0}, {1}, 2147483647)", "string"), ("sll", "k_substring({0}, {1}, {2})", "string")),
    "replace_string": _one("sss", "replace({0}, {1}, {2})", "string"),
    "replace_regex": _one("sss", "kx_replace_regex({0}, {1}, {2})", "string"),
    "replace_strings": _one("sdd", "kx_replace_strings({0}::VARCHAR, {1}::VARCHAR, {2}::VARCHAR)", "string"),
    "translate": _one("sss", "kx_translate({0}, {1}, {2})", "string"),
    "trim": _one("ss", "kx_trim({0}, {1}, 3)", "string"),
    "trim_start": _one("ss", "kx_trim({0}, {1}, 1)", "string"),
    "trim_end": _one("ss", "kx_trim({0}, {1}, 2)", "string"),
    "indexof": _rows(
        ("ss", "(strpos({0}, {1}) - 1)::BIGINT", "long"),
        ("ssl", "kx_indexof({0}, {1}, {2}, -1, 1)", "long"),
        ("ssll", "kx_indexof({0}, {1}, {2}, {3}, 1)", "long"),
        ("sslll", "kx_indexof({0}, {1}, {2}, {3}, {4})", "long"),
    ),
    "indexof_regex": _rows(
        ("ss", "kx_indexof_regex({0}, {1}, 0, -1, 1)", "long"),
        ("ssl", "kx_indexof_regex({0}, {1}, {2}, -1, 1)", "long"),
        ("ssll", "kx_indexof_regex({0}, {1}, {2}, {3}, 1)", "long"),
        ("sslll", "kx_indexof_regex({0}, {1}, {2}, {3}, {4})", "long"),
    ),
    "countof": _rows(("ss", "kx_countof({0}, {1}, 'normal')", "long"), ("sss", "kx_countof({0}, {1}, {2})", "long")),
    "split": _rows(
        ("ss", "k_split({0}, {1})", "dynamic"),
        ("ssl", "to_json(list_slice(string_split({0}, {1}), {2} + 1, CASE WHEN {2} < 0 THEN 0 ELSE {2} + 1 END))", "dynamic"),
    ),
    "extract_all": _rows(("ss", "kx_extract_all({0}, '', {1})::JSON", "dynamic"), ("sds", "kx_extract_all({0}, {1}::VARCHAR, {2})::JSON", "dynamic")),
    "regex_quote": _one("s", "kx_regex_quote({0})", "string"),
    "url_encode": _one("s", "kx_url_encode({0})", "string"),
    "url_encode_component": _one("s", "kx_url_encode_component({0})", "string"),
    "url_decode": _one("s", "kx_url_decode({0})", "string"),
    "base64_encode_tostring": _one("s", "to_base64(encode({0}))", "string"),
    "base64_decode_tostring": _one("s", "kx_base64_text({0})", "string"),
    "base64_decode_toarray": _one("s", "kx_base64_array({0})::JSON", "dynamic"),
    "base64_encode_fromarray": _one("d", "coalesce(kx_base64_from_array({0}::VARCHAR), '')", "string"),
    "base64_decode_toguid": _one("s", "kx_base64_guid({0})", "guid"),
    "base64_encode_fromguid": _one("g", "coalesce(kx_base64_from_guid({0}), '')", "string"),
    "gzip_decompress_from_base64_string": _one("s", "kx_gunzip({0})", "string"),
    "zlib_decompress_from_base64_string": _one("s", "kx_unzlib({0})", "string"),
    "unicode_codepoints_from_string": _one("s", "kx_codepoints({0})::JSON", "dynamic"),
    "to_utf8": _one("s", "kx_utf8({0})::JSON", "dynamic"),
    "isutf8": _one("s", "TRUE", "bool"),
    "isascii": _one("s", "regexp_full_match({0}, '(?s)[\\x00-\\x7f]*')", "bool"),
    "hash_sha256": _one("s", "sha256({0})", "string"),
    "hash_md5": _one("s", "md5({0})", "string"),
    "hash_sha1": _one("s", "sha1({0})", "string"),
    "parse_command_line": _one("ss", "kx_command_line({0}, {1})::JSON", "dynamic"),
    "parse_csv": _one("s", "kx_parse_csv({0})::JSON", "dynamic"),
    "parse_url": _one("s", "kx_parse_url({0})::JSON", "dynamic"),
    "parse_urlquery": _one("s", "kx_parse_urlquery({0})::JSON", "dynamic"),
    "parse_path": _one("s", "kx_parse_path({0})::JSON", "dynamic"),
    "parse_xml": _one("s", "kx_parse_xml({0})::JSON", "dynamic"),
    "parse_version": _one("s", "kx_parse_version({0})::DECIMAL(38,0)", "decimal"),
    "parse_user_agent": _one("sj", "kx_parse_user_agent({0}, {1}::VARCHAR)::JSON", "dynamic"),
    "format_bytes": _rows(
        ("r", "coalesce(kx_format_bytes({0}, 0, ''), '')", "string"),
        ("rl", "coalesce(kx_format_bytes({0}, {1}, ''), '')", "string"),
        ("rls", "coalesce(kx_format_bytes({0}, {1}, {2}), '')", "string"),
    ),
    "has_any_index": _one("sd", "kx_has_any_index({0}, {1}::VARCHAR)", "long"),
    "punycode_from_string": _one("s", "kx_punycode({0})", "string"),
    "punycode_to_string": _one("s", "kx_unpunycode({0})", "string"),
    "punycode_domain_from_string": _one("s", "kx_punycode_domain({0})", "string"),
    "punycode_domain_to_string": _one("s", "kx_unpunycode_domain({0})", "string"),
    "dynamic_to_json": _one("d", "coalesce(kx_canonical_json({0}::VARCHAR), '')", "string"),
    "isempty": (), "isnotempty": (),
}  # fmt: skip

NUMBERS = {
    "sqrt": _one("r", "CASE WHEN {0} >= 0 THEN sqrt({0}) END", "real"),
    "log": _one("r", "CASE WHEN {0} > 0 THEN ln({0}) WHEN {0} = 0 THEN '-inf'::DOUBLE END", "real"),
    "log10": _one("r", "CASE WHEN {0} > 0 THEN log10({0}) WHEN {0} = 0 THEN '-inf'::DOUBLE END", "real"),
    "log2": _one("r", "CASE WHEN {0} > 0 THEN log2({0}) WHEN {0} = 0 THEN '-inf'::DOUBLE END", "real"),
    "exp": _one("r", "exp({0})", "real"),
    "exp2": _one("r", "pow(2, {0})", "real"),
    "exp10": _one("r", "pow(10, {0})", "real"),
    "pow": _one("rr", "pow({0}, {1})", "real"),
    "sin": _one("r", "sin({0})", "real"),
    "cos": _one("r", "cos({0})", "real"),
    "tan": _one("r", "tan({0})", "real"),
    "cot": _one("r", "cot({0})", "real"),
    "asin": _one("r", "CASE WHEN abs({0}) <= 1 THEN asin({0}) END", "real"),
    "acos": _one("r", "CASE WHEN abs({0}) <= 1 THEN acos({0}) END", "real"),
    "atan": _one("r", "atan({0})", "real"),
    "atan2": _one("rr", "atan2({0}, {1})", "real"),
    "degrees": _one("r", "degrees({0})", "real"),
    "radians": _one("r", "radians({0})", "real"),
    "pi": _one("", "pi()", "real"),
    "gamma": _one("r", "kx_gamma({0})", "real"),
    "loggamma": _one("r", "kx_loggamma({0})", "real"),
    "erf": _one("r", "kx_erf({0})", "real"),
    "erfc": _one("r", "kx_erfc({0})", "real"),
    "beta_cdf": _one("rrr", "kx_beta_cdf({0}, {1}, {2})", "real"),
    "beta_inv": _one("rrr", "kx_beta_inv({0}, {1}, {2})", "real"),
    "beta_pdf": _one("rrr", "kx_beta_pdf({0}, {1}, {2})", "real"),
    "welch_test": _one("rrrrrr", "kx_welch({0}, {1}, {2}, {3}, {4}, {5})", "real"),
    **{
        f"convert_{kind}": _one("rss", f"kx_convert_unit('{kind}', {{0}}, {{1}}, {{2}})", "real")
        for kind in ("angle", "energy", "force", "length", "mass", "speed", "temperature", "volume")
    },
    "abs": _one("m", "abs({0})", "=0"),
    "sign": _one("r", "sign({0})::DOUBLE", "real"),
    "isnan": _one("r", "coalesce(isnan({0}), FALSE)", "bool"),
    "isinf": _one("r", "coalesce(isinf({0}), FALSE)", "bool"),
    "isfinite": _one("r", "coalesce(isfinite({0}), FALSE)", "bool"),
    "rand": _rows(("", "random()", "real"), ("l", "floor(random() * {0})", "real")),
    "binary_and": _one("ll", "({0} & {1})", "long"),
    "binary_or": _one("ll", "({0} | {1})", "long"),
    "binary_xor": _one("ll", "xor({0}, {1})", "long"),
    "binary_not": _one("l", "(~{0})", "long"),
    "binary_shift_left": _one("ll", "CASE WHEN {1} >= 0 THEN kx_shift_left({0}, {1}) END", "long"),
    "binary_shift_right": _one("ll", "CASE WHEN {1} >= 0 THEN {0} >> ({1} % 64)::INTEGER END", "long"),
    "bitset_count_ones": _one("l", "bit_count({0})::BIGINT", "long"),
    "bin_at": (),
}  # fmt: skip

MONTH = "k_month_start"
TIMES = {
    "startofday": _rows(("t", "k_day_start({0})", "datetime"), ("tl", f"(k_day_start({{0}}) + {{1}} * {DAY})", "datetime")),
    "endofday": _rows(("t", f"(k_day_start({{0}}) + {DAY - 1})", "datetime"), ("tl", f"(k_day_start({{0}}) + ({{1}} + 1) * {DAY} - 1)", "datetime")),
    "startofweek": _rows(
        ("t", f"(k_day_start({{0}}) - k_dow({{0}}) * {DAY})", "datetime"),
        ("tl", f"(k_day_start({{0}}) + ({{1}} * 7 - k_dow({{0}})) * {DAY})", "datetime"),
    ),
    "endofweek": _rows(
        ("t", f"(k_day_start({{0}}) + (7 - k_dow({{0}})) * {DAY} - 1)", "datetime"),
        ("tl", f"(k_day_start({{0}}) + ({{1}} * 7 + 7 - k_dow({{0}})) * {DAY} - 1)", "datetime"),
    ),
    "startofmonth": _rows(("t", f"{MONTH}({{0}}, 0)", "datetime"), ("tl", f"{MONTH}({{0}}, {{1}})", "datetime")),
    "endofmonth": _rows(("t", f"({MONTH}({{0}}, 1) - 1)", "datetime"), ("tl", f"({MONTH}({{0}}, {{1}} + 1) - 1)", "datetime")),
    "startofyear": _rows(
        ("t", f"{MONTH}({{0}}, 1 - date_part('month', k_ts({{0}})))", "datetime"),
        ("tl", f"{MONTH}({{0}}, {{1}} * 12 + 1 - date_part('month', k_ts({{0}})))", "datetime"),
    ),
    "endofyear": _rows(
        ("t", f"({MONTH}({{0}}, 13 - date_part('month', k_ts({{0}}))) - 1)", "datetime"),
        ("tl", f"({MONTH}({{0}}, {{1}} * 12 + 13 - date_part('month', k_ts({{0}}))) - 1)", "datetime"),
    ),
    "dayofweek": _one("t", f"(k_dow({{0}}) * {DAY})", "timespan"),
    "dayofmonth": _one("t", PART.format(part="day"), "int"),
    "dayofyear": _one("t", PART.format(part="doy"), "int"),
    "getmonth": _one("t", PART.format(part="month"), "int"),
    "monthofyear": _one("t", PART.format(part="month"), "int"),
    "getyear": _one("t", PART.format(part="year"), "int"),
    "hourofday": _one("t", f"({{0}} % {DAY} // 36000000000)::INTEGER", "int"),
    "week_of_year": _one("t", PART.format(part="week"), "int"),
    "datetime_add": _one("slt", "kx_datetime_add({0}, {1}, {2})", "datetime"),
    "datetime_diff": _one("stt", "kx_datetime_diff({0}, {1}, {2})", "long"),
    "datetime_part": _one("st", "kx_datetime_part({0}, {1})", "int"),
    "format_datetime": _one("ts", "coalesce(kx_format_datetime({0}, {1}), '')", "string"),
    "format_timespan": _one("ps", "coalesce(kx_format_timespan({0}, {1}), '')", "string"),
    "make_datetime": _rows(
        ("lll", "kx_make_datetime({0}, {1}, {2}, 0, 0, 0.0)", "datetime"),
        ("lllll", "kx_make_datetime({0}, {1}, {2}, {3}, {4}, 0.0)", "datetime"),
        ("lllllr", "kx_make_datetime({0}, {1}, {2}, {3}, {4}, {5})", "datetime"),
    ),
    "make_timespan": _rows(
        ("ll", "kx_make_timespan(0, {0}, {1}, 0.0)", "timespan"),
        ("llr", "kx_make_timespan(0, {0}, {1}, {2})", "timespan"),
        ("lllr", "kx_make_timespan({0}, {1}, {2}, {3})", "timespan"),
    ),
    "datetime_utc_to_local": _one("ts", "kx_zone({0}, {1}, TRUE)", "datetime"),
    "datetime_local_to_utc": _one("ts", "kx_zone({0}, {1}, FALSE)", "datetime"),
    "unixtime_seconds_todatetime": _one("r", "k_unixtime({0}, 1)", "datetime"),
    "unixtime_milliseconds_todatetime": _one("r", "k_unixtime({0}, 1000)", "datetime"),
    "unixtime_microseconds_todatetime": _one("l", "k_unixtime({0}::HUGEINT, 1000000)", "datetime"),
    "unixtime_nanoseconds_todatetime": _one("l", "k_unixtime({0} // 100, 10000000)", "datetime"),
}  # fmt: skip

TIMES |= {  # the start or end of the first and the last of the periods lies outside of the calendar
    name: tuple((args, f"k_moment({sql})", kind) for args, sql, kind in rows)
    for name, rows in TIMES.items()
    if name.startswith(("startof", "endof"))
}

DYNAMICS = {
    "array_length": _one("d", "CASE WHEN json_type({0}) = 'ARRAY' THEN json_array_length({0})::BIGINT END", "long"),
    "bag_keys": _one("d", "CASE WHEN json_type({0}) = 'OBJECT' THEN to_json(json_keys({0})) END", "dynamic"),
    "bag_has_key": _one("ds", "kx_bag_has_key({0}::VARCHAR, {1})", "bool"),
    "array_concat": _one("d*", "kx_array_concat(to_json([{*}])::VARCHAR)::JSON", "dynamic"),
    "array_index_of": _rows(
        ("dj", "kx_array_index_of({0}::VARCHAR, {1}::VARCHAR, 0, -1, 1)", "long"),
        ("djl", "kx_array_index_of({0}::VARCHAR, {1}::VARCHAR, {2}, -1, 1)", "long"),
        ("djll", "kx_array_index_of({0}::VARCHAR, {1}::VARCHAR, {2}, {3}, 1)", "long"),
        ("djlll", "kx_array_index_of({0}::VARCHAR, {1}::VARCHAR, {2}, {3}, {4})", "long"),
    ),
    "array_slice": _one("dll", "kx_array_slice({0}::VARCHAR, {1}, {2})::JSON", "dynamic"),
    "array_reverse": _one("d", "to_json(list_reverse(k_json_list({0})))", "dynamic"),
    "array_sum": _one("d", "kx_array_sum({0}::VARCHAR)", "real"),
    "array_iff": _one("djj", "kx_array_iff({0}::VARCHAR, {1}::VARCHAR, {2}::VARCHAR)::JSON", "dynamic"),
    "array_rotate_left": _one("dl", "kx_array_rotate({0}::VARCHAR, {1})::JSON", "dynamic"),
    "array_rotate_right": _one("dl", "kx_array_rotate({0}::VARCHAR, -{1})::JSON", "dynamic"),
    "array_shift_left": _rows(
        ("dl", "kx_array_shifted({0}::VARCHAR, {1})::JSON", "dynamic"),
        ("dlj", "kx_array_shift({0}::VARCHAR, {1}, {2}::VARCHAR)::JSON", "dynamic"),
    ),
    "array_shift_right": _rows(
        ("dl", "kx_array_shifted({0}::VARCHAR, -{1})::JSON", "dynamic"),
        ("dlj", "kx_array_shift({0}::VARCHAR, -{1}, {2}::VARCHAR)::JSON", "dynamic"),
    ),
    "array_split": _one("dj", "kx_array_split({0}::VARCHAR, {1}::VARCHAR)::JSON", "dynamic"),
    "array_strcat": _one("ds", "kx_strcat_array({0}::VARCHAR, {1})", "string"),
    "strcat_array": _one("ds", "coalesce(kx_strcat_array({0}::VARCHAR, {1}), '')", "string"),
    "bag_merge": _one("d*", "kx_bag_merge(to_json([{*}])::VARCHAR)::JSON", "dynamic"),
    "bag_remove_keys": _one("dd", "kx_bag_remove_keys({0}::VARCHAR, {1}::VARCHAR)::JSON", "dynamic"),
    "bag_set_key": _one("dsj", "kx_bag_set_key({0}::VARCHAR, {1}, {2}::VARCHAR)::JSON", "dynamic"),
    "bag_zip": _one("dd", "kx_bag_zip({0}::VARCHAR, {1}::VARCHAR)::JSON", "dynamic"),
    "zip": _one("d*", "kx_zip(to_json([{*}])::VARCHAR)::JSON", "dynamic"),
    "treepath": _one("d", "kx_treepath({0}::VARCHAR)::JSON", "dynamic"),
    "set_union": _one("d*", "kx_set_op('union', to_json([{*}])::VARCHAR)::JSON", "dynamic"),
    "set_intersect": _one("d*", "kx_set_op('intersect', to_json([{*}])::VARCHAR)::JSON", "dynamic"),
    "set_difference": _one("d*", "kx_set_op('difference', to_json([{*}])::VARCHAR)::JSON", "dynamic"),
    "set_has_element": _one("dj", "kx_set_has({0}::VARCHAR, {1}::VARCHAR)", "bool"),
    "set_equals": _one("dd", "kx_set_equals({0}::VARCHAR, {1}::VARCHAR)", "bool"),
    "jaccard_index": _one("dd", "kx_jaccard({0}::VARCHAR, {1}::VARCHAR)", "real"),
    "repeat": _one("jl", "kx_repeat({0}::VARCHAR, {1})::JSON", "dynamic"),
    "extract_json": (),
    "parse_json": (),
    "make_string": _one("j*", "kx_make_string(to_json([{*}])::VARCHAR)", "string"),
    "unicode_codepoints_to_string": _one("j*", "kx_make_string(to_json([{*}])::VARCHAR)", "string"),
}  # fmt: skip

NETWORK = {
    "ipv4_is_private": _one("s", "kx_ipv4_is_private({0})", "bool"),
    "ipv4_is_in_range": _one("ss", "kx_ipv4_in_range({0}, {1})", "bool"),
    "ipv4_is_in_any_range": _rows(
        ("sd", "kx_ipv4_in_any({0}, {1}::VARCHAR)", "bool"),
        ("ss*", "kx_ipv4_in_any({0}, to_json([{*}])::VARCHAR)", "bool"),
    ),
    "ipv4_is_match": _rows(("ss", "(kx_ipv4_compare({0}, {1}, 32) = 0)", "bool"), ("ssl", "(kx_ipv4_compare({0}, {1}, {2}) = 0)", "bool")),
    "ipv4_compare": _rows(("ss", "kx_ipv4_compare({0}, {1}, 32)", "long"), ("ssl", "kx_ipv4_compare({0}, {1}, {2})", "long")),
    "ipv4_netmask_suffix": _one("s", "kx_ipv4_suffix({0})", "long"),
    "ipv4_range_to_cidr_list": _one("ss", "kx_ipv4_range({0}, {1})::JSON", "dynamic"),
    "ipv6_is_match": _rows(("ss", "(kx_ipv6_compare({0}, {1}, 128) = 0)", "bool"), ("ssl", "(kx_ipv6_compare({0}, {1}, {2}) = 0)", "bool")),
    "ipv6_compare": _rows(("ss", "kx_ipv6_compare({0}, {1}, 128)", "long"), ("ssl", "kx_ipv6_compare({0}, {1}, {2})", "long")),
    "ipv6_is_in_range": _one("ss", "kx_ipv6_in_range({0}, {1})", "bool"),
    "ipv6_is_in_any_range": _rows(
        ("sd", "kx_ipv6_in_any({0}, {1}::VARCHAR)", "bool"),
        ("ss*", "kx_ipv6_in_any({0}, to_json([{*}])::VARCHAR)", "bool"),
    ),
    "parse_ipv4": _one("s", "kx_parse_ipv4({0}, 32)", "long"),
    "parse_ipv4_mask": _one("sl", "kx_parse_ipv4({0}, {1})", "long"),
    "parse_ipv6": _one("s", "coalesce(kx_parse_ipv6({0}, 128), '')", "string"),
    "parse_ipv6_mask": _one("sl", "coalesce(kx_parse_ipv6({0}, {1}), '')", "string"),
    "format_ipv4": _rows(("x", "kx_format_ipv4({0}::VARCHAR, 32)", "string"), ("xl", "kx_format_ipv4({0}::VARCHAR, {1})", "string")),
    "format_ipv4_mask": _rows(("x", "kx_format_ipv4_mask({0}::VARCHAR, 32)", "string"), ("xl", "kx_format_ipv4_mask({0}::VARCHAR, {1})", "string")),
    "has_ipv4": _one("ss", "kx_has_ipv4({0}, {1})", "bool"),
    "has_any_ipv4": _rows(("sd", "kx_has_any_ipv4({0}, {1}::VARCHAR)", "bool"), ("ss*", "kx_has_any_ipv4({0}, to_json([{*}])::VARCHAR)", "bool")),
    "has_ipv4_prefix": _one("ss", "kx_has_ipv4_prefix({0}, {1})", "bool"),
    "has_any_ipv4_prefix": _rows(
        ("sd", "kx_has_any_ipv4_prefix({0}, {1}::VARCHAR)", "bool"),
        ("ss*", "kx_has_any_ipv4_prefix({0}, to_json([{*}])::VARCHAR)", "bool"),
    ),
    "new_guid": _one("", "uuid()::VARCHAR", "guid"),
}  # fmt: skip

SERIES = {
    f"series_{name}": _one("jj", f"kx_series_binary('{name}', {{0}}::VARCHAR, {{1}}::VARCHAR)::JSON", "dynamic")
    for name in ("add", "subtract", "multiply", "divide", "pow", "equals", "not_equals", "less", "less_equals", "greater", "greater_equals")
} | {
    f"series_{name}": _one("d", f"kx_series_unary('{name}', {{0}}::VARCHAR)::JSON", "dynamic")
    for name in ("abs", "acos", "asin", "atan", "ceiling", "cos", "exp", "floor", "log", "sign", "sin", "tan")
} | {
    "series_sum": _one("d", "kx_series_number('sum', {0}::VARCHAR, '[]')", "real"),
    "series_product": _one("d", "kx_series_number('product', {0}::VARCHAR, '[]')", "real"),
    "series_magnitude": _one("d", "kx_series_number('magnitude', {0}::VARCHAR, '[]')", "real"),
    "series_dot_product": _one("jj", "kx_series_number('dot', {0}::VARCHAR, {1}::VARCHAR)", "real"),
    "series_cosine_similarity": _one("jj", "kx_series_number('cosine', {0}::VARCHAR, {1}::VARCHAR)", "real"),
    "series_pearson_correlation": _one("jj", "kx_series_number('pearson', {0}::VARCHAR, {1}::VARCHAR)", "real"),
}  # fmt: skip

FUNCTIONS: dict[str, tuple[Row, ...]] = {
    name: rows
    for table in (TEXT, NUMBERS, TIMES, DYNAMICS, NETWORK, GEO, SERIES)
    for name, rows in table.items()
    if rows
}

SAME = {  # name: the name it is read as
    "iif": "iff", "merge_tdigest": "tdigest_merge", "todynamic": "parse_json", "toobject": "parse_json", "parsejson": "parse_json", "todouble": "toreal", "toboolean": "tobool", "totime": "totimespan",
    "extractjson": "extract_json", "extractall": "extract_all", "replace": "replace_regex", "pack": "bag_pack",
    "pack_dictionary": "bag_pack", "makestring": "make_string", "parseurl": "parse_url", "parseurlquery": "parse_urlquery",
    "base64_decodestring": "base64_decode_tostring", "base64_encodestring": "base64_encode_tostring", "notempty": "isnotempty",
    "notnull": "isnotnull", "columnifexists": "column_ifexists", "arraylength": "array_length", "arrayconcat": "array_concat",
    "bag_has_keys": "bag_has_key", "geo_distance": "geo_distance_2points", "toint32": "toint", "tofloat": "toreal", "floor": "bin",
    "ceil": "ceiling", "pack_all_": "pack_all", "monthofyear": "getmonth", "datepart": "datetime_part", "array_iif": "array_iff", "min_of_": "min_of",
}  # fmt: skip
