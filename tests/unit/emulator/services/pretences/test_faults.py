from __future__ import annotations

from typing import Any

import pytest

from acr_tasks_emulator.services.conditions.faults import Faults, FaultsError


def faults_of(*rules: dict[str, Any]) -> Faults:
    faults = Faults()
    faults.put(list(rules))
    return faults


def test_the_first_rule_that_fits_and_has_times_left_applies() -> None:
    """Each hit is counted; when nothing is left the next rule has its turn, then none."""
    first = {"match": {"method": "put", "path": "/TASKS/a$"}, "times": 2, "status": 503}
    second = {"match": {"path": "/tasks/"}, "times": 1, "status": 500}
    faults = faults_of(first, second)
    assert faults.take("GET", "/registries/r") is None
    hits = [faults.take("PUT", "/registries/r/tasks/A") for _ in range(4)]
    assert [hit.status if hit else None for hit in hits] == [503, 503, 500, None]
    assert faults.all() == [{**first, "left": 0}, {**second, "left": 0}]


def test_a_rule_without_times_applies_always() -> None:
    """Until it is cleared."""
    faults = faults_of({"drop": "before"})
    assert all(faults.take(method, "/anything") for method in ("GET", "PUT", "DELETE"))
    assert faults.all() == [{"drop": "before", "left": None}]
    faults.clear()
    assert (faults.take("GET", "/anything"), faults.all()) == (None, [])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("rule", "rules[0] must be an object"),
        ({"status": 500, "time": 1}, "rules[0] cannot have the member 'time': match, times,"),
        ({"status": 500, "match": []}, "rules[0].match must be an object"),
        ({"status": 500, "match": {"url": "/"}}, "rules[0].match cannot have the member 'url'"),
        ({"status": 500, "match": {"method": 1}}, "rules[0].match.method must be a method"),
        ({"status": 500, "match": {"path": "("}}, "rules[0].match.path must be a regular expression (missing )"),
        ({"status": 500, "match": {"path": 7}}, "rules[0].match.path must be a regular expression"),
        ({"status": 500, "times": 0}, "rules[0].times must be a whole number from 1"),
        ({"status": 500, "times": True}, "rules[0].times must be"),
        ({"status": 500, "delayMs": -1}, "rules[0].delayMs must be a whole number from 0"),
        ({"status": 99}, "rules[0].status must be a whole number from 200 to 599"),
        ({"status": 500, "headers": {"a b": "c"}}, "rules[0].headers cannot have the name 'a b'"),
        ({"status": 500, "headers": {"Content-Length": 3}}, "rules[0].headers cannot have the name 'Content-Length'"),
        ({"status": 500, "headers": {"a": "b\r\nc: d"}}, "rules[0].headers['a'] must be a number or one line"),
        ({"status": 500, "headers": ["a"]}, "rules[0].headers must be an object"),
        ({"body": {}}, "rules[0] needs a status"),
        ({"drop": "during"}, "rules[0].drop must be before or after"),
        ({"drop": "after", "status": 500}, "rules[0] can either answer with a status or drop"),
        ({"match": {"method": "GET"}}, "rules[0] does nothing"),
    ],
)
def test_a_bad_rule_is_told(rule: Any, said: str) -> None:
    """The sentence says where and what is allowed."""
    with pytest.raises(FaultsError) as caught:
        Faults().put([rule])
    assert said in str(caught.value)


def test_everything_wrong_is_told_at_once_and_nothing_changes() -> None:
    """The rules before stay in force."""
    faults = faults_of({"status": 500})
    with pytest.raises(FaultsError) as caught:
        faults.put([{"status": 1, "times": 0}, {"drop": "never"}])
    assert str(caught.value) == (
        "rules[0].status must be a whole number from 200 to 599; "
        "rules[0].times must be a whole number from 1 to 1000000; rules[1].drop must be before or after."
    )
    assert faults.all() == [{"status": 500, "left": None}]
    with pytest.raises(FaultsError, match="must be a list"):
        faults.put({"status": 500})
