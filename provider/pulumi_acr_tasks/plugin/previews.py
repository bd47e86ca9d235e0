"""The outputs of a create or an update in preview: unknown where the service will set them, known where they stay."""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.program.preview import ENDED, KEPT_BY_ENDED_RUN, KEPT_BY_RUN, KEPT_BY_TASK
from pulumi_acr_tasks.schema.definitions import OUTPUTS
from pulumi_acr_tasks.schema.equality import identity_type
from pulumi_acr_tasks.schema.values import UNKNOWN, is_unknown
from pulumi_acr_tasks.task.drift import with_identity

Values = dict[str, Any]


def previewed_task(inputs: Values, olds: Values) -> Values:
    """Return a task's outputs; `olds` are those in state, empty for a create."""
    kept = {name: olds[name] for name in KEPT_BY_TASK if name in olds}
    outs = {**dict.fromkeys(OUTPUTS["Task"], UNKNOWN), **kept, **inputs, "name": inputs.get("taskName", UNKNOWN)}
    return with_identity(outs, _principals(inputs.get("identity"), olds.get("identity")))


def previewed_run(inputs: Values, olds: Values) -> Values:
    """Return a run's outputs; `olds` are those in state, empty for a create. An update never makes another run."""
    stays = (*KEPT_BY_RUN, *(KEPT_BY_ENDED_RUN if olds.get("status") in ENDED else ()))
    kept = {name: olds[name] for name in stays if name in olds}
    return {**dict.fromkeys((*OUTPUTS["Run"], "imageRefs"), UNKNOWN), **kept, **inputs}


def _principals(declared: Any, old: Any) -> Values | None:
    """Return the principals that a declared identity will have, those of `old` where they stay; None without one."""
    if not isinstance(declared, dict) or is_unknown(declared.get("type")):
        return None
    before = old if isinstance(old, dict) else {}
    given: Values = {}
    if "System" in identity_type(declared):
        same = before if "System" in identity_type(before) else {}
        given = {name: same.get(name) or UNKNOWN for name in ("principalId", "tenantId")}
    users = declared.get("userAssignedIdentities")
    if isinstance(users, dict):
        known = {id_.lower(): item for id_, item in (before.get("userAssignedIdentities") or {}).items()}
        made = dict.fromkeys(("principalId", "clientId"), UNKNOWN)
        given["userAssignedIdentities"] = {id_: known.get(id_.lower()) or made for id_ in users}
    return given
