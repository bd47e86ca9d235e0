"""Addresses of repositories in one canonical form."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

# git@github.com:me/app.git: user and host before a colon that no port follows.
_SCP = re.compile(r"(?:[^/@\s]+@)?(?P<host>[^/:@\s]+):(?!//|\d+(?:/|$))(?P<path>\S+)")
_GITHUB = {"github.com", "www.github.com", "ssh.github.com", "api.github.com"}
_AZURE_DEVOPS = {"dev.azure.com", "ssh.dev.azure.com"}
_ORGANIZATION_HOST = ".visualstudio.com"
_SSH_HOSTS = {"ssh.dev.azure.com", "vs-ssh.visualstudio.com"}


def canonical(address: str) -> tuple[str, ...]:
    """Return host and path of a repository in a form that all of its addresses share; () for other text.

    It reads https, git and ssh, `git@host:path`, and addresses without a scheme. User names, tokens, ports, `.git`, a
    final slash, `#branch:folder` and the case of letters do not count. Azure DevOps has addresses below dev.azure.com
    and visualstudio.com, and leaves out a project that has the repository's name. All of them become
    (`dev.azure.com`, organization, project, repository).
    """
    text = address.strip()
    scp = _SCP.fullmatch(text) if "://" not in text else None
    try:
        if scp:
            host, path = scp["host"].lower(), scp["path"].partition("#")[0]
        else:
            parts = urlsplit(text if "://" in text else f"https://{text}")
            host, path = (parts.hostname or "").lower(), parts.path
    except ValueError:
        return ()
    names = [name for name in unquote(path).lower().split("/") if name]
    if names:
        names[-1] = names[-1].removesuffix(".git")
    if host in _GITHUB:
        return "github.com", *(names[1:] if host == "api.github.com" and names[:1] == ["repos"] else names)
    if host in _AZURE_DEVOPS or host.endswith(_ORGANIZATION_HOST):
        return _in_azure_devops(host, names)
    return (host, *names) if host and names else ()


def _in_azure_devops(host: str, names: list[str]) -> tuple[str, ...]:
    if host in _SSH_HOSTS:  # v3/organization/project/repository
        return "dev.azure.com", *(names[1:] if re.fullmatch(r"v\d+", "".join(names[:1])) else names)
    if host.endswith(_ORGANIZATION_HOST):
        names = [host.removesuffix(_ORGANIZATION_HOST), *(names[1:] if names[:1] == ["defaultcollection"] else names)]
    if "_git" not in names:
        return "dev.azure.com", *names
    at = names.index("_git")
    before, after = names[:at], names[at + 1 :]
    return "dev.azure.com", *before, *(after if len(before) > 1 else after * 2)
