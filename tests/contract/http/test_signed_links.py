"""Signed links: what they permit, and how they are tampered with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import httpx
import pytest

from acr_tasks_emulator.routes import blobs as route
from acr_tasks_emulator.services.blobs import blobs as service

BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}
Change = Callable[[dict[str, str]], None]


@pytest.fixture
def upload(arm: Any) -> str:
    return arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"]


@pytest.fixture
def log(arm: Any, quick_request: Any) -> str:
    """The link to the log of a run that has ended."""
    run_id = arm.schedule(quick_request())
    arm.until(run_id)
    return arm.log_link(run_id)


def altered(link: str, path: Callable[[str], str] = str, **parameters: str | None) -> str:
    """Return a link with another path or other parameters; None removes one."""
    parts = urlsplit(link)
    query = {**dict(parse_qsl(parts.query)), **parameters}
    kept = {name: value for name, value in query.items() if value is not None}
    return urlunsplit(parts._replace(path=path(parts.path), query=urlencode(kept)))


def refused(answer: httpx.Response, code: str = "AuthenticationFailed") -> None:
    assert answer.status_code == 403, answer.text
    assert answer.headers["x-ms-error-code"] == code
    assert f"<Code>{code}</Code>" in answer.text


@pytest.mark.parametrize(
    "changed",
    [
        {"sig": "AAAA"},
        {"sig": ""},
        {"sig": None},
        {"sp": "rcwdlacup"},
        {"se": "2099-01-01T00:00:00Z"},
        {"se": "never"},
        {"sr": "c"},
        {"sv": "2015-04-05"},
        {"sv": None},
    ],
)
@pytest.mark.arm_documented("the blob service: service SAS")
def test_a_changed_link_is_refused(blobs: httpx.Client, upload: str, log: str, changed: dict[str, str | None]) -> None:
    """A changed parameter or signature permits neither reading nor writing."""
    refused(blobs.get(altered(log, **changed)))
    refused(blobs.put(altered(upload, **changed), content=b"x", headers=BLOCK_BLOB))


@pytest.mark.arm_documented("the blob service: service SAS")
def test_a_link_is_for_one_blob(arm: Any, blobs: httpx.Client, upload: str, log: str, quick_request: Any) -> None:
    """The link of a log or an upload opens no other blob; a container's name cannot be changed either."""
    other = arm.schedule(quick_request())
    arm.until(other)
    run_id = urlsplit(log).path.split("/")[4]
    refused(blobs.get(altered(log, path=lambda path: path.replace(run_id, other))))
    refused(blobs.get(altered(log, path=lambda path: path.replace("/blobs/", "/blobs/x"))))
    refused(blobs.get(altered(log, path=lambda path: path.replace("/logs/", "/logs//"))))
    refused(blobs.get(altered(log, path=lambda path: path.replace("rawtext", "RAWTEXT"))))
    refused(blobs.get(urlunsplit(urlsplit(log)._replace(query=urlsplit(upload).query))))
    assert blobs.get(log).status_code == 200


@pytest.mark.arm_documented("the blob service: AuthorizationPermissionMismatch")
def test_a_link_permits_one_action(blobs: httpx.Client, upload: str, log: str) -> None:
    """A log's link cannot write, in one piece or in blocks, and an upload's cannot read."""
    before = blobs.get(log).content
    for comp in ({}, {"comp": "block", "blockid": "QQ=="}, {"comp": "blocklist"}):
        refused(blobs.put(altered(log, **comp), content=b"x", headers=BLOCK_BLOB), "AuthorizationPermissionMismatch")
    assert blobs.get(log).content == before
    assert blobs.put(upload, content=b"secret", headers=BLOCK_BLOB).status_code == 201
    for method in ("GET", "HEAD"):
        assert blobs.request(method, upload).status_code == 403
    for method in ("DELETE", "POST", "PATCH"):
        assert blobs.request(method, upload).status_code == 405


@pytest.mark.parametrize("name", ["sv", "se", "sr", "sp", "sig", "SIG", "Sp"])
@pytest.mark.emulator_choice("two answers to one question are none")
def test_a_repeated_parameter_is_refused(blobs: httpx.Client, upload: str, log: str, name: str) -> None:
    """A link with a parameter twice is refused, even with the same value twice."""
    for link in (log, upload):
        value = dict(parse_qsl(urlsplit(link).query))[name.lower()]
        for twice in (f"{link}&{name}={quote(value)}", link.replace("?", f"?{name}=x&")):
            refused(blobs.put(twice, content=b"x", headers=BLOCK_BLOB) if link == upload else blobs.get(twice))


@pytest.mark.arm_documented("the blob service: an expired SAS is refused")
def test_a_link_expires(emulated: Any, blobs: httpx.Client) -> None:
    """An expired link is refused, and the error has the time of its expiry."""
    arm = emulated()
    upload = arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"]
    assert blobs.put(upload, content=b"x", headers=BLOCK_BLOB).status_code == 201
    arm.http.post("/_emulator/clock/advance", json={"seconds": 4201})
    answer = blobs.put(upload, content=b"y", headers=BLOCK_BLOB)
    refused(answer)
    assert dict(parse_qsl(urlsplit(upload).query))["se"] in answer.text


