"""program.yaml: what is accepted, and the one line a mistake is answered with."""

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from itpm_pipeline.config import load_settings
from itpm_pipeline.errors import ConfigurationError

GOOD = """\
trackers:
  - name: acme-jira
    kind: jira
    url: https://acme.atlassian.net
    email: ${JIRA_EMAIL}
    token: ${JIRA_TOKEN}
    projects: {include: [PAY, "WEB*"], exclude: [WEBTEST]}
  - {name: acme-gh, kind: github, url: "https://api.github.com", token: "${GITHUB_TOKEN}", repositories: all}
programs:
  - key: PAYMENTS
    name: Payments modernisation
    timezone: Europe/Berlin
    projects: ["acme-jira:PAY", "acme-gh:acme/checkout"]
"""
ENVIRONMENT = {"JIRA_EMAIL": "pipeline@acme.example", "JIRA_TOKEN": "s3cret", "GITHUB_TOKEN": "gh-s3cret"}


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "program.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_good_file_resolves_variables_and_anchors_places(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD), ENVIRONMENT)
    jira = settings.tracker("acme-jira")
    assert jira.token.get_secret_value() == "s3cret"
    assert [jira.projects.admits(key) for key in ("PAY", "WEBSHOP", "WEBTEST", "HR")] == [True, True, False, False]
    assert settings.tracker("acme-gh").repositories.admits("acme/anything")
    assert settings.warehouse.url == f"duckdb:///{tmp_path}/data/warehouse.duckdb"
    assert settings.landing.url == f"{tmp_path}/data/landing"


def test_secrets_never_show(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD), ENVIRONMENT)
    assert "s3cret" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_places_from_the_environment_win(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "ITPM_WAREHOUSE_URL": "duckdb:////srv/w.duckdb", "ITPM_LANDING_URL": "s3://b/landing"}
    settings = load_settings(write(tmp_path, GOOD), environment)
    assert (settings.warehouse.url, settings.landing.url) == ("duckdb:////srv/w.duckdb", "s3://b/landing")


DATABASE = 'warehouse: {url: "postgresql+psycopg://itpm:${PG_PASSWORD}@db.acme.example/itpm"}\n'


@pytest.mark.parametrize("password", ["pa/ss:w@rd", "100%41#?", "${JIRA_TOKEN}", "'; --", "plain"])
def test_the_password_of_a_database_may_have_any_characters_and_never_shows(tmp_path: Path, password: str) -> None:
    settings = load_settings(write(tmp_path, DATABASE + GOOD), {**ENVIRONMENT, "PG_PASSWORD": password})
    assert unquote(urlsplit(settings.warehouse.url).password or "") == password
    assert urlsplit(settings.warehouse.url).hostname == "db.acme.example"
    shown = repr(settings) + str(settings) + settings.model_dump_json() + str(settings.model_dump())
    assert quote(password, safe="") not in shown
    assert settings.model_dump()["warehouse"]["url"] == "postgresql+psycopg://***@db.acme.example/itpm"


def test_the_address_of_a_database_may_be_one_variable(tmp_path: Path) -> None:
    text = 'warehouse: {url: "${DATABASE}"}\n' + GOOD
    address = "postgresql+psycopg://itpm:a%2Fb@db/itpm"
    assert load_settings(write(tmp_path, text), {**ENVIRONMENT, "DATABASE": address}).warehouse.url == address


MISTAKES = {
    "literal password": (
        "trackers:", "warehouse: {url: 'postgresql+psycopg://itpm:abc123@db/itpm'}\ntrackers:",
        ":1: warehouse.url: a secret must not stand in this file",
    ),
    "unset variable": ("${JIRA_TOKEN}", "${NOT_SET}", ":6: trackers[0].token: environment variable NOT_SET is not set"),
    "literal token": ("${JIRA_TOKEN}", "abc123", ":6: trackers[0].token: a secret must not stand in this file"),
    "unknown key": ("email:", "e_mail:", ":5: trackers[0].e_mail: unknown key; did you mean email?"),
    "unknown top key": ("programs:", "programmes:", ":9: programmes: unknown key; did you mean programs?"),
    "unknown kind": ("kind: jira", "kind: jria", ":2: trackers[0]: Input tag 'jria'"),
    "not an address": ("https://acme.atlassian.net", "acme", ":4: trackers[0].url: this is no address"),
    "plain http": ("https://acme.atl", "http://acme.atl", ":4: trackers[0].url: credentials would travel unencrypted"),
    "secret in the address": ("https://acme", "https://me:pw@acme", "must not carry credentials"),
    "time zone": ("Europe/Berlin", "Europe/Berln", ":12: programs[0].timezone: 'Europe/Berln' is no IANA time zone"),
    "metric out of order": (
        "programs:", "metrics: {risk: {score_bands: [65, 35]}}\nprograms:", ":9: metrics.risk.score_bands: [65.0, 35.0]"
    ),
    "unknown tracker": ("acme-gh:acme", "acme-hub:acme", "names an unknown tracker"),
    "project without tracker": ('"acme-jira:PAY"', '"PAY"', "must be written tracker:key"),
    "not YAML": ("programs:", "programs: [", "not valid YAML"),
    "same tracker twice": ("name: acme-gh,", "name: acme-jira,", "tracker name 'acme-jira' is given 2 times"),
}


@pytest.mark.parametrize(("old", "new", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_names_file_line_and_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path, ENVIRONMENT)
    assert expected in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "s3cret" not in str(caught.value)
    assert "abc123" not in str(caught.value)


def test_project_in_two_programs(tmp_path: Path) -> None:
    text = GOOD + "  - {key: OTHER, name: Other, projects: ['acme-jira:PAY']}\n"
    with pytest.raises(ConfigurationError, match="project 'acme-jira:PAY' is in two programs: PAYMENTS and OTHER"):
        load_settings(write(tmp_path, text), ENVIRONMENT)


def test_several_mistakes_give_several_lines(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("${JIRA_EMAIL}", "${NO_MAIL}").replace("${GITHUB_TOKEN}", "${NO_TOKEN}"))
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path, ENVIRONMENT)
    assert len(str(caught.value).splitlines()) == 2


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="write one with `itpm init`"):
        load_settings(tmp_path / "nowhere.yaml", ENVIRONMENT)


def test_empty_file_is_valid(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "# nothing yet\n"), {}).trackers == ()
