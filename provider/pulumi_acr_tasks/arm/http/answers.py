"""The ring that takes an answer only when it is one: a proxy, a portal or a cut connection answers 200 too."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.operation import CORRELATION_ID, UNCERTAIN, Operation, operation_of
from pulumi_acr_tasks.errors import AnswerError, printable

if TYPE_CHECKING:
    import httpx

    from pulumi_acr_tasks.arm.operation import Send

ACCEPTED = (200, 201, 202, 204)
_PROXY = "a proxy or a sign-in page may be in between: check acr-tasks:endpoint, HTTPS_PROXY and NO_PROXY"
_CUT = "it was cut on its way, or it is not the Resource Manager that answers: check acr-tasks:endpoint"
_FOREIGN = "another service may be there: check acr-tasks:endpoint"
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_LONGEST, _READ = 100, 20_000  # characters: shown, and looked at


def understood(send: Send) -> Send:
    """Hand an answer on when its operation can read it, and keep what was read: see `answer_of`.

    Another answer is an AnswerError, so that a request that may be repeated is repeated.
    """

    def understanding(request: httpx.Request) -> httpx.Response:
        response = send(request)
        if response.status_code in ACCEPTED:
            try:
                answer_of(response)
            except AnswerError:
                request.extensions[UNCERTAIN] = True
                raise
        return response

    return understanding


def answer_of(response: httpx.Response) -> Any:
    """Return what the operation reads of the answer; None when the answer has no body, and needs none.

    Raises AnswerError when the answer is not understood.
    """
    if "answer" not in response.extensions:
        response.extensions["answer"] = _read(response, operation_of(response.request))
    return response.extensions["answer"]


def place_of(response: httpx.Response) -> str:
    """Return an answer's status, content type and host: `200 text/html from arm.example.org`."""
    kind = printable(response.headers.get("content-type", "")).partition(";")[0].strip()
    host = response.request.url.netloc.decode("ascii", "replace")
    return " ".join([str(response.status_code), kind or "without a content type", "from", host])


def described(response: httpx.Response) -> str:
    """Return what a body is that is not the Resource Manager's: the title of an HTML page, the beginning of a text."""
    text = response.text[:_READ]
    if "<html" in text[:1000].lower() or "<!doctype html" in text[:1000].lower():
        title = _TITLE.search(text)
        named = printable(html.unescape(title[1] if title else _MARKUP.sub(" ", text)))[:_LONGEST]
        return f"an HTML page, {named!r}" if named else "an HTML page"
    return printable(text)[: 2 * _LONGEST]


def _read(response: httpx.Response, operation: Operation) -> Any:
    headers, empty = response.headers, not response.content.strip()
    if "azure-asyncoperation" in headers or (response.status_code == 202 and "location" in headers):
        return None  # what is asked for comes later, from there
    if empty and (response.status_code in (202, 204) or "location" in headers or not operation.answers):
        return None
    if empty:
        raise _strange(response, operation, "it is empty", _CUT)
    try:
        body = response.json()
    except (ValueError, RecursionError):
        is_page = described(response).startswith("an HTML page")
        what = f"it is {described(response)}" if is_page else "it is no JSON, or not all of it"
        raise _strange(response, operation, what, _PROXY if is_page else _CUT) from None
    if not isinstance(body, dict):
        what = "null" if body is None else {list: "a list"}.get(type(body), "a single value")
        raise _strange(response, operation, f"it is {what} where an object is expected", _FOREIGN)
    try:
        return operation.reads(body) if operation.reads is not None else body
    except ValueError as error:
        raise _strange(response, operation, _misfit(error), _FOREIGN) from None


def _misfit(error: ValueError) -> str:
    """Say which member does not fit; its value may be a secret, so the value is not repeated."""
    found = getattr(error, "errors", None)
    if found is None:
        return str(error)
    first = found(include_url=False, include_context=False, include_input=False)[0]
    member = ".".join(str(part) for part in first["loc"])
    return f"its member {member} is not as expected ({first['msg']})"


def _strange(response: httpx.Response, operation: Operation, what: str, cure: str) -> AnswerError:
    return AnswerError(
        f"{operation.action} {operation.resource_id}: the answer is not understood ({place_of(response)}): {what}\n"
        f"{cure}\n"
        f"correlation id {response.request.headers.get(CORRELATION_ID, '')}"
    )
