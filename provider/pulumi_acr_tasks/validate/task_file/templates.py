"""Go templates in task files, and their actions that fail with any values.

The agent renders `{{…}}` with Go's text/template and Sprig's functions. An invalid action fails the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BUILT_IN = """
and break call continue define block else end eq ge gt html if index js le len lt ne not nil or print printf println
range slice template true false urlquery with
"""
_SPRIG = """
abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt
biggest buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains date dateInZone dateModify
date_in_zone date_modify decryptAES deepCopy deepEqual default derivePassword dict dig dir div divf duration
durationRound empty encryptAES env expandenv ext fail first float64 floor fromJson genCA genCAWithKey genPrivateKey
genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get getHostByName has hasKey hasPrefix
hasSuffix hello htmlDate htmlDateInZone htpasswd indent initial initials int int64 isAbs join kebabcase keys kindIs
kindOf last list lower max maxf merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk mustCompact
mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge mustMergeOverwrite
mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral
mustRegexSplit mustRest mustReverse mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq
mustWithout must_date_modify nindent nospace now omit osBase osClean osDir osExt osIsAbs pick pluck plural prepend
push quote randAlpha randAlphaNum randAscii randBytes randInt randNumeric regexFind regexFindAll regexMatch
regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit repeat replace rest reverse round semver
semverCompare seq set sha1sum sha256sum sha512sum shuffle slice snakecase sortAlpha split splitList splitn squote sub
subf substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson toString toStrings trim trimAll
trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch unset until untilStep untitle upper
urlJoin urlParse uuidv4 values without wrap wrapWith
"""
FUNCTIONS = frozenset(_BUILT_IN.split()) | frozenset(_SPRIG.split())

# The beginning of each kind of quote or comment: the text up to its end, and its end.
_QUOTES = {
    '"': (re.compile(r'"(?:\\.|[^"\\\n])*', re.DOTALL), '"'),
    "'": (re.compile(r"'(?:\\.|[^'\\\n])*", re.DOTALL), "'"),
    "`": (re.compile(r"`[^`]*"), "`"),
    "/*": (re.compile(r"/\*(?:[^*]|\*(?!/))*"), "*/"),
}
_OPENS = re.compile(r"/\*|[\"'`]|\}\}")
_CHAIN = re.compile(r"[\w.]+")
_FIELD = re.compile(r"\.[A-Za-z_]")
_DASH = re.compile(r"-[A-Za-z_]")
_DASHED = re.compile(r"[$\w.-]*")
_KEYWORD = re.compile(r"\s*(?:-\s+)?([a-z]+)\b")
_OPENING, _WITH_ELSE = ("if", "range", "with", "define", "block"), ("if", "range", "with")
_NAME = re.compile(r"(?<![\w.$])[A-Za-z_]\w*")


@dataclass(frozen=True)
class Action:
    """One `{{…}}`: its start and end in the text, and the text between the braces.

    `bare` is that text with blanks for everything quoted and for comments.
    """

    start: int
    end: int
    inner: str
    bare: str


def actions(text: str) -> tuple[list[Action], int | None]:
    """Return the actions of a text, and the start of an action that is never closed, None without one.

    Quoted braces and comments are part of an action.
    """
    found: list[Action] = []
    at, unclosed = 0, dict.fromkeys(_QUOTES, 0)
    while (start := text.find("{{", at)) >= 0:
        position, bare = start + 2, ""
        while (opens := _OPENS.search(text, position)) is not None and opens[0] != "}}":
            bare += text[position : opens.start()]
            position, kind = opens.start(), opens[0]
            pattern, end = _QUOTES[kind]
            # A quote that is not closed before this position need not be tried again: a long text has thousands.
            if position >= unclosed[kind]:
                inside = pattern.match(text, position)
                unclosed[kind] = inside.end() if inside else position
                if text.startswith(end, unclosed[kind]):
                    closed = unclosed[kind] + len(end)
                    bare += " " * (closed - position)
                    position = unclosed[kind] = closed
                    continue
            bare += text[position]
            position += 1
        if opens is None:
            return found, start
        bare += text[position : opens.start()]
        at = opens.end()
        found.append(Action(start, at, text[start + 2 : opens.start()], bare))
    return found, None


def wrong_actions(text: str) -> Iterator[tuple[int, str]]:
    """Yield the start of each action that cannot be rendered, with the reason."""
    found, unclosed = actions(text)
    for action in found:
        if dashed := _dashed(action.bare):
            owner, _, name = dashed.rpartition(".")
            yield (
                action.start,
                f"{{{{{action.inner}}}}} has a name with a dash behind a dot, which the agent refuses (bad character "
                f'U+002D); write {{{{index {owner} "{name}"}}}}',
            )
            continue
        unknown = [name for name in _NAME.findall(action.bare) if name not in FUNCTIONS]
        if unknown:
            hint = f"; a value is {{{{.Values.{unknown[0]}}}}}" if unknown[0].isidentifier() else ""
            yield action.start, f"{{{{{action.inner}}}}}: function {unknown[0]!r} is not defined{hint}"
    if unclosed is not None:
        yield unclosed, "{{ opens an action that is never closed with }}"
    else:
        yield from _unbalanced(found)


def _unbalanced(found: list[Action]) -> Iterator[tuple[int, str]]:
    """Yield the actions that are empty, or that open or close something without their counterpart."""
    opened: list[tuple[int, str]] = []
    for action in found:
        keyword = _KEYWORD.match(action.bare)
        word = keyword[1] if keyword else ""
        if word in _OPENING:
            opened.append((action.start, word))
        elif word == "end" and opened:
            opened.pop()
        elif word == "end" or (word == "else" and not (opened and opened[-1][1] in _WITH_ELSE)):
            yield action.start, f"{{{{{action.inner}}}}} belongs to no if, range or with before it"
        elif not action.inner.strip(" \t\r\n-"):
            yield action.start, f"{{{{{action.inner}}}}} is empty, which the agent refuses"
    for start, word in opened:
        yield start, f"{{{{ {word} … }}}} is never closed with {{{{end}}}}"


def _dashed(bare: str) -> str:
    """Return the first chain of fields with a dash in a name, such as `.Values.my-image`; empty without one."""
    for chain in _CHAIN.finditer(bare):
        field = _FIELD.search(chain[0])
        if field is not None and _DASH.match(bare, chain.end()):
            variable = bare[: chain.start()].endswith("$")
            rest = _DASHED.match(bare, chain.start() - 1 if variable else chain.start() + field.start())
            return rest[0] if rest else ""
    return ""
