# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Other people's XML, each as a raw declaration: what libvirt accepts is declared once, seen unchanged, and told truly.

usage: run_corpus.py [--uri URI] [--adopt] KIND FILE...      (kind: domain, network, pool, volume, filter, secret)

For each document that libvirt itself takes (tried first, with another name and UUID):

1. check mode says changed, and nothing is there after it;
2. applied: changed; and what libvirt then keeps is what it keeps when it is given the same document by itself;
3. declared again, in check mode and not: unchanged;
4. declared again without UUID and MAC addresses, with attributes in another order: unchanged;
5. absent.

With --adopt each is made by libvirt alone, and then adopted: what libvirt_info says of it is declared, in check mode
and not, which changes nothing; declared again when it is gone, it is the same.

Documents that libvirt does not take are counted, not judged. Ends with 1 if any document fails, and says which and why.
"""

from __future__ import annotations

import argparse
import collections
import copy
import difflib
import ipaddress
import os
import sys
import tempfile
import traceback
import typing as t
import uuid
from pathlib import Path

import libvirt
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _domain,
    _info,
    _libvirt,
    _network,
    _nwfilter,
    _pool,
    _secret,
    _volume,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import declare, spec
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from lxml import etree

KINDS: dict[str, t.Any] = {
    "domain": _domain.Domain,
    "network": _network.Network,
    "pool": _pool.Pool,
    "volume": _volume.Volume,
    "filter": _nwfilter.NwFilter,
    "secret": _secret.Secret,
}
# Of this run alone: several may go on at once.
NAME = "mct-{0}-corpus".format(os.getpid())
FLAGS = {
    "domain": libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE,
    "network": libvirt.VIR_NETWORK_XML_INACTIVE,
    "pool": libvirt.VIR_STORAGE_XML_INACTIVE,
}


class Lie(Exception):
    """The module said something that was not so."""


def options(kind: t.Any, **given: t.Any) -> dict[str, t.Any]:
    """All options of one object as AnsibleModule would give them."""
    result = ArgumentSpecValidator(spec(kind.rows)).validate(given)
    if result.error_messages:
        raise Lie("Ansible refuses it: {0}".format("; ".join(result.error_messages)))
    return {kind.plural: None, **result.validated_parameters}


class Objects:
    """libvirt's own calls, to compare with."""

    def __init__(self, kind: str, conn: libvirt.virConnect) -> None:
        self.kind, self.conn = kind, conn

    def define(self, text: str) -> t.Any:
        if self.kind == "domain":
            return self.conn.defineXMLFlags(text, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
        return {
            "network": self.conn.networkDefineXML,
            "pool": lambda x: self.conn.storagePoolDefineXML(x, 0),
            "volume": lambda x: self.pool().createXML(x, 0),
            "filter": self.conn.nwfilterDefineXML,
            "secret": lambda x: self.conn.secretDefineXML(x, 0),
        }[self.kind](text)

    def pool(self) -> t.Any:
        """That volumes are made in, made at the first of them."""
        try:
            return self.conn.storagePoolLookupByName(NAME)
        except libvirt.libvirtError:
            directory = tempfile.mkdtemp(prefix=NAME, dir="/var/tmp")
            xml = f"<pool type='dir'><name>{NAME}</name><target><path>{directory}</path></target></pool>"
            return self.conn.storagePoolCreateXML(xml, 0)

    def close(self) -> None:
        self.remove()
        if self.kind == "volume":
            path = etree.fromstring(self.pool().XMLDesc(0)).findtext("target/path")
            self.pool().destroy()
            Path(path).rmdir()

    def find(self) -> t.Any:
        lookup = {
            "domain": self.conn.lookupByName,
            "network": self.conn.networkLookupByName,
            "pool": self.conn.storagePoolLookupByName,
            "volume": lambda name: self.pool().storageVolLookupByName(name),
            "filter": self.conn.nwfilterLookupByName,
            "secret": self._secret,
        }[self.kind]
        try:
            return lookup(NAME)
        except (libvirt.libvirtError, StopIteration):
            return None

    def read(self) -> str | None:
        found = self.find()
        if found is None:
            return None
        return str(found.XMLDesc(FLAGS.get(self.kind, 0)))

    def _secret(self, name: str) -> t.Any:
        """By what it is for: every sort of secret has that in an element of another name."""
        return next(each for each in self.conn.listAllSecrets() if name in each.usageID())

    def remove(self) -> None:
        found = self.find()
        if found is None:
            return
        if self.kind == "domain":
            found.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
        elif self.kind == "volume":
            found.delete(0)
        else:
            found.undefine()


def _place(device: t.Any) -> tuple[str, str, int, str]:
    if device.tag != "controller":
        return ("", "", 0, "")
    return ("controller", device.get("type", ""), int(device.get("index", "0")), device.get("model", ""))


def _move_implied(devices: t.Any) -> None:
    """What libvirt adds by itself is at the end where it was not given; the order of mouse and keyboard is none."""
    for each in devices.findall("input[@bus='ps2']"):
        devices.append(each)


def stripped(text: str, drawn: bool = True) -> str:
    """Without our own note, in an order of its own where order means nothing.

    drawn: also without what libvirt draws at random; else with what may be written in two ways written in one.
    """
    tree = etree.fromstring(text, etree.XMLParser(remove_blank_text=True))
    for each in tree.iter():
        if isinstance(each.tag, str) and each.tag.endswith("}declared"):
            parent = each.getparent()
            parent.remove(each)
            if not len(parent):
                parent.getparent().remove(parent)
    if drawn:
        _drop_drawn(tree)
    else:
        _in_one_way(tree)
    _in_decimal(tree)
    for devices in tree.iterfind("devices"):
        # A definition made twice puts the controllers that libvirt adds elsewhere; no order of theirs means anything.
        _move_implied(devices)
        devices[:] = sorted(devices, key=_place)
    for parent in (tree, *tree.iterfind("dns/host")):
        # Nor does the order of routes, and of the names of an address.
        some = [each for each in parent if each.tag in ("route", "hostname")]
        for each in sorted(some, key=etree.tostring):
            parent.append(each)
    return etree.tostring(tree, pretty_print=True).decode()


def _in_decimal(tree: t.Any) -> None:
    for each in tree.iterfind("rule//"):
        # libvirt writes a number in the way it was given.
        for key, value in each.attrib.items():
            if value.startswith("0x"):
                each.set(key, str(int(value, 16)))


def _drop_drawn(tree: t.Any) -> None:
    for mac in tree.iterfind(".//interface/mac"):
        if mac.get("address", "").startswith("52:54:00"):
            mac.attrib.clear()
    for mac in tree.iterfind("./mac"):
        mac.attrib.clear()
    for genid in tree.iterfind("./genid"):
        genid.text = ""
    for each in tree.findall("target/timestamps"):
        tree.find("target").remove(each)


def _in_one_way(tree: t.Any) -> None:
    for tag in ("capacity", "allocation", "available") if tree.tag == "pool" else ():
        # Of a pool that runs; it is no part of its definition.
        for each in tree.findall(tag):
            tree.remove(each)
    for each in tree.iter("ip", "route"):
        netmask = each.attrib.pop("netmask", None)
        if netmask:
            each.set("prefix", str(ipaddress.ip_network("0.0.0.0/" + netmask).prefixlen))
        some = sorted(each.attrib.items())
        each.attrib.clear()
        each.attrib.update(some)


def other_words(tree: t.Any) -> str:
    """The same without identities, with attributes in another order."""
    tree = copy.deepcopy(tree)
    for each in tree.findall("uuid"):
        tree.remove(each)
    for interface in tree.iterfind(".//interface"):
        for mac in interface.findall("mac"):
            interface.remove(mac)
    for each in tree.iter():
        if isinstance(each.tag, str):
            turned = list(each.attrib.items())[::-1]
            each.attrib.clear()
            each.attrib.update(turned)
    return etree.tostring(tree).decode()


def compare(alone: str, ours: str) -> None:
    if ours != alone:
        diff = "\n".join(difflib.unified_diff(alone.splitlines(), ours.splitlines(), "libvirt", "ours", n=0))
        raise Lie("another object than libvirt makes of it:\n" + diff)


def judge(kind: str, host: t.Any, objects: Objects, tree: t.Any) -> None:
    """Raise Lie where the module does not tell the truth of a document."""
    make = KINDS[kind]
    state = {"state": "present", **({"pool": NAME, "allow_overcommit": True} if kind == "volume" else {})}
    xml = etree.tostring(tree).decode()

    def run(text: str, check: bool) -> dict[str, t.Any]:
        return declare(make(check), host, options(make, xml=text, **state), check)

    given = objects.define(xml)
    alone = stripped(given.XMLDesc(FLAGS.get(kind, 0)))
    objects.remove()
    if not run(xml, check=True)["changed"]:
        raise Lie("check mode says unchanged of what is not there")
    if objects.read() is not None:
        raise Lie("check mode made it")
    if not run(xml, check=False)["changed"]:
        raise Lie("made, and said to be unchanged")
    ours = objects.read() or ""
    compare(alone, stripped(ours))
    for text, words in ((xml, "the same"), (other_words(tree), "the same without UUID and MAC, in another order")):
        for check in (True, False):
            again = run(text, check)
            if again["changed"]:
                raise Lie("{0}, {1}: changed {2}".format(words, "checked" if check else "declared", again["diff"]))
    if objects.read() != ours:
        raise Lie("said unchanged, and changed")
    named = {"uuid": tree.findtext("uuid")} if kind == "secret" else {"name": NAME}
    gone = declare(make(False), host, options(make, **{**state, **named, "state": "absent"}), False)
    if not gone["changed"] or objects.find() is not None:
        raise Lie("absent, and still there")


def adopt(kind: str, host: t.Any, objects: Objects, tree: t.Any) -> collections.Counter[str]:
    """Raise Lie where what libvirt_info says of an object is not a declaration of it. How many words are typed."""
    objects.define(etree.tostring(tree).decode())
    return adopt_what_is_there(kind, host, objects)


def adopt_what_is_there(kind: str, host: t.Any, objects: Objects) -> collections.Counter[str]:
    make = KINDS[kind]
    plural = make.plural
    alone = objects.read() or ""
    info = _info.gather(host, {"gather": [plural], "names": [NAME], "addresses": [], "stats": []})[plural]
    if objects.read() != alone:
        raise Lie("gathering has changed it")

    def run(check: bool) -> dict[str, t.Any]:
        return declare(make(check), host, {plural: [options(make, **each) for each in info]}, check)

    for check in (True, False):
        again = run(check)
        if again["changed"]:
            raise Lie("{0}: changed {1}".format("checked" if check else "declared", again["diff"]))
    if objects.read() != alone:
        raise Lie("said unchanged, and changed")
    objects.remove()
    if not run(check=False)["changed"]:
        raise Lie("made, and said to be unchanged")
    compare(implied(untold(stripped(alone, False))), implied(untold(stripped(objects.read() or "", False))))
    again = run(check=True)
    if again["changed"]:
        raise Lie("made, and then changed {0}".format(again["diff"]))
    said = set(info[0])
    return collections.Counter(
        {"options typed": len(said - ALWAYS), "only xml": int(said <= ALWAYS), "without xml": int("xml" not in said)}
    )


def untold(text: str) -> str:
    """Without the secrets that libvirt_info does not tell."""
    tree = etree.fromstring(text, etree.XMLParser(remove_blank_text=True))
    for cookies in tree.findall(".//cookies"):
        cookies.getparent().remove(cookies)
    for each in tree.iter("graphics"):
        for attribute in ("passwd", "passwdValidTo", "connected"):
            each.attrib.pop(attribute, None)
    return etree.tostring(tree, pretty_print=True).decode()


# What is the same whether it is said or not, and libvirt keeps as it was said.
IMPLIED = (
    "/domain/cputune/*[contains(local-name(), 'period')][.='100000']",
    "/domain/cputune/*[contains(local-name(), 'quota')][.='-1']",
    "/domain/memoryBacking/source[@type='anonymous']",
    "/domain/devices/channel/source/clipboard[@copypaste='no']",
    # libvirt counts them whenever it reads a definition.
    "/domain/devices/console/target/@port",
    "/domain/devices/filesystem/driver[@type='path' and count(@*)=1]",
    "/domain/devices/hostdev/driver[@name='vfio' and count(@*)=1]",
    "/domain/devices/hostdev/source/host/@port[.='3260']",
    "/domain/devices/interface/link[@state='up']",
    "/domain/devices/interface/@trustGuestRxFilters[.='no']",
    "/domain/devices/rng/rate/@period[.='1000']",
    "/domain/devices//source/reconnect[@enabled='no']",
)


def implied(text: str) -> str:
    """Without defaults that somebody has spelt out: libvirt_info leaves them out."""
    tree = etree.fromstring(text, etree.XMLParser(remove_blank_text=True))
    for xpath in IMPLIED if tree.tag == "domain" else ():
        for found in tree.xpath(xpath):
            parent = found.getparent()
            if not isinstance(found, str):
                parent.remove(found)
                if not len(parent) and not parent.attrib:
                    parent.getparent().remove(parent)
            else:
                del parent.attrib[found.attrname]
    return etree.tostring(tree, pretty_print=True).decode()


ALWAYS = {"name", "uuid", "state", "autostart", "xml"}


def renamed(text: bytes) -> t.Any:
    """The document with a name and UUID of this run, without what only a running domain has."""
    tree = etree.fromstring(text, etree.XMLParser(remove_comments=True, remove_blank_text=True))
    tree.attrib.pop("id", None)
    if tree.tag == "filter":
        tree.set("name", NAME)
    for usage in tree.findall("usage") if tree.tag == "secret" else ():
        for each in usage:
            each.text = ("/" if each.tag == "volume" else "") + NAME
    names = [] if tree.tag in ("filter", "secret") else [("name", NAME)]
    for tag, value in (*([] if tree.tag == "volume" else [("uuid", str(uuid.uuid4()))]), *names):
        each = tree.find(tag)
        if each is None:
            each = etree.Element(tag)
            tree.insert(0, each)
        each.text = value
    bridge = tree.find("bridge[@name='virbr0']")
    if bridge is not None:
        # A network of this machine may have it.
        bridge.set("name", "mct{0}".format(os.getpid()))
    return tree


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uri", default="qemu:///system")
    parser.add_argument("--verbose", action="store_true", help="say why libvirt did not take a document")
    parser.add_argument("--adopt", action="store_true", help="make each without us, and adopt it")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("files", nargs="+", type=Path)
    args = parser.parse_args()
    counts: collections.Counter[str] = collections.Counter()
    with _libvirt.connect(args.uri) as host:
        objects = Objects(args.kind, host.connection)
        for path in args.files:
            objects.remove()
            try:
                tree = renamed(path.read_bytes())
                if tree.tag != args.kind:
                    continue
                objects.define(etree.tostring(tree).decode())
            except (libvirt.libvirtError, etree.XMLSyntaxError) as error:
                counts["not taken by libvirt"] += 1
                if args.verbose:
                    print("{0}: not taken: {1}".format(path.name, error))
                continue
            objects.remove()
            try:
                if args.adopt:
                    said = adopt(args.kind, host, objects, tree)
                    counts["only as xml"] += said["only xml"]
                    counts["adopted truly"] += 1
                else:
                    judge(args.kind, host, objects, tree)
                    counts["told truly"] += 1
            except (Lie, KvmError) as error:
                counts["failed"] += 1
                print("{0}: {1}".format(path.name, error))
            except Exception:  # noqa: BLE001  # a traceback is a failure like any other
                counts["failed"] += 1
                print("{0}: {1}".format(path.name, traceback.format_exc()))
            objects.remove()
        objects.close()
    print(", ".join("{0} {1}".format(count, what) for what, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
