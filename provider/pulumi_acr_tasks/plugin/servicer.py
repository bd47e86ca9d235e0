"""The engine's provider protocol (pulumirpc.ResourceProvider), each call handed over with plain values.

A call without a method here is answered UNIMPLEMENTED, which the engine takes for the default behaviour. The verbs'
files are imported by the first call that needs them: the engine waits for the server's port before it goes on.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from importlib import resources
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.engine import Request, Urn
from pulumi_acr_tasks.engine.log import shown
from pulumi_acr_tasks.engine_call import EngineCalls, Verbs, encrypted
from pulumi_acr_tasks.errors import AcrTasksError, SettingsError, ValidationError
from pulumi_acr_tasks.plugin import configuration
from pulumi_acr_tasks.plugin.values import Properties, differently_marked, masked, read, write
from pulumi_acr_tasks.program.declaration import with_program_values
from pulumi_acr_tasks.schema.definitions import RESULTS
from pulumi_acr_tasks.schema.secrets import without_secrets
from pulumi_acr_tasks.schema.spelling import parse, without_ignored
from pulumi_acr_tasks.schema.values import contains_unknown
from pulumi_acr_tasks.validate.hints import did_you_mean

PACKAGE = "acr-tasks"
_TASK, _RUN = f"{PACKAGE}:index:Task", f"{PACKAGE}:index:Run"
_KINDS = {
    "add": (proto.PropertyDiff.ADD, proto.PropertyDiff.ADD_REPLACE),
    "delete": (proto.PropertyDiff.DELETE, proto.PropertyDiff.DELETE_REPLACE),
    "update": (proto.PropertyDiff.UPDATE, proto.PropertyDiff.UPDATE_REPLACE),
}
"""The protocol's kinds of a change: of an update, and of a replacement."""

_FAILED = grpc.StatusCode.UNKNOWN

Call = Callable[[Any, Any, Any], Any]


def _answered(call: Call) -> Call:
    """Answer an error of ours with its own words; any other exception is a defect, and keeps its traceback."""

    @functools.wraps(call)
    def answered(self: Any, request: Any, context: Any) -> Any:
        try:
            return call(self, request, context)
        except AcrTasksError as error:
            message = str(error)
        except Exception:
            message = traceback.format_exc()
        return context.abort(_FAILED, shown(masked(message, *_properties(request))))

    return answered


