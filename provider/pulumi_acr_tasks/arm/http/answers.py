"""The ring that reads answers and refuses those of others: a proxy, a portal or a cut connection answers 200 too."""

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


def read_answers(send: Send) -> Send:
    """Read each answer as its operation does, and keep the result for `answer_of`.

    Raise AnswerError for any other answer, so that an idempotent request is repeated.
    """

    def reading_send(request: httpx.Request) -> httpx.Response:
        response = send(request)
        if response.status_code in ACCEPTED:
            try:
                answer_of(response)
            except AnswerError:
                request.extensions[UNCERTAIN] = True
                raise
        return response

    return reading_send


def answer_of(response: httpx.Response) -> Any:
    """Return what the operation reads of the answer; None when the answer has no body, and needs none.

    Raise AnswerError when the operation cannot read it.
    """
    if "answer" not in response.extensions:
        response.extensions["answer"] = _read(response, operation_of(response.request))
    return response.extensions["answer"]


def summary_of(response: httpx.Response) -> str:
    """Return an answer's status, content type and host: `200 text/html from arm.example.org`."""
    kind = printable(response.headers.get("content-type", "")).partition(";")[0].strip()
    host = response.request.url.netloc.decode("ascii", "replace")
    return " ".join([str(response.status_code), kind or "without a content type", "from", host])


def describe_body(response: httpx.Response) -> str:
    """Describe a body that is not the Resource Manager's: the title of an HTML page, or the beginning of a text."""
    text = response.text[:_READ]
    if "<html" in text[:1000].lower() or "<!doctype html" in text[:1000].lower():
        title = _TITLE.search(text)
        named = printable(html.unescape(title[1] if title else _MARKUP.sub(" ", text)))[:_LONGEST]
        return f"an HTML page, {named!r}" if named else "an HTML page"
    return printable(text)[: 2 * _LONGEST]


def _read(response: httpx.Response, operation: Operation) -> Any:
    headers, empty = response.headers, not response.content.strip()
    if "azure-asyncoperation" in headers or (response.status_code == 202 and "location" in headers):
        return None  # the answer comes later, from that address
    if empty and (response.status_code in (202, 204) or "location" in headers or not operation.answers):
        return None
    if empty:
        raise _unreadable(response, operation, "it is empty", _CUT)
    try:
        body = response.json()
    except (ValueError, RecursionError):
        is_page = describe_body(response).startswith("an HTML page")
        what = f"it is {describe_body(response)}" if is_page else "it is no JSON, or not all of it"
        raise _unreadable(response, operation, what, _PROXY if is_page else _CUT) from None
    if not isinstance(body, dict):
        what = "null" if body is None else {list: "a list"}.get(type(body), "a single value")
        raise _unreadable(response, operation, f"it is {what} where an object is expected", _FOREIGN)
    try:
        return operation.reads(body) if operation.reads is not None else body
    except ValueError as error:
        raise _unreadable(response, operation, _wrong_member(error), _FOREIGN) from None


def _wrong_member(error: ValueError) -> str:
    """Return which member does not fit, without its value, which may be a secret."""
    found = getattr(error, "errors", None)
    if found is None:
        return str(error)
    first = found(include_url=False, include_context=False, include_input=False)[0]
    member = ".".join(str(part) for part in first["loc"])
    return f"its member {member} is not as expected ({first['msg']})"


def _unreadable(response: httpx.Response, operation: Operation, what: str, cure: str) -> AnswerError:
    return AnswerError(
        f"{operation.action} {operation.resource_id}: the answer is not understood ({summary_of(response)}): {what}\n"
        f"{cure}\n"
        f"correlation id {response.request.headers.get(CORRELATION_ID, '')}"
    )
