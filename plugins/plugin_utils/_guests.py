# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the variables of inventory hosts to the options of modules: what the role guests declares on a hypervisor.

Pure functions on the controller. A guest's variables are those of its inventory host that begin with ``guest_``.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

Variables = t.Mapping[str, t.Any]
Options = t.Dict[str, t.Any]

SEED_TARGET = "vdz"
STATES = ("present", "running", "stopped", "paused", "absent")
# What a disk says of its volume, and what it says of the device that the guest sees.
_VOLUME_WORDS = ("allocation", "format", "mode", "owner", "group", "allow_overcommit")
_DISK_WORDS = (
    *("target", "bus", "device", "pool", "volume", "file", "block", "cache", "io", "discard", "readonly", "serial"),
    "boot_order",
)
_ADDRESS_WORDS = ("address", "gateway", "nameservers", "search")
# Pools whose volumes are files; and those of the others whose volumes are called as one likes.
_FILE_POOLS = ("dir", "fs", "netfs")
_NAMED_POOLS = (*_FILE_POOLS, "logical", "rbd", "zfs")
# Pools of LUNs: libvirt makes none, but one that is there can be filled; and pools that can't even be filled.
_LUN_POOLS = ("iscsi", "scsi", "mpath")
_CLOSED_POOLS = ("iscsi-direct", "gluster")
# Pools whose volumes are the same on every hypervisor.
_SHARED_POOLS = ("netfs", "rbd", "gluster", "iscsi", "iscsi-direct")


class BadGuest(Exception):
    """A guest's variables can't be meant."""


def bad(name: str, what: str) -> BadGuest:
    return BadGuest("Guest {0}: {1}.".format(name, what))


def variables(hostvars: t.Mapping[str, Variables], name: str) -> Options:
    """A guest's own variables, and no others: looking one up means templating it."""
    host = hostvars[name]
    return {key: host[key] for key in host if key.startswith("guest_")}


# --- who does what ----------------------------------------------------------------------------------------------------


def hypervisor_of(name: str, guest: Variables, hypervisors: t.Sequence[str]) -> str:
    """Where a guest is to be; a single hypervisor needs no naming."""
    declared = guest.get("guest_hypervisor") or (hypervisors[0] if len(hypervisors) == 1 else None)
    if declared is None:
        raise bad(name, "guest_hypervisor is wanted, one of {0}".format(", ".join(hypervisors)))
    if declared not in hypervisors:
        raise bad(name, "guest_hypervisor {0} is not in the group hypervisors".format(declared))
    return str(declared)


def assign(
    places: t.Mapping[str, str], absent: t.Collection[str], play_hosts: t.Collection[str], hypervisors: t.Sequence[str]
) -> Options:
    """The hosts of the play that have something to declare: ``{host: {hypervisor, guests, absent}}``.

    places: the hypervisor of every guest of the inventory. Guests in the play are the ones that are meant; where none
    is (``--limit host1``), all guests of the hypervisors in the play. A hypervisor works for itself; where it is not in
    the play (``--limit web1``), the first of its guests does it, on its behalf.
    """
    meant = [name for name in places if name in play_hosts]
    if not meant:
        meant = [name for name in places if places[name] in play_hosts]
    work: Options = {}
    for hypervisor in hypervisors:
        here = [name for name in meant if places[name] == hypervisor and name not in absent]
        # A guest that is to be nowhere may be anywhere.
        gone = [name for name in meant if name in absent and (hypervisor in play_hosts or places[name] == hypervisor)]
        if here or gone:
            worker = hypervisor if hypervisor in play_hosts else (here + gone)[0]
            work[worker] = {"hypervisor": hypervisor, "guests": here, "absent": gone}
    return work


def domains_of(listing: t.Sequence[str]) -> dict[str, bool]:
    """Each domain's name, and whether it is active.

    listing: the lines of ``virsh list --all``: Id (- or a number), name and state, in columns three blanks apart.
    """
    domains = {}
    for line in listing:
        match = re.match(r"^\s*(-|\d+)\s+(\S.*?)\s{2,}\S.*$", line)
        if match:
            domains[match.group(2)] = match.group(1) != "-"
    return domains


