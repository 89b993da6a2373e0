"""The company's Jira Cloud site over HTTP: platform REST API v3 and Jira Software agile 1.0."""
