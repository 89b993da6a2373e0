"""Turns a SQL model into a statement: replaces ref() and source() by quoted table names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

import sqlalchemy as sa
from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from itpm_pipeline.modeling.project import Model, Project


@dataclass(frozen=True)
class Schemas:
    """Where the schemas of the project really are; a schema not named is where its name says.

    On PostgreSQL the pipeline works in schemas of its own: ``Schemas({"mart": "working_mart", …})``.
    """

    real: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Other tables that are read in the place of some: schema and name of these to a quoted name."""

    @classmethod
    def of(cls, connection: sa.Connection) -> Self:
        """Where the statements of this connection find them; the warehouse says so by ``schema_translate_map``."""
        return cls(connection.get_execution_options().get("schema_translate_map", {}))

    def relation(self, schema: str, table: str) -> str:
        """Quoted, qualified name."""
        return self.instead.get((schema, table)) or f'"{self.real.get(schema, schema)}"."{table}"'


IN_PLACE = Schemas()


def render(model: Model, project: Project, schemas: Schemas = IN_PLACE) -> str:
    """The select statement of a SQL model, in DuckDB's dialect, without a trailing semicolon."""
    return _fill(model.code, project, schemas).strip().rstrip(";").rstrip()


def render_expression(code: str, project: Project, schemas: Schemas = IN_PLACE) -> str:
    """A table named in schema.yml as ``ref('…')`` or ``source('…', '…')``, with or without braces."""
    return _fill(code if "{{" in code else f"{{{{ {code} }}}}", project, schemas)


def _fill(template: str, project: Project, schemas: Schemas) -> str:
    def ref(name: str) -> str:
        return schemas.relation(project.model(name).schema, name)

    def config(**_settings: Any) -> str:
        return ""

    return _compiled(template).render(ref=ref, source=schemas.relation, config=config)


@lru_cache(maxsize=4096)
def _compiled(template: str) -> Template:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    environment.globals.clear()
    return environment.from_string(template)
