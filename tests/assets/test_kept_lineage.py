"""Column lineage is read from the SQL once, and again when the code it is read from has changed."""

from dataclasses import replace

import dagster as dg
import pytest

from assets import lineage
from assets.lineage import lineage_of_models
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.lineage import column_lineage
from itpm_pipeline.modeling.project import Project, load_project


@pytest.fixture(scope="module")
def project() -> Project:
    """A few models, with all that they read."""
    whole = load_project()
    return replace(whole, models={name: whole.models[name] for name in build_order(whole)[:6]})


def test_it_is_kept_and_the_same(project, monkeypatch):
    with dg.DagsterInstance.ephemeral() as instance:
        read = lineage_of_models(instance, project)
        assert read == {name: column_lineage(model, project) for name, model in project.models.items()}
        assert any(read.values())
        monkeypatch.setattr(lineage, "column_lineage", None)
        assert lineage_of_models(instance, project) == read


def test_changed_code_is_read_again(project):
    with dg.DagsterInstance.ephemeral() as instance:
        lineage_of_models(instance, project)
        model = next(model for model in project.models.values() if model.language == "sql")
        name = model.columns[0].name
        code = f'select 1 as "{name}"'
        changed = replace(project, models={**project.models, model.name: replace(model, code=code)})
        assert lineage_of_models(instance, changed)[model.name] == {name: ()}
