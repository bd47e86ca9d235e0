"""Write the generated tables of the documents anew: what the code knows is written once, in the code."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

sys.path.insert(0, str(ROOT / "policies"))

from schema import arguments  # noqa: E402  # after the path is set, as all below

from acr_task_policies import policies  # noqa: E402
from pulumi_acr_tasks import Provider, errors  # noqa: E402
from pulumi_acr_tasks.arm.http.answers import REFUSALS  # noqa: E402
from pulumi_acr_tasks.run import diff as run_diff  # noqa: E402
from pulumi_acr_tasks.schema.definitions import (  # noqa: E402
    DEFINITIONS,
    FUNCTIONS,
    POLYMORPHIC,
    Kind,
    members,
    snake_case,
)
from pulumi_acr_tasks.schema.equality import default  # noqa: E402
from pulumi_acr_tasks.settings.keys import KEYS, NAMESPACE  # noqa: E402
from pulumi_acr_tasks.task import diff as task_diff  # noqa: E402

Rows = Iterator[tuple[str, ...]]

REQUESTS = {
    task_diff.PATCH: "PATCH",
    task_diff.PUT: "PUT",
    task_diff.REPLACE: "a new task, the old one is deleted first",
    task_diff.LOOK_UP: "no request changes it: another location than the registry's is refused",
}


def rules() -> Rows:
    """Yield the rules of the policy pack, in the order of its folders."""
    yield "rule", "severity", "what it checks", "settings", "remedy"
    for policy in policies():
        schema = policy.config_schema.properties if policy.config_schema else {}
        settings = ", ".join(f"`{name}` ({_shown(each['default'])})" for name, each in schema.items())
        remedy = "yes" if getattr(policy, "has_remediation", bool)() else ""
        checks = (policy.description or "").removeprefix("Checks that ").rstrip(".")
        yield (
            f"[`{policy.name}`]({policy.url})",
            policy.severity.value if policy.severity else "",
            checks,
            settings,
            remedy,
        )


def _shown(default: object) -> str:
    return ", ".join(f"`{item}`" for item in default) or "none" if isinstance(default, (list, dict)) else str(default)


def changes() -> Rows:
    """Yield what becomes of a changed and of a removed value of each property of a task."""
    yield "Property", "Changed or added", "Removed"
    for rule in task_diff.RULES:
        changed = REQUESTS[rule.changed] if isinstance(rule.changed, str) else f"PATCH or PUT: {_why(rule.changed)}"
        reset = any(default(owner, rule.path.rpartition(".")[2]) is not None for owner in _owners(rule.path))
        removed = f"{REQUESTS[task_diff.PATCH]} of the default" if reset else REQUESTS[rule.removed]
        if rule.path in ("registryId", "taskName"):
            removed = ""
        yield (
            f"`{'.'.join(map(snake_case, rule.path.split('.')))}`",
            changed,
            "" if rule.path == "location" else removed,
        )


def _why(route: Callable[..., str]) -> str:
    """Return the reason that the docstring of a route gives behind its colon."""
    return (inspect.getdoc(route) or "").splitlines()[0].partition(": ")[2].rstrip(".")


def _owners(path: str) -> list[str]:
    """Return the definitions that may own the property at a path."""
    owner = "Task"
    for part in path.split(".")[:-1]:
        owner = members(owner)[part].name
    return list(POLYMORPHIC.get(owner, {owner: owner}).values())


def run_changes() -> Rows:
    """Yield what becomes of a changed property of a run."""
    yield "Change", "What happens"
    yield ", ".join(_python(run_diff.REPLACING)), "a new run"
    yield f"`run_request.{snake_case(run_diff.ARCHIVE)}`", "PATCH of the run"
    yield "`wait=False` removed", "the recorded run is awaited, and its failure fails the deployment"
    yield "with `wait=False`: a refresh found that the run failed", "a new run"
    local = [name for name in run_diff.LOCAL if name != "context"]
    yield ", ".join([*_python(local), f"`run_request.{run_diff.CREDENTIALS}`"]), "nothing at the service"


def _python(names: tuple[str, ...] | list[str]) -> list[str]:
    return [f"`{snake_case(name)}`" for name in names]


def refusals() -> Rows:
    """Yield the service's refusals, the error that each becomes, and its cure."""
    yield "Answer", "Error", "Cure"
    lines = {(refusal.error.__name__, refusal.cure): list[str]() for refusal in REFUSALS}
    for refusal in REFUSALS:
        answer = " ".join(str(part) for part in (refusal.status, refusal.code) if part)
        lines[refusal.error.__name__, refusal.cure].append(f"`{answer}`")
    for (error, cure), answers in lines.items():
        yield "<br>".join(answers), f"`{error}`", cure


