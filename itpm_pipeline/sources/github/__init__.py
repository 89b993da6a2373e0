"""GitHub: github.com and Enterprise Server, through GraphQL, with repositories listed over REST."""
