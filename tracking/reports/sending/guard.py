"""What the sending process may reach: no private address that was not allowed, no file, no program.

An address comes from the environment of whoever runs the service, but the parts that read it are
many and lenient: options of theirs read local files, follow redirects, talk to sockets. Here the
interpreter's own audit events are refused, below all of them, and at the moment of connecting: so
a name that is checked and then resolves to something else (DNS rebinding) gains nothing, nor does
a redirect. What remains: a proxy named in the environment resolves names itself, and what it may
reach is its own rule; and this holds back a confused program, not a malicious one.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

PRIVATE_HOSTS = "FAIRTRIAL_PRIVATE_HOSTS"

_CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(PermissionError):  # noqa: N818 - reads as what happened
    """Something the guard does not let happen; libraries take it for any other failed access."""


class Guard:
    """The rules, and what was refused.

    Attributes:
        hosts: that may be private, by name, in lower case.
        refusals: sentences, in order.
    """

    def __init__(self, hosts: Iterable[str], folders: Sequence[Path]) -> None:
        """Make the rules.

        Args:
            hosts: as they stand in FAIRTRIAL_PRIVATE_HOSTS.
            folders: that may be read, besides Python's own.
        """
        self.hosts = frozenset(_plain(host) for host in hosts if host.strip())
        self.refusals: list[str] = []
        self._asked: list[str] = []
        self._folders = [os.path.realpath(folder) for folder in (*map(str, folders), *_python())]

    def confine(self) -> None:
        """Hold this process to the rules from now on; there is no way back."""
        sys.addaudithook(self._judge)

    def allows(self, host: str) -> bool:
        """Whether this host was allowed by name, private or not."""
        return _plain(host) in self.hosts

    def check_host(self, host: str) -> None:
        """Look at every address of a host before anything is sent.

        Raises: Refused when one is private and the host not allowed by name. A name that does not
            resolve passes: a proxy may know it, and without one the connection fails anyway.
        """
        self._asked.append(_plain(host))
        for address in _resolve(host):
            self._check_address(address)

    def _judge(self, event: str, values: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo":
            self._asked.append(_plain(_text(values[0])))
        elif event in _CONNECTS:
            self._check_address(_target(values[1]))
        elif event == "open":
            self._check_file(*values)
        elif event in _PROGRAMS:
            raise self._refuse("it would start a program, which no address may")

    def _check_address(self, address: str) -> None:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            raise self._refuse("it would talk to a socket of this machine") from None
        if is_public(ip) or self._is_allowed(ip):
            return
        name = self._asked[-1] if self._asked else address
        where = name if name == address else f"{name} ({address})"
        raise self._refuse(
            f"{where} is a private address; if it is meant, allow the host by name: "
            f"{PRIVATE_HOSTS}={','.join(sorted({*self.hosts, name}))}"
        )

    def _is_allowed(self, ip: Ip) -> bool:
        asked = {*self._asked, str(ip)} & self.hosts
        return any(str(ip) == found for host in asked for found in _resolve(host))

    def _check_file(self, path: object, mode: object, flags: object) -> None:
        if isinstance(path, int):
            return  # already open
        writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        real = os.path.realpath(_text(path))
        if writes or not any(_is_below(real, folder) for folder in self._folders):
            raise self._refuse("it would read or write a file of this machine, which none may")

    def _refuse(self, sentence: str) -> Refused:
        self.refusals.append(sentence)
        return Refused(sentence)


def is_public(ip: Ip) -> bool:
    """Whether anyone on the internet could be meant: not loopback, private, link-local, reserved.

    An IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64) is judged itself.
    """
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _resolve(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in found]


def _target(address: object) -> str:
    if isinstance(address, tuple) and address:
        return _text(address[0])
    return ""  # the path of a Unix socket


def _python() -> list[str]:
    """Where Python, its packages and certificates lie."""
    import ssl

    paths = ssl.get_default_verify_paths()
    own = [sys.prefix, sys.base_prefix, *(path for path in sys.path if path)]
    return [*own, *(path for path in (paths.cafile, paths.capath) if path)]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, bytes | os.PathLike) else str(value or "")


def _plain(host: str) -> str:
    return host.strip().strip("[]").rstrip(".").lower()
