{# The two tests of dbt_utils that schema files use, so that no package has to be downloaded. #}
{% test unique_combination_of_columns(model, combination_of_columns) %}
select {{ combination_of_columns | join(', ') }}, count(*) as occurrences
from {{ model }}
group by {{ combination_of_columns | join(', ') }}
having count(*) > 1
{% endtest %}

{% test expression_is_true(model, expression, column_name=None) %}
select * from {{ model }} where not ({{ column_name or '' }} {{ expression }})
{% endtest %}
