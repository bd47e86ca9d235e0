from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from acr_tasks_emulator.services.blobs.sas import CREATE_WRITE, READ, Signer
from acr_tasks_emulator.services.errors import ServiceError

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import SetClock, World


@pytest.fixture
def clock(world: World) -> SetClock:
    return world.clock


def query_of(link: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(link).query))


def test_a_link_lets_its_holder_do_what_it_says(clock: SetClock) -> None:
    """Until it expires, to that one blob."""
    signer = Signer(b"key", clock)
    link = signer.link("box", "logs/cf1/raw text.log", READ)
    assert urlsplit(link).path == "/blobs/box/logs/cf1/raw%20text.log"
    signer.check("box", "logs/cf1/raw text.log", query_of(link), READ)


@pytest.mark.parametrize(
    ("container", "name", "changed"),
    [
        ("box", "logs/cf2/rawtext.log", {}),
        ("other", "logs/cf1/rawtext.log", {}),
        ("box", "logs/cf1/rawtext.log", {"sp": "rw"}),
        ("box", "logs/cf1/rawtext.log", {"se": "2099-01-01T00:00:00Z"}),
        ("box", "logs/cf1/rawtext.log", {"sig": "AAAA"}),
        ("box", "logs/cf1/rawtext.log", {"sig": "é"}),
        ("box", "logs/cf1/rawtext.log", {"sr": "c"}),
        ("box", "logs/cf1/rawtext.log", {"sv": "2015-01-01"}),
    ],
)
def test_a_changed_link_is_refused(clock: SetClock, container: str, name: str, changed: dict[str, str]) -> None:
    """The signature is over permissions, expiry, blob and version."""
    signer = Signer(b"key", clock)
    query = query_of(signer.link("box", "logs/cf1/rawtext.log", READ)) | changed
    with pytest.raises(ServiceError) as caught:
        signer.check(container, name, query, READ)
    assert (caught.value.status, caught.value.code) == (403, "AuthenticationFailed")


def test_the_link_of_another_emulator_is_refused(clock: SetClock) -> None:
    """Each data folder has a key of its own."""
    query = query_of(Signer(b"another", clock).link("box", "a", READ))
    with pytest.raises(ServiceError, match="Signature did not match"):
        Signer(b"key", clock).check("box", "a", query, READ)


def test_a_link_expires(clock: SetClock) -> None:
    """After 70 minutes it is worth nothing."""
    signer = Signer(b"key", clock)
    query = query_of(signer.link("box", "a", READ))
    clock.advance(69 * 60)
    signer.check("box", "a", query, READ)
    clock.advance(61)
    with pytest.raises(ServiceError, match="Expiry"):
        signer.check("box", "a", query, READ)


def test_reading_and_writing_are_different_links(clock: SetClock) -> None:
    """A log cannot be written by its link, an upload cannot be read."""
    signer = Signer(b"key", clock)
    for given, needed in ((READ, CREATE_WRITE), (CREATE_WRITE, READ)):
        with pytest.raises(ServiceError) as caught:
            signer.check("box", "a", query_of(signer.link("box", "a", given)), needed)
        assert caught.value.code == "AuthorizationPermissionMismatch"


def test_a_request_without_a_link_is_refused(clock: SetClock) -> None:
    """Nothing is public."""
    with pytest.raises(ServiceError) as caught:
        Signer(b"key", clock).check("box", "a", {"comp": "block"}, READ)
    assert caught.value.status == 403
