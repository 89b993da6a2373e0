"""What the editors of both trackers share: the clock, mutations as data, and what is wrong with them."""

import inspect
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache, wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from itpm_pipeline.errors import ItpmError
from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.hours import instant_of, moment_of
from itpm_pipeline.sandbox.company.model import Company

STEP = timedelta(seconds=1)
"""So long after the one before does a mutation happen."""

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E", bound="Editor")


class MutationError(ItpmError):
    """A mutation that is not understood or cannot be; the message names what is wrong."""


def mutation(change: Callable[Concatenate[E, P], R]) -> Callable[Concatenate[E, P], R]:
    """Makes a method of an editor a mutation: time passes, and the servers learn that something changed."""

    @wraps(change)
    def made(editor: E, /, *args: P.args, **kwargs: P.kwargs) -> R:
        editor.begin()
        try:
            return change(editor, *args, **kwargs)
        finally:
            editor.end()

    made.is_mutation = True  # type: ignore[attr-defined]
    return made


class Editor:
    """Changes one tracker's part of a company; its mutations are the methods so marked."""

    kinds: ClassVar[Mapping[str, Callable[..., Any]]] = {}

    def __init__(self, company: Company, clock: Clock) -> None:
        self.company = company
        self.clock = clock
        self.author = next(p.key for p in company.people.values() if p.is_active and not p.is_bot)
        """Key of the person who makes the changes; another may be set."""
        self.now = instant_of(clock.now())
        """Instant of the mutation under way, milliseconds since 1970."""

    def __init_subclass__(cls) -> None:
        """Collect the mutations."""
        cls.kinds = {name: made for name, made in vars(cls).items() if getattr(made, "is_mutation", False)}

    def latest(self) -> int:
        """The latest instant that was booked: one mutation may take several entries, each a little later."""
        raise NotImplementedError

    def told(self, made: Any) -> dict[str, Any]:
        """What to tell of the object that a mutation made or changed."""
        raise NotImplementedError

    def begin(self) -> None:
        """Let time pass."""
        self.now = instant_of(self.clock.advance(STEP))

    def end(self) -> None:
        """Catch up with what was booked; the servers index anew."""
        behind = moment_of(self.latest()) - self.clock.now()
        if behind > timedelta():
            self.clock.advance(behind)
        self.company.revision += 1

    def check(self, mutations: list[dict[str, Any]]) -> None:
        """Raise MutationError for a mutation given as data that is not understood."""
        for place, one in enumerate(mutations):
            self._understood(place, one)

    def apply(self, mutations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Make mutations given as data; what each made.

        Raises MutationError: before anything is done when one is not understood; for one that cannot be, the message
        says how many were made before it.
        """
        understood = [self._understood(place, one) for place, one in enumerate(mutations)]
        made = []
        for place, (kind, parameters) in enumerate(understood):
            try:
                result = self.kinds[kind](self, **parameters)
            except MutationError as error:
                raise MutationError(f"mutations[{place}].{kind}: {error} ({place} before it were made)") from error
            made.append({"kind": kind, **self.told(result)})
        return made

    def _understood(self, place: int, one: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        kind = str(one.get("kind"))
        if kind not in self.kinds:
            raise MutationError(f"mutations[{place}].kind: {kind} is none of {', '.join(self.kinds)}")
        try:
            given = _parameters(self.kinds[kind]).model_validate({k: v for k, v in one.items() if k != "kind"})
        except ValidationError as error:
            words = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise MutationError(f"mutations[{place}].{kind}.{words}") from error
        return kind, {name: getattr(given, name) for name in given.model_fields_set}


@cache
def _parameters(change: Callable[..., Any]) -> type[BaseModel]:
    """The parameters of a mutation as a model; those collected in a TypedDict may each be left out."""
    fields: dict[str, Any] = {}
    for name, parameter in list(inspect.signature(change, eval_str=True).parameters.items())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            (values,) = get_args(parameter.annotation)
            fields |= {key: (shape, None) for key, shape in get_type_hints(values).items()}
        else:
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[name] = (parameter.annotation, default)
    return create_model(change.__name__, __config__=ConfigDict(extra="forbid"), **fields)
