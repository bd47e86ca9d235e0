"""Starts the policy pack for the engine; the only file that does, because PolicyPack blocks for ever."""

from pulumi_policy import EnforcementLevel, PolicyPack

from acr_task_policies import policies

PolicyPack(
    "acr-task-policies",
    policies(),
    enforcement_level=EnforcementLevel.ADVISORY,
    description="Rules that look inside Azure Container Registry tasks and runs.",
)
