"""All field tables together: how the sandbox reads every field of its schema."""

from graphql import GraphQLSchema, is_object_type

from itpm_pipeline.sandbox.github import accounts, deliveries, issues, projects, pulls, repository, timeline
from itpm_pipeline.sandbox.github.connections import CONNECTION_FIELDS, EDGE_FIELDS, PAGE_INFO_FIELDS
from itpm_pipeline.sandbox.github.execution import FieldTable, Resolver

UNUSED_TYPES = (
    "DraftIssue", "ProjectV2StatusUpdate", "ProjectV2ItemIssueFieldValue",
    "IssueFieldDate", "IssueFieldMultiSelect", "IssueFieldNumber", "IssueFieldSingleSelect", "IssueFieldText",
    "IssueFieldDateValue", "IssueFieldMultiSelectValue", "IssueFieldNumberValue", "IssueFieldSingleSelectValue",
    "IssueFieldTextValue",
)  # fmt: skip
"""Types that queries may name but of which the company has no object."""


def field_table(schema: GraphQLSchema) -> FieldTable:
    """Readers of every field, by type and name."""
    table: dict[str, dict[str, Resolver]] = {"PageInfo": PAGE_INFO_FIELDS}
    for name, type_ in schema.type_map.items():
        if is_object_type(type_) and name.endswith("Connection"):
            table[name] = CONNECTION_FIELDS
        elif is_object_type(type_) and name.endswith("Edge"):
            table[name] = EDGE_FIELDS
    for module in (accounts, repository, deliveries, issues, timeline, pulls, projects):
        table.update(module.FIELDS)
    return table
