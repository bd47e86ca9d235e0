"""The verbs of a run, as the engine calls them; each stands in the file that it is imported from."""

from pulumi_acr_tasks.run.announce import check, diff
from pulumi_acr_tasks.run.crud import create, delete, import_, read, update
from pulumi_acr_tasks.schema.definitions import INPUTS

__all__ = ["check", "create", "delete", "diff", "import_", "kinds", "read", "update"]

kinds = INPUTS["Run"]
