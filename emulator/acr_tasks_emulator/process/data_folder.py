"""The folder that keeps everything of an emulator."""

from __future__ import annotations

from pathlib import Path

from acr_tasks_emulator.errors import SettingsError


def make_data_folder(folder: Path) -> None:
    """Make a folder that only its owner can look into. Raises SettingsError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        probe = folder / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(f"The data folder {folder} cannot be used: {error.strerror}.") from error
