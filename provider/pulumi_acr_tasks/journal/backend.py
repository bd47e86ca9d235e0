"""The backend that keeps the stack's state, as far as a provider can know it.

The engine does not name it. A provider finds it where the CLI does: in the environment, in the project's Pulumi.yaml,
and in the file that `pulumi login` writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


def backend_of(environ: Mapping[str, str], home: Path, folder: Path) -> str:
    """Return a name of the stack's backend: its URL, completed where that alone is not unique.

    `home` is Pulumi's own folder, `folder` the program's. A relative folder is completed by the project's folder, a
    container of Azure by the storage account. The name is empty where no backend is found, or a file cannot be read.
    """
    root = next((each for each in (folder, *folder.parents) if _project_file(each)), folder)
    url = environ.get("PULUMI_BACKEND_URL") or _of_project(root) or _of_login(environ, home)
    if url.startswith("file://") and not url.startswith(("file:///", "file://~")):
        return f"{url} {root}"
    account = environ.get("AZURE_STORAGE_ACCOUNT", "")
    return f"{url} {account}" if account and url.startswith("azblob://") else url


def _project_file(folder: Path) -> Path | None:
    return next((folder / name for name in _PROJECT_FILES if (folder / name).is_file()), None)


def _of_project(root: Path) -> str:
    """Return the `backend: {url: …}` of a project; empty without one."""
    file = _project_file(root)
    try:
        text = file.read_text(encoding="utf-8") if file else ""
        if "backend" not in text:
            return ""  # most projects: the parser costs more than all else here
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        try:
            # Pure: the C parser, on machines that have it, does not take `{url: file://…}`.
            project: Any = YAML(typ="safe", pure=True).load(text)
        except YAMLError:
            return ""
        return str(project["backend"]["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _of_login(environ: Mapping[str, str], home: Path) -> str:
    """Return the backend that the last `pulumi login` chose; empty without one."""
    try:
        file = Path(environ.get("PULUMI_CREDENTIALS_PATH") or home) / "credentials.json"
        return str(json.loads(file.read_bytes()).get("current") or "")
    except (OSError, ValueError, AttributeError):
        return ""
