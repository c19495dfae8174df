# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write what the tables of options say: the options in the libvirt modules' documentation, and docs/options.md.

--check writes nothing and says whether they differ.
"""

from __future__ import annotations

import functools
import pathlib
import re
import sys
import textwrap
import typing as t

import yaml
from ansible_collections.minicloud.kvm.plugins.module_utils import _domain, _network, _nwfilter, _pool, _secret, _volume
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_plug import Devices
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Many, Row, docs

MODULES = pathlib.Path(__file__).resolve().parent.parent / "plugins" / "modules"
KINDS = {
    "libvirt_net": _network.Network,
    "libvirt_pool": _pool.Pool,
    "libvirt_volume": _volume.Volume,
    "libvirt_nwfilter": _nwfilter.NwFilter,
    "libvirt_secret": _secret.Secret,
    "libvirt_domain": _domain.Domain,
}
OPTIONS_PAGE = MODULES.parent.parent / "docs" / "options.md"
OPTIONS = re.compile(r"^options:\n.*?(?=^attributes:)", re.MULTILINE | re.DOTALL)


class Plain(yaml.SafeDumper):
    """Without YAML's anchors; lists indented as yamllint wants them."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def generated(kind: type) -> str:
    """The options block of one kind: one object at the top level, or a list of them."""
    text = (
        "The {0}, each with the options that one has at the top level. "
        "What stands beside it counts for all that don't have their own; what may destroy something is refused there."
    )
    many = {
        "description": text.format(kind.plural),
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


INTRODUCTION = """# Every option of the libvirt modules

Written by `tools/generate_docs.py` from the tables that the modules work with; `ansible-doc` says what each means.

- **live**: *yes*: changed in a running object at once; *plug*: entries are plugged into and unplugged from a running
  domain, those of which it is said; empty: the definition is changed, and the option is named in `restart_required`
  until there was a restart.
  Where a running QEMU, guest or host turns out not to be able to, the option waits for a restart too.
- **libvirt**: the first version that has it, where that is later than 9.0. An older one is refused before anything is
  done.
- Options that steer a module (`state`, `force`, ...) and are in no definition have a dash.
"""


def listed(rows: t.Sequence[AnyRow], prefix: str = "", above: str = "") -> t.Iterator[tuple[str, str, str, str]]:
    """(option, type, live, libvirt) of each row of a table. above: what the entry that it is in says of live."""
    for row in rows:
        spec = row.spec()
        sort = "list of dicts" if isinstance(row, Many) else spec["type"]
        if isinstance(row, Row) and row.place is None and not prefix:
            live = "-"
        elif isinstance(row, Many):
            live = plugged(row) if row.live == "plug" else "yes" if row.live else above
        else:
            live = "yes" if row.live else above
        since = [row.since] if row.since else []
        since += ["{0}: {1}".format(*each) for each in getattr(row, "value_since", {}).items()]
        yield prefix + row.option, sort, live, ", ".join(since)
        if not isinstance(row, Row):
            inside = prefix + row.option + ("[]." if isinstance(row, Many) else ".")
            yield from listed(row.rows, inside, "" if row.live == "plug" else live)


def plugged(row: Many) -> str:
    """Which entries of a list of devices can be plugged."""
    which = row.which if isinstance(row, Devices) else ""
    return "plug" + (": " + re.sub(r"[OV]\((.*?)\)", r"`\1`", which) if which else "")


def table() -> str:
    """docs/options.md."""
    text = INTRODUCTION
    for name, kind in KINDS.items():
        rows = list(listed(kind.rows))
        text += "\n## {0}\n\n{1} options.\n\n| option | type | live | libvirt |\n|---|---|---|---|\n".format(
            name, len(rows)
        )
        text += "".join("| `{0}` | {1} | {2} | {3} |\n".format(*each) for each in rows)
    return text


def main() -> int:
    wanted = {OPTIONS_PAGE: table()}
    for name, kind in KINDS.items():
        path = MODULES / (name + ".py")
        fresh = functools.partial(lambda kind, _match: generated(kind), kind)
        wanted[path] = OPTIONS.sub(fresh, path.read_text(), count=1)
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if stale and "--check" in sys.argv:
        names = ", ".join(path.name for path in stale)
        print("Documentation that differs from the tables: {0}. Run tools/generate_docs.py.".format(names))
        return 1
    for path in stale:
        path.write_text(wanted[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
