"""Hiring: who works at the company, with an account in each tracker."""

from itertools import count

from itpm_pipeline.sandbox.company.identifiers import node_id
from itpm_pipeline.sandbox.company.model import Company, Person

_FIRST = (
    "Anna", "Bela", "Chidi", "Dóra", "Emre", "Fatima", "Gustav", "Hana", "Ivo", "Jasmin", "Kofi", "Léa", "Mehmet",
    "Nadia", "Olu", "Priya", "Quentin", "Rosa", "Sanjay", "Tove", "Umut", "Vera", "Wei", "Ximena", "Yusuf", "Zoë",
    "Arjun", "Birgit", "Carlos", "Dmitri", "Esi", "Farid",
)
_LAST = (
    "Albrecht", "Banerjee", "Çelik", "Dubois", "Eriksson", "Fernández", "Gupta", "Hoffmann", "Iyer", "Jensen",
    "Kowalski", "Lindgren", "Müller", "Nakamura", "O'Brien", "Petrov", "Quist", "Rao", "Schäfer", "Thompson", "Ueda",
    "Varga", "Williams", "Xu", "Øster", "Zhang", "Adeyemi",
)
_HOSTILE_NAMES = {
    3: "Robert'); DROP TABLE Students;--",
    8: "=cmd|' /C calc'!A0",
    14: "<script>alert('Mallory')</script>",
    19: "\u202eecilA (Alice)",
}
"""By number of the person hired: names that software must show, not obey."""

AUTOMATION, DEPENDABOT, ACTIONS = "automation", "dependabot", "github-actions"
_BOTS = (
    (AUTOMATION, "Automation for Jira", "acme-automation[bot]"),
    (DEPENDABOT, "Dependabot", "dependabot[bot]"),
    (ACTIONS, "GitHub Actions", "github-actions[bot]"),
)


class Staff:
    """Hires people one after the other."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._numbers = count(1)
        self.zones: dict[str, str] = {}
        """Time zone by person key; bots have none."""
        for key, name, login in _BOTS:
            self._add(key, name, login, is_bot=True)

    def hire(self, zone: str) -> str:
        """Add a person who works in ``zone``; the key."""
        number = len(self._company.people) - len(_BOTS)
        first = _FIRST[number % len(_FIRST)]
        last = _LAST[(number * 7 + number // len(_FIRST)) % len(_LAST)]
        key = f"p{number + 1:03d}"
        name = _HOSTILE_NAMES.get(number, f"{first} {last}")
        self._add(key, name, f"{_ascii(first)}-{_ascii(last)}-{number + 1}".lower(), is_bot=False)
        self.zones[key] = zone
        return key

    def _add(self, key: str, name: str, login: str, *, is_bot: bool) -> None:
        number = next(self._numbers)
        address = login.replace("[bot]", "")
        self._company.people[key] = Person(
            key=key, name=name, email=f"{address}@acme.example",
            jira_account_id=f"557058:{number:08x}-acme-4000-8000-{number * 7919:012x}", github_login=login,
            github_node_id=node_id("BOT" if is_bot else "U", 40_000 + number), github_database_id=40_000 + number,
            is_bot=is_bot,
        )


def _ascii(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isalnum()) or "x"