class PluginServicer(provider_pb2_grpc.ResourceProviderServicer):
    """The servicer of one provider: the default one, or an explicit one of the program."""

    def __init__(self) -> None:
        self._configured: EngineCalls | None = None
        self._urn = ""
        # The resources whose last diff left it to the engine to apply the options of the resource to a change.
        self._left_to_the_engine = set[str]()

    @property
    def _calls(self) -> EngineCalls:
        """The calls of the configured provider. Raises SettingsError before Configure."""
        if self._configured is None:
            raise SettingsError("the provider has no configuration yet; the engine sends it first (Configure)")
        return self._configured

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return proto.PluginInfo(version=version("pulumi-acr-tasks"))

    @_answered
    def GetSchema(self, request: Any, context: Any) -> Any:
        file = resources.files("pulumi_acr_tasks.plugin") / "schema.json"
        return proto.GetSchemaResponse(schema=file.read_text(encoding="utf-8"))

    def Parameterize(self, request: Any, context: Any) -> Any:
        return context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"{PACKAGE} takes no parameters; leave out the arguments behind the name of the plugin",
        )

    def Attach(self, request: Any, context: Any) -> Any:
        # A plugin has one configuration, and the Cancel at the end of a command ends its waits for good.
        return context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            "the plugin serves the command that has started it, and no other; unset PULUMI_DEBUG_PROVIDERS",
        )

    @_answered
    def CheckConfig(self, request: Any, context: Any) -> Any:
        # No failure names a property: the engine would print its value, secret or not.
        config = read(request.news)
        problems = configuration.check(config.values)
        failures = [proto.CheckFailure(property="", reason=shown(problem)) for problem in problems]
        # The engine marks again what the program has marked; the other languages' programs may not mark this one.
        return proto.CheckResponse(inputs=write(config.values, {("clientSecret",)}), failures=failures)

    @_answered
    def DiffConfig(self, request: Any, context: Any) -> Any:
        # Never a replacement, which would replace every resource: each of them refuses another endpoint itself.
        same = read(request.olds) == read(request.news)
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE if same else proto.DiffResponse.DIFF_SOME)

    @_answered
    def Configure(self, request: Any, context: Any) -> Any:
        self._urn = request.urn
        self._configured = configuration.configured(read(request.args).values)
        return proto.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_answered
    def Check(self, request: Any, context: Any) -> Any:
        olds, news = read(request.olds), read(request.news)
        call = with_program_values(_request(request), news.internal)
        if not olds.values and request.urn in self._left_to_the_engine and not call.replace_on_changes:
            # Only the Python classes hand on the option's paths, for a line that names them. In other languages this
            # shows now: the engine checks once more, for the new resource.
            engine.console(request.urn).info(
                "replaced, because an option of the resource asks for it (replaceOnChanges)"
            )
        self._left_to_the_engine.discard(request.urn)
        inputs, failures = self._calls.check(_verbs(request), call, olds.values, news.values, news.secrets)
        if failures:
            return proto.CheckResponse(failures=[proto.CheckFailure(property="", reason=each) for each in failures])
        return proto.CheckResponse(inputs=write(inputs, news.secrets, whole_lists=False))

    @_answered
    def Diff(self, request: Any, context: Any) -> Any:
        olds, news = read(request.olds), read(request.news)
        found = self._calls.diff(_verbs(request), _request(request), request.id, olds.values, news.values)
        if found.changes is None:
            self._left_to_the_engine.add(request.urn)
        changes = proto.DiffResponse.DIFF_SOME if found.changes or found.details else proto.DiffResponse.DIFF_NONE
        old_inputs = read(request.old_inputs)
        if found.changes is False and differently_marked(old_inputs, news):
            changes = proto.DiffResponse.DIFF_UNKNOWN  # the engine then compares the inputs itself, and their marks
        inputs = {*old_inputs.values, *news.values}
        return proto.DiffResponse(
            changes=changes,
            replaces=found.replaces,
            deleteBeforeReplace=found.delete_before_replace,
            diffs=sorted({_root(path) for path in found.details}),
            hasDetailedDiff=bool(found.details),
            detailedDiff={
                path: proto.PropertyDiff(
                    kind=_KINDS[kind][_root(path) in found.replaces],
                    inputDiff=_root(path) in inputs,
                )
                for path, kind in found.details.items()
            },
        )

    @_answered
    def Create(self, request: Any, context: Any) -> Any:
        inputs = read(request.properties)
        if request.preview:
            return proto.CreateResponse(properties=write(_previewed(request, inputs, Properties()), inputs.secrets))

        def keep(id_: str, outs: dict[str, Any], reason: str) -> bool:
            _fail_with_state(context, id_, write(outs, inputs.secrets), request.properties, reason)
            return True

        id_, outs = self._calls.create(_verbs(request), _request(request), inputs.values, keep)
        return proto.CreateResponse(id=id_, properties=write(outs, inputs.secrets))

    @_answered
    def Read(self, request: Any, context: Any) -> Any:
        # pulumi import, or the option `import`: a refresh has old outputs, and `get` has inputs, though they are empty.
        if not request.HasField("inputs") and not request.properties.fields:
            imported, made, declared = self._calls.import_(_verbs(request), _request(request), request.id)
            return proto.ReadResponse(id=imported, properties=write(made), inputs=write(declared, whole_lists=False))
        inputs, outs = read(request.inputs), read(request.properties)
        props = outs.values or inputs.values
        id_, found, seen = self._calls.read(_verbs(request), _request(request), request.id, props)
        if id_ is None:
            return proto.ReadResponse()
        secrets = inputs.secrets | outs.secrets
        return proto.ReadResponse(
            id=id_,
            properties=write(found, secrets),
            inputs=request.inputs if seen is None else write(seen, secrets, whole_lists=False),
        )

    @_answered
    def Update(self, request: Any, context: Any) -> Any:
        olds, news = read(request.olds), read(request.news)
        if request.preview:
            kinds, ignored = _verbs(request).kinds, tuple(request.ignoreChanges)
            news.values = without_ignored(news.values, olds.values, ignored, kinds)
            return proto.UpdateResponse(properties=write(_previewed(request, news, olds), news.secrets))
        outs = self._calls.update(_verbs(request), _request(request), request.id, olds.values, news.values)
        return proto.UpdateResponse(properties=write(outs, news.secrets))

    @_answered
    def Delete(self, request: Any, context: Any) -> Any:
        props = read(request.properties)
        self._calls.delete(_verbs(request), _request(request), request.id, props.values)
        return empty_pb2.Empty()

    @_answered
    def Invoke(self, request: Any, context: Any) -> Any:
        from pulumi_acr_tasks.functions import invoke

        args = read(request.args)
        calls = self._calls
        if contains_unknown(args.values):
            return proto.InvokeResponse()  # a preview; the engine answers so while the configuration is not known
        # The URN of the provider tells the stack: the protocol names no resource here.
        with engine.serving(Request(self._urn)):
            found, problems = invoke(calls.service, request.tok, args.values)
        if problems:
            # One failure for all problems: the SDK of Python shows the first failure only.
            reason = without_secrets("\n".join(str(calls.spell(problem)) for problem in problems))
            return proto.InvokeResponse(failures=[proto.CheckFailure(property="", reason=reason)])
        results = RESULTS[request.tok.rpartition(":")[2]]
        # The field's name is a word of Python.
        return proto.InvokeResponse(**{"return": write(encrypted(found, results, whole_lists=True))})

    def Cancel(self, request: Any, context: Any) -> Any:
        engine.end_command()
        return empty_pb2.Empty()


