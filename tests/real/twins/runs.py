"""Lives of a run, drawn at random."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tests.drawn_tasks import Draw, Of, a_list, a_map, an_object, encoded, named, one_of
from tests.real.twins.lives import Destroy, Faults, Refresh, Step, Up
from tests.real.twins.stack import Goal
from tests.real.twins.tasks import LIVES, changed_member, error, marked, marks, seldom
from tests.real.twins.values import UNKNOWN, Values

_FLAG = one_of(True, False)
_SECRET = one_of("secret-a", "secret-b")
_VALUES = named(an_object({"value": _SECRET}, isSecret=_FLAG), "A", "B")
_TEXT = encoded("steps:\n  - cmd: busybox true\n")
_LOGIN = an_object({"value": _SECRET}, type=one_of("Opaque"))
_COMMON: dict[str, Of] = {
    "isArchiveEnabled": _FLAG,
    "timeout": one_of(300, 3600),
    "platform": one_of({"os": "Linux"}, {"os": "linux", "architecture": "amd64"}),
    "agentConfiguration": one_of({"cpu": 2}),
    "credentials": an_object(
        {},
        sourceRegistry=one_of({"loginMode": "Default"}),
        customRegistries=a_map(an_object({"userName": _LOGIN, "password": _LOGIN}), "a.example", "A.example"),
    ),
}
_REQUESTS: dict[str, Of] = {
    "DockerBuildRequest": an_object(
        {"type": one_of("DockerBuildRequest")},
        **_COMMON,
        dockerFilePath=one_of("Dockerfile"),
        imageNames=a_list(one_of("a:1", "b:{{.Run.ID}}")),
        isPushEnabled=_FLAG,
        noCache=_FLAG,
        arguments=_VALUES,
    ),
    "FileTaskRunRequest": an_object(
        {"type": one_of("FileTaskRunRequest"), "taskFilePath": one_of("acb.yaml")}, **_COMMON, values=_VALUES
    ),
    "EncodedTaskRunRequest": an_object(
        {"type": one_of("EncodedTaskRunRequest"), "encodedTaskContent": one_of(_TEXT, _TEXT + "\n")},
        **_COMMON,
        encodedValuesContent=one_of(encoded("a: b\n"), encoded("a: c\n")),
        values=_VALUES,
    ),
    "TaskRunRequest": an_object(
        {"type": one_of("TaskRunRequest"), "taskName": one_of("build")}, isArchiveEnabled=_FLAG, values=_VALUES
    ),
}
_NEEDS_FILES = ("DockerBuildRequest", "FileTaskRunRequest")
_FILES = {"Dockerfile": "FROM scratch\n", "acb.yaml": "steps:\n  - cmd: busybox true\n"}
_MORE = ("a", "b")
TASK: Values = {
    "location": "westeurope",
    "properties": {"platform": {"os": "Linux"}, "step": {"type": "EncodedTask", "encodedTaskContent": _TEXT}},
}
WRONG: tuple[Values, ...] = (
    {"logs": "loud"},
    {"queueTimeout": 0, "wait": True},
    {"context": ""},
    {"runRequest": {"type": "DockerBuildRequest", "dockerFilPath": "x"}},
    {"agentPoolName": "x"},
    {"registryName": "x"},
)
FAULTS: tuple[Values, ...] = (
    error("Conflict", 409),
    error("BadRequest", 400),
    error("AuthorizationFailed", 403),
    error("TooManyRequests", 429, headers={"retry-after": 0}, times=1),
    {"drop": "before", "times": 1},
)


@st.composite
def faults(draw: Draw) -> Faults:
    if not seldom(draw, 5):
        return ()
    rule = draw(st.sampled_from(FAULTS))
    return ({**rule, "match": {"method": draw(st.sampled_from(("POST", "PATCH", "GET", "*"))), "path": "/runs/|Run"}},)


@st.composite
def inputs(draw: Draw, before: Values | None = None) -> Values:
    """Draw the inputs of a run that is not awaited; they often keep most of the ones before."""
    if before is not None and seldom(draw, 2):
        return alike(draw, before)
    was = before["runRequest"] if before else None
    kind = draw(st.sampled_from((*_REQUESTS, *[was["type"] if was else "EncodedTaskRunRequest"] * 8)))
    request = _REQUESTS[kind](draw, was if was and was["type"] == kind else None)
    values: Values = {"runRequest": request, "wait": False, "logs": draw(st.sampled_from(("none", "on-failure")))}
    if kind in _NEEDS_FILES:
        source = draw(st.sampled_from((*["files"] * 5, "address", "location", "none")))
        values |= {"context": "files"} if source == "files" else {}
        values |= {"context": "https://github.com/a/a.git"} if source == "address" else {}
        values["runRequest"] |= {"sourceLocation": "https://x:secret-a@h.example/a"} if source == "location" else {}
    if draw(st.booleans()):
        values["triggers"] = draw(st.sampled_from(({"a": "1"}, {"a": "2", "b": ["c"]}, ["x"], "x")))
    if seldom(draw, 4):
        values["cancelOnDelete"] = draw(st.booleans())
    return values


def alike(draw: Draw, before: Values) -> Values:
    """Return inputs that schedule no other run: only what a PATCH carries, or no request, differs."""
    request = {**before["runRequest"], "isArchiveEnabled": draw(st.booleans())}
    return {**before, "runRequest": request, "cancelOnDelete": draw(st.booleans())}


@st.composite
def lives(draw: Draw) -> list[Step]:
    """Draw a few updates, refreshes and changes by others, then the end."""
    steps: list[Step] = [Refresh(("PUT", "tasks/build", TASK))]
    values: Values | None = None
    secrets = draw(marks())
    for _ in range(draw(st.integers(2, 5 if LIVES else 3))):
        values = draw(inputs(values))
        said = values
        if seldom(draw, 10):
            said = {**said, **draw(st.sampled_from(WRONG))}
        said = marked(said, secrets)
        ignored = draw(st.sampled_from((*[()] * 5, (("context",),), (("triggers",),), (("runRequest",),))))
        goal, preview = Goal(said, ignored), None
        if seldom(draw, 3):
            unknown = said if draw(st.booleans()) else changed_member(draw, said, lambda _: UNKNOWN)
            preview = Goal(unknown, ignored)
        files = {**_FILES, "more": draw(st.sampled_from(_MORE))}
        steps.append(Up(goal, preview, draw(faults()), {f"files/{name}": text for name, text in files.items()}))
        if seldom(draw, 2):
            steps.append(Refresh(draw(changes()), draw(faults())))
    steps.append(Destroy(draw(faults())))
    return steps


@st.composite
def changes(draw: Draw) -> Any:
    """Draw a request of somebody else for the run."""
    return draw(
        st.sampled_from(
            (
                None,
                ("PATCH", "runs/{run}", {"properties": {"isArchiveEnabled": True}}),
                ("POST", "runs/{run}/cancel", None),
            )
        )
    )
