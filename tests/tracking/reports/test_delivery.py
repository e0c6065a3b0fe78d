"""Delivery to real mail and web servers on loopback, and to folders; secrets stay secret."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from certificates import Authority, make_authority
from mail_server import PASSWORD, USER, mail_server

from tracking.reports import outbox
from tracking.reports.delivery import deliver
from tracking.reports.destinations import Destination
from tracking.reports.message import message_of
from tracking.reports.model import Alert, Cell, Column, Report, ReportTable, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAIL, HOOK = "FAIRTRIAL_MAIL_URL", "FAIRTRIAL_HOOK_URL"
LOCAL = {"FAIRTRIAL_PRIVATE_HOSTS": "localhost"}
TOKEN = "t0ken-nobody-may-see"  # noqa: S105 - of this test's own server

REPORT = Report(
    title="Digits, week by week",
    sections=[
        Section("verdict", "verdict", "Verdict", ["0.01 is best; 0.1 is worse by 1.8 points."]),
        Section(
            "leaderboard",
            "leaderboard",
            "Leaderboard",
            tables=[
                ReportTable(
                    "leaderboard",
                    "Best trial of each sweep",
                    [Column("sweep"), Column("test/accuracy", numeric=True)],
                    [[Cell(f"digits-{i}"), Cell(f"0.9{i}")] for i in range(8)],
                )
            ],
        ),
    ],
    seen=[],
    metrics=["test/accuracy"],
    alerts=[Alert("digits-1 dropped by 0.02", "digits-1", "test/accuracy", 0.91)],
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A kept report's folder."""
    folder = tmp_path / "kept" / "0007-digits-week-by-week"
    (folder / "tables").mkdir(parents=True)
    (folder / "report.html").write_text("<!doctype html><title>The page</title>")
    (folder / "report.md").write_text("# The page")
    (folder / "tables" / "leaderboard.csv").write_text("sweep\r\n")
    return folder


@dataclass
class Outcome:
    """What deliver() said: its sentences, and what the catalog was told."""

    sentences: list[str]
    told: dict[str, str]


def send(
    files: Path,
    environment: Mapping[str, str],
    *destinations: Destination | str,
    report: Report = REPORT,
    already: Mapping[str, str] | None = None,
) -> Outcome:
    told: dict[str, str] = {}
    places = [Destination("url", variable=d) if isinstance(d, str) else d for d in destinations]
    sentences = deliver(
        places,
        report,
        files,
        number=7,
        already=already or {},
        delivered=told.__setitem__,
        environment=environment,
    )
    return Outcome(sentences, told)


@dataclass
class Webhook:
    """What a web server was sent, and how it answers."""

    port: int = 0
    status: int = 200
    location: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    hangs: threading.Event | None = None


@contextmanager
def webhook(**how: Any) -> Iterator[Webhook]:
    hook = Webhook(**how)

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.bodies.append(json.loads(body))
            if hook.hangs:
                hook.hangs.wait(30)
            self.send_response(hook.status)
            if hook.location:
                self.send_header("Location", hook.location)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("localhost", 0), Answers)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hook
    finally:
        if hook.hangs:
            hook.hangs.set()
        server.shutdown()
        thread.join()
        server.server_close()


def everything_in(folder: Path) -> str:
    """Every name and every byte below a folder."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return "".join(f"{path} {path.read_bytes()!r}" for path in found)


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_report_comes_by_mail_over_tls(authority: Authority, files: Path, tls: Any) -> None:
    """A mail server with TLS and a login gets a letter: subject, summary, page attached."""
    with mail_server(tls, authority.context()) as box:
        address = f"mailtos://{USER}:{PASSWORD}@localhost:{box.port}?mode={tls}&smtp=localhost"
        address += "&from=robot@example.com&to=team@example.com"
        done = send(files, {MAIL: address, "SSL_CERT_FILE": str(authority.file), **LOCAL}, MAIL)
        assert done == Outcome([], {MAIL: "sent"})
        (letter,) = box.wait(1, 10)
        assert box.letters[0][0] == ["team@example.com"]
        assert box.logins == 1
    assert letter["Subject"] == "Digits, week by week (1 alert)"
    html, plain = (letter.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert plain is not None
    for text in (html.get_content(), plain.get_content()):
        assert "digits-1 dropped by 0.02" in text
        assert "0.01 is best; 0.1 is worse by 1.8 points." in text
        assert "digits-4" in text
        assert "digits-5" not in text
        assert "and 3 more in the report" in text
        assert "It is attached to this letter." in text
    (page,) = letter.iter_attachments()
    assert page.get_filename() == "report.html"
    assert page.get_content_type() == "text/html"
    assert b"The page" in page.get_payload(decode=True)


def test_a_certificate_nobody_vouches_for_is_refused(authority: Authority, files: Path) -> None:
    """Without the authority's certificate nothing is sent, and the sentence says why."""
    with mail_server("starttls", authority.context()) as box:
        address = f"mailtos://{USER}:{PASSWORD}@localhost:{box.port}?from=a@b.de&to=c@d.de"
        done = send(files, {MAIL: address, **LOCAL}, MAIL)
        assert box.letters == []
    assert "certificate is not trusted" in done.told[MAIL]


