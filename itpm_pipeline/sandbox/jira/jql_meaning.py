"""JQL as meaning: from a tree to a test on issues, a range of the index and an order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from itpm_pipeline.sandbox.company.model import JiraIssue
from itpm_pipeline.sandbox.jira import jql_dates
from itpm_pipeline.sandbox.jira.answers import JiraError
from itpm_pipeline.sandbox.jira.entities import Entities
from itpm_pipeline.sandbox.jira.jql import And, Clause, Empty, Node, Not, Or, Order, Value
from itpm_pipeline.sandbox.jira.jql_fields import (
    DateField,
    JqlField,
    KeyField,
    SetField,
    TextField,
    canonical,
    known_fields,
    referenced,
)
from itpm_pipeline.sandbox.jira.site import Site

Test = Callable[[JiraIssue], bool]
SortKey = Callable[[JiraIssue], tuple[Any, ...]]

_EQUALITY = frozenset({"=", "!=", "in", "not in", "is", "is not"})
_NEGATIVE = frozenset({"!=", "not in", "is not"})
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda held, meant: bool(held == meant),
    "!=": lambda held, meant: bool(held != meant),
    "<": lambda held, meant: bool(held < meant),
    "<=": lambda held, meant: bool(held <= meant),
    ">": lambda held, meant: bool(held > meant),
    ">=": lambda held, meant: bool(held >= meant),
}


@dataclass(slots=True)
class Range:
    """Where in the index of updates the matches lie: projects (None: any) and epoch milliseconds, both included."""

    projects: frozenset[str] | None = None
    lowest: int | None = None
    highest: int | None = None


class Meaning:
    """Reads trees for one site at its present generation."""

    def __init__(self, site: Site, entities: Entities) -> None:
        self._site = site
        self._entities = entities
        self._fields = known_fields(site, entities)

    # --- Tests -------------------------------------------------------------------------------------------------

    def test(self, node: Node) -> Test:
        """A function that says whether an issue matches; 400 for fields, operators and values that do not exist."""
        match node:
            case And(parts=parts):
                tests = [self.test(part) for part in parts]
                return lambda issue: all(test(issue) for test in tests)
            case Or(parts=parts):
                tests = [self.test(part) for part in parts]
                return lambda issue: any(test(issue) for test in tests)
            case Not(part=part):
                inner = self.test(part)
                return lambda issue: not inner(issue)
            case Clause():
                return self._clause(node)

    def _field(self, name: str) -> JqlField:
        found = self._fields.get(canonical(name))
        if found is None:
            raise JiraError(400, f"Field '{name}' does not exist or you do not have permission to view it.")
        return found

    def _clause(self, clause: Clause) -> Test:
        field = self._field(clause.field)
        match field:
            case SetField():
                return self._set_test(clause, field)
            case DateField():
                return self._date_test(clause, field)
            case KeyField():
                return self._key_test(clause)
            case TextField():
                return self._text_test(clause, field)

    def _refuse(self, clause: Clause) -> JiraError:
        return JiraError(400, f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")

    def _set_test(self, clause: Clause, field: SetField) -> Test:
        if clause.operator not in _EQUALITY:
            raise self._refuse(clause)
        wanted: set[str] = set()
        wants_empty = False
        for operand in clause.operands:
            meant = field.meant(operand)
            wanted |= meant
            wants_empty = wants_empty or not meant
        held = field.held
        if clause.operator not in _NEGATIVE:
            return lambda issue: _meets(held(issue), wanted, empty=wants_empty)
        # Jira's "not" passes over issues with nothing in the field.
        return lambda issue: (values := set(held(issue))) != set() and values.isdisjoint(wanted)

    def _date_test(self, clause: Clause, field: DateField) -> Test:
        held = field.held
        if clause.operator in ("is", "is not"):
            wants_empty = clause.operator == "is"
            return lambda issue: (held(issue) is None) == wants_empty
        meant = [jql_dates.instant(operand, clause.field, self._site) for operand in clause.operands]
        if clause.operator in ("in", "not in"):
            wants = clause.operator == "in"
            return lambda issue: (at := held(issue)) is not None and (at in meant) == wants
        if clause.operator not in _COMPARE:
            raise self._refuse(clause)
        compare, bound = _COMPARE[clause.operator], meant[0]
        return lambda issue: (at := held(issue)) is not None and compare(at, bound)

    def _key_test(self, clause: Clause) -> Test:
        if clause.operator in ("is", "is not"):
            wants_empty = clause.operator == "is"
            return lambda _issue: not wants_empty
        meant = [self._operand_issue(clause, operand) for operand in clause.operands]
        if clause.operator in _EQUALITY:
            ids = {issue.id for issue in meant}
            wants = clause.operator not in _NEGATIVE
            return lambda issue: (issue.id in ids) == wants
        if clause.operator not in _COMPARE:
            raise self._refuse(clause)
        compare, bound = _COMPARE[clause.operator], meant[0]
        # "key > PAY-5" compares within the project of PAY-5, as in Jira.
        return lambda issue: issue.project_id == bound.project_id and compare(_number(issue), _number(bound))

    def _operand_issue(self, clause: Clause, operand: Any) -> JiraIssue:
        if not isinstance(operand, Value):
            raise self._refuse(clause)
        return referenced(operand.text, clause.field, self._site)

    def _text_test(self, clause: Clause, field: TextField) -> Test:
        operand = clause.operands[0]
        if clause.operator in ("is", "is not") and isinstance(operand, Empty):
            wants_empty = clause.operator == "is"
            return lambda issue: (not field.held(issue)) == wants_empty
        if clause.operator not in ("~", "!~") or not isinstance(operand, Value):
            raise self._refuse(clause)
        words = operand.text.lower().split()
        wants = clause.operator == "~"
        return lambda issue: all(word in field.held(issue).lower() for word in words) == wants

    # --- The index ---------------------------------------------------------------------------------------------

    def range(self, node: Node) -> Range:
        """The narrowest range of the index that surely holds every match."""
        found = Range()
        for clause in _conjuncts(node):
            field = self._field(clause.field)
            name = canonical(clause.field)
            if name == "project" and isinstance(field, SetField) and clause.operator in ("=", "in"):
                projects = frozenset().union(*(field.meant(operand) for operand in clause.operands))
                found.projects = projects if found.projects is None else found.projects & projects
            elif name == "updated" and clause.operator in ("=", "<", "<=", ">", ">="):
                bound = jql_dates.instant(clause.operands[0], clause.field, self._site)
                if clause.operator in ("=", ">", ">="):
                    found.lowest = bound if found.lowest is None else max(found.lowest, bound)
                if clause.operator in ("=", "<", "<="):
                    found.highest = bound if found.highest is None else min(found.highest, bound)
        return found

    # --- Order -------------------------------------------------------------------------------------------------

    def sort_key(self, order: tuple[Order, ...]) -> SortKey:
        """A total order; without ORDER BY the youngest issue first. Keys hold numbers, strings and tuples only."""
        parts = [self._sort_part(part) for part in order]
        if not parts:
            return lambda issue: (-int(issue.id),)
        return lambda issue: (*(part(issue) for part in parts), int(issue.id))

    def _sort_part(self, order: Order) -> Callable[[JiraIssue], Any]:
        ascending = self._ascending(order)
        return (lambda issue: _reversed(ascending(issue))) if order.descending else ascending

    def _ascending(self, order: Order) -> Callable[[JiraIssue], Any]:
        projects, entities, statuses = self._site.company.jira_projects, self._entities, self._site.company.statuses
        field = self._fields.get(canonical(order.field))
        if isinstance(field, DateField):
            held = field.held
            return lambda issue: (1, 0) if (at := held(issue)) is None else (0, at)
        orders: dict[str, Callable[[JiraIssue], Any]] = {
            "key": lambda issue: (projects[issue.project_id].key, _number(issue)),
            "project": lambda issue: projects[issue.project_id].name,
            "rank": lambda issue: int(issue.id),
            "priority": lambda issue: -int(entities.priorities[issue.priority]["id"]),
            "status": lambda issue: statuses[issue.status_id].name,
            "issuetype": lambda issue: issue.type,
            "summary": lambda issue: issue.summary,
        }
        found = orders.get(canonical(order.field))
        if found is None:
            raise JiraError(400, f"Not able to sort using field '{order.field}'.")
        return found


def moves_with_clock(node: Node) -> bool:
    """Whether a query means something else a moment later."""
    match node:
        case And(parts=parts) | Or(parts=parts):
            return any(moves_with_clock(part) for part in parts)
        case Not(part=part):
            return moves_with_clock(part)
        case Clause(operands=operands):
            return any(jql_dates.is_relative(operand) for operand in operands)


def _conjuncts(node: Node) -> Iterator[Clause]:
    """Clauses that every match fulfils."""
    if isinstance(node, Clause):
        yield node
    elif isinstance(node, And):
        for part in node.parts:
            yield from _conjuncts(part)


def _meets(held: Any, wanted: set[str], *, empty: bool) -> bool:
    values = set(held)
    return not values.isdisjoint(wanted) or (empty and not values)


def _number(issue: JiraIssue) -> int:
    return int(issue.key.rpartition("-")[2])


def _reversed(value: Any) -> Any:
    """A value that sorts the other way round: numbers negated; strings as negated characters, the shorter last."""
    if isinstance(value, str):
        return (*(-ord(character) for character in value), 1)
    if isinstance(value, tuple):
        return tuple(_reversed(part) for part in value)
    return -value
