"""JQL as text: from characters to a tree."""

import re
from dataclasses import dataclass

from itpm_pipeline.sandbox.jira.answers import JiraError

MAX_ORDER_FIELDS = 7


@dataclass(frozen=True, slots=True)
class Value:
    """A literal; ``quoted`` ones are never EMPTY."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function call, like ``openSprints()``."""

    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Empty:
    """``EMPTY`` or ``NULL``."""


Operand = Value | Function | Empty


@dataclass(frozen=True, slots=True)
class Clause:
    """``field operator operands``; one operand unless the operator is ``in`` or ``not in``."""

    field: str
    operator: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts hold."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the parts holds."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Node"


Node = Clause | And | Or | Not


@dataclass(frozen=True, slots=True)
class Order:
    """One field of ORDER BY."""

    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; ``where`` None is an unbounded one."""

    where: Node | None
    order: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


_TOKENS = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<operator><=|>=|!=|!~|[=<>~])
    | (?P<punctuation>[(),])
    | (?P<and>&&?)
    | (?P<or>\|\|?)
    | (?P<bang>!)
    | (?P<word>[^\s"'=<>!~(),&|]+)
    )""",
    re.VERBOSE,
)
_SYMBOLS = frozenset({"operator", "punctuation", "and", "or", "bang"})
_RESERVED = frozenset({"and", "or", "not", "in", "is", "was", "changed", "order", "by", "empty", "null", "asc", "desc"})


def parse(text: str) -> Query:
    """The query that ``text`` says; 400 with Jira's kind of message when it says none."""
    return _Parser(text).query()


def _tokenize(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            if not rest:
                break
            raise JiraError(
                400, f"Error in the JQL Query: The quoted string '{rest[1:]}' has not been completed. "
                f"(line 1, character {len(text) - len(rest) + 1})"
            )
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokenize(text)
        self._place = 0

    # --- Tokens ------------------------------------------------------------------------------------------------

    def _peek(self, ahead: int = 0) -> _Token | None:
        place = self._place + ahead
        return self._tokens[place] if place < len(self._tokens) else None

    def _is_word(self, word: str, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return token is not None and token.kind == "word" and token.text.lower() == word

    def _take_word(self, word: str) -> bool:
        if self._is_word(word):
            self._place += 1
            return True
        return False

    def _take_symbol(self, *texts: str) -> str | None:
        token = self._peek()
        if token is not None and token.kind in _SYMBOLS and token.text in texts:
            self._place += 1
            return token.text
        return None

    def _fail(self, expected: str) -> JiraError:
        token = self._peek()
        if token is None:
            return JiraError(400, f"Error in the JQL Query: Expecting {expected} before the end of the query.")
        return JiraError(
            400,
            f"Error in the JQL Query: Expecting {expected} but got '{token.text}'. (line 1, character {token.at + 1})",
        )

    # --- Grammar -----------------------------------------------------------------------------------------------

    def query(self) -> Query:
        """``[conditions] [ORDER BY …]`` and nothing after it."""
        where = None if self._peek() is None or self._is_word("order") else self._either()
        order: list[Order] = []
        if self._take_word("order"):
            if not self._take_word("by"):
                raise self._fail("'BY'")
            order.append(self._order())
            while self._take_symbol(","):
                order.append(self._order())
        if self._peek() is not None:
            raise self._fail("either 'OR' or 'AND'")
        if len(order) > MAX_ORDER_FIELDS:
            raise JiraError(400, f"JQL can be ordered by at most {MAX_ORDER_FIELDS} fields.")
        return Query(where, tuple(order))

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take_word("or") or self._take_symbol("|", "||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Node:
        parts = [self._term()]
        while self._take_word("and") or self._take_symbol("&", "&&"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _term(self) -> Node:
        if self._take_word("not") or self._take_symbol("!"):
            return Not(self._term())
        if self._take_symbol("("):
            inner = self._either()
            if not self._take_symbol(")"):
                raise self._fail("')'")
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        field = self._name("a field name")
        symbol = self._take_symbol("=", "!=", "<=", ">=", "<", ">", "~", "!~")
        if symbol:
            return Clause(field, symbol, (self._operand(),))
        if self._take_word("is"):
            operator = "is not" if self._take_word("not") else "is"
            operand = self._operand()
            if not isinstance(operand, Empty):
                raise JiraError(400, f"The operator '{operator}' only supports the EMPTY and NULL operands.")
            return Clause(field, operator, (operand,))
        negated = self._take_word("not")
        if self._take_word("in"):
            return Clause(field, "not in" if negated else "in", self._list())
        if self._is_word("was") or self._is_word("changed"):
            raise JiraError(400, f"History searches do not support the '{field}' field.")
        raise self._fail("operator before the end of the query. The valid operators are '=', '!=', '<', '>', '<=', "
                         "'>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'")

    def _name(self, expected: str) -> str:
        token = self._peek()
        if token is None or token.kind not in ("word", "string"):
            raise self._fail(expected)
        if token.kind == "word" and token.text.lower() in _RESERVED:
            raise self._fail(expected)
        self._place += 1
        return _unquoted(token.text) if token.kind == "string" else token.text

    def _list(self) -> tuple[Operand, ...]:
        token = self._peek()
        if token is not None and token.kind == "word":
            return (self._operand(),)
        if not self._take_symbol("("):
            raise self._fail("'('")
        operands = [self._operand()]
        while self._take_symbol(","):
            operands.append(self._operand())
        if not self._take_symbol(")"):
            raise self._fail("')'")
        return tuple(operands)

    def _operand(self) -> Operand:
        token = self._peek()
        if token is None or token.kind not in ("word", "string"):
            raise self._fail("either a value, list or function")
        self._place += 1
        if token.kind == "string":
            return Value(_unquoted(token.text), quoted=True)
        if token.text.lower() in ("empty", "null"):
            return Empty()
        if self._take_symbol("("):
            return Function(token.text, self._arguments())
        if token.text.lower() in _RESERVED:
            self._place -= 1
            raise self._fail("either a value, list or function")
        return Value(token.text)

    def _arguments(self) -> tuple[str, ...]:
        arguments: list[str] = []
        while not self._take_symbol(")"):
            if arguments and not self._take_symbol(","):
                raise self._fail("')'")
            arguments.append(self._name("a function argument"))
        return tuple(arguments)

    def _order(self) -> Order:
        field = self._name("a field name")
        if self._take_word("desc"):
            return Order(field, descending=True)
        self._take_word("asc")
        return Order(field, descending=False)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