def test_a_certificate_of_another_host_is_refused(tmp_path: Path, files: Path) -> None:
    """A certificate that is trusted, but another host's, is none."""
    other = make_authority(tmp_path / "other", host="mail.example.com")
    with mail_server("ssl", other.context()) as box:
        address = f"mailtos://{USER}:{PASSWORD}@localhost:{box.port}?mode=ssl"
        address += "&from=a@b.de&to=c@d.de"
        done = send(files, {MAIL: address, "SSL_CERT_FILE": str(other.file), **LOCAL}, MAIL)
        assert box.letters == []
    assert "certificate is not trusted" in done.told[MAIL]


def test_what_a_mail_server_says_is_told_without_secrets(
    authority: Authority, files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong password, a refused recipient and a server without TLS: each its own sentence."""
    trust = {"SSL_CERT_FILE": str(authority.file), **LOCAL}
    tail = "?from=a@b.de&to=c@d.de"
    with mail_server("starttls", authority.context()) as box:
        wrong = f"mailtos://{USER}:{TOKEN}@localhost:{box.port}{tail}"
        refused = send(files, {MAIL: wrong, **trust}, MAIL)
        box.refuse = "550 no such user"
        right = f"mailtos://{USER}:{PASSWORD}@localhost:{box.port}{tail}"
        unknown = send(files, {MAIL: right, **trust}, MAIL)
    with mail_server() as bare:
        without = f"mailtos://{USER}:{PASSWORD}@localhost:{bare.port}{tail}"
        plain = send(files, {MAIL: without, **trust}, MAIL)
        assert bare.letters == []
    assert refused.told[MAIL] == "the mail server refused user name or password (535)"
    assert unknown.told[MAIL] == "the mail server refused the recipients"
    assert plain.told[MAIL] == "the mail server offers no TLS or no login, as asked for"
    said = f"{refused}{unknown}{plain}{caplog.text}"
    assert TOKEN not in said
    assert PASSWORD not in said


def test_mail_without_tls_needs_its_host_allowed(files: Path) -> None:
    """A password goes over the wire as it is only to a host that was allowed by name."""
    with mail_server() as box:
        address = f"mailto://localhost:{box.port}?from=a@b.de&to=c@d.de"
        refused = send(files, {MAIL: address}, MAIL)
        assert box.letters == []
        assert "without TLS" in refused.told[MAIL]
        assert send(files, {MAIL: address, **LOCAL}, MAIL).told == {MAIL: "sent"}
        box.wait(1, 10)


def test_a_webhook_gets_the_text(files: Path) -> None:
    """A webhook that is allowed by name gets title, alerts, verdict and where the page is."""
    with webhook() as hook:
        address = f"json://robot:{TOKEN}@localhost:{hook.port}/reports/{TOKEN}"
        assert send(files, {HOOK: address, **LOCAL}, HOOK).told == {HOOK: "sent"}
        (body,) = hook.bodies
    assert body["title"] == "Digits, week by week (1 alert)"
    assert "Alerts\n- digits-1 dropped by 0.02\n" in body["message"]
    assert "- sweep digits-0, test/accuracy 0.90\n" in body["message"]
    assert f"Report 7. The whole page is in the file {files / 'report.html'}." in body["message"]


def test_a_message_links_to_mlflow_where_its_address_is_known(files: Path) -> None:
    """With a dashboard's address and the report's run, the link stands beside the file."""
    known = replace(REPORT, dashboard="https://mlflow.example.com/")
    page = files / "report.html"
    linked = message_of(known, number=7, page=page, mlflow_run="5af")
    assert "in MLflow at https://mlflow.example.com/#/runs/5af and in the file /" in linked.text
    assert "/#/runs/" not in message_of(REPORT, number=7, page=page, mlflow_run="5af").text


def test_a_private_address_is_refused_unless_named(files: Path) -> None:
    """Nothing is sent to loopback unless its host is listed; the sentence says how to list it."""
    with webhook() as hook:
        refused = send(files, {HOOK: f"jsons://localhost:{hook.port}"}, HOOK)
        plain = send(files, {HOOK: f"json://127.0.0.1:{hook.port}", **LOCAL}, HOOK)
        assert hook.bodies == []
    assert refused.told[HOOK].endswith("FAIRTRIAL_PRIVATE_HOSTS=localhost")
    assert "without TLS" in plain.told[HOOK]


def test_a_redirect_is_not_followed(files: Path) -> None:
    """A server can't send the report, or the login, on to another one."""
    with webhook() as inner:
        to = f"http://localhost:{inner.port}/"
        with webhook(status=307, location=to) as outer:
            address = f"json://robot:{TOKEN}@localhost:{outer.port}?redirect=yes"
            done = send(files, {HOOK: address, **LOCAL}, HOOK)
            assert len(outer.bodies) == 1
        assert inner.bodies == []
    assert done.told[HOOK].startswith("it answered 307 Temporary Redirect; redirects are not")


def test_failures_are_sentences_and_stop_no_other(files: Path, tmp_path: Path) -> None:
    """500, silence, nobody, no variable, no address: five sentences, and the sixth gets it."""
    with webhook(status=500) as broken, webhook(hangs=threading.Event()) as silent:
        environment = {
            "A": f"json://robot:{TOKEN}@localhost:{broken.port}/{TOKEN}",
            "B": f"json://robot:{TOKEN}@localhost:{silent.port}?rto=0.3",
            "C": f"json://robot:{TOKEN}@localhost:1/{TOKEN}",
            "E": TOKEN,
            **LOCAL,
        }
        folder = Destination("folder", folder=tmp_path / "out")
        done = send(files, environment, "A", "B", "C", "D", "E", folder)
    assert done.told["A"] == "it answered 500 Internal Server Error"
    assert done.told["B"] == "it did not answer in time"
    assert done.told["C"] == "nothing listens there: the connection was refused"
    assert done.told["D"].startswith("the environment variable D is not set")
    assert done.told["E"].startswith("it holds no address")
    assert done.told[f"folder {tmp_path / 'out'}"] == "sent"
    assert [text.split(":")[0] for text in done.sentences] == [
        f"report 7 was not delivered to {name}" for name in "ABCDE"
    ]
    assert TOKEN not in f"{done}{everything_in(tmp_path)}"


def test_a_server_that_dribbles_is_left_in_the_end(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a server keeps the line busy, sending ends at its deadline."""
    monkeypatch.setattr(outbox, "DEADLINE_S", 1.0)
    with webhook(hangs=threading.Event()) as silent:
        done = send(files, {HOOK: f"json://localhost:{silent.port}", **LOCAL}, HOOK)
    assert done.told[HOOK] == "it was not done after 1 s"


def test_what_was_sent_is_not_sent_again(files: Path) -> None:
    """A second try delivers only where the first one failed, and an address only once."""
    with webhook() as hook, webhook() as other:
        environment = {
            "A": f"json://localhost:{hook.port}",
            "B": f"json://localhost:{other.port}",
            **LOCAL,
        }
        done = send(files, environment, "A", "B", "B", already={"A": "sent", "B": "it was away"})
        assert (len(hook.bodies), len(other.bodies)) == (0, 1)
    assert done.told == {"B": "sent"}


def test_a_large_page_is_zipped_and_a_huge_one_left_out(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A letter stays within what mail servers take; where the page is stands in it anyway."""
    monkeypatch.setattr(outbox, "ZIP_FROM_BYTES", 10)
    with mail_server() as box:
        environment = {MAIL: f"mailto://localhost:{box.port}?from=a@b.de&to=c@d.de", **LOCAL}
        send(files, environment, MAIL)
        monkeypatch.setattr(outbox, "MAX_BYTES", 10)
        send(files, environment, MAIL)
        zipped, bare = box.wait(2, 10)
    (page,) = zipped.iter_attachments()
    assert page.get_filename() == "report.html.zip"
    with zipfile.ZipFile(io.BytesIO(page.get_payload(decode=True))) as archive:
        assert b"The page" in archive.read("report.html")
    assert list(bare.iter_attachments()) == []
    body = bare.get_body(("html",))
    assert body is not None
    assert str(files) in body.get_content()


HOSTILE = "<script>alert(1)</script>\n=cmd() ../../x \u202e @everyone {{7*7}}"


def test_hostile_names_stay_text(files: Path) -> None:
    """A title or a name is text in the letter: no markup, no second header, nothing turned."""
    report = Report(HOSTILE, [], [], [], alerts=[Alert(HOSTILE, "x", "m", 1.0)], warnings=[HOSTILE])
    with mail_server() as box:
        address = f"mailto://localhost:{box.port}?from=a@b.de&to=c@d.de"
        send(files, {MAIL: address, **LOCAL}, MAIL, report=report)
        (letter,) = box.wait(1, 10)
    html = letter.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()
    assert "\u202e" not in f"{letter['Subject']}{html.get_content()}"
    assert letter["Subject"].startswith(r"<script>alert(1)</script>\n=cmd()")
