import pytest

from itpm_pipeline.config import GithubTracker, ProjectFilter
from itpm_pipeline.errors import ProtocolError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.sources.github.discovery import discover, is_included, listings

DATE = {"Date": "Mon, 16 Nov 2026 08:00:00 GMT"}


def found(name, **changed):
    return {"full_name": f"acme/{name}", "name": name, "node_id": f"R_{name}", "has_issues": True, "archived": False,
            "disabled": False, **changed}  # fmt: skip


def test_follows_links_to_further_pages_with_their_own_parameters(fake, tracker, session):
    def pages(asked):
        if asked.parameters.get("page") == ["2"]:
            return 200, DATE, [found("api", archived=True), found("wiki", has_issues=False)]
        link = f'<{fake.url}/orgs/acme/repos?per_page=100&page=2>; rel="next", <{fake.url}/x>; rel="last"'
        return 200, {**DATE, "Link": link}, [found("web"), found("old", disabled=True)]

    fake.handlers["GET /orgs/acme/repos"] = pages
    projects = discover(tracker, session, Traffic())
    assert [(one.key, one.native_id, one.is_archived, one.skip_reason) for one in projects] == [
        ("acme/api", "R_api", True, None),
        ("acme/old", "R_old", False, "GitHub has disabled this repository"),
        ("acme/web", "R_web", False, None),
        ("acme/wiki", "R_wiki", False, "issues are disabled in this repository"),
    ]
    assert [one.parameters for one in fake.asked] == [{"per_page": ["100"]}, {"per_page": ["100"], "page": ["2"]}]
    assert projects[0].partition == "acme-gh:acme/api"


def test_a_page_that_links_to_itself_is_an_error(fake, tracker, session):
    link = f'<{fake.url}/orgs/acme/repos?page=2>; rel="next"'
    fake.handlers["GET /orgs/acme/repos"] = lambda _: (200, {**DATE, "Link": link}, [found("web")])
    with pytest.raises(ProtocolError, match="twice"):
        discover(tracker, session, Traffic())


def test_listing_depends_on_organisations_and_kind_of_credential():
    base = {"name": "gh", "kind": "github", "url": "https://api.github.com"}
    app = {"app_id": 1, "installation_id": 2, "private_key": "k"}
    assert listings(GithubTracker(**base, token="t", organizations=("a", "b"))) == ["/orgs/a/repos", "/orgs/b/repos"]
    assert listings(GithubTracker(**base, token="t")) == ["/user/repos"]
    assert listings(GithubTracker(**base, app=app)) == ["/installation/repositories"]


def test_an_installation_wraps_its_repositories(fake, session):
    tracker = GithubTracker(name="gh", kind="github", url=fake.url, app={
        "app_id": 1, "installation_id": 2, "private_key": "k"})  # fmt: skip
    fake.handlers["GET /installation/repositories"] = lambda _: (200, DATE, {"repositories": [found("web")]})
    assert [one.key for one in discover(tracker, session, Traffic())] == ["acme/web"]


def test_something_else_than_a_list_is_an_error(fake, tracker, session):
    fake.handlers["GET /orgs/acme/repos"] = lambda _: (200, DATE, {"message": "hello"})
    with pytest.raises(ProtocolError, match="NoneType came"):
        discover(tracker, session, Traffic())


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (("*",), (), True),
        (("check*",), (), True),
        (("acme/check*",), (), True),
        (("ACME/Checkout",), (), True),
        (("other/*",), (), False),
        (("*",), ("checkout",), False),
        (("check*",), ("acme/*",), False),
        ((), (), False),
    ],
)
def test_patterns(include, exclude, expected):
    assert is_included("acme/Checkout", ProjectFilter(include=include, exclude=exclude)) is expected
