from __future__ import annotations

from typing import Any

import pytest

from acr_tasks_emulator.services.conditions.faults import Faults
from acr_tasks_emulator.services.errors import ServiceError


def faults_of(*rules: dict[str, Any]) -> Faults:
    faults = Faults()
    faults.put(list(rules))
    return faults


def test_the_first_rule_that_fits_and_has_times_left_applies() -> None:
    """Each hit is counted; then the next rule applies, then none."""
    first = {"match": {"method": "put", "path": "/TASKS/a$"}, "times": 2, "status": 503}
    second = {"match": {"path": "/tasks/"}, "times": 1, "status": 500}
    faults = faults_of(first, second)
    assert faults.take("GET", "/registries/r") is None
    hits = [faults.take("PUT", "/registries/r/tasks/A") for _ in range(4)]
    assert [hit.status if hit else None for hit in hits] == [503, 503, 500, None]
    assert faults.all() == [{**first, "left": 0}, {**second, "left": 0}]


def test_a_rule_without_times_applies_always() -> None:
    """The rule applies until it is cleared."""
    faults = faults_of({"drop": "before"})
    assert all(faults.take(method, "/anything") for method in ("GET", "PUT", "DELETE"))
    assert faults.all() == [{"drop": "before", "left": None}]
    faults.clear()
    assert (faults.take("GET", "/anything"), faults.all()) == (None, [])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("rule", "rules[0]: Input should be a valid dictionary"),
        ({"status": 500, "time": 1}, "rules[0].time: Extra inputs are not permitted"),
        ({"status": 500, "match": []}, "rules[0].match: Input should be a valid dictionary"),
        ({"status": 500, "match": {"url": "/"}}, "rules[0].match.url: Extra inputs are not permitted"),
        ({"status": 500, "match": {"method": 1}}, "rules[0].match.method: Input should be a valid string"),
        ({"status": 500, "match": {"path": "("}}, "rules[0].match.path: must be a regular expression (missing )"),
        ({"status": 500, "times": 0}, "rules[0].times: Input should be greater than or equal to 1"),
        ({"status": 500, "times": True}, "rules[0].times: Input should be a valid integer"),
        ({"status": 500, "delayMs": -1}, "rules[0].delayMs: Input should be greater than or equal to 0"),
        ({"status": 99}, "rules[0].status: Input should be greater than or equal to 200"),
        ({"status": 500, "headers": {"a b": "c"}}, "rules[0].headers: cannot have the name 'a b'"),
        ({"status": 500, "headers": {"Content-Length": 3}}, "rules[0].headers: cannot have the name 'Content-Length'"),
        ({"status": 500, "headers": {"a": "b\r\nc: d"}}, "rules[0].headers: must have one line of text as 'a'"),
        ({"status": 500, "headers": ["a"]}, "rules[0].headers: Input should be a valid dictionary"),
        ({"body": {}}, "rules[0]: needs a status for its body or headers"),
        ({"drop": "during"}, "rules[0].drop: Input should be 'before' or 'after'"),
        ({"drop": "after", "status": 500}, "rules[0]: can either answer with a status or drop the connection"),
        ({"match": {"method": "GET"}}, "rules[0]: has no effect"),
    ],
)
def test_a_bad_rule_is_refused(rule: Any, said: str) -> None:
    """The error names the member and the allowed values."""
    with pytest.raises(ServiceError) as caught:
        Faults().put([rule])
    assert said in caught.value.message