def to_migrate(
    names: t.Sequence[str], here: str, hypervisors: t.Sequence[str], domains: t.Mapping[str, t.Collection[str]]
) -> list[str]:
    """The guests that are to be here, are not, and may be elsewhere.

    domains: the names of the domains on each hypervisor, where that is known.
    """
    if here not in domains:
        return []
    missing = [name for name in names if name not in domains[here]]
    others = [each for each in hypervisors if each != here]
    if all(each in domains for each in others):
        return [name for name in missing if any(name in domains[each] for each in others)]
    return missing


def to_fill(images: t.Sequence[Options], others: t.Iterable[t.Sequence[Options]]) -> list[Options]:
    """The images that a hypervisor fills: not those that are shared and that one of the others, before it, fills."""
    taken = {(image["pool"], image["name"]) for each in others for image in each if image["shared"]}
    return [image for image in images if (image["pool"], image["name"]) not in taken]


# --- what is declared -------------------------------------------------------------------------------------------------


class Site(t.NamedTuple):
    """What a hypervisor says of itself: its images, pools and networks as declared; the directories where seeds go by
    default, and where images are on their way into a pool; the pool of the images that full copies are made of."""

    images: t.Mapping[str, Options]
    pools: t.Sequence[Options]
    networks: t.Sequence[Options]
    seed_path: str
    download_path: str
    images_pool: str = ""


def _type(pool: str, site: Site) -> str:
    """A pool's type; one that is not declared is taken for one of files."""
    return next((str(each.get("type") or "dir") for each in site.pools if each.get("name") == pool), "dir")


def declare(
    guests: t.Mapping[str, Options], absent: t.Mapping[str, Options], site: Site, active: t.Container[str]
) -> Options:
    """The modules' options for one hypervisor: ``{volumes, domains, images, stop, absent, stale_seeds,
    stale_volumes}``.

    images: what ``volumes`` start from, each with where it comes from, the volume that it is kept as (if it is), and
    whether all hypervisors share that. stop: guests that go and have to shut down first, as they are active.
    """
    check_unique(guests)
    plan: Options = {"volumes": [], "domains": [], "images": [], "stop": [], "absent": []}
    plan.update(stale_seeds=[], stale_volumes=[])
    bases: dict[tuple[str, str], Options] = {}
    for name, guest in guests.items():
        disks = _disks(name, guest, site)
        for disk in disks:
            base = _base(name, disk, site)
            if base is not None:
                bases[base["pool"], base["name"]] = base
            if "size" in disk or base is not None:
                plan["volumes"].append(_volume(disk, base, site))
        plan["domains"].append(_domain(name, guest, disks, seed_path(name, guest, site)))
    plan["images"] = list(bases.values())
    for name, guest in absent.items():
        steering = {
            word: guest["guest_" + word] for word in ("force", "timeout") if guest.get("guest_" + word) is not None
        }
        if name in active:
            plan["stop"].append({"name": name, "state": "stopped", **steering})
        domain, volumes = _gone(name, guest, site)
        plan["absent"].append(domain)
        plan["stale_volumes"] += volumes
        plan["stale_seeds"].append({"path": seed_path(name, guest, site), "state": "absent"})
    return plan


def check_unique(guests: t.Mapping[str, Options]) -> None:
    """No two guests of a hypervisor may have one MAC or one address."""
    seen: dict[str, str] = {}
    for name, guest in guests.items():
        for interface in interfaces(name, guest):
            for word in ("mac", "address"):
                value = str(interface.get(word, "")).split("/", 1)[0].lower()
                other = seen.setdefault(value, name) if value else name
                if other != name:
                    raise bad(name, "its {0} {1} is that of {2} as well".format(word, value, other))


def mac(name: str, number: int) -> str:
    """The MAC of a guest's interface, always the same for the same name. 52:54:00 is what libvirt takes for QEMU."""
    digest = hashlib.sha256("{0}/{1}".format(name, number).encode()).hexdigest()
    return ":".join(("52:54:00", digest[0:2], digest[2:4], digest[4:6]))


