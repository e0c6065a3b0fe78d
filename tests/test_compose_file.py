"""What docker-compose.yml, the Dockerfile and .env.example promise, read from the files themselves.

That the commands work is held by tests/end_to_end/test_compose.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
import yaml
from typer.testing import CliRunner

from cli.app import app
from tests.compose import (
    COMPOSE_FILE,
    ROOT,
    MissingError,
    copied,
    image_command,
    image_environment,
    instructions,
    interpolate,
    read_compose,
    variables,
)

if TYPE_CHECKING:
    from pathlib import Path

COMPOSE = COMPOSE_FILE.read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
SECRETS = {"POSTGRES_PASSWORD"}
# Given to MLflow's S3 client as they are, or not at all: `NAME:` without a value.
PASSED_ON = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_DEFAULT_REGION",
    "MLFLOW_S3_ENDPOINT_URL",
}
SERVICES: dict[str, dict[str, Any]] = read_compose(dict.fromkeys(SECRETS, "given"))["services"]

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())


def test_the_services_are_those_of_the_design() -> None:
    """PostgreSQL, MLflow and the service start by themselves; optuna-dashboard is a profile."""
    profiles = {name: service.get("profiles") for name, service in SERVICES.items()}
    always = dict.fromkeys(("postgres", "mlflow", "fairtrial"))
    assert profiles == {**always, "optuna-dashboard": ["optuna"]}


def test_without_its_secret_nothing_starts() -> None:
    """The file holds no password: each is a variable that must be set, and says where."""
    with pytest.raises(MissingError, match=r"POSTGRES_PASSWORD: put a password into \.env"):
        read_compose({})
    required = {name for name, operator, _ in variables(COMPOSE) if operator == ":?"}
    assert required == SECRETS
    for name, operator, _ in variables(COMPOSE):
        assert (operator == ":?") == (name in SECRETS), name


@each_service
def test_secrets_are_nowhere_but_in_the_environment(service: dict[str, Any]) -> None:
    """No value that looks like a secret is written out, and none is in an address or a command."""
    for name, value in service["environment"].items():
        if re.search("PASSWORD|SECRET|KEY|TOKEN", name):
            assert value in {None, "given"}, name
    rest = {key: value for key, value in service.items() if key != "environment"}
    assert "given" not in str(rest)
    assert not re.search(r"://[^/\s]*:[^/\s]*@", str(service))


@each_service
def test_a_service_can_do_little_harm(service: dict[str, Any]) -> None:
    """Not root, no capabilities, a root that is read-only, bounds on memory, processes and logs."""
    user, _, group = service["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert any(place.startswith("/tmp") for place in service["tmpfs"])  # noqa: S108 - the containers'
    assert service["mem_limit"]
    assert service["pids_limit"] > 0
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert service["init"] is True
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    assert "docker.sock" not in str(service)


@each_service
def test_ports_are_open_to_this_machine_alone(service: dict[str, Any]) -> None:
    """Every published port names 127.0.0.1; the database publishes none and has no way out."""
    ports = service.get("ports", [])
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    assert bool(ports) == ("web" in service["networks"])
    assert yaml.safe_load(COMPOSE)["networks"]["database"] == {"internal": True}


@each_service
def test_a_service_is_checked_and_waited_for(service: dict[str, Any]) -> None:
    """Each says how its health is seen, has time to end, and waits for the health of its needs."""
    check = service["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period", "start_interval"} < set(check)
    assert service["stop_grace_period"]
    assert service["restart"] == "unless-stopped"
    for needed, how in service.get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert "profiles" not in SERVICES[needed]


@each_service
def test_an_image_is_named_exactly(service: dict[str, Any]) -> None:
    """A version down to its last number, or a digest; our own is that of pyproject.toml."""
    name, _, tag = service["image"].partition(":")
    assert re.match(r"\d+\.\d+", tag), service["image"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    if name == "fairtrial":
        assert tag == project["version"]


def test_what_must_stay_is_in_volumes() -> None:
    """Databases, artifacts and reports outlive a container: each is a named volume."""
    named = {
        v.partition(":")[0]
        for s in SERVICES.values()
        for v in s.get("volumes", [])
        if isinstance(v, str)
    }
    declared = set(yaml.safe_load(COMPOSE)["volumes"])
    assert {name for name in named if name[0] not in "./"} == declared
    assert declared == {"postgres", "artifacts", "data"}
    # A folder that is not there is an error, not a new folder that belongs to root.
    (folder,) = [v for v in SERVICES["fairtrial"]["volumes"] if isinstance(v, dict)]
    assert folder["type"] == "bind"
    assert folder["bind"] == {"create_host_path": False}


def test_every_variable_is_documented_and_every_documented_one_is_used() -> None:
    """.env.example names the variables of docker-compose.yml, no other, with their defaults."""
    told = dict(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))
    used = {name: (operator, rest) for name, operator, rest in variables(COMPOSE)}
    own = {"COMPOSE_FILE"}  # of Docker Compose itself
    assert set(told) - own == set(used) | PASSED_ON
    for name, (operator, default) in used.items():
        wanted = interpolate(default, {}) if operator == ":-" else ""
        assert told[name] == wanted, name
    for name in PASSED_ON:
        assert re.search(rf"^      {name}:$", COMPOSE, re.MULTILINE), name


def test_the_example_alone_does_not_start() -> None:
    """Copied without a password being filled in, .env.example is refused: no default password."""
    settings = dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))
    assert set(settings) == {"POSTGRES_PASSWORD", "TORCH_INDEX_URL"}
    with pytest.raises(MissingError):
        read_compose(settings)


def test_secrets_stay_out_of_git_and_out_of_the_image() -> None:
    """.env and addresses.env are ignored by git, and only what the image needs reaches Docker."""
    for name in (".env", "addresses.env"):
        done = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False)
        assert done.returncode == 0, f"git does not ignore {name}"
    first, *rest = [
        line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] != "#"
    ]
    assert first == "*"
    let_in = {line[1:] for line in rest if line[:1] == "!"}
    assert let_in == {name.partition("/")[0] for name in copied()}


def test_the_image_is_built_in_two_stages_and_runs_as_nobody_special() -> None:
    """Exact tags; everything by constraints.txt; no compiler, root or download in the end."""
    builder, final = instructions()
    bases = [stage[0] for stage in (builder, final)]
    assert [rest.partition(" ")[0] for _, rest in bases] == ["python:3.11.15-slim-trixie"] * 2
    everything = [*builder, *final]
    assert "ADD" not in {word for word, _ in everything}
    installs = [rest for word, rest in builder if word == "RUN" and "pip install" in rest]
    assert all("-c constraints.txt" in rest or "--no-deps" in rest for rest in installs)
    assert "pip check" in installs[-1]
    assert not [rest for word, rest in final if word == "RUN" and re.search("pip|apt|curl", rest)]
    (user,) = [rest for word, rest in final if word == "USER"]
    assert user == "${FAIRTRIAL_UID}:${FAIRTRIAL_GID}"
    arguments = {
        name for word, rest in everything if word == "ARG" for name in [rest.partition("=")[0]]
    }
    assert set(SERVICES["fairtrial"]["build"]["args"]) <= arguments
    (check,) = [rest for word, rest in final if word == "HEALTHCHECK"]
    assert '"healthy", "http://127.0.0.1:8321/healthz"' in check
    wanted = image_environment()
    assert wanted["PYTHONDONTWRITEBYTECODE"] == "1"
    for name in ("HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME"):
        assert wanted[name].startswith("/tmp")  # noqa: S108 - the container's own


def test_the_extras_of_the_image_exist() -> None:
    """What the Dockerfile installs beside the project is named in pyproject.toml and pinned."""
    (extras,) = [
        rest.partition("=")[2]
        for word, rest in instructions()[0]
        if word == "ARG" and "EXTRAS" in rest
    ]
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    pinned = re.findall(
        r"^([A-Za-z0-9_.-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE
    )
    for extra in extras.split(","):
        for requirement in known[extra]:
            name = re.split(r"[\[>=<]", requirement)[0]
            assert name.lower() in {pin.lower() for pin in pinned}, name


def test_every_command_of_fairtrial_is_there() -> None:
    """Each `fairtrial WORD --option` of the files and of docs/deploy.md has a help page with it."""
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    lines = re.findall(r"exec fairtrial fairtrial (.+)$", page, re.MULTILINE)
    lines += [" ".join(words[1:]) for words in (SERVICES["fairtrial"]["command"], image_command())]
    assert len(lines) > 4
    for line in lines:
        words = line.split()
        command = words[:2] if words[0] == "schedule" else words[:1]
        told = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
        assert told.exit_code == 0, line
        for option in re.findall(r"--[a-z-]+", line):
            assert option in told.stdout, line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cpu", ""], "TORCH_INDEX_URL is empty"),
        (["gpu", ""], "DEVICE=gpu: there are cpu and cuda"),
    ],
    ids=["no index", "no such device"],
)
def test_the_wrong_torch_is_refused_before_it_is_fetched(words: list[str], said: str) -> None:
    """Without the index of CPU builds, gigabytes of CUDA would come: a sentence comes instead."""
    if os.uname().machine != "x86_64" and words[0] == "cpu":
        pytest.skip("pip's own torch is the CPU build on this machine")
    script = str(ROOT / "deploy" / "install_torch")
    done = subprocess.run([script, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_health_check_fails_where_nothing_answers() -> None:
    """An address that refuses is unhealthy: exit 1 and a sentence, no traceback."""
    words = [sys.executable, str(ROOT / "deploy" / "healthy"), "http://127.0.0.1:9/healthz"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "refused" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_wheel_has_every_file_of_the_rooms(tmp_path: Path) -> None:
    """The image installs a wheel: templates, styles and migrations must be in it too."""
    source = tmp_path / "source"
    source.mkdir()
    for name in copied():
        (source / name).parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", ROOT / name, source / name], check=True)
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*words, "--wheel-dir", tmp_path, source], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("fairtrial-*.whl")
    with ZipFile(wheel) as archive:
        there = set(archive.namelist())
    listed = subprocess.run(
        ["git", "ls-files", "cli", "sweeps", "tracking", "trainer"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(listed.stdout.split()) <= there
