# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The seed's documents: from what a task gives to the text that cloud-init reads, and what of it may be shown.

Structured data is written as JSON, which cloud-init reads as the YAML it is. So the text depends on the data alone
(keys sorted, no YAML library's style), and PyYAML is wanted only to look for mistakes in YAML that comes as text.
No message here quotes a document: it may hold passwords.
"""

from __future__ import annotations

import json
import re
import traceback
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

try:
    import yaml

    YAML_IMPORT_ERROR = None
except ImportError:
    YAML_IMPORT_ERROR = traceback.format_exc()

Fields = t.Dict[str, t.Any]

_CLOUD_CONFIG = "#cloud-config"
# What cloud-init tells the kinds of user data apart by (https://docs.cloud-init.io/en/latest/explanation/format.html):
# the beginning of the text, without regard to case. The longest that fits counts; #include covers #include-once.
_BEGINNINGS = (
    _CLOUD_CONFIG,
    "#cloud-config-archive",
    "#cloud-config-jsonp",
    "#!",
    "#cloud-boothook",
    "#include",
    "#part-handler",
    "## template: jinja",
    "content-type:",
    "mime-version:",
)
_YAML_KINDS: dict[str, type] = {_CLOUD_CONFIG: dict, "#cloud-config-archive": list}
# Characters that JSON may hold as they are and YAML 1.1 may not (chapter 5.1) or reads as line breaks (5.4).
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

HIDDEN = "(hidden)"
HIDDEN_OTHER = "(hidden, differs)"
# The keys of a cloud-config whose values are nobody's secret; the value of every other one stays hidden.
_OPEN_KEYS = (
    "disable_root",
    "fqdn",
    "growpart",
    "hostname",
    "keyboard",
    "locale",
    "manage_etc_hosts",
    "package_reboot_if_required",
    "package_update",
    "package_upgrade",
    "packages",
    "preserve_hostname",
    "resize_rootfs",
    "ssh_deletekeys",
    "ssh_pwauth",
    "timezone",
)
_SECRET_KEY = re.compile(r"pass|secret|token|private|psk|credential", re.IGNORECASE)


def user_data(option: str, value: object) -> str:
    """The text of user-data or vendor-data: a mapping becomes a #cloud-config, a text must be what cloud-init knows."""
    if isinstance(value, dict):
        return "{0}\n{1}".format(_CLOUD_CONFIG, _as_json(option, value))
    text = _text(option, value)
    start = text.lstrip().lower()
    beginnings = [known for known in _BEGINNINGS if start.startswith(known)]
    if not beginnings:
        raise _bad(
            option,
            "cloud-init would ignore the text: it begins with none of {0}. Begin it with what it is, "
            "or give a mapping".format(", ".join(_BEGINNINGS)),
        )
    kind = _YAML_KINDS.get(max(beginnings, key=len))
    if kind is not None:
        _check_yaml(option, text, kind, may_be_empty=True)
    return text


def meta_data(option: str, value: object, instance_id: str) -> str:
    """The text of meta-data; a mapping without an instance-id gets the given one, a text has to have its own."""
    if isinstance(value, dict):
        return _as_json(option, {"instance-id": instance_id, **value})
    text = _text(option, value)
    if "instance-id" not in _check_yaml(option, text, dict):
        raise _bad(option, "the text has no instance-id")
    return text


def network_config(option: str, value: object) -> str:
    """The text of network-config: version 1 or 2 (netplan), or ``config: disabled``."""
    text = None if isinstance(value, dict) else _text(option, value)
    config = t.cast(Fields, value) if text is None else _check_yaml(option, text, dict)
    # Netplan's outer key, which older cloud-init doesn't know on NoCloud.
    inner: Fields = config["network"] if isinstance(config.get("network"), dict) else config
    if str(inner.get("version")) not in ("1", "2") and inner.get("config") != "disabled":
        raise _bad(option, "version: 1 or version: 2 (netplan) is wanted, or config: disabled")
    if text is not None:
        return text
    if "version" in inner:
        inner = {**inner, "version": int(inner["version"])}
    return _as_json(option, inner)


def difference(name: str, before: str | None, after: str | None) -> tuple[Fields | None, Fields | None]:
    """Both sides of a document that differs (None where there is no such document): only the keys that differ, and of
    their values only what may be shown."""
    old, new = _fields(before), _fields(after)
    sides: tuple[Fields, Fields] = ({}, {})
    for key in sorted({*old, *new}):
        if key in old and key in new and old[key] == new[key]:
            continue
        for side, fields in zip(sides, (old, new)):
            if key in fields:
                side[key] = _showable(name, key, fields[key])
        if key in sides[0] and sides[0].get(key) == sides[1].get(key):
            sides[1][key] = HIDDEN_OTHER
    if before is not None and after is not None and not sides[0] and not sides[1]:
        sides = ({"text": HIDDEN}, {"text": HIDDEN_OTHER})  # a comment or the YAML's style
    return None if before is None else sides[0], None if after is None else sides[1]


def _fields(text: str | None) -> Fields:
    """The mapping that a document is, or the whole document as one field."""
    if text is None:
        return {}
    content: t.Any = None
    try:
        content = json.loads(text[len(_CLOUD_CONFIG) :] if text.startswith(_CLOUD_CONFIG + "\n") else text)
    except ValueError:
        if YAML_IMPORT_ERROR is None:
            try:
                content = yaml.safe_load(text)
            except yaml.YAMLError:
                content = None
    return t.cast(Fields, content) if isinstance(content, dict) else {"text": text}


def _showable(name: str, key: str, value: object) -> object:
    if name in ("user-data", "vendor-data"):
        return value if key in _OPEN_KEYS else HIDDEN
    return HIDDEN if key == "text" else _conceal({key: value})[key]


def _conceal(value: t.Any) -> t.Any:
    """The same data with the values of keys that sound secret hidden, at any depth."""
    if isinstance(value, dict):
        return {key: HIDDEN if _SECRET_KEY.search(str(key)) else _conceal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_conceal(item) for item in value]
    return value


def _as_json(option: str, value: Fields) -> str:
    """JSON that is YAML too: cloud-init's YAML reader knows fewer characters and no surrogate pairs."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
        text.encode("utf-8")
    except ValueError as error:  # not a number, infinity, half a surrogate pair
        raise _bad(option, "it can't be written as YAML: {0}".format(error.__class__.__name__)) from error
    return _NOT_IN_YAML.sub(lambda match: "\\u{0:04x}".format(ord(match.group())), text) + "\n"


def _text(option: str, value: object) -> str:
    if not isinstance(value, str):
        raise _bad(option, "a mapping or a text is wanted, not {0}".format(type(value).__name__))
    if "\0" in value:
        raise _bad(option, "the text holds a NUL character")
    return value if value.endswith("\n") else value + "\n"


def _check_yaml(option: str, text: str, kind: type, may_be_empty: bool = False) -> Fields:
    """What the YAML says, once it is YAML and of the wanted kind (dict, list)."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "" if mark is None else " in line {0}, column {1}".format(mark.line + 1, mark.column + 1)
        problem = getattr(error, "problem", None) or "it can't be read"
        raise _bad(option, "the YAML is broken{0}: {1}".format(place, problem)) from error
    if may_be_empty and content is None:
        return {}
    if not isinstance(content, kind):
        wanted = "mapping" if kind is dict else "list"
        raise _bad(option, "the YAML has to be a {0} and is a {1}".format(wanted, type(content).__name__))
    return t.cast(Fields, content)


def _bad(option: str, what: str) -> KvmError:
    return KvmError("{0} is not valid: {1}.".format(option, what), error_code="bad_value", option=option)
