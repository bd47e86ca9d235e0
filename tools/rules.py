"""Writes the table of rules in policies/README.md anew, from the rules' own metadata."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "policies" / "README.md"
BEGIN, END = "<!-- rules -->", "<!-- /rules -->"

sys.path.insert(0, str(ROOT / "policies"))

from acr_task_policies import policies  # noqa: E402


def table() -> str:
    """Return the table: a row a rule, in the order of the pack's folders."""
    rows = ["| rule | severity | what it checks | settings | remedy |", "| --- | --- | --- | --- | --- |"]
    for policy in policies():
        schema = policy.config_schema.properties if policy.config_schema else {}
        settings = ", ".join(f"`{name}` ({_shown(each['default'])})" for name, each in schema.items())
        remedy = "yes" if getattr(policy, "has_remediation", bool)() else ""
        severity = policy.severity.value if policy.severity else ""
        checks = (policy.description or "").removeprefix("Checks that ").rstrip(".")
        rows.append(f"| [`{policy.name}`]({policy.url}) | {severity} | {checks} | {settings} | {remedy} |")
    return "\n".join(rows)


def _shown(default: object) -> str:
    return ", ".join(f"`{item}`" for item in default) or "none" if isinstance(default, (list, dict)) else str(default)


def page() -> str:
    """Return the whole README with a fresh table."""
    text = README.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    README.write_text(page(), encoding="utf-8")
