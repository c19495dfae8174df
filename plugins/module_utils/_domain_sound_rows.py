# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's sound cards and what plays their sound (https://libvirt.org/formatdomain.html#sound-devices)."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _domain_address_rows,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Block, Many, Row

_COUNT = _codecs.Integer(1, 2**32 - 1)


def _direction(side: str, text: str) -> Block:
    return Block(
        side,
        side,
        (
            Row("mixing_engine", "@mixingEngine", _codecs.Switch(), help="Whether QEMU mixes and converts."),
            Row(
                "fixed_settings",
                "@fixedSettings",
                _codecs.Switch(),
                help="Whether what follows holds whatever the guest asks.",
            ),
            Row("frequency", "settings/@frequency", _COUNT, help="Samples in a second."),
            Row("channels", "settings/@channels", _codecs.Integer(1, 255), help="Channels; 2 are stereo."),
            Row(
                "format",
                "settings/@format",
                choices=("s8", "u8", "s16", "u16", "s32", "u32", "f32"),
                help="Format of a sample.",
            ),
            Row("voices", "@voices", _COUNT, help="Voices at once."),
            Row("buffer_length", "@bufferLength", _COUNT, help="Length of the buffer in microseconds."),
            Row("buffer_count", "@bufferCount", _COUNT, help="V(oss), V(sdl): number of buffers."),
            Row("try_poll", "@tryPoll", _codecs.Switch(), help="V(oss): whether to poll."),
            Row("dev", "@dev", help="V(alsa), V(oss): device of the host.", removable=True),
            Row("name", "@name", help="V(pulseaudio), V(pipewire): sink or source.", removable=True),
            Row("stream_name", "@streamName", help="V(pulseaudio), V(pipewire): name of the stream.", removable=True),
            Row("latency", "@latency", _COUNT, help="V(pulseaudio), V(pipewire): wanted latency in microseconds."),
            Row("server_name", "@serverName", help="V(jack): server.", removable=True),
            Row("client_name", "@clientName", help="V(jack): name of this client.", removable=True),
            Row(
                "connect_ports",
                "@connectPorts",
                help="V(jack): ports to connect to, a regular expression.",
                removable=True,
            ),
            Row("exact_name", "@exactName", _codecs.Switch(), help="V(jack): whether another's name is an error."),
        ),
        help=text,
    )


SOUND: tuple[Many, ...] = (
    Many(
        "sounds",
        "devices/sound",
        (
            Row(
                "model",
                "@model",
                choices=("ich9", "ich6", "ac97", "es1370", "sb16", "pcspk", "usb", "virtio"),
                help="Model.",
                required=True,
                value_since={"virtio": "10.4.0"},
            ),
            Row(
                "codecs",
                "codec/@type",
                _codecs.Texts(choices=("duplex", "micro", "output")),
                help="V(ich6), V(ich9): V(duplex), V(micro) or V(output), one or more.",
            ),
            Row("audio", "audio/@id", _codecs.Integer(1, 255), help="O(audios[].id) of what plays it."),
            Row(
                "multichannel",
                "@multichannel",
                _codecs.Switch(),
                help="V(usb): whether with more than two.",
                since="9.4.0",
            ),
            Row("streams", "@streams", _codecs.Integer(1, 64), help="V(virtio): number of streams.", since="10.4.0"),
            Block("driver", "driver", _device_codecs.DRIVER.rows, help=_device_codecs.DRIVER.help, since="10.4.0"),
            _device_codecs.ALIAS,
            _device_codecs.ACPI_INDEX,
            *_domain_address_rows.PCI,
            _domain_address_rows.USB,
        ),
        help="Sound cards.",
        by_order=True,
    ),
    Many(
        "audios",
        "devices/audio",
        (
            Row(
                "id",
                "@id",
                _codecs.Integer(1, 255),
                help="Number by which sound cards and graphics name it.",
                required=True,
            ),
            Row(
                "type",
                "@type",
                choices=("none", "alsa", "jack", "oss", "pulseaudio", "pipewire", "sdl", "spice", "file", "dbus"),
                help="What plays and records.",
                required=True,
                value_since={"pipewire": "9.10.0"},
            ),
            Row("timer_period", "@timerPeriod", _COUNT, help="Microseconds between two looks at the buffers."),
            Row("server_name", "@serverName", help="V(pulseaudio): server.", removable=True),
            Row("path", "@path", _codecs.PATH, help="V(file): the file."),
            Row("driver", "@driver", choices=("esd", "alsa", "arts", "pulseaudio"), help="V(sdl): what SDL uses."),
            Row(
                "runtime_dir", "@runtimeDir", _codecs.PATH, help="V(pipewire): directory of its socket.", since="9.10.0"
            ),
            Row("try_mmap", "@tryMMap", _codecs.Switch(), help="V(oss): whether to map the device."),
            Row("exclusive", "@exclusive", _codecs.Switch(), help="V(oss): whether nobody else may open it."),
            Row("dsp_policy", "@dspPolicy", _codecs.Integer(-1, 10), help="V(oss): timing policy; V(-1) for none."),
            _direction("input", "What is recorded."),
            _direction("output", "What is played."),
        ),
        help="Where sound goes on the host. libvirt gives a domain one.",
        keys=("id",),
    ),
)
