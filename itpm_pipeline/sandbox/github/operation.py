"""A GraphQL operation that was parsed and validated, and what it asks of the root."""

from dataclasses import dataclass
from typing import Any, cast

from graphql import FieldNode, FragmentDefinitionNode, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values

ABOUT_SCHEMA = frozenset({"__schema", "__type"})


@dataclass(slots=True)
class Operation:
    """A validated operation with its coerced variables."""

    schema: GraphQLSchema
    definition: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    variables: dict[str, Any]
    raw_variables: dict[str, Any]
    """As they were sent."""

    @property
    def root_fields(self) -> dict[str, list[FieldNode]]:
        """What is asked of the root, by key, with fragments unfolded."""
        root = cast("GraphQLObjectType", self.schema.query_type)
        return collect_fields(self.schema, self.fragments, self.variables, root, self.definition.selection_set)

    @property
    def is_dry_run(self) -> bool:
        """Whether ``rateLimit(dryRun: true)`` asks what the query would cost, without paying."""
        root = cast("GraphQLObjectType", self.schema.query_type)
        return any(
            get_argument_values(root.fields["rateLimit"], node, self.variables)["dryRun"]
            for nodes in self.root_fields.values()
            for node in nodes
            if node.name.value == "rateLimit"
        )

    @property
    def introspection(self) -> list[FieldNode]:
        """The fields of the root that ask for the schema itself."""
        return [node for nodes in self.root_fields.values() for node in nodes if node.name.value in ABOUT_SCHEMA]
