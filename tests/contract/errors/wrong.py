"""Strategies for wrong requests: bodies, queries and paths."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st


def nested(depth: int, kind: type) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"properties": value} if kind is dict else [value]
    return value


JUNK = st.one_of(
    st.sampled_from(
        (None, True, 0, -1, 2**31, 2**63, 10**30, 1.5, -0.0, 1e300, "", " ", "\0", "ﬀ😀İ", "{0}", "[]", "null")
    ),
    st.sampled_from((70_000, 1_000_000)).map("x".__mul__),
    st.builds(nested, st.sampled_from((1, 40, 300)), st.sampled_from((dict, list))),
    st.text(max_size=30),
    st.lists(st.none() | st.integers() | st.dictionaries(st.text(max_size=5), st.none(), max_size=2), max_size=3),
    st.dictionaries(st.text(max_size=9), st.text(max_size=9) | st.none() | st.floats(allow_nan=False), max_size=3),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every member and item below a value: its container and its key."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


@st.composite
def spoiled(draw: Any, body: dict[str, Any]) -> Any:
    """Draw a body with values of another kind in one to three places, or with unknown members."""
    body = copy.deepcopy(body)
    for owner, key in draw(st.lists(st.sampled_from([(body, None), *places(body)]), min_size=1, max_size=3)):
        junk = draw(JUNK)
        if isinstance(owner, dict) and draw(st.booleans()):
            owner[draw(st.text(max_size=8) | st.sampled_from(("Properties", "type", "TYPE", "name")))] = junk
        elif key is None:
            return junk
        else:
            owner[key] = junk
    return body


def token(text: str | bytes) -> str:
    return base64.urlsafe_b64encode(text if isinstance(text, bytes) else text.encode()).decode()


NUMBERS = st.integers() | st.sampled_from((2**31, 2**63 - 1, 2**63, -(2**64), 10**40))
DATES = st.builds(
    "{}-{}-{}T{}:00:00{}".format,
    st.sampled_from(("0001", "2025", "9999", "10000", "٢٠٢٥")),
    st.sampled_from(("01", "13", "12")),
    st.sampled_from(("01", "31", "00")),
    st.sampled_from(("00", "23", "24")),
    st.sampled_from(("Z", "", "+14:00", "-23:59", "+25:00", ".1234567890Z")),
)
LITERALS = DATES | st.sampled_from(("null", "true", "'a'", "''", "'it''s'", "'", "NaN", "-1", "datetime'2025'"))
COMPARISONS = st.builds(
    "{} {} {}".format,
    st.sampled_from(
        ("TaskName", "createTime", "finishtime", "isArchiveEnabled", "outputImageManifests", "nosuch", "é")
    ),
    st.sampled_from(("eq", "ne", "ge", "LT", "has", "add 1 eq", "")),
    LITERALS,
)
CALLS = st.builds("contains({},{})".format, st.sampled_from(("runId", "createTime", "nosuch")), LITERALS)
FILTERS = st.recursive(
    COMPARISONS | CALLS | st.text(max_size=20),
    lambda inner: st.builds("{} {} ({})".format, inner, st.sampled_from(("and", "or", "not", "xor")), inner),
    max_leaves=6,
)
TOKENS = st.one_of(
    st.text(max_size=20),
    st.builds("{}:{}".format, NUMBERS, NUMBERS).map(token),
    st.binary(max_size=20).map(token),
    st.text(max_size=20).map(token),
)
VERSIONS = st.sampled_from(
    (
        "2019-04-01",
        "",
        "2019-4-1",
        "9999-99-99",
        "2019-04-01-PREVIEW",
        "2019-04-01 ",
        "é",
        "٢019-04-01",
        "{0}",
        "9" * 5000,
    )
)
PARAMETERS = st.one_of(
    st.tuples(st.sampled_from(("api-version", "API-Version", "api-version[]")), VERSIONS),
    st.tuples(
        st.sampled_from(("$top", "$TOP")), NUMBERS.map(str) | st.sampled_from(("", "1.5", "٣", "²", "1e3", "0x1"))
    ),
    st.tuples(st.just("$skiptoken"), TOKENS),
    st.tuples(st.just("$filter"), FILTERS),
    st.tuples(st.text(max_size=5), st.text(max_size=5)),
)
SEGMENTS = st.one_of(
    st.sampled_from(
        ("tasks", "RUNS", "listDetails", "cancel", "scheduleRun", "..", ".", "", "%00", "%2F", "%FF", "%zz", "%")
    ),
    st.text(min_size=1, max_size=8).map(lambda text: quote(text, "")),
    st.sampled_from(("a" * 3000, "%ed%a0%80", "task;x=1", "%0d%0aX-Y:1", "~", "%5C..%5C")),
)
