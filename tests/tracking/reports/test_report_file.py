from __future__ import annotations

from pathlib import Path

import pytest

from tracking.errors import SpecError
from tracking.reports.spec import (
    SECTIONS,
    AlertRule,
    Destination,
    SectionSpec,
    load_report,
    parse_report,
)

DESIGN = """\
title: Digits, week by week
sweeps: [digits-search, "digits-*"]
baseline: digits-learning-rate
metric: test/accuracy
sections:
  - verdict
  - leaderboard
  - comparison: {by: learning_rate}
  - versus
  - trend
  - importance
  - curves
  - failures
  - cost
  - provenance
alerts:
  - {metric: test/accuracy, drops_by: 0.01}
deliver:
  - {folder: reports/}
  - {url_from: FAIRTRIAL_SLACK_URL}
"""
START = "title: t\nsweeps: [a]\n"


def test_the_example_of_the_design_is_read(tmp_path: Path) -> None:
    """The fixed format's example means what it says, from a file and from a kept text alike."""
    path = tmp_path / "report.yaml"
    path.write_text(DESIGN, encoding="utf-8")
    spec = load_report(path)
    assert spec == parse_report(DESIGN, path)
    assert (spec.title, spec.text, spec.folder) == ("Digits, week by week", DESIGN, tmp_path)
    assert [(s.kind, s.text) for s in spec.sweeps] == [
        ("name", "digits-search"),
        ("name", "digits-*"),
    ]
    assert (spec.baseline, spec.metrics) == ("digits-learning-rate", ("test/accuracy",))
    assert [section.name for section in spec.sections] == list(SECTIONS)
    assert spec.sections[2] == SectionSpec("comparison", ("learning_rate",))
    assert spec.alerts == (AlertRule("test/accuracy", "drops_by", 0.01),)
    assert spec.deliver == (
        Destination("folder", folder=tmp_path / "reports/"),
        Destination("url", variable="FAIRTRIAL_SLACK_URL"),
    )


def test_what_may_be_left_out() -> None:
    """Two keys make a report: everything else has a default."""
    spec = parse_report(START, Path("r.yaml"))
    rest = (spec.baseline, spec.metrics, spec.sections, spec.alerts, spec.deliver)
    assert rest == ("", (), (), (), ())


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ("digits", "name", "digits"),
        ("{tag: team=vision}", "tag", "team=vision"),
        ("{tag: nightly}", "tag", "nightly"),
        ("[{tag: nightly}]", "tag", "nightly"),
        ("{since: last}", "since", "last"),
        ("[{since: last}]", "since", "last"),
    ],
)
def test_ways_to_select(given: str, kind: str, text: str) -> None:
    """Names, tags and 'since the last report' stand alone or in a list."""
    (selector,) = parse_report(f"title: t\nsweeps: {given}\n", Path("r.yaml")).sweeps
    assert (selector.kind, selector.text) == (kind, text)


def test_options_of_sections_and_alerts() -> None:
    """A comparison takes one or two factors and a metric, an alert the sweeps it watches."""
    spec = parse_report(
        f"{START}metric: [a, b]\nsections:\n"
        "- comparison: {by: [x, y], metric: test/loss}\n- versus: {by: x}\n- trend:\n"
        'alerts: [{metric: m, below: 1, sweep: "d-*"}, {metric: m, above: -2}]\n',
        Path("r.yaml"),
    )
    assert spec.metrics == ("a", "b")
    assert spec.sections == (
        SectionSpec("comparison", ("x", "y"), "test/loss"),
        SectionSpec("versus", ("x",)),
        SectionSpec("trend"),
    )
    assert spec.alerts == (
        AlertRule("m", "below", 1.0, "d-*"),
        AlertRule("m", "above", -2.0),
    )