def _properties(request: Any) -> list[Properties]:
    """Return all properties of a request."""
    fields = [value for _, value in request.ListFields()]
    return [read(value) for value in fields if isinstance(value, struct_pb2.Struct)]


def _root(path: str) -> str:
    return str(parse(path)[0])


def _type(request: Any) -> str:
    return request.type or Urn.parse(request.urn).type


def _verbs(request: Any) -> Verbs:
    """Return the verbs of the request's type. Raises ValidationError: programs without an SDK may send any type."""
    from pulumi_acr_tasks.run import verbs as run
    from pulumi_acr_tasks.task import verbs as task

    verbs: dict[str, Verbs] = {_TASK: task, _RUN: run}
    type_ = _type(request)
    if type_ not in verbs:
        raise ValidationError([f"{type_} is not a type of resource{did_you_mean(type_, verbs)}"])
    return verbs[type_]


def _request(message: Any) -> Request:
    return Request(
        urn=message.urn,
        timeout=float(getattr(message, "timeout", 0.0)),
        ignore_changes=tuple(getattr(message, "ignoreChanges", ())),
    )


def _previewed(request: Any, inputs: Properties, olds: Properties) -> dict[str, Any]:
    from pulumi_acr_tasks.plugin.previews import previewed_run, previewed_task

    preview = previewed_task if _type(request) == _TASK else previewed_run
    return preview(inputs.values, olds.values)


def _fail_with_state(context: Any, id_: str, outs: struct_pb2.Struct, inputs: struct_pb2.Struct, reason: str) -> None:
    """Have the engine keep a resource whose create fails: it reads the state from the details of the error."""
    context.set_trailing_metadata(engine.partly_made(id_, outs, inputs, shown(reason)))
