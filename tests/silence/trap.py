"""A network that leads nowhere and records who asked for what.

Inside a network namespace of its own every address is this machine: names are answered by a
resolver that writes them down, and whatever is sent to an address beyond loopback is seen on the
one interface there is. `inside` starts a command in such namespaces, without privileges where the
kernel lets it.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

_RESOLVER = "192.0.2.53"  # reserved for documentation, RFC 5737: nobody's address
_ANSWER = socket.inet_aton("198.51.100.7")  # the same
_END = ("192.0.2.54", 9)  # the same, and the port of what is to be discarded
_PATIENCE = 60.0  # seconds
_ALL_PROTOCOLS = 3  # ETH_P_ALL, linux/if_ether.h
_NAME_AT = 12  # bytes of the header of a DNS message, RFC 1035


def unavailable() -> str:
    """Why no trap can be set on this machine, in words; empty where one can."""
    missing = [name for name in ("unshare", "ip", "mount") if shutil.which(name) is None]
    if missing:
        return f"the programs {', '.join(missing)} are missing (packages util-linux and iproute2)"
    tried = subprocess.run(inside(["true"]), capture_output=True, text=True)
    return tried.stderr.strip()


def inside(command: Sequence[str]) -> list[str]:
    """The command that runs `command` in namespaces of its own, as root of them."""
    users = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *users, "--net", "--mount", *command]


class Trap:
    """What was looked up and connected to since the last `taken`; to be made inside namespaces."""

    def __init__(self, work: Path) -> None:
        """Set the trap: routes, resolver and recorder. `work` holds two files of its own."""
        self._lookups: list[str] = []
        self._connections: list[str] = []
        self._route()
        self._name_server(work)
        names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        names.bind(("0.0.0.0", 53))
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PROTOCOLS))
        packets.bind(("lo", 0))
        for listen in (self._answer, names), (self._watch, packets):
            threading.Thread(target=listen[0], args=listen[1:], daemon=True).start()

    def taken(self) -> tuple[list[str], list[str]]:
        """The names looked up and the addresses sent to, each once a packet; starts anew."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
            ours.sendto(b"", _END)  # once this is seen, so is all that was sent before it
        end = f"{_END[0]}:{_END[1]}"
        waited_until = time.monotonic() + _PATIENCE
        while end not in self._connections:
            if time.monotonic() > waited_until:
                raise TimeoutError("the trap does not see what is sent")
            time.sleep(0.01)
        count = self._connections.index(end)
        found = self._lookups[:], self._connections[:count]
        del self._lookups[: len(found[0])], self._connections[: count + 1]
        return found

    def _route(self) -> None:
        run("ip", "link", "set", "lo", "up")
        run("ip", "route", "add", "local", "default", "dev", "lo")
        if Path("/proc/net/if_inet6").exists():
            run("ip", "-6", "route", "add", "local", "default", "dev", "lo")

    def _name_server(self, work: Path) -> None:
        """Have names looked up by our resolver alone: no socket of a service outside."""
        for name, content in (
            ("resolv.conf", f"nameserver {_RESOLVER}\n"),
            ("nsswitch.conf", "hosts: files dns\npasswd: files\ngroup: files\n"),
        ):
            (work / name).write_text(content)
            if (place := Path("/etc", name).resolve()).exists():
                run("mount", "--bind", str(work / name), str(place))

    def _answer(self, names: socket.socket) -> None:
        while True:
            question, asker = names.recvfrom(4096)
            self._lookups.append(_name(question))
            head = question[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0)
            answer = struct.pack(">3HIH", 0xC000 | _NAME_AT, 1, 1, 0, 4) + _ANSWER
            end = question.index(0, _NAME_AT) + 5
            names.sendto(head + question[_NAME_AT:end] + answer, asker)

    def _watch(self, packets: socket.socket) -> None:
        while True:
            packet, (_, _, direction, *_) = packets.recvfrom(65536)
            sent = _destination(packet) if direction == socket.PACKET_OUTGOING else None
            if sent is not None:
                self._connections.append(sent)


def _name(question: bytes) -> str:
    """The name that a DNS question asks for."""
    labels, at = [], _NAME_AT
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
        at += 1 + question[at]
    return ".".join(labels)


def _destination(packet: bytes) -> str | None:
    """Where an IP packet goes, if that is worth recording.

    Recorded are the opening packets of TCP and everything else, unless it is a question to our own
    resolver or its answer, or a host's own housekeeping (ICMP, which carries no program's data).
    """
    version = packet[0] >> 4
    if version == 4:
        head, protocol, address = 4 * (packet[0] & 15), packet[9], packet[16:20]
    else:
        head, protocol, address = 40, packet[6], packet[24:40]
    if protocol in (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6, socket.IPPROTO_HOPOPTS):
        return None
    source_port, port = struct.unpack_from(">2H", packet, head)
    if protocol == socket.IPPROTO_TCP and packet[head + 13] & 0x12 != 0x02:
        return None
    if protocol == socket.IPPROTO_UDP and 53 in (source_port, port):
        return None
    return f"{ipaddress.ip_address(address)}:{port}"


def run(*command: str) -> None:
    """Run a command that must not fail; what it says is said on stderr."""
    subprocess.run(command, check=True, stdout=sys.stderr)