def test_a_title_is_one_printable_line() -> None:
    """It becomes a heading, a subject and a folder: nothing in it breaks a line or reorders one."""
    text = 'title: "a\\nb  <script>\\u202e"\nsweeps: [a]\n'
    assert parse_report(text, Path("r.yaml")).title == "a b <script>\\u202e"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sweeps: [a]", "r.yaml:1: title: is missing; write it, such as 'title: Digits"),
        ("title: t", "r.yaml:1: sweeps: is missing; write it"),
        ("titel: t", "r.yaml:1: titel: unknown key 'titel'; did you mean 'title'?"),
        ("title: t\nsweeps: []", "r.yaml:2: sweeps: is an empty list"),
        ("title: t\nsweeps: [a, a]", "r.yaml:2: sweeps: stands here a second time; keep one"),
        ("title: t\nsweeps: [3]", "r.yaml:2: sweeps: 3 is not text"),
        ("title: t\nsweeps: [{tags: x}]", "sweeps.tags: unknown key 'tags'; did you mean 'tag'?"),
        ("title: t\nsweeps: {since: week}", "sweeps.since: 'week' is not known here"),
        ("title: t\nsweeps: [{}]", "sweeps: takes one key; write {since: last} or {tag:"),
        ("title: t\nsweeps: [{tag: =x}]", "sweeps.tag: '=x' names no tag"),
        ("title: '  '\nsweeps: [a]", "title: a title has 1 to 200 characters, this one has 0"),
        (START + "metric: []", "r.yaml:3: metric: is an empty list"),
        (START + "sections: verdict", "sections: 'verdict' is no list"),
        (START + "sections: [curve]", "sections: 'curve' is not known here; did you mean 'curves'"),
        (START + "sections: [trend, trend]", "sections: stands here a second time"),
        (START + "sections: [{trends: 1}]", "sections.trends: 'trends' is not known here; did"),
        (START + "sections: [{trend: 1}]", "sections.trend: takes nothing below it; write '- tr"),
        (START + "sections: [{comparison: {bye: x}}]", "comparison.bye: unknown key 'bye'; did"),
        (
            START + "sections: [{comparison: {by: [x, y, z]}}]",
            "comparison.by: names 3 factors; take at most 2",
        ),
        (
            START + "sections: [{versus: {}, trend: {}}]",
            "a section is one name; begin each with a dash of its own",
        ),
        (START + "alerts: [{below: 1}]", "alerts.metric: is missing"),
        (START + "alerts: [{metric: m}]", "an alert has one of drops_by, below, above, this one"),
        (START + "alerts: [{metric: m, below: 1, above: 2}]", "this one has 2"),
        (START + "alerts: [{metric: m, below: low}]", "alerts.below: 'low' is not a number"),
        (START + "alerts: [{metric: m, below: .nan}]", "alerts.below: nan is not a number"),
        (START + "alerts: [{metric: m, drops_by: 0}]", "alerts.drops_by: 0 is not above 0"),
        (START + "alerts: [{metric: m, drops_by: true}]", "true is not a number"),
        (START + "deliver: [{}]", "deliver: takes one key: either folder or url_from"),
        (START + "deliver: [{mail: x}]", "deliver.mail: unknown key 'mail'"),
        ("[1, 2]", "r.yaml:1: the file holds a list, not keys and values; begin with title"),
        ("", "r.yaml: is empty; begin with title, sweeps and sections"),
        ("title: &a t\nsweeps: [*a]", "the anchor &a is refused"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(text: str, said: str) -> None:
    """Every error names the place, what was given, the rule and the way out."""
    with pytest.raises(SpecError) as caught:
        parse_report(text, Path("r.yaml"))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        "{url: 'slack://tok/en/hush-hush'}",
        "{url_from: 'slack://tok/en/hush-hush'}",
        "'slack://tok/en/hush-hush'",
        "{folder: 'slack://tok/en/hush-hush'}",
    ],
)
def test_an_address_is_refused_and_not_repeated(entry: str) -> None:
    """Secrets stand in the environment only, and an error does not carry one to a log."""
    with pytest.raises(SpecError) as caught:
        parse_report(f"{START}deliver: [{entry}]\n", Path("r.yaml"))
    assert "r.yaml:3: deliver" in str(caught.value)
    assert "url_from:" in str(caught.value)
    assert "hush-hush" not in str(caught.value)
