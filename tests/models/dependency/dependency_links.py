"""An event log with links between its issues."""

from event_log import EventLog, Issue, at


class Links(EventLog):
    """An event log with links as mapping writes them: directed already, seen from an issue."""

    def link(
        self, seen_from: Issue, blocker: Issue | str, blocked: Issue | str, *, ref: str = "1",
        edge_type: str = "blocks", provenance: str = "jira_link", confidence: float = 1.0,
    ) -> None:
        ends: dict[str, str | None] = {}
        for role, issue in (("blocker", blocker), ("blocked", blocked)):
            known = isinstance(issue, Issue)
            ends[f"{role}_issue_id"] = issue.issue_id if known else None
            ends[f"{role}_ref"] = issue.key if known else issue
        self.add("issue_link", seen_from_id=seen_from.issue_id, link_ref=ref, edge_type=edge_type,
                 provenance=provenance, confidence=confidence, observed_at=at("11-16"), **ends)

    def link_event(self, issue: Issue, when: str, words: str, other: Issue, *, added: bool = True) -> None:
        side = "to" if added else "from"
        self.add("issue_field_event", issue_id=issue.issue_id, source_event_id=f"{when}{words}{other.key}",
                 item_ordinal=0, field="link", occurred_at=at(when), provenance="api_event",
                 **{f"{side}_raw": other.key, f"{side}_text": f"This issue {words} {other.key}"})