def interfaces(name: str, guest: Variables) -> list[Options]:
    """The declared interfaces, each with a MAC; ``guest_address`` is the first one's address."""
    declared = guest.get("guest_interfaces") or []
    if not isinstance(declared, list) or not all(isinstance(each, dict) for each in declared):
        raise bad(name, "guest_interfaces has to be a list of mappings such as {network: default}")
    result = [{"mac": mac(name, number), **each} for number, each in enumerate(declared)]
    if guest.get("guest_address"):
        if not result:
            raise bad(name, "guest_address is there and guest_interfaces is not")
        result[0].setdefault("address", guest["guest_address"])
    return result


def seed_path(name: str, guest: Variables, site: Site) -> str:
    """Beside the first disk, so that every hypervisor that sees the disk sees the seed; on each hypervisor where that
    pool holds no files."""
    directory = guest.get("guest_seed_path")
    if not directory:
        pools = {
            pool.get("name"): (pool.get("target") or {}).get("path")
            for pool in site.pools
            if _type(str(pool.get("name")), site) in _FILE_POOLS
        }
        first = (guest.get("guest_disks") or [{}])[0]
        directory = pools.get(first.get("pool", guest.get("guest_pool", "default"))) or site.seed_path
    return "{0}/{1}-seed.iso".format(directory.rstrip("/"), name)


def _disks(name: str, guest: Variables, site: Site) -> list[Options]:
    """The declared disks, each with its target, and, where it is a volume, its pool and the volume's name."""
    declared = guest.get("guest_disks") or []
    if not isinstance(declared, list) or not all(isinstance(each, dict) for each in declared):
        raise bad(
            name, "guest_disks has to be a list of mappings such as {size: 10GiB, image: debian-13, pool: shared}"
        )
    disks = []
    counts: dict[str, int] = {}
    for each in declared:
        known = {*_VOLUME_WORDS, *_DISK_WORDS, "size", "image"}
        unknown = sorted(set(each) - known)
        if unknown:
            raise bad(
                name, "guest_disks has an unknown word {0} (known: {1})".format(unknown[0], ", ".join(sorted(known)))
            )
        disk = {"bus": "virtio", **each}
        prefix = "vd" if disk["bus"] == "virtio" else "sd"
        letter = chr(ord("a") + counts.get(prefix, 0))
        counts[prefix] = counts.get(prefix, 0) + 1
        disk.setdefault("target", prefix + letter)
        if "file" not in disk and "block" not in disk:
            disk.setdefault("pool", guest.get("guest_pool", "default"))
            if "volume" not in disk:
                disk["volume"] = _volume_name(name, disk, site)
        disks.append(disk)
    return disks


def _volume_name(name: str, disk: Options, site: Site) -> str:
    kind = _type(disk["pool"], site)
    if kind in _FILE_POOLS:
        return "{0}-{1}.{2}".format(name, disk["target"], disk.get("format", "qcow2"))
    if kind not in _NAMED_POOLS:
        raise bad(
            name,
            "its disk {0} wants a volume: those of pool {1}, of type {2}, have names of their own".format(
                disk["target"], disk["pool"], kind
            ),
        )
    return "{0}-{1}".format(name, disk["target"])


def _is_copy(disk: Options, site: Site) -> bool:
    """Whether a disk is a full copy of its image and no overlay."""
    return disk.get("format") == "raw" or _type(disk["pool"], site) not in _FILE_POOLS


