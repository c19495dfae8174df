# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write the options of the libvirt modules' documentation from their tables; --check only says whether they differ."""

from __future__ import annotations

import pathlib
import re
import sys
import textwrap

import yaml
from ansible_collections.minicloud.kvm.plugins.module_utils import _domain, _network, _nwfilter, _pool, _secret, _volume
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import docs

MODULES = pathlib.Path(__file__).resolve().parent.parent / "plugins" / "modules"
KINDS = {
    "libvirt_net": _network.Network,
    "libvirt_pool": _pool.Pool,
    "libvirt_volume": _volume.Volume,
    "libvirt_nwfilter": _nwfilter.NwFilter,
    "libvirt_secret": _secret.Secret,
    "libvirt_domain": _domain.Domain,
}
OPTIONS = re.compile(r"^options:\n.*?(?=^attributes:)", re.MULTILINE | re.DOTALL)


class Plain(yaml.SafeDumper):
    """Without YAML's anchors; lists indented as yamllint wants them."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def generated(kind: type) -> str:
    """The options block of one kind: one object at the top level, or a list of them."""
    many = {
        "description": "The {0}, each with the options that one has at the top level.".format(kind.plural),
        "type": "list",
        "elements": "dict",
    }
    # The same options twice, as YAML's anchor and alias: written out they would be most of the module's text.
    return (
        "options:\n  <<: &one\n"
        + textwrap.indent(_yaml(docs(kind.rows)), " " * 4)
        + textwrap.indent(_yaml({kind.plural: many}), " " * 2)
        + "    suboptions: *one\n"
    )


def _yaml(data: object) -> str:
    return yaml.dump(data, Dumper=Plain, sort_keys=False, width=108, allow_unicode=True)


def main() -> int:
    stale = []
    for name, kind in KINDS.items():
        path = MODULES / (name + ".py")
        text = path.read_text()
        fresh = OPTIONS.sub(lambda _match, kind=kind: generated(kind), text, count=1)
        if fresh != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(fresh)
    if stale and "--check" in sys.argv:
        print("Documentation that differs from the tables: {0}. Run tools/generate_docs.py.".format(", ".join(stale)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
