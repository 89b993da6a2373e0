{# Schemas are exactly int and mart, whatever the target's default schema is. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ 'int' if node.name.startswith('int_') else 'mart' }}
{%- endmacro %}