def _base(name: str, disk: Options, site: Site) -> Options | None:
    """What a disk starts from: the image, and the volume that it is kept as, where it is; else pool is ''."""
    if "image" not in disk:
        return None
    image = disk["image"]
    if image not in site.images:
        known = ", ".join(sorted(site.images)) or "none"
        raise bad(name, "its image {0} is not in guests_images (known: {1})".format(image, known))
    source = site.images[image]
    ways = [way for way in ("url", "path", "src") if source.get(way)]
    if len(ways) != 1:
        raise bad(name, "guests_images.{0} wants one of url (with checksum), path and src".format(image))
    if ways == ["url"] and not source.get("checksum"):
        raise bad(name, "guests_images.{0} wants a checksum beside its url".format(image))
    volume = source.get("volume", "{0}.{1}".format(image, source.get("format", "qcow2")))
    kind = _type(disk["pool"], site)
    if kind in _CLOSED_POOLS:
        raise bad(
            name, "no image can be put into pool {0}, for libvirt can't write to type {1}".format(disk["pool"], kind)
        )
    pool = disk["pool"] if kind in _FILE_POOLS else site.images_pool
    if pool and _type(pool, site) not in _FILE_POOLS:
        raise bad(name, "guests_images_pool {0} is of type {1}, which holds no files".format(pool, _type(pool, site)))
    shared = bool(pool) and _type(pool, site) in _SHARED_POOLS
    copy = "{0}/{1}".format(site.download_path.rstrip("/"), volume)
    base = {"pool": pool, "name": volume, "image": image, "shared": shared, ways[0]: source[ways[0]]}
    if ways != ["src"]:
        base["download"] = copy
    if "checksum" in source:
        base["checksum"] = source["checksum"]
    if pool:
        base["volume"] = {"pool": pool, "name": volume, "src": source.get("src", copy)}
    return base


def _volume(disk: Options, base: Options | None, site: Site) -> Options:
    volume = {"pool": disk["pool"], "name": disk["volume"]}
    volume.update({word: disk[word] for word in _VOLUME_WORDS if word in disk})
    if "size" in disk:
        volume["capacity"] = disk["size"]
    if base is None:
        return volume
    if _type(disk["pool"], site) in _LUN_POOLS:
        volume["fill_blank"] = True
    if not _is_copy(disk, site):
        volume["backing_store"] = {"volume": base["name"]}
    elif base["pool"]:
        volume["clone"] = {"pool": base["pool"], "volume": base["name"]}
    else:
        volume["src"] = base["src"] if "src" in base else base["download"]
    return volume


def _domain(name: str, guest: Options, disks: list[Options], seed: str) -> Options:
    domain: Options = {"name": name, "state": state(name, guest)}
    for word in ("memory", "vcpus", "cpu", "firmware", "autostart", "description", "restart", "force", "timeout"):
        if guest.get("guest_" + word) is not None:
            domain[word] = guest["guest_" + word]
    for word in ("memory", "vcpus"):
        if word not in domain:
            raise bad(name, "guest_{0} is wanted".format(word))
    domain["disks"] = [{word: disk[word] for word in _DISK_WORDS if word in disk} for disk in disks]
    if has_seed(guest):
        domain["disks"].append(
            {"target": SEED_TARGET, "bus": "virtio", "file": seed, "format": "raw", "readonly": True}
        )
    domain["interfaces"] = [
        {word: value for word, value in each.items() if word not in _ADDRESS_WORDS} for each in interfaces(name, guest)
    ]
    domain.update(guest.get("guest_domain") or {})
    return domain


def _gone(name: str, guest: Options, site: Site) -> tuple[Options, list[Options]]:
    """Domain and volumes of a guest that goes. Volumes stay unless their disks are named, or all that are its own asked
    for; they go also if the domain went before, in an earlier run."""
    domain: Options = {"name": name, "state": "absent"}
    remove = guest.get("guest_remove_volumes") or []
    disks = [disk for disk in _disks(name, guest, site) if "volume" in disk]
    if remove is True:
        gone = [disk for disk in disks if "size" in disk or "image" in disk]
    elif isinstance(remove, list) and set(remove) <= {disk["target"] for disk in disks}:
        gone = [disk for disk in disks if disk["target"] in remove]
    else:
        raise bad(
            name, "guest_remove_volumes has to be true, false, or a list of targets of its disks that are volumes"
        )
    if gone:
        domain["remove_volumes"] = [disk["target"] for disk in gone]
    return domain, [{"pool": disk["pool"], "name": disk["volume"], "state": "absent"} for disk in gone]


def state(name: str, guest: Variables) -> str:
    declared = guest.get("guest_state", "running")
    if declared not in STATES:
        raise bad(name, "guest_state {0} is none of {1}".format(declared, ", ".join(STATES)))
    return str(declared)


def has_seed(guest: Variables) -> bool:
    return bool(guest.get("guest_seed", True))
