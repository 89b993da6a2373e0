"""The company's GitHub organisation over HTTP: REST discovery and GraphQL."""
