# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets (https://libvirt.org/formatsecret.html): keys and passwords that libvirt keeps for disks, pools and guests.

A value goes to libvirt over its own connection and comes from nowhere into a change, a diff, an error or a result.
"""

from __future__ import annotations

import base64
import binascii
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_objects, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Switch, Text, Uuid, Value
from ansible_collections.minicloud.kvm.plugins.module_utils._definable import XML, Definable, Found, World
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan, Step
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import MASK, Options, Row

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

# Where each usage has what tells its secrets apart.
_PLACES = {"volume": "volume", "ceph": "name", "iscsi": "target", "tls": "name", "vtpm": "name"}


class _Usage(Text):
    """What of its usage a secret is for: in an element that each usage calls differently."""

    def read(self, element: Element, place: str) -> Value | None:
        where = _PLACES.get(_xml.get(element, place + "/@type") or "")
        return _xml.get(element, "{0}/{1}".format(place, where)) if where else None

    def write(self, element: Element, place: str, value: Value) -> None:
        where = _PLACES[_xml.get(element, place + "/@type") or ""]
        _xml.put(element, "{0}/{1}".format(place, where), value)


class _Bytes(Text):
    """A value as a text; its meaning is its bytes. No error shows it."""

    def mean(self, option: str, value: Value) -> Value:
        if not value:
            raise BadValue(option, value, "it can't be empty")
        try:
            return str(value).encode()
        except UnicodeEncodeError:
            raise BadValue(option, MASK, "it is no text: give its bytes as value_base64") from None


class _Base64(Text):
    """A value of any bytes."""

    def mean(self, option: str, value: Value) -> Value:
        try:
            data = base64.b64decode("".join(str(value).split()), validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if not data:
            raise BadValue(option, MASK, "base64 of at least one byte is wanted")
        return data


class Secret(Definable):
    singular, plural, tag = "secret", "secrets", "secret"
    parts = "uuid|description|usage"
    identities = ("usage", "name", "uuid")
    named_by = ("name", "uuid")
    rows = (
        Row(
            "usage",
            "usage/@type",
            choices=tuple(_PLACES),
            keep=True,
            help="What the secret is for: the V(volume) that it decrypts, Ceph's or iSCSI's authentication, the "
            "password of a V(tls) key, the state of a V(vtpm).",
        ),
        Row(
            "name",
            "usage",
            _Usage(r"[^\s]([^\n]*[^\s])?", "one line is wanted, with no space at its ends"),
            keep=True,
            help="Which of its O(usage): the path of the volume, or a name that disks, pools and devices refer to it "
            "by. The two tell one secret from another. A secret of no usage has only its O(uuid).",
        ),
        Row(
            "state",
            None,
            help="V(present) is defined; V(absent) is not, and its value is gone.",
            choices=("present", "absent"),
            default="present",
        ),
        Row(
            "uuid",
            "uuid",
            Uuid(),
            keep=True,
            help="UUID. Left out, a new one is made and an existing one kept. Instead of O(name), it means the secret "
            "that has it, of whatever usage.",
        ),
        Row("description", "description", removable=True, help="Text about the secret."),
        Row(
            "ephemeral",
            "@ephemeral",
            Switch(),
            absent=False,
            help="Whether it is kept in memory only, and gone when libvirt's daemon ends.",
        ),
        Row(
            "private",
            "@private",
            Switch(),
            absent=False,
            help="Whether libvirt tells its value to nobody. What is private can't become public again.",
        ),
        Row(
            "value",
            None,
            _Bytes(),
            no_log=True,
            help="The value, as a text. It is compared with what libvirt has, where O(private) allows that.",
        ),
        Row(
            "value_base64",
            None,
            _Base64(),
            no_log=True,
            help="The value in base64, for one that is not a text. A Ceph key, as C(ceph auth get-key) prints it, "
            "belongs here.",
        ),
        Row(
            "update_value",
            None,
            choices=("always", "on_create"),
            default="always",
            help="V(always) sets the value where it is another one, and every time where the secret is private: "
            "whether it differs can't be known then. V(on_create) sets it only where there is none yet.",
        ),
        XML,
    )

    def desire(self, options: Options) -> Options:
        desired = super().desire(options)
        if desired.get("usage") == "none":  # in an xml; libvirt does not keep it
            _xml.drop(desired["xml"].tree, "usage")
            del desired["usage"]
        if "name" in desired and "usage" not in desired:
            raise BadValue("usage", None, "name wants one of {0} with it".format(", ".join(_PLACES)))
        if "usage" in desired and "name" not in desired:
            raise BadValue("name", None, "usage {0} wants it".format(desired["usage"]))
        if desired.get("usage") == "volume" and not desired["name"].startswith("/"):
            raise BadValue("name", desired["name"], "the absolute path of a volume is wanted")
        if "value_base64" in desired:
            if "value" in desired:
                raise BadValue("value_base64", MASK, "value is given too; one of the two is wanted")
            desired["value"] = desired.pop("value_base64")
        return desired

    def identity(self, desired: Options) -> str:
        return "{usage} {name}".format(**desired) if "name" in desired else str(desired["uuid"])

    def handles(self, host: Host) -> list[Handle]:
        return _libvirt_objects.secrets(host)

    def title(self, handle: Handle) -> str:
        usage, name = _libvirt_objects.secret_usage(handle)
        return "{0} {1}".format(usage, name) if name else str(handle.UUIDString())

    def xml(self, handle: Handle) -> str:
        return _libvirt_objects.secret_xml(handle)

    def define_xml(self, host: Host, name: str, xml: str) -> Handle:
        return _libvirt_objects.secret_define(host, name, xml)

    def undefine_handle(self, handle: Handle) -> None:
        _libvirt_objects.secret_undefine(handle)

    def describe(self, desired: Options) -> Options:
        return {"usage": desired.get("usage")}

    def survey(self, host: Host, desired: list[Options]) -> World:
        world = super().survey(host, desired)
        seen: dict[str, str] = {}
        for identity, found in world.found.items():
            if seen.setdefault(found.uuid, identity) != identity:
                raise BadValue(self.plural, identity, "it is declared twice, as {0} too".format(seen[found.uuid]))
        return world

    def look(self, handle: Handle, desired: Options) -> Found:
        found = super().look(handle, desired)
        found.facts["private"] = _xml.get(found.tree, "@private") == "yes"
        if "value" in desired and not found.facts["private"]:
            found.facts["value"] = _libvirt_objects.secret_value(handle)
        return found

    def complete(self, desired: Options, found: Found | None, tree: Element, plan: Plan) -> None:
        private = _xml.get(tree, "@private") == "yes"
        if found and found.facts["private"] and not private:
            raise KvmError(
                "Secret {0} is private: it can't become public.".format(plan.label),
                error_code="private",
                remedy="Declare it absent first; then it needs its value anew.",
            )
        if "value" not in desired:
            return
        once = desired["update_value"] == "on_create"
        setting = Step("set_value", {"value": desired["value"]})
        if found is None:
            plan.change("value", None, MASK)
            plan.steps.append(setting)
            if once and private:
                # Cut off before it has its value, a private one would be taken for complete from then on: whether it
                # has one can't be seen. So it becomes private at the end.
                public = _xml.clone(tree)
                _xml.put(public, "@private", "no")
                plan.steps = [Step("define", {"desired": {}, "tree": public}), setting, *plan.steps[:-1]]
            return
        if found.facts["private"]:
            before = None if once else "not known: it is private"
        elif found.facts["value"] is None:
            before = "none yet"
        else:
            before = None if once or found.facts["value"] == desired["value"] else "another one"
        if before is not None:
            plan.change("value", before, MASK)
            plan.steps.insert(0, setting)

    def set_value(self, world: World, plan: Plan, value: bytes) -> None:
        _libvirt_objects.secret_set_value(world.found[plan.label].handle, value)