@pytest.mark.emulator_choice("each data folder has a key of its own")
def test_the_link_of_another_emulator_is_refused(emulated: Any, blobs: httpx.Client) -> None:
    """Another emulator's key signs no link of this one."""
    one, two = emulated(), emulated()
    link = urlsplit(one.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"])
    foreign = urlunsplit(link._replace(netloc=urlsplit(two.coordinates.endpoint).netloc))
    refused(blobs.put(foreign, content=b"x", headers=BLOCK_BLOB))


@pytest.mark.parametrize("spelled", ["sig", "SIG", "%73ig", "s%69%67"])
@pytest.mark.emulator_choice("the emulator's own list of requests")
def test_a_signature_is_not_kept(arm: Any, blobs: httpx.Client, log: str, spelled: str) -> None:
    """The list of requests shows that a log was read without the signature, however the parameter was written."""
    signature = dict(parse_qsl(urlsplit(log).query))["sig"]
    blobs.get(log.replace("&sig=", f"&{spelled}="))
    shown = arm.http.get("/_emulator/requests").text
    assert "REDACTED" in shown
    assert signature not in shown
    assert quote(signature, safe="") not in shown


@pytest.mark.arm_documented("the blob service: RequestBodyTooLarge, BlockListTooLong, BlockCountExceedsLimit")
def test_uploads_are_limited(emulated: Any, blobs: httpx.Client, raw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits hold for a declared length, chunks, many blocks, and one block listed many times."""
    arm = emulated()
    upload = arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"]
    path = upload.removeprefix(arm.coordinates.endpoint)
    for length in (service.UPLOAD_LIMIT + 1, 2**60):
        headers = ("x-ms-blob-type: BlockBlob", f"Content-Length: {length}")
        assert b"RequestBodyTooLarge" in raw(f"PUT {path} HTTP/1.1", *headers, to=arm.coordinates.endpoint)
    for module in (route, service):
        monkeypatch.setattr(module, "UPLOAD_LIMIT", 1000)
    monkeypatch.setattr(service, "BLOCKS_LIMIT", 3)

    def put(content: Any, **query: str) -> tuple[int, str]:
        answer = blobs.put(altered(upload, **query), content=content, headers=BLOCK_BLOB)
        return answer.status_code, answer.headers.get("x-ms-error-code", "")

    def blocks(*ids: str) -> bytes:
        return f"<BlockList>{''.join(f'<Latest>{each}</Latest>' for each in ids)}</BlockList>".encode()

    too_large = (413, "RequestBodyTooLarge")
    assert put(b"x" * 1001) == too_large
    assert put(iter([b"x" * 600, b"x" * 600])) == too_large
    assert put(b"x" * 1000) == (201, "")
    assert put(b"x" * 400, comp="block", blockid="QQ==") == (201, "")
    assert put(b"x" * 700, comp="block", blockid="Qg==") == too_large
    assert put(b"x" * 1, comp="block", blockid="Qg==") == (201, "")
    assert put(b"x" * 1, comp="block", blockid="Qw==") == (201, "")
    assert put(b"x" * 1, comp="block", blockid="RA==") == (409, "BlockCountExceedsLimit")
    assert put(blocks("QQ==", "QQ==", "QQ=="), comp="blocklist") == too_large
    assert put(blocks(*["Qg=="] * 4), comp="blocklist") == (400, "BlockListTooLong")
    assert put(blocks("QQ==", "QQ==", "Qg=="), comp="blocklist") == (201, "")


@pytest.mark.parametrize(
    "xml",
    [
        b"<!DOCTYPE b [<!ENTITY a 'AAAA'>]><BlockList><Latest>&a;</Latest></BlockList>",
        b"<!DOCTYPE b [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><BlockList><Latest>&a;</Latest></BlockList>",
        b"<BlockList><Latest>QQ==",
        b"\xff\xfe<\x00",
        b"<a>" * 100_000,
        b"",
    ],
)
@pytest.mark.arm_documented("the blob service: InvalidXmlDocument")
def test_a_malformed_block_list_is_refused(blobs: httpx.Client, upload: str, xml: bytes) -> None:
    """Entities, truncated lists and deeply nested elements are refused."""
    answer = blobs.put(f"{upload}&comp=blocklist", content=xml)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidXmlDocument")


@pytest.mark.emulator_choice("what stands in a header can stand in a header")
def test_an_echoed_id_is_text(blobs: httpx.Client, upload: str) -> None:
    """The caller's own id comes back only when it is visible text of a sensible length."""
    for given, echoed in (("me-1", "me-1"), ("a\x01b", None), ("x" * 1025, None), ("\xe4", None)):
        headers = {**BLOCK_BLOB, "x-ms-client-request-id": given.encode("latin-1")}
        answer = blobs.put(upload, content=b"x", headers=headers)
        assert answer.status_code == 201
        assert answer.headers.get("x-ms-client-request-id") == echoed