def tree() -> Rows:
    """Yield the error classes in the order of their module."""
    yield "Class", "Is a", "Meaning"
    for error in vars(errors).values():
        if inspect.isclass(error) and issubclass(error, errors.AcrTasksError):
            first = re.split(r"(?<=\.)\s", (inspect.getdoc(error) or "").replace("\n", " "))[0]
            parent = error.__base__.__name__ if error is not errors.AcrTasksError and error.__base__ else "Exception"
            yield f"`{error.__name__}`", f"`{parent}`", first


def configuration() -> Rows:
    """Yield the keys of the configuration, as the constructor of a provider describes them."""
    yield "Key", "Meaning", "Default"
    texts = arguments(Provider)
    for key in KEYS:
        meaning, _, value = texts[key].partition(" Default: ")
        yield f"`{NAMESPACE}:{key}`", meaning, value.rstrip(".")


def types() -> Rows:
    """Yield the members of each input type, the name of the type beside the first."""
    yield "Class", "Member", "Type", "Values", "Default", "Meaning"
    variants = [name for each in POLYMORPHIC.values() for name in each.values()]
    for name, known in DEFINITIONS.items():
        if name in ("Task", "UserIdentityProperties"):
            continue  # the arguments of the resource itself, and a list of ids
        cls = f"`{name}Args`"
        for member, of in known.items():
            if not of.read_only and not (member == "type" and name in variants):
                meaning = re.sub(r"`(\w+)`", lambda word: f"`{snake_case(word[1])}`", of.description)
                yield cls, f"`{snake_case(member)}`", _type(of), _values(of), _default(of), meaning
                cls = ""


def functions() -> Rows:
    """Yield the arguments of each function of the plugin, beside those that name the registry."""
    yield "Function", "Argument", "Default", "Meaning"
    for name, known in FUNCTIONS.items():
        own = {argument: of for argument, of in known.items() if of.description}
        for argument, of in own.items():
            meaning, _, value = of.description.partition(" Default: ")
            yield f"`{name}`", f"`{argument}`", value.rstrip(".") or _default(of), meaning


def _type(of: Kind) -> str:
    one = f"{of.name}Args" if of.is_object and of.name not in POLYMORPHIC else of.name
    if of.name == "UserIdentityProperties":
        return "list of string"
    return {"list": f"list of {one}", "map": f"map of {one}"}.get(of.container, one)


def _values(of: Kind) -> str:
    if of.least is not None:
        return f"{of.least} to {of.most} {of.unit}"
    return ", ".join(f"`{value}`" for value in of.values)


def _default(of: Kind) -> str:
    if of.required and of.default is None:
        return "required"
    return f"`{of.default}`" if isinstance(of.default, str | int) else ""


TABLES: dict[str, tuple[str, Callable[[], Rows]]] = {
    "rules": ("policies/README.md", rules),
    "changes": ("docs/guide/changes.md", changes),
    "run-changes": ("docs/guide/changes.md", run_changes),
    "refusals": ("docs/guide/errors.md", refusals),
    "errors": ("docs/guide/errors.md", tree),
    "configuration": ("docs/guide/configuration.md", configuration),
    "types": ("docs/reference/arguments.md", types),
    "functions": ("docs/reference/functions.md", functions),
}


def table(rows: Rows) -> str:
    """Return a Markdown table; the first row is its head."""
    head, *body = (f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows)
    return "\n".join([head, "|" + " --- |" * (head.count(" | ") + 1), *body])


def written(name: str) -> tuple[Path, str]:
    """Return the page that has a table, and its text with the table made anew."""
    file, rows = TABLES[name]
    page = ROOT / file
    begin, end = f"<!-- --8<-- [start:{name}] -->", f"<!-- --8<-- [end:{name}] -->"
    text = page.read_text(encoding="utf-8")
    head, found, rest = text.partition(begin)
    _, ended, tail = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{file} has no markers of the table {name}")
    return page, f"{head}{begin}\n{table(rows())}\n{end}{tail}"


if __name__ == "__main__":
    for each in TABLES:
        path, content = written(each)
        path.write_text(content, encoding="utf-8")
