"""The webhook endpoints, to which GitHub and Azure DevOps report commits and pull requests."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from acr_tasks_emulator.routes.http import answer, bytes_of, json_in, services_of
from acr_tasks_emulator.services.triggers.webhooks import Started

FOLDER = "/_emulator/webhooks/"
_FORM = "application/x-www-form-urlencoded"


async def github(request: Request) -> Response:
    """Start the tasks that follow the event; return the runs' ids and a sentence. The payload is JSON or in a form."""
    webhooks, body = services_of(request).webhooks, await bytes_of(request)
    webhooks.check_github(body, request.headers.get("x-hub-signature-256"))
    payload = json_in(_payload(body, request.headers.get("content-type", "")))
    event, delivery = request.headers.get("x-github-event", ""), request.headers.get("x-github-delivery")
    return _answer(await run_in_threadpool(webhooks.github, event, delivery, payload))


async def azure_devops(request: Request) -> Response:
    """Start the tasks that follow the event; return the runs' ids and a sentence."""
    webhooks, body = services_of(request).webhooks, await bytes_of(request)
    webhooks.check_azure_devops(request.headers.get("authorization"))
    return _answer(await run_in_threadpool(webhooks.azure_devops, json_in(body)))


def _payload(body: bytes, content_type: str) -> bytes:
    """Return the JSON in a body. curl labels every body as a form, so a body without a form's fields is JSON itself."""
    if content_type.partition(";")[0].strip().lower() != _FORM:
        return body
    try:
        fields = parse_qs(body.decode("latin-1"), max_num_fields=100) if body[:1] != b"{" else {}
    except ValueError:  # more fields than any form of a webhook
        return body
    return fields["payload"][0].encode() if "payload" in fields else body


def _answer(delivered: Started) -> Response:
    return answer({"runs": delivered.runs, "message": delivered.message})


ROUTES: list[BaseRoute] = [
    Route(f"{FOLDER}github", github, methods=["POST"]),
    Route(f"{FOLDER}azure-devops", azure_devops, methods=["POST"]),
]
