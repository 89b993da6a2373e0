"""Accounts to rows of ``person``."""

import hashlib
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.sources.jira.context import JiraContext
from itpm_pipeline.sources.jira.values import mapping, text


class People:
    """Adds each account of one record once, and tells its canonical id."""

    def __init__(self, context: JiraContext, rows: CanonicalRows) -> None:
        self._context = context
        self._rows = rows
        self._seen: set[str] = set()

    def add(self, user: Any) -> str | None:
        """Canonical id of an account as Cloud (accountId) or Data Center (key, name) shows it; None for nobody.

        An account whose details are hidden (deleted, anonymised) keeps its id, and has no name.
        """
        account = mapping(user)
        ref = account.get("accountId") or account.get("key") or account.get("name")
        if not ref:
            return None
        person_id = self._context.ref("user", ref)
        if person_id not in self._seen:
            self._seen.add(person_id)
            email = text(account.get("emailAddress"))
            active = account.get("active")
            self._rows.add("person", {
                "person_id": person_id,
                "account_ref": str(ref),
                "display_name": text(account.get("displayName")),
                "email_sha256": hashlib.sha256(email.strip().lower().encode()).hexdigest() if email else None,
                "is_bot": account.get("accountType") == "app",
                "is_active": active if isinstance(active, bool) else None,
            })  # fmt: skip
        return person_id
