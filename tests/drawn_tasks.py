"""Tasks drawn over every property of the specification, each at random or as a change of another one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

# How a value is drawn: given what it was (None where there was nothing), None where it is to be left out.
Draw = Callable[[Any], Any]
Of = Callable[[Draw, Any], Any]


# What may happen to the members of an object: to most objects little, so that there is something left to PATCH.
_FATES = (
    (*("kept",) * 5, "drawn"),
    (*("kept",) * 2, "drawn"),
    (*("kept",) * 9, *("drawn",) * 2, "left out"),
)


def one_of(*values: Any) -> Of:
    """Draw one of few values, so that both tasks of a pair often have the same."""
    return lambda draw, _: draw(st.sampled_from(values))


def an_object(required: dict[str, Of], **optional: Of) -> Of:
    """Draw an object; it keeps most members of the one before."""

    def members(draw: Draw, before: Any) -> dict[str, Any]:
        was = before if isinstance(before, dict) else {}
        fates = draw(st.sampled_from(_FATES)) if was else ("drawn", "drawn", "left out")
        drawn = {}
        for name, of in {**required, **optional}.items():
            fate = draw(st.sampled_from(fates))
            if fate == "kept" and name in was:
                drawn[name] = was[name]
            elif fate == "drawn" or name in required:
                drawn[name] = of(draw, was.get(name))
        order = draw(st.sampled_from((1, -1)))
        return {name: drawn[name] for name in list(drawn)[::order]}

    return members


def a_list(item: Of) -> Of:
    return lambda draw, _: [item(draw, None) for _ in range(draw(st.integers(0, 2)))]


def named(item: Of, *names: str) -> Of:
    """Draw a list of named objects in any order, each name at most once."""

    def items(draw: Draw, before: Any) -> list[Any]:
        was = {each["name"]: each for each in before or []}
        chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=len(names)))
        return [{**item(draw, was.get(name)), "name": name} for name in chosen]

    return items


def a_map(item: Of, *keys: str) -> Of:
    """Draw a map, of which a key may change its case."""

    def items(draw: Draw, before: Any) -> dict[str, Any]:
        was = {key.lower(): value for key, value in (before or {}).items()}
        chosen = draw(st.lists(st.sampled_from(keys), unique_by=str.lower, max_size=3))
        return {key: item(draw, was.get(key.lower())) for key in chosen}

    return items


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_TEXT = one_of("a", "b", "c")
_ADDRESS = one_of("https://github.com/a/a.git", "https://github.com/b/b.git#main")
_STATUS = one_of("Enabled", "Disabled", "enabled")
_FLAG = one_of(True, False)
_PATH = one_of("x/a", "x/b")
_SECRET = one_of("secret-a", "secret-b", "sécret c")
_VALUES = named(an_object({"value": _SECRET}, isSecret=_FLAG), "A", "B", "C")
_CONTEXT = {"contextPath": _ADDRESS, "contextAccessToken": _SECRET}
_YAML = one_of(*(encoded(f"steps:\n  - cmd: {name}\n") for name in "ab"), encoded("steps:\n  - cmd: c\n") + "\n")
_DOCKER = an_object(
    {"type": one_of("Docker"), "dockerFilePath": _PATH},
    **_CONTEXT,
    imageNames=a_list(_TEXT),
    isPushEnabled=_FLAG,
    noCache=_FLAG,
    target=_TEXT,
    arguments=_VALUES,
)
_FILE = an_object(
    {"type": one_of("FileTask", "filetask"), "taskFilePath": _PATH},
    **_CONTEXT,
    valuesFilePath=_PATH,
    values=_VALUES,
)
_ENCODED = an_object(
    {"type": one_of("EncodedTask"), "encodedTaskContent": _YAML},
    **_CONTEXT,
    encodedValuesContent=one_of(encoded("a: b\n"), encoded("a: c\n")),
    values=_VALUES,
)


def _step(draw: Draw, before: Any) -> Any:
    """Draw a step, in three of four cases of the type that it had."""
    types = {"docker": _DOCKER, "filetask": _FILE, "encodedtask": _ENCODED}
    had = before["type"].lower() if before else None
    type_ = draw(st.sampled_from((*types, *[had or "docker"] * 6)))
    return types[type_](draw, before if type_ == had else None)


_LOGIN = an_object({"value": _SECRET, "type": one_of("Opaque", "opaque")})
_VAULT = an_object({"value": one_of("https://v.vault.azure.net/secrets/a"), "type": one_of("Vaultsecret")})


def _sign_in(draw: Draw, before: Any) -> Any:
    """Draw a login, an identity, or an identity that reads the password from a vault."""
    form = draw(st.sampled_from(("login", "identity", "vault")))
    identity = draw(st.sampled_from(("client-a", "client-b")))
    was = before or {}
    if form == "identity":
        return {"identity": identity}
    secrets = {"userName": _LOGIN(draw, was.get("userName"))}
    if form == "vault":
        return {**secrets, "password": _VAULT(draw, None), "identity": identity}
    return {**secrets, "password": _LOGIN(draw, was.get("password"))}


_IDENTITIES = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities"


def _identity(draw: Draw, _: Any) -> Any:
    """Draw a system-assigned identity, user-assigned ones, both, or none."""
    chosen = draw(st.lists(st.sampled_from("abcAB"), unique_by=str.lower, max_size=3))
    ids = {f"{_IDENTITIES}/{name}": {} for name in chosen}
    types = [each for each in (draw(st.sampled_from(("SystemAssigned", ""))), "UserAssigned" if ids else "") if each]
    return {"type": ", ".join(types) or "None", **({"userAssignedIdentities": ids} if ids else {})}


_TRIGGER = an_object(
    {},
    timerTriggers=named(
        an_object({"schedule": one_of("0 1 * * *", "0  1 * * *", "0 2 * * Mon")}, status=_STATUS), "t1", "t2", "t3"
    ),
    sourceTriggers=named(
        an_object(
            {
                "sourceRepository": an_object(
                    {
                        "sourceControlType": one_of("Github", "GitHub"),
                        "repositoryUrl": _ADDRESS,
                        "sourceControlAuthProperties": an_object(
                            {"tokenType": one_of("PAT"), "token": _SECRET},
                            refreshToken=_SECRET,
                            scope=one_of("repo", "user"),
                            expiresIn=one_of(60, 3600),
                        ),
                    },
                    branch=one_of("main", "dev"),
                ),
                "sourceTriggerEvents": one_of(["commit"], ["pullrequest"], ["commit", "pullrequest"]),
            },
            status=_STATUS,
        ),
        "s1",
    ),
    baseImageTrigger=an_object(
        {"name": one_of("b1", "b1", "b2"), "baseImageTriggerType": one_of("All", "Runtime")}, status=_STATUS
    ),
)
drawn_task = an_object(
    {
        "platform": an_object(
            {"os": one_of("Linux", "linux", "Windows")}, architecture=one_of("amd64", "arm"), variant=one_of("v7", "v8")
        ),
        "step": _step,
    },
    status=_STATUS,
    timeout=one_of(300, 3600, 28800),
    agentConfiguration=an_object({}, cpu=one_of(2)),
    tags=a_map(_TEXT, "k", "l"),
    identity=_identity,
    trigger=_TRIGGER,
    credentials=an_object(
        {},
        sourceRegistry=an_object({}, loginMode=one_of("Default", "None")),
        customRegistries=a_map(_sign_in, "a.example", "A.example", "b.example:5000"),
    ),
)
